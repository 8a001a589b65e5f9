"""What edges of channels share: a provider's call as adapters read it, the channel that it is about, and what is
answered where the fault is ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from chalice.app import MultiDict
from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib import channels
from chalicelib.channels.contract import Channel, Request, Response
from chalicelib.ports import clock, log, secrets, web
from chalicelib.ports.web import Problem
from chalicelib.tables import media_links
from chalicelib.tables.config import Resource

MAX_BODY = 1024 * 1024
_THEIRS = (401, 403, 404)
"""Who is answered so is nobody whom a provider sent: there is no caller who would hear anything else."""


def known(row: Resource | None) -> Resource:
    """A channel's row; Problem 404 where there is none, or of no kind of ours."""
    if row is None or row.body is None or row.body.get("kind") not in channels.KINDS:
        raise Problem(404, "unknown_channel", "there is no such channel")
    return row


def channel_of(row: Resource, call: Request) -> Channel:
    """The channel of a row, for its adapter."""
    opened = secrets.unseal(row.sealed or "", owner=row.id)
    url = ""
    if channels.needs_url(channels.load(str(row.body["kind"]))):
        url = media_links.webhook_url(row.id) or _webhook(call)
    return Channel(row.id, row.body.get("settings") or {}, opened, url)


def _webhook(call: Request) -> str:
    """The channel's `webhook_url`, from the address that was called: that, or one beside it."""
    return f"{call.url.partition('?')[0].rpartition('/')[0]}/webhook"


def answer(response: Response) -> HttpResponse:
    """What an adapter answers, over HTTP."""
    body = response.body
    if isinstance(body, str):
        headers = {"Content-Type": "text/plain; charset=utf-8"} | dict(response.headers)
        return web.text(response.status, body, headers)
    return web.answer(response.status, body, dict(response.headers))


def or_apology(work: Callable[[], HttpResponse], request: HttpRequest, row: Resource, *, step: str) -> HttpResponse:
    """What `work` answers, or where the fault is ours what its caller can hear, where the channel's users call and this
    request is one that somebody hears the answer to."""
    adapter: Any = channels.load(str(row.body["kind"]))
    if "call" not in adapter.CAN:
        return work()
    try:
        return work()
    except Exception as error:
        if isinstance(error, Problem) and error.status in _THEIRS:
            raise
        channel = Channel(row.id, row.body.get("settings") or {}, {})
        sorry: Response | None = adapter.apology(call_of(request, b""), channel)
        if sorry is None:
            raise
        log.crash(step, channel=row.id)
        return answer(sorry)


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
