"""Asking a channel's provider whether it knows the channel, and having it call us.

A new channel, and one with other settings or secrets, is asked about before it is written, so that what is wrong beyond
doubt is never kept; whoever is down, or does not say, makes it `unverified`, and it is used all the same. Never within
a transaction. A provider that takes the webhook from us is told of it once the channel stands, as it calls it
meanwhile: cut off before that, the channel says that it was not, and the next check does it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib import channels
from chalicelib.api.http.base_url import base_url
from chalicelib.api.http.call import Call
from chalicelib.api.kinds import connection
from chalicelib.api.kinds.connection import ACTIVE, CONNECTION, UNVERIFIED, Connection
from chalicelib.api.setup.changes import Change
from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.domain import exchange
from chalicelib.ports import aws_signed, http, redact, targets
from chalicelib.ports.clock import now_ms
from chalicelib.tables import config

TIMEOUT_S = 5.0
"""For all calls about one channel."""
_AT_ONCE, _MOST_S = 20, 10.0
"""Channels of a bundle that are asked about at the same time, and how long all of it may take: those that are left are
unverified."""
_PENDING = "the provider was not told yet where to call"
_LEAST = 16
"""Characters of a secret that is blanked out in what a provider says, before that is read: shorter ones may be part of
a number."""
_MOST_FACTS, _LONGEST = 20, 200
Said = Connected | TryLater | Refused


def checked(changes: Sequence[Change], call: Call) -> list[tuple[Change, str, str]]:
    """Ask about those of the changes that are channels with other settings or secrets than before, and note in their
    rows what is known now. (change, JSON pointer, why) of what is wrong beyond doubt: then nothing may be written."""
    new = [one for one in changes if _is_new(one)]
    asked = asyncio.run(_all([_channel(one.row, one.settled.secrets) for one in new])) if new else []
    wrong = []
    for one, said in zip(new, asked, strict=True):
        url = _webhook(call, one.row)
        known = _after(said, Connection(), one.row, one.settled.secrets, url, new=True)
        if isinstance(said, Refused) and said.at:
            wrong.append((one, said.at, known.reason))
        if isinstance(said, Connected) and said.registers and url:
            known = replace(known, status=UNVERIFIED, reason=_PENDING)
        one.row.body[CONNECTION] = known.plain()
        one.told["status"] = known.status
    return wrong


def registered(changes: Sequence[Change], call: Call) -> None:
    """Have the providers call the channels that stand now, where they take that from us."""
    todo = [one for one in changes if _is_new(one) and connection.of(one.row.body).reason == _PENDING]
    urls = [_webhook(call, one.row) for one in todo]
    asked = [_channel(one.row, one.settled.secrets, url) for one, url in zip(todo, urls, strict=True)]
    for one, url, said in zip(todo, urls, asyncio.run(_all(asked)) if asked else (), strict=True):
        known = _after(said, connection.of(one.row.body), one.row, one.settled.secrets, url)
        # Somebody changed it meanwhile, or removed it: theirs counts.
        kept = _kept(one.row, known)
        if kept is not None:
            one.row.body[CONNECTION] = kept.body[CONNECTION]


def warnings(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """What an `apply` says of channels that it made or changed and whose provider could not be asked."""
    new = [(one, connection.of(one.row.body)) for one in changes if _is_new(one)]
    return [
        {"kind": "channel", "name": one.row.name, "id": one.row.id, "code": UNVERIFIED, "detail": known.reason}
        for one, known in new
        if known.status != ACTIVE
    ]


def again(row: config.Resource, opened: Mapping[str, str], call: Call) -> tuple[Said, config.Resource | None]:
    """Ask about a channel as it stands, have its provider call us, and keep what is known now: (what was said, the row;
    None where it was changed meanwhile, so that it is not kept)."""
    url = _webhook(call, row)
    said = asyncio.run(_all([_channel(row, opened, url)]))[0]
    return said, _kept(row, _after(said, connection.of(row.body), row, opened, url))


def _is_new(change: Change) -> bool:
    """Whether its provider has to be asked."""
    if change.kind.name != "channel" or change.verb == "deleted" or not connection.asks(str(change.row.body["kind"])):
        return False
    about = {"settings", *channels.load(change.row.body["kind"]).SECRETS}
    return change.verb == "created" or bool(about & change.told.keys())


def _webhook(call: Call, row: config.Resource) -> str:
    """Where the provider calls the channel; empty where it cannot, as nobody outside calls somebody's own machine."""
    url = f"{base_url(call.context)}/channels/{row.id}/webhook"
    return url if reaches((row.body.get("settings") or {}).get("api_base"), url) else ""


