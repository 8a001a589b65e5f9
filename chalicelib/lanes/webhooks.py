"""Webhooks of bots, desks, subscriptions and triggers: signed, each response verified by token, failures counted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib import channels
from chalicelib.announcing import event_payload
from chalicelib.bots import echo
from chalicelib.bots import webhook as bot_wire
from chalicelib.desks import webhook as desk_wire
from chalicelib.domain import event as kinds
from chalicelib.domain import notice as notices
from chalicelib.domain import webhook_secrets
from chalicelib.domain.event import Event, event_queue
from chalicelib.domain.exchange import Call
from chalicelib.domain.notice import Notice
from chalicelib.domain.outcome import outcome_payload
from chalicelib.domain.retry import DISABLE_AFTER_S, WAITS_S
from chalicelib.domain.thread import message_id
from chalicelib.domain.view import message_view
from chalicelib.lanes import recent_context
from chalicelib.lanes.transport import Delivered, Outcome, Refused, Target, TryLater, Turn, event_of
from chalicelib.ports import clock, ids, log, queues, redact, secrets, signing
from chalicelib.ports.queues import Entry
from chalicelib.tables import batch_get, config, deliveries, endpoints, media_links, messages, trigger_events
from chalicelib.tables.config import Resource
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.endpoints import Endpoint
from chalicelib.wire.retry_after import retry_after

retry_queue = "retries"
TRANSCRIPT = 50
SHOWN_OF_SUCCESS = 120
"""Characters kept of a good response: enough to know it by, and the row stays within one write unit."""
MOST_WARNINGS = 5
_KINDS = {"bt": "bot", "dk": "desk", "sb": "subscription", "tr": "trigger"}
_PLACES = 1000
"""More than the events that one response may carry."""
_EVENTS = {"message": kinds.BOT_MESSAGE, "handover": kinds.BOT_HANDOVER, "close": kinds.BOT_CLOSE}


def target(destination: str) -> Target | None:
    """The bot, desk or subscription as it stands now, and how its webhook fares: one read for both."""
    if destination.startswith("tr_"):
        return _asker(destination)
    kind = _KINDS.get(destination[:2])
    if kind is None:
        # Of a newer version, before a rollback: given up, and told by a replay when it can be.
        return None
    service, key = config.service_of(destination), f"{kind}#{destination}"
    row, endpoint = batch_get.get_all([(Resource, service, key), (Endpoint, destination, None)])
    if row is None:
        return None
    body: dict[str, Any] = row.body or {}
    retrying = body.get("retry") or {}
    return Target(
        body=body,
        secrets=secrets.unseal(row.sealed or "", owner=destination),
        usable=endpoint is not None and endpoint.status == endpoints.ACTIVE,
        failures=int(endpoint.failures or 0) if endpoint else 0,
        waits_s=retrying.get("waits_s", WAITS_S),
        inactive_after_s=int(retrying.get("inactive_after_s", DISABLE_AFTER_S)),
        max_age_s=int(body.get("max_age_s") or 0),
    )


def _asker(trigger: str) -> Target | None:
    """A trigger's `notify_url`: there is nothing to verify and nothing to switch off, each outcome has its own lane."""
    row = config.get(_KINDS["tr"], trigger)
    url = (row.body or {}).get("notify_url") if row else None
    if row is None or not url:
        return None
    return Target(body={"webhook_url": url}, secrets=secrets.unseal(row.sealed or "", owner=trigger))


async def turn(row: DeliveryRow, notice: Notice, target: Target) -> Turn | None:
    """At once: webhooks are told as fast as they answer."""
    return None


