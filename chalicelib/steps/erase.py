"""Erases a person everywhere, a page of rows at a time; the contact's own row led to nobody before this begins.

Order, and why a cut anywhere is harmless: identities; each thread is told (`converse`, its only writer, closes what is
open and marks up to where it is the person's), then its files, messages, conversations and deliveries; what hangs on
the contacts; the proof says done. Rows go and are counted in one transaction with the proof, files go before the rows
that name them. A minute and a half later all of it is looked through once more, for what was under way.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from chalicelib.domain.lane import lane_of_route, queue_of, replay_of
from chalicelib.domain.order import Order
from chalicelib.domain.part import ALL, Part, ended, read, with_part
from chalicelib.lanes import marking
from chalicelib.ports import clock, ids, log, media, queues
from chalicelib.ports.lambdas import each_body
from chalicelib.ports.queues import Entry
from chalicelib.tables import batch_get, config, deliveries, erasing, messages, schedule, threads
from chalicelib.tables.contact_rows import CONSENT
from chalicelib.tables.contacts import ContactBusy, ContactRow
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.erasing import DONE, MOST_ROWS, State, counted, forward
from chalicelib.tables.links import CONVERSATION, THREAD
from chalicelib.tables.receipts import Receipt
from chalicelib.tables.threads import ThreadRow
from chalicelib.tables.trigger_events import TriggerEvent

QUEUE = "erasures"
AGAIN_S = 90
"""After this what was under way when the contact went has landed."""
_PARTS = 25
"""Transactions of one page."""
_THREADS = 100
"""Threads taken up at a time."""
_SHOWN = 1000
"""Ids that the proof lists of each kind."""
_WAIT_S = (0, 0, 1, 2, 5, 10, 20)
"""How long it waits for threads, one look after another; then by the table, each time a minute more, up to a quarter of
an hour."""
_MOST_WAIT_S = 900
_MOST_LOOKS = 100
"""Looks in a row, which take a day, after which it is a dead letter."""


class StillWaiting(Exception):
    """A thread was not marked as erased for a day, so something else is wrong with it."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `erasures`."""
    return each_body(event, handle, fifo=False)


def handle(body: dict[str, Any]) -> None:
    """Do a page of an erasure."""
    started = clock.now_ms()
    row = erasing.find(body["contact"])
    if row is None or body["pass"] != row.data["pass"]:
        return
    waited = int(body.get("waited", 0))
    told: marking.Told = body.get("told") or {}
    done = 0
    try:
        while done < _PARTS and row.data["phase"] != "over":
            after = _PHASES[row.data["phase"]](row, dict(row.data))
            if after is None:
                waiting = [one for one in row.data["threads"] if one["phase"] == "tell"]
                told = marking.tell(row, waiting, told)
                break
            row, done = after, done + 1
    except ContactBusy:
        now = erasing.find(body["contact"])
        if now is None or now.version != row.version:
            # Another run does this very page; whoever is behind leaves it to them.
            return
        done = 0
    _go_on(row, body | {"told": told}, waited=0 if done else waited + 1)
    counts = row.data["counts"]
    took, rows = clock.now_ms() - started, sum(counts.values())
    log.step("erase", contact=str(row.id), phase=row.data["phase"], rows=rows, took_ms=took)


def _go_on(row: ContactRow, body: dict[str, Any], *, waited: int) -> None:
    if row.data["phase"] != "over":
        task = body | {"waited": waited, "pass": row.data["pass"]}
        if waited < len(_WAIT_S):
            queues.send(QUEUE, [Entry(task, delay_s=_WAIT_S[waited])])
        elif waited < _MOST_LOOKS:
            wait_s = min(60 * (waited - len(_WAIT_S) + 1), _MOST_WAIT_S)
            due = clock.now_ms() + wait_s * 1000
            schedule.again(id=f"erase:{row.id}", due_ms=due, queue=QUEUE, task=task)
        else:
            raise StillWaiting(str(row.id))
    elif row.data["pass"] == 1:
        again = [thread | {"phase": "messages"} for thread in row.data["threads"]]
        state = dict(row.data) | {"pass": 2, "phase": "gather", "threads": again}
        # The message first: cut off before the row says so, the message finds pass 1 and ends.
        queues.send(QUEUE, [Entry({"contact": str(row.id), "pass": 2}, delay_s=AGAIN_S)])
        forward(row, state)


