"""Versions of a service's rules: what was changed, by whom and when; the rules as they were; and back to them.

A version's number is the time of its change, in milliseconds since the epoch. Going back is a change as any other, with
the content of then: it makes a version, and nothing is forgotten. It is one transaction as an order is, and more than
eighty changes are several; what a cut leaves is told and ended in the same way.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid, parse
from chalicelib.api.http.formats import RULES_VERSION, ServiceId
from chalicelib.api.http.services import needed_service
from chalicelib.api.kinds.contract import Draft, kind_of
from chalicelib.api.kinds.rules import Rule
from chalicelib.api.setup import changes
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import config, rule_changes
from chalicelib.tables.config import Resource
from chalicelib.tables.rule_changes import RuleChange, Version

MOST = 2000
"""Changes that are gone back over."""
_LONGEST = 13
_NAMES = {"bot_id": "bot", "desk_id": "desk", "channel_ids": "channel"}


class Restore(Fields):
    """To which version."""

    service_id: ServiceId
    version: Annotated[int, Field(ge=0, lt=10**_LONGEST)]
    """0: to before the first change that is known."""


class ChangedRule(BaseModel):
    """One rule of a version, before and after."""

    id: str
    name: str
    change: Literal["created", "updated", "deleted"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class RulesVersion(BaseModel):
    """What was changed together."""

    version: int
    """Its time, in milliseconds since the epoch."""
    at: str
    actor: str
    """Key or person."""
    changes: list[ChangedRule]


class RuleThen(Rule):
    """A rule as it was."""

    id: str


class RulesThen(BaseModel):
    """The rules as they were after a version."""

    version: int
    at: str
    actor: str
    rules: list[RuleThen]
    """In their order."""


class Restored(BaseModel):
    """What became of going back."""

    version: int | None
    """The new version; null where nothing was different."""
    created: list[str]
    updated: list[str]
    deleted: list[str]
    unchanged: int


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}`: versions, the newest first."""
    service, limit = needed_service(call), cursors.limit_of(call)
    of = f"rules of {service}"
    place = cursors.decode(given, of=of) if (given := call.query.get("cursor")) else 0
    if type(place) is not int or not 0 <= place < 10**_LONGEST:
        raise cursors.bad_cursor()
    page = cursors.page(
        lambda most: rule_changes.newest(service, limit=most, before=place),
        limit=limit,
        of=of,
        place=lambda version: version.at,
        show=_view,
    )
    return Answer(200, page)


def one(call: Call) -> Answer:
    """200 with the rules as they were after `{version}`, who made it and when."""
    service, given = needed_service(call), call.names["version"]
    rules, version, _ = _then(service, int(given)) if RULES_VERSION.fits(given) else ({}, None, {})
    if version is None:
        raise Problem(404, "not_found", f"there is no version {given[:60]!r} of the rules")
    shown = [{**fields, "id": id} for id, fields in _ordered(rules)]
    return Answer(200, {"version": version.at, "at": rfc3339(version.at), "actor": version.actor, "rules": shown})


def restore(call: Call) -> Answer:
    """200 with what was changed; Problem 422 where there is no such version, or its rules name bots, desks or channels
    that are gone, 409 where somebody else changed the service meanwhile."""
    wanted = body(call, Restore)
    service = call.caller.need_service(wanted.service_id)
    seen = config.version(service)
    rules, version, rows = _then(service, wanted.version)
    if version is None and wanted.version:
        raise invalid([("/version", f"there is no version {wanted.version} of the rules")])
    _refuse_foreign(service, rules)
    now = now_ms()
    todo = [_changed(id, fields, rows.get(id), service, now) for id, fields in _ordered(rules)]
    todo += [changes.removed(kind_of("rules"), row) for id, row in rows.items() if id not in rules]
    todo = [one for one in todo if not one.nothing]
    if todo:
        seen_version, as_one = (service, seen), ("rules.restored", dict[str, object](version=wanted.version))
        changes.commit(todo, actor=call.caller.id, service=service, now=now, seen_version=seen_version, as_one=as_one)
    answer: dict[str, Any] = {
        verb: [one.row.id for one in todo if one.verb == verb] for verb in ("created", "updated", "deleted")
    }
    made = rule_changes.newest(service, limit=1) if todo else []
    kept = len(rules) - len(answer["created"]) - len(answer["updated"])
    return Answer(200, {"version": made[0].at if made else None, **answer, "unchanged": kept})


def _then(service: str, number: int) -> tuple[dict[str, dict[str, Any]], Version | None, dict[str, Resource]]:
    """(the rules after a version, id -> fields; the version, None where there is none; the rules that stand)."""
    # Read before the changes are: taking back one that was not seen here changes nothing.
    rows = {row.id: row for row in config.of_kind(service, "rule")}
    versions = rule_changes.since(service, number, most=MOST)
    if versions is None:
        raise invalid([("/version", f"is more than {MOST} changes ago")])
    version = next((one for one in versions if one.at == number), None)
    stands = {id: dict(row.body or {}) for id, row in rows.items()}
    return rule_changes.taken_back(stands, versions, to=number), version, rows


def _changed(id: str, fields: dict[str, Any], row: Resource | None, service: str, now: int) -> changes.Change:
    kind = kind_of("rules")
    model = parse(kind.model, fields)
    before = dict(row.body or {}) if row is not None else {}
    at = max(now, int(row.updated_at or 0) + 1) if row is not None else now
    draft = Draft(id, service, model.model_dump(mode="json"), frozenset(fields), before, {}, at)
    settled = kind.settle(draft)
    return changes.changed(kind, draft, settled, row) if row is not None else changes.made(kind, draft, settled)


def _refuse_foreign(service: str, rules: dict[str, dict[str, Any]]) -> None:
    """Problem 422 that names each rule and what it needs and is gone."""
    there = {row.id for row in config.in_service(service)}
    wrong = [
        (f"/rules/{n}/{field}", f"{fields.get('name')!r} names {kind} {id}, which is gone")
        for n, (_, fields) in enumerate(_ordered(rules))
        for field, kind in _NAMES.items()
        for id in _listed(fields.get(field))
        if id not in there
    ]
    if wrong:
        raise invalid(wrong)


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _ordered(rules: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return sorted(rules.items(), key=lambda one: (one[1].get("position", 0), one[0]))


def _view(version: Version) -> dict[str, Any]:
    return {
        "version": version.at,
        "at": rfc3339(version.at),
        "actor": version.actor,
        "changes": [_told(one) for one in version.changes],
    }


def _told(one: RuleChange) -> dict[str, Any]:
    change = "created" if one.before is None else "deleted" if one.after is None else "updated"
    named = (one.after or one.before or {}).get("name")
    return {"id": one.id, "name": str(named or one.id), "change": change, "before": one.before, "after": one.after}
