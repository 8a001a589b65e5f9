"""The other side of a call: wait for what is said on its thread, and have it spoken.

`receive_channel` takes what a caller says and sends the call on to here. A Lambda of its own, because it waits:
webhooks have theirs. What is spoken stands in the request's address (behind which message), so that the same request
again speaks the same. It writes nothing but that messages were spoken and heard, onto `threads.fifo` under ids of
theirs: cut off before it, the provider asks again or the caller hears that something is wrong; after it, they count as
spoken once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib import channels
from chalicelib.channels.contract import Denied
from chalicelib.channels.phoning import Asked, ToSpeak
from chalicelib.domain.event import status_event
from chalicelib.domain.message import DELIVERED, FAILED, READ, Message, advances
from chalicelib.domain.thread import DESK, thread_id
from chalicelib.inbound import requests
from chalicelib.ports import clock, log, queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.settings import settings
from chalicelib.ports.web import Problem
from chalicelib.tables import deliveries, kept_channels, media_links, messages, threads
from chalicelib.tables.config import Resource

WAITS_S = 8
"""How long a request is held at most: a provider gives up on it after fifteen seconds."""
_EVERY_S = 0.3
_PAGE, _BACK = 50, 50


def run(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Answer a call that waits for what is said in it."""
    row = requests.known(kept_channels.get(channel_id))
    if "call" not in channels.load(str(row.body["kind"])).CAN:
        raise Problem(404, "unknown_channel", "nobody calls this channel")
    return requests.or_apology(lambda: _answered(request, row), request, row, step="answer_call")


def _answered(request: HttpRequest, row: Resource) -> HttpResponse:
    started = clock.now_ms()
    call = requests.call_of(request, web.raw_body(request, most=requests.MAX_BODY))
    channel = requests.channel_of(row, call)
    adapter: Any = channels.load(str(row.body["kind"]))
    asked: Asked | Denied = adapter.asked(call, channel)
    if isinstance(asked, Denied):
        row = requests.known(kept_channels.anew(row.id))
        channel = requests.channel_of(row, call)
        asked = adapter.asked(call, channel)
    if isinstance(asked, Denied):
        log.step("answer_call", channel=row.id, outcome=asked.code, status=asked.status)
        raise Problem(asked.status, asked.code, asked.detail, errors=asked.errors)
    thread = thread_id(row.id, asked.address)
    found = _waited_for(thread, asked)
    spoken = adapter.spoken(asked, _to_speak(thread, asked, found), channel)
    new = [one for one in found.new if one.seq <= spoken.upto]
    _tell([*_states(found.before, READ, row), *_states(new, DELIVERED, row)])
    took = clock.now_ms() - started
    log.step("answer_call", channel=row.id, thread=thread, messages=len(new), waited_s=asked.waited_s, took_ms=took)
    return requests.answer(spoken.response)


@dataclass(frozen=True, slots=True)
class _Found:
    after: int
    before: Sequence[Message] = ()
    """What the call spoke last, and its caller has heard, as they go on."""
    new: Sequence[Message] = ()
    took_s: int = 0


def _waited_for(thread: str, asked: Asked) -> _Found:
    """What is behind the call's place, waited for where the call waits; once something is there, what comes with it."""
    after = asked.after
    held_s = min(WAITS_S, settings().longest_poll_s) if asked.waits else 0
    begun = clock.now_ms()
    until, settled = begun + held_s * 1000, not asked.waits
    while True:
        after = after if after >= 0 else _place(thread, asked)
        found = _looked(thread, after, asked.since)
        if (found.new and settled) or clock.now_ms() >= until:
            return replace(found, took_s=(clock.now_ms() - begun) // 1000)
        settled = bool(found.new)
        time.sleep(_EVERY_S)


def _looked(thread: str, after: int, since: int) -> _Found:
    """What is there by now."""
    if after < 0:
        return _Found(after)
    page = messages.after(thread, since if 0 <= since < after else after, limit=_PAGE)
    if len(page) == _PAGE and page[-1].seq <= after:
        # So much lies between, as of others' notes, that what is new does not stand with it.
        page += messages.after(thread, after, limit=_PAGE)
    said = [one for one in page if one.direction == "out" and not one.is_note]
    return _Found(after, [one for one in said if one.seq <= after], [one for one in said if one.seq > after])


def _place(thread: str, asked: Asked) -> int:
    """The number behind which a call listens whose caller has just said or done something, or that was made for a
    message; -1 while that is not there."""
    if asked.own_id:
        named = deliveries.parse_delivery_id(asked.own_id)
        row = deliveries.get(*named) if named else None
        notice = deliveries.notice_of(row) if row is not None else None
        return notice.seq - 1 if notice is not None and notice.thread == thread else -1
    about = messages.find_provided(thread, asked.about, within=_BACK) if asked.about else None
    return about.seq if about is not None else -1


def _to_speak(thread: str, asked: Asked, found: _Found) -> ToSpeak:
    def public(one: Message) -> Any:
        return media_links.public_message(one).content

    held = threads.get(thread)
    return ToSpeak(
        after=found.after,
        new=[(one.seq, public(one)) for one in found.new if one.state != FAILED],
        last=(found.before[-1].seq, public(found.before[-1])) if found.before else None,
        with_people=held is not None and held.owner == DESK,
        waited_s=asked.waited_s + found.took_s,
    )


def _states(said: Iterable[Message], state: str, row: Resource) -> list[Entry]:
    events = [
        status_event(
            thread=one.thread,
            seq=one.seq,
            state=state,
            at=clock.now_ms(),
            service=str(row.service),
            channel=row.id,
            channel_kind=str(row.body["kind"]),
        )
        for one in said
        if advances(one.state, state)
    ]
    return [Entry(event.plain(), group=event.thread, dedup=event.id) for event in events]


def _tell(entries: list[Entry]) -> None:
    queues.send("threads.fifo", entries)
