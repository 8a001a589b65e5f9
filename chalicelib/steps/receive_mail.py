"""Mails that SES has put into the bucket, and what it tells of those that we sent: read, queued, removed.

Where a mail lies says to whom it was handed: `mail/<address>/<id>` where the receipt rule is the address's own,
`mail/<id>` where it is a whole domain's; then SES's own `Received` names the address. Never is a mail taken for whom
its `To` names: that is the sender's, and of a mail that was forwarded somebody else's.

Order, and why a cut after each is harmless: the count of the hour (one more than there were), the files, each under its
message's id (the same again), the events on `threads.fifo` (their ids come from the mail's own id), the mail itself
away. One that is told of again and is gone was done. What fails comes again, and after its tries lies in the bucket for
as long as its dead letter. A report is one write: its event.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

from chalicelib import channels
from chalicelib.channels.contract import (
    Channel,
    Consent,
    Denied,
    Event,
    Happened,
    Ignored,
    Received,
    Request,
    Said,
    Status,
)
from chalicelib.channels.email_ses import addresses, incoming, reading, statuses, trace
from chalicelib.domain.thread import thread_id
from chalicelib.files import keeping
from chalicelib.inbound import of_channel, of_status
from chalicelib.ports import clock, ids, log, media, queues, secrets
from chalicelib.ports.lambdas import each_body
from chalicelib.ports.queues import Entry
from chalicelib.tables import channel_places, kept_channels, receipts, threads
from chalicelib.tables.config import Resource

KIND = "email_ses"
HOUR_S = 3600
MOST_AN_HOUR = 20
"""Mails of one address at one channel of which bots hear in an hour: two machines that say nothing of being machines
write to each other for so long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail as it lies in the bucket."""

    key: str
    ses_id: str
    recipient: str
    """To whom it was handed; empty where its place does not say."""
    at_ms: int


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `mails`."""
    return each_body(event, handle, fifo=False)


def handle(body: dict[str, Any]) -> None:
    """What S3 tells of new files, or SES of a mail of ours."""
    if isinstance(body.get("Records"), list):
        for one in _kept(body["Records"]):
            _mail(one)
    elif report := _report(body):
        _told(report)
    else:
        # S3 tries a new notification with an event of its own.
        log.step("receive_mail", ignored=str(body.get("Event") or "neither a mail nor a report")[:64])


def _kept(records: list[Any]) -> Iterator[Kept]:
    for record in records:
        file = (record.get("s3") or {}).get("object") or {}
        key = unquote_plus(str(file.get("key") or ""))
        place = [one for one in key.removeprefix(media.MAILS).split("/") if one]
        if not key.startswith(media.MAILS) or not 0 < len(place) < 3:
            log.step("receive_mail", ignored="not the place of a mail")
            continue
        try:
            at_ms = clock.from_rfc3339(str(record.get("eventTime")))
        except ValueError:
            at_ms = clock.now_ms()
        # SES puts one there by which a new rule is seen to work.
        if place[-1] != "AMAZON_SES_SETUP_NOTIFICATION":
            recipient = addresses.normal(place[0]) if len(place) == 2 else ""
            yield Kept(key, place[-1], recipient, max(0, min(at_ms, clock.now_ms())))


def _report(body: dict[str, Any]) -> dict[str, Any]:
    """What SES tells: by EventBridge, by SNS, or by SNS as it is."""
    if body.get("source") == "aws.ses" and isinstance(body.get("detail"), dict):
        return dict(body["detail"])
    if body.get("Type") == "Notification" and isinstance(body.get("Message"), str):
        try:
            told = json.loads(body["Message"])
        except ValueError:
            return {}
        return told if isinstance(told, dict) and "mail" in told else {}
    return body if "mail" in body and "eventType" in body else {}


