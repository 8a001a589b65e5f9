"""What was said to and by one person, on all of their threads, the newest first.

However many threads and conversations there are, it takes three rounds of reads: the contact and, at the same time, the
links of its partition; the links of the contacts that were merged into it, where there are any; the messages, of all
threads at the same time. The id of a contact that was merged costs one more round for each merge that leads on from it,
and links beyond a MB (some three thousand) one for each.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from itertools import chain
from typing import Any

from chalicelib.domain.message import Message
from chalicelib.domain.part import ALL, Part, with_part
from chalicelib.tables import links, message_ranges, messages
from chalicelib.tables.contacts import CONTACT, ContactRow
from chalicelib.tables.links import CONVERSATION, THREAD, Link
from chalicelib.tables.messages import MessageRow

MOST_THREADS = 100
"""Threads of one person that are read together: those last spoken in."""
_AT_ONCE = 16
_LOOKED_AT = 500
"""Messages of one thread that are looked through for some types."""
_MOST_BETWEEN = 1000
"""Messages of an open chat that are passed over in one query; a MB in any case."""


@dataclass(frozen=True, slots=True)
class Person:
    """A contact that stands, with what belongs to it and to the contacts merged into it."""

    id: str
    service: str
    threads: tuple[Link, ...]
    """Those asked for; a thread's link has no `conversation`."""
    conversations: tuple[Link, ...]


@dataclass(slots=True)
class Tail:
    """The end of a thread, or what is before a number of it."""

    thread: str
    messages: list[Message] = field(default_factory=list)
    """Those asked for, newest first."""
    lowest: Message | None = None
    """The last one that was looked at, asked for or not."""
    ended: bool = True
    """Whether there is nothing before that."""


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What calls give, all made at the same time: one round of reads."""
    if len(calls) < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(calls))) as pool:
        return [asked.result() for asked in [pool.submit(call) for call in calls]]


def person(contact: str, *kinds: str, beside: Sequence[Callable[[], Any]] = ()) -> tuple[Person | None, list[Any]]:
    """The person that a contact's id leads to, None where there is none, with links of `kinds` (links.THREAD,
    links.CONVERSATION); and what `beside` gives, called in the first round."""
    row, *found = at_once([partial(_row, contact), *_links(contact, kinds), *beside])
    answers, known = found[len(kinds) :], {contact: found[: len(kinds)]}
    while row is not None and row.into and row.into not in known:
        contact = str(row.into)
        row, *known[contact] = at_once([partial(_row, contact), *_links(contact, kinds)])
    if row is None or row.data is None:
        return None, answers
    absorbed = [one for one in row.absorbed or () if one not in known]
    for one in at_once([call for own in absorbed for call in _links(own, kinds)]):
        known.setdefault("", []).append(one)
    every: dict[tuple[str, str], Link] = {}
    for link in (link for lists in known.values() for own in lists for link in own):
        at = (link.thread, link.conversation)
        # Of two contacts that are one now, each may have had a part of the thread.
        every[at] = replace(link, parts=_joined(every[at], link)) if at in every else link
    whole = Person(
        str(row.id),
        str(row.service),
        tuple(link for link in every.values() if not link.conversation),
        tuple(link for link in every.values() if link.conversation),
    )
    return whole, answers


def latest_threads(whole: Person, sources: Collection[str] = ()) -> list[Link]:
    """The threads of a person that were last spoken in; of some sources, where any are named."""
    spoken: dict[str, int] = {}
    for link in whole.conversations:
        spoken[link.thread] = max(link.touched, spoken.get(link.thread, 0))
    mine = [link for link in whole.threads if not sources or link.source in sources]
    return sorted(mine, key=lambda link: (spoken.get(link.thread, 0), link.thread), reverse=True)[:MOST_THREADS]


def of_conversation(link: Link, others: Iterable[Link], *, before: int | None, limit: int) -> list[Message]:
    """The last messages of a conversation below number `before`, newest first; `others` are links of the same person,
    from which follows how many messages of other conversations lie between.

    A conversation that is open elsewhere on the thread is read through apart: how long it is, its link does not say.
    """
    around = [one for one in others if one.thread == link.thread and one.conversation != link.conversation]
    upto = before if before is not None else link.last + 1 if link.last else None
    ask = partial(message_ranges.of_conversation, link.thread, link.conversation, last=link.last, limit=limit)
    # Once a person has the thread, few messages of the bot's conversation follow, but those are its last.
    chats = [one.first for one in around if one.kind == "desk" and not one.last and one.first > link.first]
    if not chats or (upto is not None and upto <= chats[0]):
        return ask(first=link.first, before=before, between=_between(link, around, upto, limit))
    newer, older = at_once(
        [
            partial(ask, first=chats[0], before=before, between=_MOST_BETWEEN),
            partial(ask, first=link.first, before=chats[0], between=_between(link, around, chats[0], limit)),
        ]
    )
    return [*newer, *older][:limit]


def tail(
    link: Link,
    *,
    before: int | None,
    limit: int,
    types: Collection[str] = (),
    not_after: int | None = None,
    notes: bool = False,
) -> Tail:
    """The last messages of a person on a thread below number `before`: of some types where any are named, and without
    what was sent later than `not_after` (milliseconds). For those it looks through some hundred messages and may find
    few. `link` is the thread's, and says which parts of it are the person's. Agents' notes only where asked for."""
    found = Tail(link.thread)
    choosy = bool(types) or not_after is not None
    pages = (
        MessageRow.query(
            link.thread,
            condition,
            None if notes else messages.without_notes(),
            limit=_LOOKED_AT if choosy else limit,
            page_size=max(limit, 100) if types else limit + 10 if choosy else limit,
            scan_index_forward=False,
            consistent_read=True,
        )
        for condition in _conditions(link.parts, before)
    )
    looked = 0
    for row in chain.from_iterable(pages):
        looked, found.lowest = looked + 1, messages.of_row(row)
        if (not types or found.lowest.content.type in types) and (
            not_after is None or found.lowest.sent_at <= not_after
        ):
            found.messages.append(found.lowest)
        if len(found.messages) == limit or looked == _LOOKED_AT:
            found.ended = False
            break
    return found