def _identities(row: ContactRow, state: State) -> ContactRow:
    if letters := erasing.dead_letters(erasing.telling(state)):
        return forward(row, counted(state, dead_letters=len(letters)), letters)
    if words := erasing.name_words(row, state):
        return forward(row, state | {"names": []}, words)
    found = erasing.identities(state, str(row.service))[:MOST_ROWS]
    if found:
        still = ContactRow.contact.is_in(*state["people"])
        return forward(row, counted(state, identities=len(found)), found, condition=still)
    marks = erasing.marks(state)
    over = {"identities": [], "names": [], "phase": "gather"}
    return forward(row, counted(state, contacts=len(marks)) | over, puts=marks)


def _gather(row: ContactRow, state: State) -> ContactRow:
    """Take up threads that are linked and not done yet; where there are none, what hangs on the contacts is left."""
    known = {one["id"] for one in state["threads"] if one["phase"] != "done"}
    taken: dict[str, dict[str, Any]] = {}
    parts: dict[str, tuple[Part, ...]] = {}
    for person in state["people"]:
        for link in erasing.of_partition(person, THREAD, limit=_THREADS):
            thread, about = str(link.item).removeprefix(THREAD), dict(link.data or {})
            if thread in known or (thread not in taken and len(taken) + len(known) >= _THREADS):
                continue
            taken[thread] = {"id": thread, "channel": about.get("channel", ""), "source": about.get("source", "")}
            for part in read(about.get("parts")):
                parts[thread] = with_part(parts.get(thread, ()), part)
    found = [one | {"parts": [part.plain() for part in parts[id]]} for id, one in taken.items()]
    todo = [one for one in state["threads"] if one["phase"] != "done"]
    todo += [one | {"phase": "tell", "lanes": []} for one in found]
    if not todo:
        return forward(row, state | {"phase": "told_of"})
    erased = list(dict.fromkeys([*state.get("erased_threads", ()), *(one["id"] for one in found)]))[:_SHOWN]
    state = counted(state, threads=len(found)) | {"threads": todo, "erased_threads": erased, "phase": "threads"}
    return forward(row, state)


def _threads(row: ContactRow, state: State) -> ContactRow | None:
    """The next part of the first thread that can go on; None where all wait for `converse`."""
    for at, thread in enumerate(state["threads"]):
        if thread["phase"] != "done":
            after = _OF_THREAD[thread["phase"]](row, state, at, dict(thread))
            if after is not None:
                return after
    if any(one["phase"] != "done" for one in state["threads"]):
        return None
    return forward(row, state | {"phase": "links"})


def _tell(row: ContactRow, state: State, at: int, thread: dict[str, Any]) -> ContactRow | None:
    """On with a thread that is marked; None for one that is not, and has to be told."""
    found = threads.get(thread["id"])
    mark: dict[str, Any] = found.erased if found is not None else {"by": str(row.id), "upto": ALL, "conversations": ALL}
    if mark.get("by") == row.id:
        parts = ended(read(thread.get("parts")), upto=int(mark["upto"]), conversations=int(mark["conversations"]))
        limits = {"parts": [part.plain() for part in parts], "phase": "messages"}
        return forward(row, _with(state, at, thread | limits))
    if found is not None and config.get("service", found.service) is None:
        # Nobody converses in a service that is gone, so nobody else writes the thread.
        key = ThreadRow(thread["id"], threads.THREAD)
        return forward(row, _with(state, at, thread | {"phase": "messages"}), [key])
    return None


def _messages(row: ContactRow, state: State, at: int, thread: dict[str, Any]) -> ContactRow:
    # The message, what a provider calls it, and the event that a trigger was asked with.
    most = MOST_ROWS // 3
    page = erasing.messages_of(thread, limit=most)
    if not page:
        return forward(row, _with(state, at, thread | {"phase": "conversations"}))
    gone: list[Any] = list(page)
    files: list[str] = []
    sent: set[str] = set()
    asked: set[tuple[str, str]] = set()
    lanes = set(thread["lanes"])
    for said in map(messages.of_row, page):
        sent |= {f"sent#{said.channel}#{said.provider_id}"} if said.provider_id else set()
        files += said.held_files()
        for route in (*said.routes, *said.status_to):
            lanes.add(lane_of_route(said, route))
            asked |= {(said.channel, route.asked)} if route.asked else set()
    gone += [Receipt(id) for id in sorted(sent)]
    known: list[batch_get.Key] = [(TriggerEvent, trigger, id) for trigger, id in sorted(asked)]
    events = [one for one in batch_get.get_all(known[:most]) if one is not None]
    media.remove(files)
    state = counted(state, messages=len(page), media=len(files), trigger_events=len(events))
    return forward(row, _with(state, at, thread | {"lanes": sorted(lanes)}), [*gone, *events])


