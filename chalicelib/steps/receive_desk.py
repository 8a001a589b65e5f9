"""The edge of desks: what a contact centre posts about the conversations that it holds."""

from __future__ import annotations

from typing import Any

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib.desks import webhook as wire
from chalicelib.domain.event import Event
from chalicelib.domain.thread import Thread, message_id, parse_conversation_id
from chalicelib.ports import clock, ids, log, queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import config, receipts, threads, tokens
from chalicelib.tables.config import Resource

MAX_BODY = 64 * 1024


def run(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a desk's POST of one event or an array of them."""
    started = clock.now_ms()
    web.raw_body(request, most=MAX_BODY)
    desk = tokens.opened_by("desk", token)
    if desk is None:
        raise Problem(404, "unknown_token", "there is no such webhook")
    given = web.json_body(request, most=MAX_BODY)
    read = wire.read_events(given)
    if read.problems:
        code, status = ("too_large", 413) if read.too_large else ("wrong_fields", 422)
        raise Problem(status, code, "; ".join(f"{at}: {why}" for at, why in read.problems[:5]), errors=read.problems)
    trace, key = ids.new("tc"), request.headers.get("idempotency-key") or ""
    known: dict[str, Thread | None] = {}
    events = [_event(desk, said, index, key, known, trace) for index, said in enumerate(read.events)]
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in events])
    log.step("receive_desk", desk=desk.id, events=len(events), trace=trace, took_ms=clock.now_ms() - started)
    answers = [_answer(event) for event in events]
    return web.answer(202, {"status": "accepted", "events": answers} if isinstance(given, list) else answers[0])


def _answer(event: Event) -> dict[str, Any]:
    name = "message_id" if "message_id" in event.body else "event_id"
    return {
        name: event.body.get("message_id", event.id),
        "conversation_id": event.body["conversation"],
        "status": "accepted",
    }


def _event(desk: Resource, said: Any, index: int, key: str, known: dict[str, Thread | None], trace: str) -> Event:
    named = parse_conversation_id(said.conversation)
    if named is None:
        raise _unknown(index)
    thread_id, number = named
    if thread_id not in known:
        known[thread_id] = threads.get(thread_id)
    thread = known[thread_id]
    if thread is None or thread.service != desk.service:
        raise _unknown(index)
    outside = said.id or (f"key:{key}:{index}" if key else "")
    id = ids.from_cause("ev", "desk", desk.id, thread_id, outside or ids.new("call"))
    if not (outside and receipts.has_event(thread_id, id)):
        _check(thread, desk.id, number, index)
    if said.desk and (config.get("desk", said.desk) is None or config.service_of(said.desk) != thread.service):
        raise Problem(
            422, "wrong_fields", "desk_id: there is no such desk", errors=[(f"/{index}/desk_id", "unknown desk")]
        )
    body: dict[str, Any] = {"desk": desk.id, "conversation": said.conversation}
    body |= {
        name: value
        for name, value in (("agent", said.agent), ("outcome", said.outcome), ("desk_id", said.desk))
        if value
    }
    if said.content is not None:
        body |= {"content": said.content.plain(), "message_id": message_id(thread_id, id)}
    return Event(
        id=id,
        kind=said.kind,
        service=thread.service,
        channel=thread.channel,
        channel_kind=thread.channel_kind,
        address=thread.address,
        thread=thread_id,
        at=clock.now_ms(),
        body=body,
        once=bool(outside),
        trace=trace,
    )


def _check(thread: Thread, desk: str, number: int, index: int) -> None:
    chat = thread.chat
    if chat is not None and chat.number == number and chat.desk == desk:
        return
    conversation = threads.get_conversation(thread.id, number)
    if conversation is None or conversation.party != desk:
        raise _unknown(index)
    raise Problem(410, "conversation_closed", "the conversation is closed", owner=thread.owner or None)


def _unknown(index: int) -> Problem:
    return Problem(
        404,
        "unknown_conversation",
        "the desk has no such conversation",
        errors=[(f"/{index}/conversation_id", "unknown")],
    )
