"""The bot that says back what it is told: with it a service answers before anybody has a server.

Pure: a notice and the bot's settings in, events out, as a bot on another platform would give them in its response.

It cannot talk without an end, whoever it talks to. It speaks to nobody but a customer who writes to it, or whoever asks
through a trigger: once to each message, never to a bot, an agent or an event. What begins as its own answers do is an
echo of them and stays unanswered, and so does what comes after `MOST` messages of one thread, as a machine may stand
there that answers everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.bots.webhook.events import HANDOVER, MESSAGE, BotEvent
from chalicelib.domain import notice as notices
from chalicelib.domain.message import MAX_TEXT_BYTES, Content
from chalicelib.domain.notice import Notice
from chalicelib.wire.events import Read

KIND = "echo"
MOST = 500
"""Messages of one thread that it answers."""
HUMAN, ANSWER = "human", "You said: {text}"
"""Of its settings where they say nothing: who writes this gets a person; what it says."""
_TEXT = "{text}"


def answers(notice: Notice, settings: Mapping[str, Any]) -> Read[BotEvent]:
    """What it says and does about a notice: at most one event; `ignored` says why it keeps silent to a customer."""
    if notice.kind == notices.HANDOVER_FAILED:
        return Read((_says(notice, f"Nobody can take over: {notice.reason}."),))
    if notice.kind not in (notices.MESSAGE, notices.POSTBACK) or notice.mode != "BOT":
        return Read()
    if notice.author.get("kind") != "user" and not notice.asked:
        return Read()
    content = Content.of(notice.content)
    said = content.text or str(content.details.get("payload") or "") or f"[{content.type}]"
    if notice.number > MOST:
        return Read(ignored=(("", f"it answers {MOST} messages of a thread, and this is a later one"),))
    if _asks(said, content, str(settings.get("human") or "")):
        return Read((BotEvent(HANDOVER, notice.conversation),))
    answer = str(settings.get("answer") or ANSWER)
    own = answer.partition(_TEXT)[0].strip()
    if own and said.strip().startswith(own):
        return Read(ignored=(("", "it begins as its own answers do: an echo is not answered"),))
    return Read((_says(notice, answer.replace(_TEXT, said)),))


def _asks(said: str, content: Content, human: str) -> bool:
    """Whether a customer asks for a person: nothing but the word, in any case, or a button with it."""
    wanted = human.strip().casefold()
    heard = {said, str(content.details.get("payload") or "")}
    return bool(wanted) and any(one.strip(" \t\n.!?").casefold() == wanted for one in heard)


def _says(notice: Notice, text: str) -> BotEvent:
    cut = text.encode()[:MAX_TEXT_BYTES].decode(errors="ignore")
    return BotEvent(MESSAGE, notice.conversation, Content(text=cut))
