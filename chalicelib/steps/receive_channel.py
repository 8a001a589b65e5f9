"""The edge of channels: check the provider's call, read it, queue its events, answer. Nothing else happens here.

The channel is known as it stood at most ten seconds ago; a call that it refuses is judged once more by the channel as
it stands now, so that a changed secret works at once.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from chalice.app import MultiDict
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
from chalicelib.domain.message import UPLOADED
from chalicelib.domain.tasks import LateStatus
from chalicelib.domain.thread import thread_id
from chalicelib.files import keeping
from chalicelib.inbound import of_channel, of_status, strangers
from chalicelib.ports import clock, ids, log, queues, secrets, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import kept_channels, media_links
from chalicelib.tables.config import Resource

MAX_BODY = 1024 * 1024


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
                told = of_status.events_of(said, row)
                if isinstance(told, LateStatus):
                    later.append(Entry(told.plain(), delay_s=2))
                else:
                    entries += [Entry(event.plain(), group=event.thread, dedup=event.id) for event in told]
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
    adapter, url = channels.load(str(row.body["kind"])), ""
    if channels.needs_url(adapter):
        url = media_links.webhook_url(row.id) or call.url.partition("?")[0]
    return adapter.receive(call, Channel(row.id, row.body.get("settings") or {}, opened, url))


def call_of(request: HttpRequest, raw: bytes) -> Request:
    """The call as adapters read it.

    An HTTP API hands on the query as it was written. A REST API says what its values are: they are written anew as most
    clients do (RFC 3986), in the order of their names' first appearance, and a signature over another spelling fails.
    """
    headers = {str(name).lower(): str(value) for name, value in request.headers.items()}
    scheme, host = headers.get("x-forwarded-proto", "https"), headers.get("host", "")
    return Request(
        method=request.method,
        headers=headers,
        query=dict(request.query_params or {}),
        body=raw,
        now_ms=clock.now_ms(),
        url=f"{scheme}://{host}{request.context.get('path', request.path)}{_query(request)}",
    )


def _query(request: HttpRequest) -> str:
    if (written := request.context.get("query")) is not None:
        return f"?{written}" if written else ""
    given = request.query_params
    if not isinstance(given, MultiDict):
        return ""
    pairs = [(name, value) for name in given for value in given.getlist(name)]
    return f"?{urlencode(pairs, quote_via=quote)}"


def _take_files(said: Said, message: str, received: Received) -> None:
    """Keep the files that a visitor's page has put for its message. Cut off after it, the page posts that again."""
    for number, item in enumerate(said.content.media):
        if item.url.startswith(UPLOADED) and not keeping.take(message, number):
            wrong = "was not put where it was to be, or longer than a day ago"
            headers = dict(received.response.headers)
            raise Problem(422, "wrong_fields", wrong, errors=[(f"/files/{number}", wrong)], headers=headers)
