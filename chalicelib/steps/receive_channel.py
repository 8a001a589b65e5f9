"""The edge of channels: check the provider's call, read it, queue its events, answer. Nothing else happens here.

The channel is known as it stood at most ten seconds ago; a call that it refuses is judged once more by the channel as
it stands now, so that a changed secret works at once.
"""

from __future__ import annotations

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib import channels
from chalicelib.channels.contract import (
    Changed,
    Channel,
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
from chalicelib.domain.event import Event, status_event
from chalicelib.domain.message import FAILED, UPLOADED
from chalicelib.domain.tasks import LateStatus
from chalicelib.domain.thread import thread_id, thread_of_message
from chalicelib.inbound import of_channel, strangers
from chalicelib.ports import clock, ids, log, media, queues, secrets, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import kept_channels, messages, receipts
from chalicelib.tables.config import Resource
from chalicelib.tables.receipts import SentMessage

MAX_BODY = 1024 * 1024
_READ_WITHIN = 200
"""How far back a message may lie that a widget says was read."""


def run(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Answer a provider's webhook call."""
    started = clock.now_ms()
    raw = web.raw_body(request, most=MAX_BODY)
    row = _read(kept_channels.get(channel_id))
    trace, call = ids.new("tc"), call_of(request, raw)
    received = _received(call, row)
    if isinstance(received, Denied):
        now = _read(kept_channels.anew(channel_id))
        if now.updated_at != row.updated_at:
            row, received = now, _received(call, now)
    kind = str(row.body["kind"])
    if isinstance(received, Denied):
        log.step("receive_channel", channel=channel_id, outcome=received.code, status=received.status, trace=trace)
        headers = dict(received.headers)
        raise Problem(received.status, received.code, received.detail, errors=received.errors, headers=headers)
    if "pull" in channels.load(kind).CAN:
        _admit(request, row.id, received)
    entries: list[Entry] = []
    later: list[Entry] = []
    first_message = None
    for said in received.events:
        match said:
            case Said() | Changed() | Moved() | Consent() | Happened():
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
                found = _about(said, row.id)
                if found is None:
                    later.append(Entry(_unknown_status(said, row, kind).plain(), delay_s=2))
                elif said.state == FAILED or not found.part:
                    event = _status(said, row, kind, found)
                    entries.append(Entry(event.plain(), group=event.thread, dedup=event.id))
            case Ignored(what):
                log.step("receive_channel", channel=channel_id, ignored=what, trace=trace)
    queues.send("threads.fifo", entries)
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
    if isinstance(body, str):
        headers = {"Content-Type": "text/plain; charset=utf-8"} | dict(received.response.headers)
        return web.text(received.response.status, body, headers)
    return web.answer(received.response.status, body, dict(received.response.headers))


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


def _read(row: Resource | None) -> Resource:
    """A channel's row; Problem 404 where there is none, or of no kind of ours."""
    if row is None or row.body is None or row.body.get("kind") not in channels.KINDS:
        raise Problem(404, "unknown_channel", "there is no such channel")
    return row


def _received(call: Request, row: Resource) -> Received | Denied:
    opened = secrets.unseal(row.sealed or "", owner=row.id)
    channel = Channel(row.id, row.body.get("settings") or {}, opened)
    return channels.load(str(row.body["kind"])).receive(call, channel)


def call_of(request: HttpRequest, raw: bytes) -> Request:
    """The call as adapters read it."""
    headers = {str(name).lower(): str(value) for name, value in request.headers.items()}
    scheme, host = headers.get("x-forwarded-proto", "https"), headers.get("host", "")
    return Request(
        method=request.method,
        headers=headers,
        query=dict(request.query_params or {}),
        body=raw,
        now_ms=clock.now_ms(),
        url=f"{scheme}://{host}{request.context.get('path', request.path)}",
    )


def _take_files(said: Said, message: str, received: Received) -> None:
    """Keep the files that a visitor's page has put for its message. Cut off after it, the page posts that again."""
    for number, item in enumerate(said.content.media):
        if item.url.startswith(UPLOADED) and not media.take(f"{message}/{number}"):
            wrong = "was not put where it was to be, or longer than a day ago"
            headers = dict(received.response.headers)
            raise Problem(422, "wrong_fields", wrong, errors=[(f"/files/{number}", wrong)], headers=headers)


def _about(status: Status, channel: str) -> SentMessage | None:
    """The message that a status is about: by our own id where the channel shows it, else by theirs."""
    thread = thread_of_message(status.provider_id)
    if thread is not None and status.address:
        if thread != thread_id(channel, status.address):
            return None
        message = messages.find(thread, status.provider_id, within=_READ_WITHIN)
        return SentMessage(thread, message.seq) if message is not None and message.direction == "out" else None
    return receipts.find_sent(channel, status.provider_id)


def _status(status: Status, row: Resource, kind: str, about: SentMessage) -> Event:
    return status_event(
        thread=about.thread,
        seq=about.seq,
        part=about.part,
        state=status.state,
        at=min(status.at_ms, clock.now_ms()),
        service=str(row.service),
        channel=row.id,
        channel_kind=kind,
        error=dict(status.error) if status.error else None,
    )


def _unknown_status(status: Status, row: Resource, kind: str) -> LateStatus:
    # A status may overtake the answer to our own send; `fire_timer` looks again until the id is known.
    return LateStatus(
        service=str(row.service),
        channel=row.id,
        channel_kind=kind,
        provider_id=status.provider_id,
        state=status.state,
        at=status.at_ms,
        error=dict(status.error) if status.error else None,
    )
