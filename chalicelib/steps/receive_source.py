"""The edge of sources: events of other systems, read by the source's mapping, queued, answered one by one.

The mapping runs here, so that the answer can say what is wrong with which event. Ids come from the events' own, so a
caller that was answered 503, or nothing, posts the same again.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib.domain import bearer
from chalicelib.inbound import mapped
from chalicelib.ports import clock, ids, log, queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.sources import reading
from chalicelib.sources.mapping import Mapped
from chalicelib.tables import batch_get, config, tokens
from chalicelib.tables.config import Resource
from chalicelib.wire.json_body import mended

MAX_BODY = 1024 * 1024
SHARDS = 8
"""Threads among which events of nobody known are spread."""
_ID = re.compile(r"so_[a-z2-7]{26}")
_SCOPES = {"admin", "agent"}


@dataclass(frozen=True, slots=True)
class Source:
    """A source as an edge needs it."""

    id: str
    service: str
    key: str
    system: str
    country: str
    mapping: dict[str, Any]


def run(request: HttpRequest, id: str) -> HttpResponse:
    """Answer a POST of one event or an array: 202 `{"accepted": n, "rejected": [{"index", "errors"}]}`."""
    started = clock.now_ms()
    raw = web.raw_body(request, most=MAX_BODY)
    source = _called(id, request.headers, started)
    events = _posted(raw)
    trace = ids.new("tc")
    entries: list[Entry] = []
    rejected: list[dict[str, Any]] = []
    found = mapped.read(events, source.mapping, system=source.system, country=source.country, now_ms=started)
    for index, read in enumerate(found):
        if read.mapped:
            entries.append(_entry(source, read.mapped, started, trace))
        if read.errors:
            told = [{"path": path, "message": why} for path, why in read.errors]
            rejected.append({"index": index, "errors": told})
    queues.send("source-events.fifo", entries)
    log.step(
        "receive_source",
        source=id,
        events=len(entries),
        rejected=len(rejected),
        trace=trace,
        took_ms=clock.now_ms() - started,
    )
    return web.answer(202, {"accepted": len(entries), "rejected": rejected})


def _called(id: str, headers: Mapping[str, str], now: int) -> Source:
    """The source, if the caller may post to it; Problem 404, 401 or 403."""
    service = config.service_of(id)
    found: Resource | None = None
    about: Resource | None = None
    if _ID.fullmatch(id):
        found, about = batch_get.get_all(
            [(Resource, service, f"source#{id}"), (Resource, config.SERVICES, f"service#{service}")]
        )
    if found is None:
        raise Problem(404, "unknown_source", "there is no such source")
    body = dict(found.body or {})
    secret = bearer.of_header(headers.get("authorization"))
    if not bearer.matches(body[bearer.FIELD], secret, now_ms=now):
        _need_key(secret, service)
    country = str((about.body or {}).get("country") or "") if about is not None else ""
    return Source(id, service, body["key"], body.get("system") or body["key"], country, body["mapping"])


def _need_key(secret: str, service: str) -> None:
    key = tokens.api_key(secret)
    if key is None:
        detail = "the source's secret is needed: Authorization: Bearer src_..."
        raise Problem(401, "unauthorised", detail, headers={"WWW-Authenticate": "Bearer"})
    if not _SCOPES & set(key.body.get("scopes", ())):
        raise Problem(403, "scope", "this needs a key with the scope agent")
    if (key.body.get("service_id") or service) != service:
        raise Problem(403, "other_service", "this key is limited to another service")


def _posted(raw: bytes) -> list[Any]:
    try:
        given = mended(raw, exact=True)
    except ValueError as error:
        raise Problem(400, "malformed_json", f"the body is no JSON: {error}"[:300]) from None
    if not isinstance(given, dict | list) or (isinstance(given, list) and len(given) > reading.MOST_EVENTS):
        detail = f"must be an event, or an array of at most {reading.MOST_EVENTS}"
        raise Problem(422, "wrong_fields", detail, errors=[("", detail)])
    return given if isinstance(given, list) else [given]


def _entry(source: Source, said: Mapped, now: int, trace: str) -> Entry:
    event = ids.from_cause("ev", "source", source.id, said.id)
    # What is said of one person keeps its order; where nobody is known there is none to keep.
    shard = zlib.crc32(event.encode()) % SHARDS
    group = ids.from_cause("sg", source.id, *(said.identities[0] if said.identities else ("", shard)))
    body: dict[str, Any] = {
        "id": event,
        "service": source.service,
        "source": source.id,
        "key": source.key,
        "at": now,
        "sent_at": now if said.sent_at is None else said.sent_at,
        "content": said.content.plain(),
        "trace": trace,
    }
    if said.identities:
        body |= {"identities": [list(one) for one in said.identities], "name": said.name}
    else:
        body["shard"] = shard
    if said.conversation:
        body["conversation"] = said.conversation
    return Entry(body, group=group, dedup=event)
