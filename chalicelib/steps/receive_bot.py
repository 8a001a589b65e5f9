"""The edge of bots: what a bot posts, checked against its token, its conversation and whose turn it is."""

from __future__ import annotations

from typing import Any

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib.bots import webhook as wire
from chalicelib.domain.event import BOT_CLOSE, BOT_HANDOVER, BOT_MESSAGE, Event
from chalicelib.domain.thread import BOT, Thread, message_id, parse_conversation_id
from chalicelib.ports import clock, ids, log, queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import receipts, threads, tokens
from chalicelib.tables.config import Resource

MAX_BODY = 64 * 1024
_KINDS = {"message": BOT_MESSAGE, "handover": BOT_HANDOVER, "close": BOT_CLOSE}


def run(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a bot's POST of one event or an array of them."""
    started = clock.now_ms()
    web.raw_body(request, most=MAX_BODY)
    bot = tokens.opened_by("bot", token)
    if bot is None:
        raise Problem(404, "unknown_token", "there is no such webhook")
    given = web.json_body(request, most=MAX_BODY)
    read = wire.read_events(given)
    if read.problems:
        code, status = ("too_large", 413) if read.too_large else ("wrong_fields", 422)
        raise Problem(status, code, "; ".join(f"{at}: {why}" for at, why in read.problems[:5]), errors=read.problems)
    trace = ids.new("tc")
    known: dict[str, Thread | None] = {}
    events = [
        _event(bot, said, index, request.headers.get("idempotency-key") or "", known, trace)
        for index, said in enumerate(read.events)
    ]
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in events])
    log.step("receive_bot", bot=bot.id, events=len(events), trace=trace, took_ms=clock.now_ms() - started)
    answers = [answer_for(event) for event in events]
    return web.answer(202, {"status": "accepted", "events": answers} if isinstance(given, list) else answers[0])


def answer_for(event: Event) -> dict[str, Any]:
    """What the sender of an event is answered."""
    name = "message_id" if "message_id" in event.body else "event_id"
    return {
        name: event.body.get("message_id", event.id),
        "conversation_id": event.body["conversation"],
        "status": "accepted",
    }


def _event(bot: Resource, said: Any, index: int, key: str, known: dict[str, Thread | None], trace: str) -> Event:
    named = parse_conversation_id(said.conversation)
    if named is None:
        raise _unknown(index)
    thread_id, number = named
    if thread_id not in known:
        known[thread_id] = threads.get(thread_id)
    thread = known[thread_id]
    if thread is None or thread.service != bot.service:
        raise _unknown(index)
    outside = said.id or (f"key:{key}:{index}" if key else "")
    id = ids.from_cause("ev", "bot", bot.id, thread_id, outside or ids.new("call"))
    if not (outside and receipts.has_event(thread_id, id)):
        _check(thread, bot.id, number, said.kind, index)
    body: dict[str, Any] = {"bot": bot.id, "bot_name": bot.name, "conversation": said.conversation}
    body["params"] = dict(said.params)
    if said.content is not None:
        body |= {"content": said.content.plain(), "message_id": message_id(thread_id, id)}
    return Event(
        id=id,
        kind=_KINDS[said.kind],
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


def _check(thread: Thread, bot: str, number: int, kind: str, index: int) -> None:
    if thread.bots.get(bot) != number:
        conversation = threads.get_conversation(thread.id, number)
        if conversation is None or conversation.party != bot:
            raise _unknown(index)
        raise Problem(410, "conversation_closed", "the conversation is closed")
    if kind != "close" and (thread.owner != BOT or thread.bot != bot):
        raise Problem(409, "not_owner", "the bot does not own the thread", owner=thread.owner or None)


def _unknown(index: int) -> Problem:
    return Problem(
        404,
        "unknown_conversation",
        "the bot has no such conversation",
        errors=[(f"/{index}/conversation_id", "unknown")],
    )