def _conditions(parts: Sequence[Part], before: int | None) -> Iterator[Any]:
    """Which messages of a thread are in its parts and below a number, newest part first."""
    for part in reversed(parts):
        below = min(part.upto + 1, before if before is not None else ALL)
        if part.after == 0:
            yield MessageRow.seq < below if below < ALL else None
        elif part.after + 1 < below:
            yield MessageRow.seq.between(part.after + 1, below - 1)


def _joined(one: Link, other: Link) -> tuple[Part, ...]:
    return reduce(with_part, other.parts, one.parts)


def merged(tails: Iterable[Tail], *, limit: int) -> tuple[list[Message], dict[str, int], bool]:
    """(the newest messages of several threads, newest first; thread -> the number below which it goes on, of those that
    were come on with; whether there may be more). It stops where a thread was not looked through any further."""
    left = {one.thread: one for one in tails}
    heads = [(_newest(head), one.thread, 0) for one in left.values() if (head := _head(one, 0))]
    heapq.heapify(heads)
    found: list[Message] = []
    places: dict[str, int] = {}
    while heads and len(found) < limit and heads[0][2] < len(left[heads[0][1]].messages):
        _, thread, at = heapq.heappop(heads)
        one = left[thread]
        found.append(one.messages[at])
        places[thread] = one.messages[at].seq
        if head := _head(one, at + 1):
            heapq.heappush(heads, (_newest(head), thread, at + 1))
    unread = {thread for _, thread, at in heads if at < len(left[thread].messages)}
    # What was looked at and not asked for is not looked at again.
    places |= {one.thread: one.lowest.seq for one in left.values() if one.lowest and one.thread not in unread}
    return found, places, bool(heads)


def _head(one: Tail, at: int) -> Message | None:
    """What comes next of a thread: a message, or the place beyond which it was not looked through."""
    return one.messages[at] if at < len(one.messages) else None if one.ended else one.lowest


def recent(
    contact: str, *, sources: Collection[str] = (), limit: int, before: tuple[str, int] | None = None
) -> list[Message]:
    """The last messages of a person on all of their threads, newest first: without the message `before` (thread,
    number) and what is younger. Empty for a contact that is not there. Three rounds of reads."""
    asked = [partial(messages.get, *before)] if before else []
    whole, there = person(contact, THREAD, CONVERSATION, beside=asked)
    if whole is None:
        return []
    not_after = messages.of_row(there[0]).sent_at if there and there[0] is not None else None
    thread, seq = before or ("", None)
    calls = [
        partial(
            tail, link, before=seq if link.thread == thread else None, limit=limit,
            not_after=None if link.thread == thread else not_after,
        )
        for link in latest_threads(whole, sources)
    ]  # fmt: skip
    return merged(at_once(calls), limit=limit)[0]


def _row(contact: str) -> ContactRow | None:
    try:
        return ContactRow.get(contact, CONTACT, consistent_read=True)
    except ContactRow.DoesNotExist:
        return None


def _links(contact: str, kinds: Iterable[str]) -> list[Callable[[], list[Link]]]:
    return [partial(links.within, contact, kind) for kind in kinds]


def _newest(message: Message) -> tuple[int, str, int]:
    return -message.sent_at, message.thread, -message.seq


def _between(link: Link, around: Iterable[Link], upto: int | None, limit: int) -> int:
    """How many messages of other conversations lie among the last `limit` of one, as their links tell."""
    mine = passed = 0
    for other in sorted((one for one in around if one.last), key=lambda one: one.last, reverse=True):
        first, last = max(other.first, link.first), min(other.last, upto - 1 if upto else other.last)
        if last < first:
            continue
        mine += max(0, upto - 1 - last) if upto else 0
        if mine >= limit:
            break
        passed, upto = passed + last - first + 1, first
    return passed