async def attempt(call: Call, row: DeliveryRow, notice: Notice, target: Target) -> Outcome:
    """POST the notice once."""
    if target.body.get("kind") == "console":
        # People read a console desk's chats in our own inbox: the message is there already.
        return Delivered()
    if target.body.get("kind") == echo.KIND:
        said = echo.answers(notice, target.body)
        return Delivered(answers=said.events, warnings=said.ignored)
    # Read once: a retry tells the same as the attempt before it.
    context = row.context or recent_context.context(notice, target.body.get("context"))
    payload = _payload(notice, target, context)
    if payload is None:
        return Delivered()
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    # A replay goes out under the first delivery's id, so that a receiver that had it can tell.
    headers = _headers(target, id=row.replay_of or row.id, body=body)
    headers |= {"x-parley-attempt": str(len(row.attempts) + 1)}
    if notice.trace:
        headers["x-correlation-id"] = notice.trace
    timeout_s = float(target.body.get("timeout_s") or 5)
    if notice.asked and not notice.event:
        trigger_events.attempted(notice.channel, notice.asked, len(row.attempts) + 1, at=clock.now_ms())
    exchange = await call("POST", target.body["webhook_url"], headers=headers, body=body, timeout_s=timeout_s)
    outcome = bot_wire.outcome(exchange, token=target.secrets.get("verification_token"))
    head = redact.head_of(exchange, secrets=_not_shown(target))
    if isinstance(outcome, bot_wire.Failed):
        wait = retry_after(exchange.headers, now_ms=clock.now_ms(), most_s=3600)
        tried = {"status": exchange.status, "took_ms": exchange.took_ms}
        return TryLater(error=outcome.error, head=head, retry_after_s=wait, context=context, **tried)
    head = head[:SHOWN_OF_SUCCESS]
    answers: tuple[Any, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    if notice.destination.startswith("bt_"):
        found = bot_wire.answers(exchange, conversation=notice.conversation)
        answers = tuple(found.events)
        # It has succeeded, so nobody would look into the log of ours: whose bot it is reads it in the delivery.
        warnings = (*found.problems, *found.ignored)[:MOST_WARNINGS]
        for path, problem in found.problems:
            log.trouble("answer.ignored", delivery=row.id, path=path, problem=problem)
    return Delivered(status=exchange.status, took_ms=exchange.took_ms, head=head, answers=answers, warnings=warnings)


def _not_shown(target: Target) -> list[str]:
    """What must not be seen in a response that echoes what it got: secrets, the owner's headers, values of the URL."""
    values = [*target.secrets.values(), *map(str, (target.body.get("headers") or {}).values())]
    url = urlsplit(str(target.body.get("webhook_url") or ""))
    values += [value for _, value in parse_qsl(url.query)]
    # A header may hold a scheme before the secret; and one of a few letters is none, and would blank out half the text.
    parts = [part for value in values for part in (value, value.rpartition(" ")[2])]
    return [part for part in parts if len(part) >= redact.LEAST]


async def probe(call: Call, notice: Notice, target: Target) -> bool:
    """Whether the webhook passes verification now, which tells a bad message from a bad webhook."""
    challenge, now = ids.token(), clock.now_ms()
    body = json.dumps(bot_wire.verification(challenge, now)).encode()
    headers = _headers(target, id=ids.new("vf"), body=body)
    exchange = await call("POST", target.body["webhook_url"], headers=headers, body=body, timeout_s=5.0)
    return not bot_wire.passed(exchange, challenge, target.secrets.get("verification_token"))


def delivered(row: DeliveryRow, notice: Notice, outcome: Delivered) -> None:
    """Put the events of the response on the thread; their ids come from the delivery, so twice is once."""
    if row.replay_of:
        first = deliveries.parse_delivery_id(str(row.replay_of))
        before = deliveries.get(*first) if first else None
        if before is not None and before.status == deliveries.DELIVERED:
            # The first delivery's answer was handled; a replay informs, it does not speak again.
            return
    events = [_event(row, notice, index, said) for index, said in enumerate(outcome.answers)]
    queues.send(
        event_queue(notice.channel), [Entry(event.plain(), group=event.thread, dedup=event.id) for event in events]
    )


def given_up(row: DeliveryRow, notice: Notice, outcome: TryLater | Refused) -> None:
    """Who waits for the bot's answer hears that there will be none; else the delivery's row tells what became of it."""
    if not notice.asked or notice.event:
        return
    code = "bot_gone" if outcome.error == "destination_gone" else outcome.error
    reason = outcome.reason if isinstance(outcome, Refused) else ""
    error = {"code": code, "reason": reason or code.replace("_", " ")}
    body = {"bot": notice.destination, "asked": notice.asked, "error": error}
    event = event_of(notice, id=ids.from_cause("ev", "gave up", row.id), kind=kinds.BOT_GAVE_UP, body=body)
    queues.send(event_queue(notice.channel), [Entry(event.plain(), group=event.thread, dedup=event.id)])


def _event(row: DeliveryRow, notice: Notice, index: int, said: Any) -> Event:
    delivery = str(row.replay_of or row.id)
    id = ids.from_cause("ev", "answer", delivery, index)
    body: dict[str, Any] = {"bot": notice.destination, "conversation": said.conversation, "params": dict(said.params)}
    if notice.asked:
        body["answers"] = notice.asked
    place = notice.number * _PLACES + index if notice.number and delivery == row.id else 0
    if place:
        body["place"] = place
    if said.content is not None:
        body["content"] = said.content.plain()
        body["message_id"] = message_id(notice.thread, id)
    # A cut before the row says delivered brings the answer again after SQS, and a busy thread, have forgotten it.
    # Its place in the lane tells, where it has one; else a receipt.
    return event_of(notice, id=id, kind=_EVENTS[said.kind], body=body, once=not place)


def _payload(notice: Notice, target: Target, context: dict[str, Any] | None) -> dict[str, Any] | None:
    if notice.destination.startswith("sb_"):
        return event_payload.payload(notice, context=context)
    if notice.destination.startswith("tr_"):
        return outcome_payload(notice, at=clock.rfc3339(notice.at))
    label = channels.load(notice.channel_kind).LABEL
    notice = replace(notice, content=media_links.public_plain(notice.content, notice.message))
    if notice.destination.startswith("dk_"):
        transcript = None
        if notice.kind == notices.CHAT_STARTED:
            said = messages.last(notice.thread, limit=TRANSCRIPT, upto=notice.seq)
            transcript = [message_view(media_links.public_message(one), at=clock.rfc3339(one.sent_at)) for one in said]
        return desk_wire.payload(notice, label=label, transcript=transcript)
    return bot_wire.payload(notice, profile=target.body.get("profile", "generic"), label=label, context=context)


def _headers(target: Target, *, id: str, body: bytes) -> dict[str, str]:
    now = clock.now_ms()
    headers = {str(name).lower(): str(value) for name, value in (target.body.get("headers") or {}).items()}
    headers |= {"content-type": "application/json"}
    headers |= signing.headers(webhook_secrets.valid(target.secrets, now), id=id, at_ms=now, body=body)
    if access := target.secrets.get("access_token"):
        headers["authorization"] = f"Bearer {access}"
    return headers
