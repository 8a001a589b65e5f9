"""The inbox's rows from changes of one thread, in their order: twice, late or in pieces they come to the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.chat import Chat
from chalicelib.domain.message import FAILED, Message
from chalicelib.domain.notice import CONSENTS
from chalicelib.domain.thread import Thread, conversation_id
from chalicelib.ports import clock
from chalicelib.tables import beats, inbox, messages, threads
from chalicelib.tables.inbox import Shown
from chalicelib.tables.threads import ThreadRow

HEAD_BYTES = 240
"""Of the last message's text: with it a row stays below 1 KB, which is one write unit."""
_LOOKED_AT = 10
"""Messages before the chat among which the last one is looked for that is speech."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A chat, and the thread as of which that is all there is to say of it."""

    chat: Chat
    thread: Thread
    is_open: bool


def follow(changes: Iterable[Mapping[str, Any]]) -> int:
    """Show the chats of a thread as the changes of its row leave them; gives how many rows were written.

    A change is a stream record's `dynamodb`. A row first, then that it has changed, which consoles ask for: that is
    noted also where the row shows it already, as it may be that a run before was cut off in between.
    """
    last: dict[int, _Known] = {}
    for change in changes:
        before, after = (_thread(change.get(name)) for name in ("OldImage", "NewImage"))
        if after is None:
            continue
        for chat, is_open in ((before.chat if before else None, False), (after.chat, True)):
            if chat is not None and chat.in_inbox:
                last[chat.number] = _Known(chat, after, is_open)
    return sum([_show(known) for known in last.values()])


def _thread(image: Any) -> Thread | None:
    if not image:
        return None
    row = ThreadRow()
    row.deserialize(image)
    return threads.from_row(row)


def _show(known: _Known) -> bool:
    chat, thread = known.chat, known.thread
    conversation = conversation_id(thread.id, chat.number)
    write = inbox.observe if known.is_open else inbox.observe_closed
    shown = _open(chat, thread) if known.is_open else _closed(chat, thread)
    row = write(chat.desk, conversation, shown, version=thread.version, now_ms=clock.now_ms())
    version = inbox.shown_version(row) if row else 0
    beats.tell(thread.service, chat.desk, conversation, version, now_ms=clock.now_ms())
    return row is not None


def _open(chat: Chat, thread: Thread) -> Shown:
    contact = {name: value for name in ("id", "name") if (value := thread.contact.get(name))}
    said = _last(chat, thread)
    return Shown(
        state=chat.state,
        opened=chat.since,
        channel=thread.channel,
        channel_kind=thread.channel_kind,
        address=thread.address,
        contact=contact,
        agent=chat.agent,
        reason=chat.reason,
        waiting=chat.waiting,
        due=chat.due,
        snoozed=chat.snoozed,
        unread=chat.unread,
        last=_head(said) if said else {},
    )


def _closed(chat: Chat, thread: Thread) -> Shown:
    """What is left of it: the conversation's row, which is written before the thread's, says how it ended."""
    ended = threads.get_conversation(thread.id, chat.number)
    return Shown(
        state="closed",
        opened=chat.since,
        channel=thread.channel,
        channel_kind=thread.channel_kind,
        agent=chat.agent,
        reason=chat.reason,
        outcome=ended.outcome if ended else "",
    )


def _last(chat: Chat, thread: Thread) -> Message | None:
    """The last message that is speech. It is read, as a text in the thread's row would be written with each of its
    messages too; and it is there, as messages are written before their thread."""
    row = messages.get(thread.id, chat.said)
    said = messages.of_row(row) if row is not None else None
    if said is None or _is_speech(said):
        return said
    before = messages.last(thread.id, limit=_LOOKED_AT, upto=chat.said)
    return next((one for one in reversed(before) if _is_speech(one)), None)


def _is_speech(message: Message) -> bool:
    told = message.content.details.get("name") in CONSENTS
    return message.author.kind != "system" and message.state != FAILED and not message.is_note and not told


def _head(said: Message) -> dict[str, Any]:
    # What happened without a word is shown by its name.
    name = str(said.content.details.get("name", "")).replace("_", " ") if said.content.type == "event" else ""
    text = (said.content.text or name).encode()[:HEAD_BYTES].decode("utf-8", "ignore")
    return {"text": text, "type": said.content.type, "by": said.author.kind, "at": said.sent_at}
