"""Channel providers: an adapter's one call, and what it means for the message."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib import channels
from chalicelib.channels import contract, limits
from chalicelib.channels.contract import Channel, Outgoing, Sent
from chalicelib.channels.fallback import adapted
from chalicelib.domain import event as kinds
from chalicelib.domain import group
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import FAILED, SENT, Content
from chalicelib.domain.notice import Notice
from chalicelib.domain.retry import SEND_WAITS_S
from chalicelib.lanes.transport import Delivered, Outcome, Refused, Target, TryLater, event_of
from chalicelib.ports import clock, ids, queues, redact, secrets
from chalicelib.ports.queues import Entry
from chalicelib.tables import config, media_links, receipts
from chalicelib.tables.deliveries import DeliveryRow

retry_queue = "send-retries"
_MOST_WHY = 200


def target(destination: str) -> Target | None:
    """The channel as it stands now; a channel is never switched off, its messages fail one by one."""
    row = config.get("channel", destination)
    if row is None:
        return None
    opened = secrets.unseal(row.sealed or "", owner=destination)
    return Target(body=row.body or {}, secrets=opened, waits_s=SEND_WAITS_S)


async def attempt(call: Call, row: DeliveryRow, notice: Notice, target: Target) -> Outcome:
    """Send the message once."""
    adapter = channels.load(notice.channel_kind)
    content = adapted(Content.of(notice.content), adapter.SHOWS, _limits(notice), seq=notice.seq)
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
        reply=_handle(notice, started),
    )
    url = media_links.webhook_url(notice.destination) if channels.needs_url(adapter) else ""
    channel = Channel(notice.destination, target.body.get("settings") or {}, target.secrets, url)
    outcome = await adapter.send(outgoing, channel, call)
    took = clock.now_ms() - started
    # Whatever becomes of the rest: that one of these failed may be told at any moment.
    for part in outcome.parts:
        _keep(notice, part, part=True)
    match outcome:
        case Sent(provider_id):
            return Delivered(took_ms=took, provider_id=provider_id)
        case contract.TryLater(error, after_s):
            # A provider may repeat what it was given: Meta names a malformed token in full.
            done = max(outcome.done, outgoing.done)
            return TryLater(error=_shown(error, channel), took_ms=took, retry_after_s=after_s, done=done)
        case contract.Refused(code, reason, opted_out, scope):
            done, reason = max(outcome.done, outgoing.done), _shown(reason, channel)
            if done:
                reason = f"{reason} ({done} {'part' if done == 1 else 'parts'} of the message went out before)"
            error, opted = _shown(code, channel), scope if opted_out else ""
            return Refused(error=error, reason=reason, took_ms=took, done=done, opted_out=opted)
    raise TypeError(f"{notice.channel_kind} answered {outcome!r}")


def _handle(notice: Notice, now: int) -> dict[str, str]:
    """What the provider wants with an answer, while it is good; it came with the delivery: nothing is read for it."""
    until = int(notice.handle.get("until", 0))
    return dict(notice.handle.get("with", {})) if not until or now < until else {}


def _keep(notice: Notice, provider_id: str, *, part: bool = False) -> None:
    receipts.keep_sent(
        notice.destination, provider_id, thread=notice.thread, seq=notice.seq, now_ms=clock.now_ms(), part=part
    )


def _limits(notice: Notice) -> limits.Limits:
    return limits.of(notice.channel_kind, otherwise=limits.UNBOUNDED)


def _shown(text: str, channel: Channel) -> str:
    """Words of a provider without the channel's secrets, in whatever setting they stand."""
    urls = [urlsplit(value) for value in channel.settings.values() if isinstance(value, str)]
    values = [*channel.secrets.values(), *(value for url in urls for _, value in parse_qsl(url.query))]
    return redact.blanked(text, [value for value in values if len(value) >= redact.LEAST])


async def probe(call: Call, notice: Notice, target: Target) -> bool:
    """Channels are not verified."""
    return True


def delivered(row: DeliveryRow, notice: Notice, outcome: Delivered) -> None:
    """Remember the provider's id for its statuses, then say that the message is sent."""
    if outcome.provider_id:
        _keep(notice, outcome.provider_id)
    _receipt(notice, SENT, provider_id=outcome.provider_id)


def given_up(row: DeliveryRow, notice: Notice, outcome: TryLater | Refused) -> None:
    """The message failed, with the provider's reason; what that says of the user's consent is an event of its own."""
    reason = outcome.reason if isinstance(outcome, Refused) else ""
    error = {"code": outcome.error, "reason": reason or outcome.error}
    _receipt(notice, FAILED, error=error)
    if isinstance(outcome, Refused) and outcome.opted_out:
        _opted_out(row, notice, outcome)


def _opted_out(row: DeliveryRow, notice: Notice, outcome: Refused) -> None:
    why = f"{outcome.error}: {outcome.reason}" if outcome.reason else outcome.error
    # Of whom it was sent to: the address may be somebody else's by the time that this is heard.
    body = {
        "given": False,
        "scope": outcome.opted_out,
        "why": why[:_MOST_WHY],
        "contact": {"id": notice.contact.get("id", "")},
    }
    id = ids.from_cause("ev", "opted out", row.id)
    event = event_of(notice, id=id, kind=kinds.CUSTOMER_CONSENT, body=body, once=True)
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id)])


def _receipt(notice: Notice, state: str, **more: Any) -> None:
    body = {"seq": notice.seq, "state": state} | {key: value for key, value in more.items() if value}
    id = ids.from_cause("ev", "sent", notice.thread, notice.seq, state)
    event = event_of(notice, id=id, kind=kinds.RECEIPT, body=body)
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id)])
