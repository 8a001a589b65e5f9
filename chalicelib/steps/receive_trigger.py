"""The edge of triggers: what an outside system posts, checked against the trigger's secret, queued, answered at once.

Three calls to AWS: trigger and service in one read, the queue, the event's row. An Idempotency-Key costs one more, and
a repeat under it two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib.domain import bearer
from chalicelib.inbound import asking, trigger
from chalicelib.ports import clock, ids, log, web
from chalicelib.ports.web import Problem
from chalicelib.tables import batch_get, config
from chalicelib.tables.config import Resource

MAX_BODY = 1024 * 1024
_ID = re.compile(r"tr_[a-z2-7]{26}")


def run(request: HttpRequest, trigger_id: str) -> HttpResponse:
    """Answer a POST of one event: 202 `{"id", "status": "accepted", "session", "conversation_id"?}`."""
    started = clock.now_ms()
    raw = web.raw_body(request, most=MAX_BODY)
    row, country = _called(trigger_id, request.headers.get("authorization"), now_ms=started)
    query = web.query(request)
    ask = trigger.read(raw, query, default_text=(row.body or {}).get("text") or "", country=country)
    trace = ids.new("tc")
    key = request.headers.get("idempotency-key")
    answer = asking.accept(asking.usable(row), ask, key=key, posted=_posted(raw, query), trace=trace)
    log.step(
        "receive_trigger", trigger=row.id, trigger_event=answer["id"], trace=trace,
        took_ms=clock.now_ms() - started,
    )  # fmt: skip
    return web.answer(202, answer)


def _called(id: str, authorization: str | None, *, now_ms: int) -> tuple[Resource, str]:
    """The trigger, and the country of its service; Problem 404 where there is none, 401 without its secret."""
    service = config.service_of(id)
    row = about = None
    if _ID.fullmatch(id):
        keys = [(Resource, service, f"trigger#{id}"), (Resource, config.SERVICES, f"service#{service}")]
        row, about = batch_get.get_all(keys)
    if row is None or about is None:
        raise Problem(404, "unknown_trigger", "there is no such trigger")
    fields = row.body or {}
    if fields.get("authenticate", True) and not bearer.matches(
        fields.get(bearer.FIELD) or {}, bearer.of_header(authorization), now_ms=now_ms
    ):
        detail = "the trigger's secret is needed: Authorization: Bearer trg_..."
        raise Problem(401, "unauthorised", detail, headers={"WWW-Authenticate": "Bearer"})
    return row, str((about.body or {}).get("country") or "")


def _posted(raw: bytes, query: Mapping[str, str]) -> str:
    """What an Idempotency-Key stands for: the query, and the body however it is spelled."""
    body = raw.decode("utf-8", "replace")
    try:
        body = json.dumps(json.loads(body), sort_keys=True)
    except (ValueError, RecursionError):
        pass
    return f"{sorted(query.items())} {body}"