def _conversations(row: ContactRow, state: State, at: int, thread: dict[str, Any]) -> ContactRow:
    page = erasing.conversations_of(thread, limit=MOST_ROWS)
    if not page:
        return forward(row, _with(state, at, thread | {"phase": "lanes"}))
    named = [f"cv_{thread['id'][3:]}_{int(str(one.item)[1:])}" for one in page]
    shown = list(dict.fromkeys([*state["conversations"], *named]))[:_SHOWN]
    return forward(row, counted(state, conversations=len(page)) | {"conversations": shown}, page)


def _lanes(row: ContactRow, state: State, at: int, thread: dict[str, Any]) -> ContactRow:
    """Deliveries of the person's messages; what came later in the same lane goes on."""
    if lane := state.get("wake", ""):
        queues.send(queue_of(lane), [Entry(Order(lane).plain(), group=lane, dedup=ids.new(lane))])
        return forward(row, state | {"wake": ""})
    wanted = [name for lane in thread["lanes"] for name in (lane, replay_of(lane))]
    for lane in wanted:
        rows = DeliveryRow.query(lane, DeliveryRow.key < deliveries.LANE, page_size=MOST_ROWS, consistent_read=True)
        gone = list(islice((one for one in rows if erasing.tells_of(one, thread)), MOST_ROWS))
        if not gone:
            continue
        own = deliveries.get(lane, deliveries.LANE)
        state = counted(state, deliveries=len(gone))
        if own is None or own.head not in {one.key for one in gone}:
            return forward(row, state, gone)
        # What is left in the lane would wait for ever for what is gone: the next part wakes it.
        return forward(row, state | {"wake": lane}, [*gone, own])
    return forward(row, _with(state, at, thread | {"phase": "done"}))


def _links(row: ContactRow, state: State) -> ContactRow:
    """Links of the threads that are done; then perhaps there are more threads."""
    for person in state["people"]:
        for prefix in (CONVERSATION, THREAD):
            if page := erasing.of_partition(person, prefix, limit=MOST_ROWS):
                done = {one["id"][3:] for one in state["threads"]}
                mine = [one for one in page if _thread_of(str(one.item)) in done]
                if mine:
                    return forward(row, counted(state, links=len(mine)), list(mine))
    more = any(erasing.of_partition(person, THREAD, limit=1) for person in state["people"])
    return forward(row, state | {"phase": "gather" if more else "told_of"})


def _thread_of(item: str) -> str:
    if item.startswith(THREAD):
        return item.removeprefix(THREAD)[3:]
    return item.removeprefix(CONVERSATION)[3:29]


def _told_of(row: ContactRow, state: State) -> ContactRow:
    """What subscriptions were to be told of the person and their threads: found by destination, as each has a lane of
    its own."""
    if letters := erasing.dead_letters([*state["people"], *state.get("erased_threads", ())]):
        return forward(row, counted(state, dead_letters=len(letters)), letters)
    begins = {id[3:29] for id in (*state["people"], *state.get("erased_threads", ()))}
    for subscription in config.of_kind(str(row.service), "subscription"):
        page = []
        for key in DeliveryRow.by_destination.query(subscription.id):
            if str(key.lane)[:26] in begins and not _is_later(key, state):
                page.append(DeliveryRow(str(key.lane), str(key.key)))
            if len(page) == MOST_ROWS:
                break
        # The index is behind the table: what is gone there has an entry for a moment.
        page = [one for one in page if deliveries.get(str(one.lane), str(one.key)) is not None]
        if page:
            return forward(row, counted(state, deliveries=len(page)), list(page))
    return forward(row, state | {"phase": "merges"})


def _is_later(key: DeliveryRow, state: State) -> bool:
    """Whether it was made after the person was gone: of somebody else who writes from the same address."""
    return int(str(key.created)[:13]) > int(state["requested_at"]) + AGAIN_S * 1000


def _merges(row: ContactRow, state: State) -> ContactRow:
    for person in state["people"]:
        # Each holds copies of two persons.
        if page := erasing.of_partition(person, "merge#", limit=20):
            return forward(row, counted(state, merges=len(page)), list(page))
        if page := erasing.of_partition(person, CONSENT, limit=MOST_ROWS):
            return forward(row, counted(state, consents=len(page)), list(page))
    over = {"phase": "over", "status": DONE}
    at = {"done_at": clock.now_ms()} if state["pass"] == 1 else {"swept_at": clock.now_ms()}
    return forward(row, state | over | at)


def _with(state: State, at: int, thread: dict[str, Any]) -> State:
    return state | {"threads": [*state["threads"][:at], thread, *state["threads"][at + 1 :]]}


_PHASES = {
    "identities": _identities,
    "gather": _gather,
    "threads": _threads,
    "links": _links,
    "told_of": _told_of,
    "merges": _merges,
}
_OF_THREAD = {"tell": _tell, "messages": _messages, "conversations": _conversations, "lanes": _lanes}