def _mail(kept: Kept) -> None:
    started, call = clock.now_ms(), ids.new("tc")
    raw = media.read(kept.key)
    if raw is None:
        log.step("receive_mail", ignored="a mail that was read before", trace=call)
        return
    handed = trace.of(raw, kept.ses_id).recipient
    recipient = kept.recipient or handed
    row = _channel(recipient)
    if row is None:
        # Not removed: somebody may make the channel, and replay what its owner misses.
        log.trouble("receive_mail", error="no channel has this address" if recipient else "no recipient", trace=call)
        return
    opened = secrets.unseal(row.sealed or "", owner=row.id)
    # A word of ours is good wherever it stands: that it is ours says its check.
    written = [handed, *reading.recipients(raw)]
    recipient, with_whom = _of_thread(recipient, written, row.id, opened.get("link_secret", ""))
    headers = {incoming.KEY: kept.ses_id, incoming.RECIPIENT: recipient, incoming.THREADS: with_whom}
    received = _received(Request("MAIL", headers, {}, raw, kept.at_ms), row, opened)
    entries = []
    for event in received.events:
        if isinstance(event, Said):
            event = _capped(event, row.id, kept.at_ms)
            entries.append(_entry(event, row, call))
            _keep_files(entries[-1].body["body"]["message_id"], event, received)
        elif isinstance(event, Consent):
            entries.append(_entry(event, row, call))
        elif isinstance(event, Ignored):
            log.step("receive_mail", channel=row.id, ignored=event.what, trace=call)
    queues.send("threads.fifo", entries)
    media.remove([kept.key])
    log.step("receive_mail", channel=row.id, events=len(entries), trace=call, took_ms=clock.now_ms() - started)


def _channel(recipient: str) -> Resource | None:
    """The channel of an address, or of the one that it is without what is behind its plus."""
    for address in dict.fromkeys((recipient, addresses.untagged(recipient)[0])):
        id = channel_places.channel_at(KIND, address) if address else ""
        row = kept_channels.get(id) if id else None
        if row is not None and row.body is not None and row.body.get("kind") == KIND:
            return row
    return None


def _of_thread(recipient: str, written: Iterable[str], channel: str, key: str) -> tuple[str, str]:
    """(the address that names a thread of the channel, whom that is with); the recipient and nobody where none does."""
    for address in dict.fromkeys((recipient, *written)):
        tag = addresses.untagged(address)[1]
        named = addresses.thread_of(tag, addresses.THREAD, key) or addresses.thread_of(tag, addresses.LEAVE, key)
        thread = threads.get(named) if named else None
        if thread is not None and thread.channel == channel:
            return address, thread.address
    return recipient, ""


def _received(request: Request, row: Resource, opened: dict[str, str]) -> Received:
    adapter = channels.load(KIND)
    received = adapter.receive(request, Channel(row.id, row.body.get("settings") or {}, opened))
    if isinstance(received, Denied):
        raise ValueError(received.detail)
    return received


def _capped(said: Said, channel: str, at_ms: int) -> Said:
    """Beyond so many an hour a mail counts as a machine's."""
    if said.automatic:
        return said
    what = f"mails#{thread_id(channel, said.address)}#{at_ms // (HOUR_S * 1000)}"
    many = receipts.count(what, now_ms=clock.now_ms(), keep_s=2 * HOUR_S) > MOST_AN_HOUR
    return replace(said, automatic=True) if many else said


def _keep_files(message: str, said: Said, received: Received) -> None:
    for number, item in enumerate(said.content.media):
        if file := received.files.get(item.url):
            keeping.keep(message, number, file.body, file.mime_type)


def _entry(event: Said | Consent | Happened, row: Resource, call: str) -> Entry:
    made = of_channel.event_of(event, row, call)
    return Entry(made.plain(), group=made.thread, dedup=made.id)


def _told(report: dict[str, Any]) -> None:
    call = ids.new("tc")
    id = statuses.tag(report, statuses.CHANNEL)
    row = kept_channels.get(id) if id else None
    if row is None or row.body is None or row.body.get("kind") != KIND:
        log.step("receive_mail", ignored="report of no channel of ours", trace=call)
        return
    request = Request("REPORT", {}, {}, json.dumps(report).encode(), clock.now_ms())
    entries: list[Entry] = []
    later: list[Entry] = []
    for event in _received(request, row, {}).events:
        _add(event, report, row, call, entries, later)
    queues.send("threads.fifo", entries)
    queues.send("timers", later)
    log.step("receive_mail", channel=row.id, events=len(entries) + len(later), trace=call)


def _add(
    event: Event, report: dict[str, Any], row: Resource, call: str, entries: list[Entry], later: list[Entry]
) -> None:
    match event:
        case Status():
            told, late = of_status.entries(event, row)
            entries += told
            later += late
        case Happened():
            # A failure of what was delivered changes nothing of the message; it is kept beside it.
            if of_status.is_delivered(statuses.tag(report, statuses.DELIVERY), row.id):
                entries.append(_entry(event, row, call))
        case Consent():
            entries.append(_entry(of_status.of_who_was_sent(event, row.id), row, call))
        case Ignored(what):
            log.step("receive_mail", channel=row.id, ignored=what, trace=call)
