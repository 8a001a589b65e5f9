"""A message as SMS, or as MMS where these go: the forms that Twilio is handed.

https://www.twilio.com/docs/messaging/api/message-resource. MMS go within the USA, Canada and Australia; elsewhere a
file is a link in the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.channels import fallback
from chalicelib.channels.contract import Outgoing
from chalicelib.channels.limits import type_of
from chalicelib.channels.splitting import pieces
from chalicelib.channels.twilio_outgoing import Form, number
from chalicelib.channels.twilio_sms.limits import LIMITS, MOST_FILES, MOST_OTHER, MOST_PICTURE, OTHERS, PICTURES
from chalicelib.domain.message import Media

SHOWS = frozenset({"text", "image", "audio", "video", "file"})
MMS_IN = ("+1", "+61")
"""How numbers begin of the USA and Canada, and of Australia."""


def forms(message: Outgoing, sender: str) -> list[Form]:
    """The messages that a message is sent as: texts cut where they are read best, files ten at a time."""
    content = fallback.adapted(message.content, SHOWS, LIMITS)
    if content.type == "text" or not content.media:
        return _texts(fallback.in_text(content).text)
    carried = [item for item in content.media if _is_carried(item)] if _has_mms(message.address, sender) else []
    links = [item.for_people for item in content.media if item not in carried]
    texts = _texts("\n".join(line for line in (content.text, *links) if line))
    found = [[("MediaUrl", item.url) for item in few] for few in _by_size(carried)]
    if found and len(texts) == 1:
        return [[*texts[0], *found[0]], *found[1:]]
    return [*texts, *found]


def _texts(text: str) -> list[Form]:
    return [[("Body", part)] for part in pieces(text, LIMITS)]


def _has_mms(address: str, sender: str) -> bool:
    """Whether MMS go to a number from the sender: a service picks its own, so that of it only the number tells."""
    to, by = number(address), number(sender)
    return any(to.startswith(one) and (by.startswith(one) or not by.startswith("+")) for one in MMS_IN)


def _is_carried(item: Media) -> bool:
    kind = type_of(item).partition(";")[0].strip().lower()
    most = MOST_PICTURE if kind in PICTURES else MOST_OTHER if kind in OTHERS else 0
    return item.url.startswith(("https://", "http://")) and (item.size or 0) <= most and bool(most)


def _by_size(items: list[Media]) -> Iterator[list[Media]]:
    """As many files together as one message takes; of what nobody says the size it is asked."""
    few: list[Media] = []
    for item in items:
        if few and (len(few) == MOST_FILES or sum(one.size or 0 for one in [*few, item]) > MOST_PICTURE):
            yield few
            few = []
        few.append(item)
    if few:
        yield few
