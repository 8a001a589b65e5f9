"""Links of a contact: its threads and their conversations, in the contact's own partition of table `contacts`.

Only `converse` writes them. They stay where they are when contacts are merged, so that a merge can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.domain.part import Part, ended, read, with_part
from chalicelib.domain.thread import Conversation, Thread, parse_conversation_id
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.writes import same_by_whomever, updated

THREAD, CONVERSATION = "thread#", "conversation#"
TOUCH_EVERY_MS = 3_600_000
"""How exact the order of a person's conversations is: a busy one writes its time once an hour. Two times of one are
never closer, so that within an hour `before` tells what was seen when it began."""
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Link:
    """A thread of a contact, or a conversation on one."""

    contact: str
    """The contact whose own it is."""
    thread: str
    channel: str
    source: str
    conversation: str = ""
    kind: str = ""
    first: int = 0
    last: int = 0
    messages: int = 0
    """Of a closed conversation."""
    opened_at: int = 0
    touched: int = 0
    """When it was last written that it was spoken in: at most two hours before its last message."""
    before: int = 0
    """What `touched` was before: how a page that was begun earlier saw it."""
    parts: tuple[Part, ...] = (Part(),)
    """Of a thread: which parts of it are the contact's, oldest first."""

    def seen_at(self, at: int) -> int:
        """`touched` as somebody saw it at a time."""
        return self.touched if self.touched <= at else self.before


def keep_thread(person: str, thread: Thread, *, source: str) -> None:
    """Store that a thread is a contact's; the same again changes nothing."""
    _keep_thread(person, thread, source, _own_parts(person, thread) if thread.left else ())


def end_thread(person: str, thread: Thread, *, source: str, upto: int, conversations: int) -> None:
    """Store up to which message and conversation a thread, as it was when its person left, is theirs; the same again
    changes nothing."""
    _keep_thread(person, thread, source, ended(_own_parts(person, thread), upto=upto, conversations=conversations))


def _own_parts(person: str, thread: Thread) -> tuple[Part, ...]:
    """The parts of a thread that are a contact's, the open one among them."""
    try:
        row = ContactRow.get(person, THREAD + thread.id, consistent_read=True)
    except ContactRow.DoesNotExist:
        kept: tuple[Part, ...] = ()
    else:
        kept = read((row.data or {}).get("parts"))
    if any(one.is_open for one in kept):
        return kept
    left = thread.left
    return with_part(kept, Part(after=left.get("upto", 0), conversations_after=left.get("conversations", 0)))


def _keep_thread(person: str, thread: Thread, source: str, parts: Iterable[Part]) -> None:
    data: dict[str, Any] = {"channel": thread.channel, "source": source}
    if parts:
        data["parts"] = [part.plain() for part in parts]
    ContactRow(id=person, item=THREAD + thread.id, data=data).save()


def keep_conversation(person: str, conversation: Conversation, *, touched: int) -> None:
    """Store a conversation of a contact as it stands; `touched` is when it was last spoken in."""
    data = {
        "channel": conversation.channel,
        "source": conversation.source,
        "kind": conversation.kind,
        "first": conversation.first,
        "last": conversation.last,
        "messages": conversation.messages,
        "opened_at": conversation.opened_at,
    }
    first = min(touched, conversation.opened_at)
    row = ContactRow(id=person, item=CONVERSATION + conversation.id)
    row.update(
        actions=[
            ContactRow.data.set({key: value for key, value in data.items() if value}),
            ContactRow.touched.set(ContactRow.touched | first),
            ContactRow.before.set(ContactRow.before | first),
        ]
    )
    touch(person, conversation.id, at=touched)


def touch(person: str, conversation: str, *, at: int) -> None:
    """Say that a conversation was spoken in, `at` being the time of this write; within the hour it changes nothing."""
    row = ContactRow(id=person, item=CONVERSATION + conversation)
    actions: list[Action] = [ContactRow.before.set(ContactRow.touched), ContactRow.touched.set(at)]
    updated(row, actions, ContactRow.touched <= at - TOUCH_EVERY_MS, ours=same_by_whomever)


def of(contacts: Iterable[str]) -> list[Link]:
    """The links of contacts, all partitions at the same time."""
    ids = list(contacts)
    with ThreadPoolExecutor(max_workers=max(1, min(_AT_ONCE, len(ids)))) as pool:
        return [link for links in pool.map(_of_one, ids) for link in links]


def within(contact: str, kind: str) -> list[Link]:
    """The links of one kind, THREAD or CONVERSATION, in a contact's partition: one query for each MB, some three
    thousand links."""
    rows = ContactRow.query(contact, ContactRow.item.startswith(kind), consistent_read=True)
    return [link for row in rows if (link := of_row(row)) is not None]


def of_row(row: ContactRow) -> Link | None:
    """The link that a row holds; None for another row of the partition."""
    data = dict(row.data or {})
    item = str(row.item)
    about: dict[str, Any] = {key: data.get(key, "") for key in ("channel", "source")}
    if item.startswith(THREAD):
        parts = read(data.get("parts"))
        return Link(contact=str(row.id), thread=item.removeprefix(THREAD), parts=parts, **about)
    named = parse_conversation_id(item.removeprefix(CONVERSATION)) if item.startswith(CONVERSATION) else None
    if named is None:
        return None
    about |= {key: int(data.get(key, 0)) for key in ("first", "last", "messages", "opened_at")}
    return Link(
        contact=str(row.id),
        thread=named[0],
        conversation=item.removeprefix(CONVERSATION),
        kind=data.get("kind", ""),
        touched=int(row.touched or 0),
        before=int(row.before or 0),
        **about,
    )


def _of_one(contact: str) -> list[Link]:
    rows = ContactRow.query(contact, ContactRow.item.between(CONVERSATION, THREAD + "~"), consistent_read=True)
    return [link for row in rows if (link := of_row(row)) is not None]
