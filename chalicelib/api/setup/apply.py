"""Making a service equal to a bundle. Everything is checked before the first write.

More than thirty changes are written in several transactions: what is named first, what goes last, so that a cut
leaves a service that works, and applying the bundle again completes it.
"""

from __future__ import annotations

from typing import Any

from chalicelib.api.http.base_url import base_url
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.routes import plural_of
from chalicelib.api.kinds import channels
from chalicelib.api.kinds.webhooks import events_url
from chalicelib.api.setup import changes, connecting, verification
from chalicelib.api.setup.bundles import bundle
from chalicelib.api.setup.plans import Plan, planned
from chalicelib.ports.clock import now_ms
from chalicelib.ports.web import Problem

LISTS = ("created", "updated", "unchanged", "deleted")


def apply(call: Call) -> Answer:
    """200 `{"service_id", "created", "updated", "unchanged", "deleted", "warnings", "secrets"?}`, each a list of
    `{"kind", "name", "id"}`; `?dry_run=true` only says."""
    given = bundle(call)
    dry = call.query.get("dry_run", "false").lower() in ("true", "1")
    plan = planned(call, given)
    if plan.wrong:
        raise invalid(plan.wrong)
    answer = _said(plan, dry)
    if dry:
        return Answer(200, answer)
    todo = [one for one in plan.changes if not one.nothing]
    if wrong := connecting.checked(todo, call):
        places = _places(plan, given.channels or [])
        raise invalid([(places[one.row.id] + at, why) for one, at, why in wrong])
    if todo:
        changes.commit(
            todo, actor=call.caller.id, service=plan.service, now=now_ms(), seen_version=(plan.service, plan.version)
        )
    connecting.registered(todo, call)
    answer["warnings"] = connecting.warnings(todo) + _verify(plan, call.caller.id)
    once = _once(plan, base_url(call.context))
    return Answer(200, answer, {"secrets": once} if once else {})


def _said(plan: Plan, dry: bool) -> dict[str, Any]:
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS}
    for one in plan.changes:
        made = one.verb == "created"
        named = {"kind": one.kind.name, "name": one.row.name, "id": None if made and dry else one.row.id}
        lists["unchanged" if one.nothing else one.verb].append(named)
    return {"service_id": None if plan.new and dry else plan.service, "dry_run": dry, **lists, "warnings": []}


def _places(plan: Plan, channels: list[dict[str, Any]]) -> dict[str, str]:
    """Id of a channel -> where the bundle has it."""
    names = {str(item.get("name") or "").strip(): f"/channels/{n}" for n, item in enumerate(channels)}
    return {id: names[name] for name, id in plan.ids["channels"].items() if name in names}


def _verify(plan: Plan, actor: str) -> list[dict[str, Any]]:
    """Verify what the bundle wants verified and is not active; what fails is a warning, as everything else stands."""
    warnings = []
    for one in (one for one in plan.changes if one.row.id in plan.verify and one.row.body.get("webhook_url")):
        if verification.is_active(one.row.id):
            continue
        try:
            verification.attempt(one.row, actor=actor)
        except Problem as problem:
            named = {"kind": one.kind.name, "name": one.row.name, "id": one.row.id}
            warnings.append(named | {"code": problem.code, "detail": problem.detail})
    return warnings


def _once(plan: Plan, base: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Plural -> name -> what is shown once of what was made."""
    shown: dict[str, dict[str, dict[str, Any]]] = {}
    for one in plan.changes:
        once = dict(one.settled.once)
        if once and (token := one.settled.secrets.get("token")):
            once["events_url"] = events_url(base, plural_of(one.kind.name), one.row.id, token)
        if once and one.kind is channels.KIND:
            once |= channels.door(one.row, base, one.settled.secrets)
        if once:
            shown.setdefault(plural_of(one.kind.name), {})[str(one.row.name)] = once
    return shown
