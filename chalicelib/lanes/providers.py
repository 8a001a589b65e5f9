"""Channel providers: an adapter's one call, and what it means for the message.

A provider that cannot tell a repeat (`once` in `CAN`) must not be given a message twice by a run that ends between the
provider's yes and our record. So the attempt is marked in the delivery's row before the call, and one that is found
marked and unrecorded is not made again: `unknown`, until the provider's statuses or a person say more. One whose answer
was lost is made again, unless statuses say by then that it arrived. That a run still works at a marked one cannot be: a
first attempt is made by who has the lane's message of `sends.fifo`, of which SQS hands out no other of the lane until
it is done with or hidden for six times as long as the function may run; a retry under the lane's lease, which lasts as
long as that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import channels
from chalicelib.channels import contract, limits
from chalicelib.channels.contract import Channel, LastCall, Outgoing, Sent
from chalicelib.channels.fallback import adapted
from chalicelib.domain import event as kinds
from chalicelib.domain import group
from chalicelib.domain.consent import OPTED_OUT, TRANSACTIONAL, reason, refusal
from chalicelib.domain.event import Event
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.domain.lane import may_wait
from chalicelib.domain.message import DELIVERED, FAILED, READ, SENT, UNKNOWN, Content
from chalicelib.domain.notice import Notice
from chalicelib.domain.retry import SEND_WAITS_S
from chalicelib.files import handing
from chalicelib.lanes import pacing
from chalicelib.lanes.transport import Delivered, Outcome, Refused, Target, TryLater, Turn, event_of
from chalicelib.ports import aws_signed, clock, ids, queues, redact, secrets
from chalicelib.ports.queues import Entry
from chalicelib.tables import attempts, config, contacts, media_links, messages, phone_calls, receipts
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.messages import MessageRow

retry_queue = "send-retries"
_MOST_WHY = 200
_LOST = frozenset({"timeout", "protocol", "http_502", "http_504"})
"""Errors of an attempt that the provider may have taken: the answer alone did not come."""
_TOLD_WITHIN_S = 30
"""For so long its statuses have time to say that it did, before it would be sent again."""


def target(destination: str) -> Target | None:
    """The channel as it stands now; a channel is never switched off, its messages fail one by one."""
    row = config.get("channel", destination)
    if row is None:
        return None
    opened = secrets.unseal(row.sealed or "", owner=destination)
    return Target(body=row.body or {}, secrets=opened, waits_s=SEND_WAITS_S)


async def turn(row: DeliveryRow, notice: Notice, target: Target) -> Turn | None:
    """At once, unless the channel takes so many messages a second: as its settings say, or else its kind."""
    per_s = (target.body.get("settings") or {}).get("rate_per_s") or limits.of(notice.channel_kind).rate_per_s
    if not per_s or attempts.has_begun(row):
        return None
    if "call" in channels.load(notice.channel_kind).CAN and (last := _last_call(notice.thread)) and not last.ended_ms:
        # What a call fetches takes no turn of those that are made.
        return None
    return await pacing.turn(row, per_s=float(per_s))


async def attempt(call: Call, row: DeliveryRow, notice: Notice, target: Target) -> Outcome:
    """Send the message once."""
    adapter = channels.load(notice.channel_kind)
    if may_wait(str(row.lane)) and (refused := _unwanted(row, notice)):
        return refused
    if "once" not in adapter.CAN:
        begun = attempts.has_begun(row)
        # A call fetches what it speaks, perhaps before this.
        asks = begun or row.attempts or "call" in adapter.CAN
        said = messages.get(notice.thread, notice.seq) if asks and not row.replay_of else None
        if said is not None and said.state in (SENT, DELIVERED, READ):
            # An attempt before has reached the provider, whatever became of its answer.
            return Delivered(provider_id=said.provider_id or "")
        if refused := _refused_since(row, said):
            return refused
        if begun:
            return _cut_off(row)
        call = _marked(call, row, fetches=int(getattr(adapter, "FETCHES", 0)))
    files = handing.located(Content.of(notice.content), notice.message)
    if files.refused:
        reason = f"a file of it is not to be had: {files.refused}"
        return Refused(error="media_gone", reason=reason, done=int(row.done or 0))
    content = adapted(files.content, adapter.SHOWS, _limits(notice), seq=notice.seq)
    content = content if channels.keeps_links(adapter) else handing.linked(content, files.keys)
    started = clock.now_ms()
    outgoing = Outgoing(
        id=row.replay_of or row.id,
        address=group.providers_own(notice.address),
        group=group.is_group(notice.address),
        content=content,
        in_reply_to=content.details.get("in_reply_to", ""),
        now_ms=started,
        trace=notice.trace,
        done=int(row.done or 0),
        author=notice.author.get("kind", ""),
        reply=_handle(notice, started),
        said_ms=notice.at,
        call=_last_call(notice.thread) if "call" in adapter.CAN else None,
    )
    url = media_links.webhook_url(notice.destination) if channels.needs_url(adapter) else ""
    channel = Channel(notice.destination, target.body.get("settings") or {}, target.secrets, url)
    outcome = await adapter.send(outgoing, channel, aws_signed.signing(call))
    took = clock.now_ms() - started
    if "call" in adapter.CAN and isinstance(outcome, Sent) and outcome.provider_id:
        # What follows is for the call that rings now. Cut off before it, that tells of itself when it begins.
        phone_calls.begins(notice.thread, outcome.provider_id, now_ms=clock.now_ms())
    if not isinstance(outcome, Sent):
        # Whatever becomes of the rest: that one of these failed may be told at any moment.
        _keep(notice, outcome.parts, part=True)
    match outcome:
        case Sent(provider_id, parts):
            return Delivered(took_ms=took, provider_id=provider_id, parts=parts)
        case contract.TryLater(error, after_s):
            # A provider may repeat what it was given: Meta names a malformed token in full.
            done = max(outcome.done, outgoing.done)
            if error in _LOST and adapter.STATUSES and "once" not in adapter.CAN:
                after_s = max(after_s, _TOLD_WITHIN_S)
            return TryLater(error=_shown(error, channel), took_ms=took, retry_after_s=after_s, done=done)
        case contract.Refused(code, reason, opted_out, scope):
            done, reason = max(outcome.done, outgoing.done), _shown(reason, channel)
            if done:
                reason = f"{reason} ({done} {'part' if done == 1 else 'parts'} of the message went out before)"
            error, opted = _shown(code, channel), scope if opted_out else ""
            return Refused(error=error, reason=reason, took_ms=took, done=done, opted_out=opted)
    raise TypeError(f"{notice.channel_kind} answered {outcome!r}")


def _last_call(thread: str) -> LastCall | None:
    """The last call with whom a message is for, by a consistent read: the message was written before it."""
    last = phone_calls.last(thread)
    return LastCall(last.id, last.began_ms, last.heard_ms, last.ended_ms) if last else None


def _handle(notice: Notice, now: int) -> dict[str, str]:
    """What the provider wants with an answer, while it is good; it came with the delivery: nothing is read for it."""
    until = int(notice.handle.get("until", 0))
    return dict(notice.handle.get("with", {})) if not until or now < until else {}


def _marked(call: Any, row: DeliveryRow, *, fetches: int = 0) -> Call:
    """The call, before whose first use the attempt is marked as begun: 1 W of each delivery. What is fetched before, of
    so many bytes at most where an adapter says so, hands nothing to the provider."""
    marked = False

    async def make(
        method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
    ) -> Exchange:
        nonlocal marked
        if fetches and method == "GET":
            found: Exchange = await call(method, url, headers=headers, body=body, timeout_s=timeout_s, cap=fetches)
            return found
        if not marked:
            if not attempts.begin(row, by=ids.token(6)):
                raise BeingSent(row.id)
            marked = True
        answer: Exchange = await call(method, url, headers=headers, body=body, timeout_s=timeout_s)
        return answer

    return make


class BeingSent(Exception):
    """Another run has begun the attempt since the row was read; the queue brings the lane again."""


def _refused_since(row: DeliveryRow, said: MessageRow | None) -> Refused | None:
    """What a message has failed of since an attempt of it, by the provider's statuses or a run that was cut off: that
    was told, and nothing follows it, so that one which were sent now would count as failed although it arrives."""
    if said is None or said.state != FAILED:
        return None
    error: dict[str, str] = dict(said.error or {})
    if error.get("code") == UNKNOWN:
        return None
    return Refused(error=error.get("code") or "failed", reason=error.get("reason") or "", done=int(row.done or 0))


def _unwanted(row: DeliveryRow, notice: Notice) -> Refused | None:
    """What nobody has asked for may wait for its turn or a retry long after it was decided: whether its contact has
    said no meanwhile is asked before each attempt, one read."""
    contact = contacts.resolve(notice.contact["id"]) if notice.contact.get("id") else None
    purpose = str(Content.of(notice.content).details.get("purpose") or TRANSACTIONAL)
    name = refusal(contacts.consent_of(contact), purpose, notice.destination)
    return Refused(error=OPTED_OUT, reason=reason(name), done=int(row.done or 0)) if name else None


def _cut_off(row: DeliveryRow) -> Outcome:
    """What to make of an attempt that was begun by a run that recorded nothing: it ended between, and the provider may
    have the message."""
    reason = "interrupted while it was handed to the provider, which may have it; it is not sent again by itself"
    return Refused(error=UNKNOWN, reason=reason, unknown=True, done=int(row.done or 0))


def _keep(notice: Notice, provider_ids: Sequence[str], *, part: bool = False) -> None:
    now, channel = clock.now_ms(), notice.destination
    for id in provider_ids:
        receipts.keep_sent(channel, id, thread=notice.thread, seq=notice.seq, now_ms=now, part=part)


def _limits(notice: Notice) -> limits.Limits:
    return limits.of(notice.channel_kind, otherwise=limits.UNBOUNDED)


def _shown(text: str, channel: Channel) -> str:
    """Words of a provider without the channel's secrets, in whatever setting they stand."""
    return redact.of_provider(text, channel.secrets, channel.settings)


