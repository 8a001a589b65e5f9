"""Triggers: addresses that take an event, by a post or by the clock, and ask a bot in the background."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from chalicelib.api.http.fields import Fields, Name, Target, invalid
from chalicelib.api.http.formats import BotId, ServiceId
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.api.kinds.services import Zone
from chalicelib.domain import bearer, recurrence, webhook_secrets
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.inbound import asking
from chalicelib.ports import signing
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import config
from chalicelib.tables.config import Resource

_OWN = frozenset({bearer.FIELD, "generation", "anchor", "zone"})
"""Of the body: not the owner's. `generation` counts the schedules it has had, so that tasks of an earlier one are void;
`anchor` is when the schedule was set; `zone` is the time zone that it is read in."""


def _prompt(text: str) -> str:
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise ValueError(f"must be at most {MAX_TEXT_BYTES} bytes")
    return text


def _schedule(text: str) -> str:
    recurrence.read(text)
    return text.strip()


def _form() -> Any:
    names = "|".join([*recurrence.NAMES, recurrence.NEVER])
    shapes = (
        "[Ee][Vv][Ee][Rr][Yy] +[0-9]{1,6} *[MHDWmhdw]",
        names,
        "[^ ]+( [^ ]+){4}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})",
    )
    return Field(json_schema_extra={"format": "schedule", "pattern": f"^({'|'.join(shapes)})$"})


class Trigger(Fields):
    """A trigger."""

    service_id: ServiceId
    name: Name
    bot_id: BotId
    text: Annotated[str, Field(max_length=MAX_TEXT_BYTES), AfterValidator(_prompt)] | None = None
    """What the bot is asked, whatever an event says; at most as many bytes."""
    session_duration_s: Annotated[int, Field(ge=1, le=366 * 86_400)] = asking.SESSION_S
    """How long after its last event a session goes on."""
    answer_within_s: Annotated[int, Field(ge=10, le=86_400)] = asking.ANSWER_WITHIN_S
    """How long a bot that has taken an event may keep silent before the event counts as done without a reply."""
    schedule: Annotated[str, AfterValidator(_schedule), _form()] | None = None
    """`every 15m` (m, h, d, w), cron of five fields, an RFC 3339 time, or a name as `daily`."""
    timezone: Zone | None = None
    """In which cron is read; the service's where none is given."""
    authenticate: bool = True
    """Whether an event needs the trigger's secret."""
    notify_url: Target | None = None
    """Where the outcome of each event is posted, signed."""
    suspended: bool = False
    """Set by the owner: events are refused, and the schedule passes over its times."""


class TriggerAnswer(Trigger):
    """A trigger, as it stands."""

    id: str
    status: Literal["active", "suspended"]
    event_url: str
    """Where events are posted."""
    next_at: str | None
    """When the schedule is due next."""
    secret: str | None = None
    """Bearer secret for that address: shown once."""
    signing_secret: str | None = None
    """With which posts to `notify_url` are signed: shown once, when there is one first."""
    created_at: str
    updated_at: str


def settle(draft: Draft) -> Settled:
    """The trigger with its secrets, made at first, and the next time of a schedule that is new."""
    body = {name: value for name, value in draft.fields.items() if value not in (None, "")}
    secrets, once = dict(draft.secrets), {}
    if draft.new:
        once["secret"], body[bearer.FIELD] = bearer.make(bearer.PREFIXES["trigger"])
    else:
        body[bearer.FIELD] = draft.body[bearer.FIELD]
    if body.get("notify_url") and webhook_secrets.CURRENT not in secrets:
        once["signing_secret"] = signing.new_secret()
        secrets = webhook_secrets.first(secrets, once["signing_secret"])
    body |= _timing(draft, body)
    if body["generation"] == draft.body.get("generation", 0):
        return Settled(body, secrets, once)
    due = asking.next_due(body, after_ms=draft.now)
    if due is None and body.get("schedule") and recurrence.read(body["schedule"]) != recurrence.Recurrence():
        raise invalid([("/schedule", "lies in the past")])
    tasks = (asking.due_task(draft.id, body["generation"], due),) if due is not None else ()
    return Settled(body, secrets, once, tasks=tasks)


def _timing(draft: Draft, body: dict[str, Any]) -> dict[str, Any]:
    """When the schedule was set, in which zone, and how often there was another."""
    before: dict[str, Any] = {name: draft.body[name] for name in ("generation", "anchor", "zone") if name in draft.body}
    before.setdefault("generation", 0)
    if not body.get("schedule"):
        return {"generation": before["generation"] + ("schedule" in draft.body)}
    zone = body.get("timezone") or _zone_of_service(draft)
    if (draft.body.get("schedule"), before.get("zone")) == (body["schedule"], zone):
        return before
    return {"generation": before["generation"] + 1, "anchor": draft.now, "zone": zone}


def _zone_of_service(draft: Draft) -> str:
    about = draft.about
    if not about:
        row = config.get("service", draft.service)
        about = dict(row.body or {}) if row else {}
    return str(about.get("timezone") or "UTC")


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields, where events are posted, and when it is due next."""
    fields = {name: value for name, value in row.body.items() if name not in _OWN}
    stopped = bool(fields.get("suspended"))
    due = None if stopped else asking.next_due(dict(row.body), after_ms=now_ms())
    # That in which the schedule is read, where the trigger names none.
    zone = {"timezone": row.body["zone"]} if "zone" in row.body else {}
    return (
        zone
        | fields
        | {
            "status": "suspended" if stopped else "active",
            "event_url": f"{shown.base_url}/v1/integration/trigger/{row.id}/event",
            "next_at": rfc3339(due) if due is not None else None,
        }
    )


KIND = Kind(
    name="trigger", model=Trigger, answer=TriggerAnswer, refs={"bot_id": "bot"}, settle=settle, show=show
)  # fmt: skip
