"""Trying a mapping over a sample: what would be kept, and nothing is."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, invalid, parse
from chalicelib.api.http.formats import ServiceId, Slug
from chalicelib.api.http.shapes import Wrong
from chalicelib.api.kinds.sources import Mapping, given
from chalicelib.inbound import mapped
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.sources.mapping import Mapped
from chalicelib.tables import config
from chalicelib.wire.json_body import mended


class Trial(Fields):
    """A mapping and an event to try it over."""

    mapping: Mapping
    sample: Any
    """What `sources/{id}/events` would be posted."""
    key: Slug = "sample"
    """The source's key, or system: it stands before external ids."""
    service_id: ServiceId | None = None
    """Whose country a national phone number is read in."""


class Tried(Fields):
    """What a mapping makes of a sample."""

    message: dict[str, Any] | None
    """The message that would be kept; null where the event would be rejected."""
    errors: list[Wrong]


def try_out(call: Call) -> Answer:
    """200 `{"message", "errors"}`: the message that would be kept (null where the event would be rejected), and what is
    wrong with it. 422 for wrong expressions, as a source is answered."""
    wanted = parse(Trial, _read(call))
    expressions = given(wanted.mapping.model_dump())
    if wrong := [(f"/mapping{path}", why) for path, why in mapped.problems(expressions)]:
        raise invalid(wrong)
    now = now_ms()
    country = _country(call, wanted.service_id or call.caller.service)
    (read,) = mapped.read([wanted.sample], expressions, system=wanted.key, country=country, now_ms=now)
    errors = [{"path": path, "message": why} for path, why in read.errors]
    message = _message(read.mapped, wanted.key, now) if read.mapped else None
    return Answer(200, {"message": message, "errors": errors})


def _read(call: Call) -> Any:
    # As the edge reads, so that a long number becomes what it would be there.
    try:
        return mended(call.raw, exact=True)
    except ValueError as error:
        raise Problem(400, "malformed_json", f"the body is no JSON: {error}"[:300]) from None


def _country(call: Call, service: str) -> str:
    if not service:
        return ""
    row = config.get("service", call.caller.need_service(service))
    if row is None:
        raise invalid([("/service_id", f"there is no service {service}")])
    return str(row.body.get("country") or "")


def _message(said: Mapped, key: str, now: int) -> dict[str, Any]:
    return {
        "event_id": said.id,
        "source": key,
        "direction": "in",
        "author": {"kind": "event", "id": None, "name": None},
        "type": said.content.type,
        "text": said.content.text,
        "content": said.content.details,
        "sent_at": rfc3339(now if said.sent_at is None else said.sent_at),
        "contact": {
            "name": said.name or None,
            "identities": [{"kind": kind, "value": value} for kind, value in said.identities],
        },
        "conversation": said.conversation or None,
    }
