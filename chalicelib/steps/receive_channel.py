"""The edge of channels: check the provider's call, read it, queue its events, answer. Nothing else happens here.

The channel is known as it stood at most ten seconds ago; a call that it refuses is judged once more by the channel as
it stands now, so that a changed secret works at once.
"""

from __future__ import annotations

from dataclasses import replace

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib import channels
from chalicelib.channels.contract import (
    Changed,
    Consent,
    Denied,
    Happened,
    Ignored,
    Moved,
    Received,
    Request,
    Said,
    Status,
)
from chalicelib.domain.message import UPLOADED
from chalicelib.domain.thread import thread_id
from chalicelib.files import keeping
from chalicelib.inbound import of_call, of_channel, of_status, requests, strangers
from chalicelib.inbound.requests import MAX_BODY, known
from chalicelib.inbound.requests import call_of as call_of
from chalicelib.ports import clock, ids, log, queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import kept_channels
from chalicelib.tables.config import Resource


def run(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Answer a provider's webhook call."""
    row = known(kept_channels.get(channel_id))
    return requests.or_apology(lambda: _taken(request, row), request, row, step="receive_channel")


def _taken(request: HttpRequest, row: Resource) -> HttpResponse:
    started, channel_id = clock.now_ms(), row.id
    raw = web.raw_body(request, most=MAX_BODY)
    trace, call = ids.new("tc"), call_of(request, raw)
    received = _received(call, row)
    if isinstance(received, Denied):
        now = known(kept_channels.anew(channel_id))
        if now.updated_at != row.updated_at:
            row, received = now, _received(call, now)
    kind = str(row.body["kind"])
    if isinstance(received, Denied):
        log.step("receive_channel", channel=channel_id, outcome=received.code, status=received.status, trace=trace)
        headers = dict(received.headers)
        raise Problem(received.status, received.code, received.detail, errors=received.errors, headers=headers)
    if "pull" in channels.load(kind).CAN:
        _admit(request, row.id, received)
    unheard = of_call.entries(received.call, row) if received.call else []
    entries: list[Entry] = []
    later: list[Entry] = []
    first_message = None
    for said in received.events:
        match said:
            case Said() | Changed() | Moved() | Consent() | Happened():
                if isinstance(said, Consent) and said.own_id:
                    said = of_status.of_who_was_sent(said, row.id)
                try:
                    event = of_channel.event_of(said, row, trace)
                except ValueError as error:
                    log.step("receive_channel", channel=channel_id, ignored=str(error), trace=trace)
                    continue
                if isinstance(said, Said):
                    _take_files(said, str(event.body["message_id"]), received)
                    first_message = first_message or event.body["message_id"]
                entries.append(Entry(event.plain(), group=event.thread, dedup=event.id))
            case Status():
                told, late = of_status.entries(said, row)
                entries += told
                later += late
            case Ignored(what):
                log.step("receive_channel", channel=channel_id, ignored=what, trace=trace)
    # What says why stands before: of one message what comes first counts.
    queues.send("threads.fifo", [*entries, *unheard])
    queues.send("timers", later)
    log.step(
        "receive_channel",
        channel=channel_id,
        events=len(entries) + len(later),
        trace=trace,
        took_ms=clock.now_ms() - started,
    )
    body = received.response.body
    if isinstance(body, dict) and "message_id" in body:
        body = body | {"message_id": first_message}
    return requests.answer(replace(received.response, body=body))


def _admit(request: HttpRequest, channel: str, received: Received) -> None:
    """Let a visitor's post in, or raise the problem that a page of another origin may read too."""
    sessions = {event.address: isinstance(event, Said) for event in received.events if isinstance(event, Said | Status)}
    caller = web.caller(request)
    try:
        for address, begins in sessions.items():
            strangers.admit(channel, thread_id(channel, address), address=caller, begins=begins)
    except Problem as problem:
        problem.headers = dict(received.response.headers) | problem.headers
        raise


def _received(call: Request, row: Resource) -> Received | Denied:
    return channels.load(str(row.body["kind"])).receive(call, requests.channel_of(row, call))


def _take_files(said: Said, message: str, received: Received) -> None:
    """Keep the files that a visitor's page has put for its message. Cut off after it, the page posts that again."""
    for number, item in enumerate(said.content.media):
        if item.url.startswith(UPLOADED) and not keeping.take(message, number):
            wrong = "was not put where it was to be, or longer than a day ago"
            headers = dict(received.response.headers)
            raise Problem(422, "wrong_fields", wrong, errors=[(f"/files/{number}", wrong)], headers=headers)
