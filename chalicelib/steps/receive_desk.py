"""The edge of desks: what a contact centre posts about the conversations that it holds."""

from __future__ import annotations

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib.inbound import agent_typing
from chalicelib.inbound import desk as inbound
from chalicelib.inbound.post import Post, accepted
from chalicelib.ports import clock, log, queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import tokens

MAX_BODY = 64 * 1024


def run(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a desk's POST of one event or an array of them."""
    started = clock.now_ms()
    # Refused by size before anything is looked up or parsed.
    web.raw_body(request, most=MAX_BODY)
    desk = tokens.opened_by("desk", token)
    if desk is None:
        raise Problem(404, "unknown_token", "there is no such webhook")
    given = web.json_body(request, most=MAX_BODY)
    post = Post(desk, key=request.headers.get("idempotency-key") or "")
    events = inbound.events(post, given)
    # After all checks: what was refused may be put right and posted again under its key.
    post.claim(given)
    kept = agent_typing.shown(events)
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in kept])
    agent_typing.signalled(events)
    log.step("receive_desk", desk=desk.id, events=len(events), trace=post.trace, took_ms=clock.now_ms() - started)
    return web.answer(202, accepted(post, events, several=isinstance(given, list)))
