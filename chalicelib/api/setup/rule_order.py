"""Putting a service's rules in an order, in one transaction, so that no message meets half of it.

A transaction takes a hundred items, so more than eighty rules that move go in several, from the first place on. Cut off
between two, the last entry of the audit says how many are left (or the answer, where somebody else's change came
between), the rules say what stands, and the same order again does the rest.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import RuleId, ServiceId
from chalicelib.api.kinds.contract import kind_of
from chalicelib.api.setup import changes
from chalicelib.api.setup.drafts import redrafted, standing
from chalicelib.ports.clock import now_ms
from chalicelib.tables import config

_MOST = 500


class RulesOrder(Fields):
    """All rules of a service."""

    service_id: ServiceId
    rules: Annotated[list[RuleId], Field(max_length=_MOST)]
    """Their ids, in the order in which they are to be asked."""


class Ordered(BaseModel):
    """What became of it."""

    moved: list[str]
    """Rules that have another position than before."""


def order(call: Call) -> Answer:
    """200 with what has another position now: 1 for the first, and so on. 422 where the ids are not those of all rules,
    409 where somebody else changed the service meanwhile."""
    wanted = body(call, RulesOrder)
    service = call.caller.need_service(wanted.service_id)
    kind, seen = kind_of("rules"), config.version(service)
    rows = {row.id: row for row in config.of_kind(service, "rule")}
    if wrong := _wrong(wanted.rules, set(rows)):
        raise invalid(wrong)
    todo = []
    for place, id in enumerate(wanted.rules, 1):
        row = rows[id]
        if row.body.get("position") != place:
            fields: dict[str, Any] = standing(kind, row) | {"position": place}
            draft = redrafted(kind, row, fields, frozenset({"position"}))
            todo.append(changes.changed(kind, draft, kind.settle(draft), row))
    if todo:
        seen_version, as_one = (service, seen), ("rules.ordered", dict[str, object]())
        changes.commit(
            todo, actor=call.caller.id, service=service, now=now_ms(), seen_version=seen_version, as_one=as_one
        )
    return Answer(200, {"moved": [one.row.id for one in todo]})


def _wrong(given: list[str], there: set[str]) -> list[tuple[str, str]]:
    wrong = [
        (f"/rules/{n}", "is no rule of this service" if id not in there else "is there twice")
        for n, id in enumerate(given)
        if id not in there or id in given[:n]
    ]
    return wrong + ([("/rules", f"leaves out {', '.join(missing)}")] if (missing := sorted(there - set(given))) else [])
