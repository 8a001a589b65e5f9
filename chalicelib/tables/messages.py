"""Table `messages`: everything said on a thread, in its order, with the decision who gets it.

Only `converse` writes here. The stream carries each row to `fan_out`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.domain import message as states
from chalicelib.domain.message import FAILED, NOTE, UNKNOWN, Content, Message, advances, position
from chalicelib.domain.message_change import DELETED, Change, emptied
from chalicelib.domain.message_change import after as after_change
from chalicelib.domain.thread import message_id
from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute
from chalicelib.tables.config import service_of
from chalicelib.tables.writes import committed, same_by_whomever, saved, transaction, updated

SHARDS = 4
"""Parts of a source's feed: a thousand writes a second each, as DynamoDB gives a partition."""


class BySource(GlobalSecondaryIndex["MessageRow"]):
    """Messages of a source by the time they were sent, keys only: a receipt then costs no index write."""

    class Meta:
        index_name = "by_source"
        projection = KeysOnlyProjection()

    feed = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True)


class MessageRow(Model):
    """One message; `data` is `domain.message.Message` as plain data."""

    class Meta:
        table_name = settings().table("messages")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_AND_OLD_IMAGES"

    thread = UnicodeAttribute(hash_key=True)
    seq = NumberAttribute(range_key=True)
    conversation = UnicodeAttribute(null=True)
    """Absent while nobody gets the message."""
    feed = UnicodeAttribute(null=True)
    """`<service>#<source>#<shard>`; absent for notes, of ours or of agents."""
    position = UnicodeAttribute()
    """`<sent_at, 13 digits>.<seq, 10 digits>`: late events stand at their own time."""
    event = UnicodeAttribute()
    """Id of the event that caused the message; a redelivered event finds its own work by it."""
    state = UnicodeAttribute()
    state_at = NumberAttribute(null=True)
    """When the state was reached; absent while it is the first."""
    provider_id = UnicodeAttribute(null=True)
    error = PlainAttribute(null=True)
    data = PlainAttribute()
    after = PlainAttribute()
    """The thread's state after this message: heals a cut between the write of the message and the thread."""
    beside = PlainAttribute(null=True)
    """Of an event's first message: what else the event does (`domain.beside`), for the same."""

    by_source = BySource()


def row_of(message: Message, *, after: dict[str, Any], beside: dict[str, Any] | None = None) -> MessageRow:
    """A message as its row; `after` is the thread's state, `beside` what else its event does."""
    return MessageRow(
        thread=message.thread,
        seq=message.seq,
        conversation=message.conversation or None,
        feed=None if _in_no_feed(message) else feed_of(message.service, message.source, message.thread),
        position=position(message.sent_at, message.seq),
        event=message.event,
        state=message.state,
        provider_id=message.provider_id or None,
        error=message.error,
        data=_data(message, after),
        after=after,
        beside=beside or None,
    )


def _in_no_feed(message: Message) -> bool:
    return message.author.kind == "system" or message.is_note


def without_notes() -> Condition:
    """Passes over what agents say among themselves."""
    condition: Condition = MessageRow.data["content"]["type"] != NOTE
    return condition


def feed_of(service: str, source: str, thread: str) -> str:
    """The part of a source's feed that a thread's messages are in."""
    return feeds(service, source)[zlib.crc32(thread.encode()) % SHARDS]


def feeds(service: str, source: str) -> list[str]:
    """Every part of a source's feed."""
    return [f"{service}#{source}#{shard}" for shard in range(SHARDS)]


_PATIENCE = ("patience_s", "desk")
_OUTSIDE = ("thread", "seq", "conversation", "event", "state", "provider_id", "error", "id")


def _data(message: Message, after: dict[str, Any]) -> dict[str, Any]:
    """The message without what its row says already: most messages then cost one write unit (1 KB), not two."""
    data = {key: value for key, value in message.plain().items() if key not in _OUTSIDE}
    if message.source == message.channel_kind:
        del data["source"]
    if message.service == service_of(message.channel):
        del data["service"]
    if message.contact and message.contact == after.get("contact", {}).get("id"):
        del data["contact"]
    if data["author"].get("id") == _speaker(data["author"]["kind"], after) != "":
        data["author"] = {key: value for key, value in data["author"].items() if key != "id"}
    for name in ("routes", "status_to"):
        if name in data:
            data[name] = [_short(route, message, after) for route in data[name]]
    index = next(n for n in range(100) if message_id(message.thread, message.event, n) == message.id)
    return data | ({"index": index} if index else {})


def _speaker(kind: str, after: dict[str, Any]) -> str:
    """Who speaks if no other is named: the thread's contact, or its bot."""
    return str(
        after.get("contact", {}).get("id", "") if kind == "user" else after.get("bot", "") if kind == "bot" else ""
    )


def _short(route: dict[str, Any], message: Message, after: dict[str, Any]) -> dict[str, Any]:
    """A route without what the message or the thread's state says already."""
    short = {key: value for key, value in route.items() if (key, value) != ("conversation", message.conversation)}
    if route.get("patience_s") and all(route.get(name) == after.get(name) for name in _PATIENCE):
        short = {key: value for key, value in short.items() if key not in _PATIENCE} | {"patient": True}
    if route.get("handle") and route["handle"] == after.get("handle"):
        short = {key: value for key, value in short.items() if key != "handle"} | {"handled": True}
    return short