def reaches(api_base: Any, url: str) -> bool:
    """Whether the provider whose API is there can call the URL: one on this machine, as those that are simulated, can
    call what is on it."""
    near = isinstance(api_base, str) and bool(targets.refusal(api_base))
    return not targets.refusal(url, allow_private=near)


def _channel(row: config.Resource, opened: Mapping[str, str], url: str = "") -> tuple[str, Channel]:
    return str(row.body["kind"]), Channel(row.id, row.body.get("settings") or {}, opened, url)


async def _all(asked: Sequence[tuple[str, Channel]]) -> list[Said]:
    """What the providers say, in the order of the channels."""
    turns, ends = asyncio.Semaphore(_AT_ONCE), time.monotonic() + max(_MOST_S if len(asked) > 1 else 0, TIMEOUT_S)
    async with http.web() as make:

        async def ask(kind: str, channel: Channel) -> Said:
            async with turns:
                adapter: Any = channels.load(kind)
                said: Said = await adapter.connect(channel, aws_signed.signing(_call(make, channel, ends)))
                return said

        return list(await asyncio.gather(*(ask(kind, channel) for kind, channel in asked)))


def _call(make: exchange.Call, channel: Channel, ends: float) -> exchange.Call:
    """The guarded port, for one channel: all of its calls share the time, and none brings back a secret."""
    ends = min(ends, time.monotonic() + TIMEOUT_S)
    hidden = [value.encode() for value in channel.secrets.values() if len(value) >= _LEAST]

    async def call(
        method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = TIMEOUT_S
    ) -> exchange.Exchange:
        left = max(0.0, min(timeout_s, ends - time.monotonic()))
        found = await make(method, url, headers=headers, body=body, timeout_s=left)
        told = found.body
        for secret in hidden:
            told = told.replace(secret, redact.BLANK.encode())
        return replace(found, body=told)

    return call


def _after(
    said: Said, before: Connection, row: config.Resource, opened: Mapping[str, str], url: str, *, new: bool = False
) -> Connection:
    """What is known after a check. Who does not answer has not said that what was good is not any more."""
    now = now_ms()
    if isinstance(said, Connected):
        facts = {str(name)[:64]: value[:_LONGEST] for name, value in list(said.facts.items())[:_MOST_FACTS]}
        if said.registers and not url:
            facts["webhook"] = "unreachable"
        return Connection(ACTIVE, "", facts, now, now, said.expires_ms)
    words = said.error if isinstance(said, TryLater) else f"{said.code}: {said.reason}"
    reason = redact.of_provider(words, opened, row.body.get("settings") or {})[:500]
    if isinstance(said, TryLater) and not new:
        return replace(before, reason=f"no answer: {reason}", checked_at=now)
    told = f"no answer: {reason}" if isinstance(said, TryLater) else reason
    return replace(before, status=UNVERIFIED, reason=told, checked_at=now)


def _kept(row: config.Resource, known: Connection) -> config.Resource | None:
    """The row with what is known; None where it was changed meanwhile. `updated_at` stays, as nothing that its owner
    set is another: a form that is open over it is not overtaken."""
    still = config.get("channel", row.id)
    if still is None or still.updated_at != row.updated_at:
        return None
    still.body = dict(still.body) | {CONNECTION: known.plain()}
    try:
        config.replace(still, seen=int(still.updated_at or 0))
    except config.Conflict:
        return None
    return still