async def probe(call: Call, notice: Notice, target: Target) -> bool:
    """Channels are not verified."""
    return True


def delivered(row: DeliveryRow, notice: Notice, outcome: Delivered) -> None:
    """Say that the message is sent, then remember the provider's ids for its statuses.

    In that order, as a run that is cut off after the first is known by it; a status that comes between waits.
    """
    _tell(_receipt(notice, SENT, provider_id=outcome.provider_id))
    _keep(notice, outcome.parts, part=True)
    _keep(notice, [outcome.provider_id] if outcome.provider_id else [])


def given_up(row: DeliveryRow, notice: Notice, outcome: TryLater | Refused) -> None:
    """The message failed, with the provider's reason; what that says of the user's consent is an event of its own. Both
    are told at once, as a run that is cut off after one is taken to have told all."""
    reason = outcome.reason if isinstance(outcome, Refused) else ""
    error = {"code": outcome.error, "reason": reason or outcome.error}
    opted = [_opted_out(row, notice, outcome)] if isinstance(outcome, Refused) and outcome.opted_out else []
    _tell(_receipt(notice, FAILED, error=error), *opted)


def _opted_out(row: DeliveryRow, notice: Notice, outcome: Refused) -> Event:
    why = f"{outcome.error}: {outcome.reason}" if outcome.reason else outcome.error
    # Of whom it was sent to: the address may be somebody else's by the time that this is heard.
    body = {
        "given": False,
        "scope": outcome.opted_out,
        "why": why[:_MOST_WHY],
        "contact": {"id": notice.contact.get("id", "")},
    }
    id = ids.from_cause("ev", "opted out", row.id)
    return event_of(notice, id=id, kind=kinds.CUSTOMER_CONSENT, body=body, once=True)


def _receipt(notice: Notice, state: str, **more: Any) -> Event:
    body: dict[str, Any] = {"seq": notice.seq, "state": state}
    body |= {key: value for key, value in more.items() if value}
    known = UNKNOWN if body.get("error", {}).get("code") == UNKNOWN else state
    id = ids.from_cause("ev", "sent", notice.thread, notice.seq, known)
    return event_of(notice, id=id, kind=kinds.RECEIPT, body=body)


def _tell(*events: Event) -> None:
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id) for event in events])
