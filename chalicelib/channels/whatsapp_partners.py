"""What the channels of WhatsApp's partners share: how several messages go out as one, and what of theirs is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from chalicelib.channels.contract import Outcome, Outgoing, Refused, Sent
from chalicelib.channels.meta import at_most
from chalicelib.domain.message import Content

Body = TypeVar("Body")


async def sent(message: Outgoing, bodies: Sequence[Body], post: Callable[[Body], Awaitable[Outcome]]) -> Outcome:
    """Post what a message is sent as, in its order and without what went out before; the id is the last one's."""
    if not bodies:
        return Refused("nothing_to_send", "the message has neither text nor anything that WhatsApp shows")
    parts: list[str] = []
    # Should there be fewer than went out once, by a newer version of this code, there is still one to be heard of.
    for body in bodies[min(message.done, len(bodies) - 1) :]:
        outcome = await post(body)
        if not isinstance(outcome, Sent):
            return replace(outcome, done=message.done + len(parts), parts=tuple(parts))
        parts.append(outcome.provider_id)
    return Sent(parts[-1], tuple(parts[:-1]))


def whole(content: Content, details: dict[str, Any]) -> Content:
    """The content with what else is known of it, and a text of at most as much as a message may have: a provider cannot
    be told 413, and the rest of what was said is better than nothing of it."""
    text, cut = at_most(content.text)
    more = details | ({"truncated": True} if cut else {})
    return Content(content.type, text, content.media, dict(content.details) | more)


def milliseconds(given: str, now_ms: int) -> int:
    """A time in seconds or milliseconds since the epoch, at most now; now where it is neither."""
    if not (given.isascii() and given.isdecimal() and len(given) in (10, 13)):
        return now_ms
    return min(int(given) * (1000 if len(given) == 10 else 1), now_ms)
