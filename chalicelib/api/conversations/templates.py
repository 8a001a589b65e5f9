"""Templates of a channel's provider, for people who write to a customer when nothing else may be sent.

The provider is asked each time, but for a page that this process got in the last minute: an owner who has just had a
template approved shall find it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from chalicelib import channels
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.channels.contract import Channel, Refused, Templates, TryLater
from chalicelib.domain.exchange import Exchange
from chalicelib.ports import clock, http, secrets
from chalicelib.ports.web import Problem
from chalicelib.tables import config
from chalicelib.tables.config import Resource

_KEEP_MS, _MOST = 60_000, 200
_CAP = 4 * 1024 * 1024
"""Bytes of a page: a hundred templates with their examples."""
_kept: dict[tuple[Any, ...], tuple[int, Templates]] = {}
"""What was asked -> when it was answered, in milliseconds since the epoch, and the answer."""


class ApprovedTemplate(BaseModel):
    """A message that the provider has approved."""

    name: str
    language: str
    category: str
    header: str
    body: str
    """With its placeholders, as `{{1}}` or `{{first_name}}`."""
    footer: str
    buttons: list[str]
    placeholders: list[str]
    """Of the body: numbers in their order, or names."""
    fillable: bool
    """Whether values for those are all that it needs: else its header or a button does, too."""


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}` of a channel's approved templates; `?search=` for words in name or text. 409
    `no_templates` where its kind has none, `refused` where the provider says no; 503 `provider_unavailable` where it
    does not answer, or not until its owner mends something."""
    row = config.get("channel", call.id)
    if row is None:
        raise Problem(404, "not_found", f"there is no channel {call.id[:60]!r}")
    call.caller.need_service(str(row.service))
    search, limit = call.query.get("search", ""), cursors.limit_of(call)
    of = f"templates {row.id} {search}"
    found = _page(row, search, cursors.place_of(call, of=of), limit)
    following = cursors.encode(found.following, of=of) if found.following else None
    return Answer(200, {"data": [asdict(one) for one in found.found], "next_cursor": following})


def forget() -> None:
    """As in a process that has just begun."""
    _kept.clear()


def _page(row: Resource, search: str, after: str, limit: int) -> Templates:
    asked, now = (row.id, row.updated_at, search, after, limit), clock.now_ms()
    answered_at, known = _kept.get(asked, (0, None))
    if known is not None and 0 <= now - answered_at < _KEEP_MS:
        return known
    found = asyncio.run(_asked(row, search, after, limit))
    if isinstance(found, Refused):
        raise Problem(409, "refused", f"no templates: {found.reason} ({found.code})")
    if isinstance(found, TryLater):
        headers = {"Retry-After": str(found.after_s or 10)}
        raise Problem(
            503, "provider_unavailable", f"the provider gives no templates now: {found.error}", headers=headers
        )
    if len(_kept) >= _MOST:
        _kept.clear()
    _kept[asked] = (now, found)
    return found


async def _asked(row: Resource, search: str, after: str, limit: int) -> Templates | TryLater | Refused:
    body = row.body or {}
    adapter: Any = channels.load(str(body.get("kind")))
    if "templates" not in adapter.CAN:
        raise Problem(409, "no_templates", f"channels of kind {body.get('kind')} have no templates")
    opened = secrets.unseal(row.sealed or "", owner=row.id)
    async with http.web() as make:

        async def call(
            method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
        ) -> Exchange:
            return await make(method, url, headers=headers, body=body, timeout_s=timeout_s, cap=_CAP)

        found: Templates | TryLater | Refused = await adapter.templates(
            Channel(row.id, body.get("settings") or {}, opened), call, search, after, limit
        )
        return found