def _long(route: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The reverse of `_short`, but for the conversation, which who reads it knows."""
    more = {name: after[name] for name in _PATIENCE} if "patient" in route else {}
    more |= {"handle": after["handle"]} if "handled" in route else {}
    return {key: value for key, value in route.items() if key not in ("patient", "handled")} | more if more else route


def of_row(row: MessageRow) -> Message:
    """The message that a row holds."""
    outside: dict[str, Any] = {
        "thread": row.thread,
        "seq": int(row.seq),
        "conversation": row.conversation or "",
        "event": row.event,
        "state": row.state,
        "provider_id": row.provider_id or "",
        "error": row.error,
    }
    data, after = dict(row.data), dict(row.after or {})
    for name in ("routes", "status_to"):
        if name in data:
            data[name] = [_long(route, after) for route in data[name]]
    if "author" in data:
        data["author"] = {"id": _speaker(data["author"]["kind"], after)} | data["author"]
    defaults = {
        "source": data.get("channel_kind", ""),
        "service": service_of(data.get("channel", "")),
        "contact": after.get("contact", {}).get("id", ""),
    }
    outside["id"] = message_id(str(row.thread), str(row.event), int(data.pop("index", 0)))
    return Message.of(defaults | data | outside)


def add(rows: Sequence[MessageRow]) -> bool:
    """Store new messages, all or none; False where one of their numbers is taken."""
    if len(rows) == 1:
        return saved(rows[0], MessageRow.seq.does_not_exist(), ours=lambda: _stands(rows[0]))
    writes = transaction()
    for row in rows:
        writes.save(row, condition=MessageRow.seq.does_not_exist())
    return committed(writes)


def _stands(row: MessageRow) -> bool:
    """Whether a message is there as it was to be stored, by the event that it comes from."""
    standing = get(str(row.thread), int(row.seq))
    return standing is not None and standing.event == row.event and standing.data == row.data


def get(thread: str, seq: int) -> MessageRow | None:
    """One message, read consistently."""
    try:
        return MessageRow.get(thread, seq, consistent_read=True)
    except MessageRow.DoesNotExist:
        return None


def set_state(
    thread: str,
    seq: int,
    state: str,
    *,
    at: int,
    error: dict[str, Any] | None = None,
    provider_id: str = "",
    part: bool = False,
) -> bool:
    """Advance a message's state by a receipt of it, or of a `part` of it; False where that says nothing new (late,
    twice, or no such message)."""
    then = UNKNOWN if state == FAILED and error and error.get("code") == UNKNOWN else state
    before = [known for known in states.OUT if advances(known, then, part=part)]
    doubted = (MessageRow.state == FAILED) & (MessageRow.error["code"] == UNKNOWN)
    conditions = [MessageRow.state.is_in(*before)] if before else []
    conditions += [doubted] if advances(UNKNOWN, then, part=part) else []
    if not conditions:
        return False
    actions: list[Action] = [MessageRow.state.set(state), MessageRow.state_at.set(at)]
    actions.append(MessageRow.error.set(error) if error else MessageRow.error.remove())
    if provider_id:
        actions.append(MessageRow.provider_id.set(provider_id))
    return updated(MessageRow(thread, seq), actions, reduce(or_, conditions), ours=same_by_whomever)


def change(thread: str, change: Change) -> bool:
    """Edit or delete what a message says; False where there is no such message. Twice is once."""
    row = get(thread, change.seq)
    if row is None:
        return False
    was = Content.of(row.data["content"])
    _say(row, after_change(was, change))
    if change.kind == DELETED:
        # What was said in between is deleted with it.
        for seq in was.details.get("edits", ()):
            if told := get(thread, int(seq)):
                _say(told, emptied(Content.of(told.data["content"])))
    return True


def _say(row: MessageRow, content: Content) -> None:
    data = dict(row.data) | {"content": content.plain()}
    # Where it was erased meanwhile there is nothing left to say.
    updated(row, [MessageRow.data.set(data)], MessageRow.seq.exists(), ours=same_by_whomever)


def last(thread: str, *, limit: int, upto: int | None = None, notes: bool = False) -> list[Message]:
    """The last messages of a thread up to number `upto`, oldest first; agents' notes where they are asked for."""
    condition = MessageRow.seq <= upto if upto is not None else None
    rows = MessageRow.query(
        thread,
        condition,
        None if notes else without_notes(),
        limit=limit,
        scan_index_forward=False,
        consistent_read=True,
    )
    return [of_row(row) for row in rows][::-1]


def after(thread: str, seq: int, *, limit: int) -> list[Message]:
    """The messages of a thread after number `seq`, oldest first."""
    rows = MessageRow.query(thread, MessageRow.seq > seq, limit=limit, consistent_read=True)
    return [of_row(row) for row in rows]


def newest(thread: str, *, after: int) -> MessageRow | None:
    """The last message of a thread after number `after`, read consistently."""
    return next(iter(MessageRow.query(
        thread, MessageRow.seq > after, limit=1, scan_index_forward=False, consistent_read=True
    )), None)  # fmt: skip


def find(thread: str, message: str, *, within: int) -> Message | None:
    """A message by its id, looked for among the thread's last `within` messages."""
    rows = MessageRow.query(thread, limit=within, page_size=50, scan_index_forward=False, consistent_read=True)
    return next((found for row in rows if (found := of_row(row)).id == message), None)


def find_provided(thread: str, provider_id: str, *, within: int) -> Message | None:
    """A message by the id that its provider gave it, looked for among the thread's last `within` messages."""
    rows = MessageRow.query(thread, limit=within, page_size=50, scan_index_forward=False, consistent_read=True)
    return next((of_row(row) for row in rows if row.provider_id == provider_id), None)
