"""What applying a bundle will do, worked out before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.api.http.call import Call
from chalicelib.api.http.fields import invalid, parse
from chalicelib.api.http.routes import plural_of
from chalicelib.api.kinds.contract import Draft, Kind, Settled, kind_of
from chalicelib.api.setup import changes
from chalicelib.api.setup.bundles import KINDS, Bundle
from chalicelib.api.setup.changes import Change
from chalicelib.api.setup.references import References
from chalicelib.ports import secrets
from chalicelib.ports.clock import now_ms
from chalicelib.ports.web import Problem
from chalicelib.tables import config
from chalicelib.tables.config import Resource


@dataclass(slots=True)
class Plan:
    """What applying will do."""

    service: str
    version: int
    new: bool
    rows: dict[str, list[Resource]]
    """Plural -> what stands."""
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    """Plural -> name -> id of what will stand."""
    changes: list[Change] = field(default_factory=list)
    verify: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    """The service's own fields as they will stand."""
    references: References = field(default_factory=lambda: References({}))


def planned(call: Call, given: Bundle) -> Plan:
    """What a bundle will do; what is wrong with it is in `wrong`, each with its place in the bundle."""
    plan, row = _service(call, given)
    plan.references = References(given.secrets or {})
    if given.service is not None:
        _item(plan, kind_of("services"), "/service", given.service, plan.service, row)
        plan.about = dict(plan.changes[0].row.body or {}) if plan.changes else {}
    listed = {plural: items for plural in KINDS if (items := getattr(given, plural)) is not None}
    for plural in KINDS:
        _name_all(plan, plural, listed.get(plural))
    for plural, items in listed.items():
        for n, item in enumerate(items):
            _listed(plan, plural, n, item)
        _alike(plan, plural, items)
    plan.wrong += plan.references.unused()
    _removals(plan, listed)
    return plan


def _service(call: Call, given: Bundle) -> tuple[Plan, Resource | None]:
    """The plan for the service that the bundle is about, and the service's row."""
    if given.service_id:
        row = config.get("service", call.caller.need_service(given.service_id))
        if row is None:
            raise invalid([("/service_id", f"there is no service {given.service_id}")])
    elif given.service is not None:
        named = [one for one in config.of_kind(config.SERVICES, "service") if one.name == given.service.get("name")]
        if len(named) > 1:
            raise invalid([("/service/name", "several services have this name; say service_id")])
        row = named[0] if named else None
        if call.caller.service:
            call.caller.need_service(row.id if row else "")
    else:
        raise invalid([("/service", "is needed, or service_id")])
    service = row.id if row else changes.new_id("service", "")
    # The version is read before the rows: a change in between makes the write fail, not the plan wrong.
    version = config.version(service) if row else 0
    rows: dict[str, list[Resource]] = {plural: [] for plural in KINDS}
    for one in config.in_service(service) if row else ():
        rows.setdefault(plural_of(one.kind), []).append(one)
    return Plan(service, version, row is None, rows), row


def _name_all(plan: Plan, plural: str, items: list[dict[str, Any]] | None) -> None:
    """Give everything that will stand its id, so that it can be named before it is made."""
    stands: dict[str, list[str]] = {}
    for row in plan.rows[plural]:
        stands.setdefault(str(row.name), []).append(row.id)
    if items is None:
        plan.ids[plural] = {name: ids[0] for name, ids in stands.items() if len(ids) == 1}
        return
    names = plan.ids[plural] = {}
    for n, item in enumerate(items):
        name = item.get("name")
        name = name.strip() if isinstance(name, str) else name
        if not isinstance(name, str) or not name:
            plan.wrong.append((f"/{plural}/{n}/name", "Field required"))
        elif name in names:
            plan.wrong.append((f"/{plural}/{n}/name", f"{name!r} is there twice"))
        elif len(stands.get(name, ())) > 1:
            plan.wrong.append(
                (f"/{plural}/{n}/name", f"the service has several {plural} of this name; rename them first")
            )
        else:
            names[name] = stands[name][0] if name in stands else changes.new_id(kind_of(plural).name, plan.service)


def _listed(plan: Plan, plural: str, n: int, item: dict[str, Any]) -> None:
    kind, path, name = kind_of(plural), f"/{plural}/{n}", str(item.get("name") or "").strip()
    if name not in plan.ids[plural]:
        return
    item = dict(item)
    verify = item.pop("verify", False)
    if verify not in (True, False) or (verify and not kind.webhook):
        plan.wrong.append((f"{path}/verify", "must be true or false, and is for bots, desks and subscriptions"))
    elif verify:
        plan.verify.append(plan.ids[plural][name])
    if kind.name == "rule":
        item.setdefault("position", n + 1)
    if item.get("service_id", plan.service) != plan.service:
        plan.wrong.append((f"{path}/service_id", "is another service"))
    item["service_id"] = plan.service
    row = next((row for row in plan.rows[plural] if row.id == plan.ids[plural][name]), None)
    before = len(plan.wrong)
    _resolve(plan, kind, path, item)
    plan.wrong += plan.references.resolve(kind, path, item, row)
    if len(plan.wrong) == before:
        _item(plan, kind, path, item, plan.ids[plural][name], row)


def _alike(plan: Plan, plural: str, items: list[dict[str, Any]]) -> None:
    """Note where two have what must be their own; what is not listed goes."""
    name = kind_of(plural).unique
    values = [item.get(name) for item in items] if name else []
    plan.wrong += [
        (f"/{plural}/{n}/{name}", f"{value!r} is there twice") for n, value in enumerate(values) if value in values[:n]
    ]


def _resolve(plan: Plan, kind: Kind, path: str, item: dict[str, Any]) -> None:
    """Put ids in the place of names (`bot` for `bot_id`, `channels` for `channel_ids`), and check ids."""
    for by_id, target in kind.refs.items():
        many = by_id.endswith("_ids")
        by_name = by_id.removesuffix("_ids") + "s" if many else by_id.removesuffix("_id")
        names, rows = plan.ids[plural_of(target)], plan.rows[plural_of(target)]
        ids = {*names.values()} | {row.id for row in rows if str(row.name) not in names}
        if by_name in item:
            if by_id in item:
                plan.wrong.append((f"{path}/{by_id}", f"is there beside {by_name}"))
            value = item.pop(by_name)
            wanted = value if many else [value]
            if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
                plan.wrong.append((f"{path}/{by_name}", "must be a list of names" if many else "must be a name"))
                continue
            for m, one in enumerate(wanted):
                if one not in names:
                    plan.wrong.append(
                        (f"{path}/{by_name}/{m}" if many else f"{path}/{by_name}", f"there is no {target} {one!r}")
                    )
            item[by_id] = [names.get(one, "") for one in wanted] if many else names.get(value, "")
        elif isinstance(given := item.get(by_id), (str, list)):
            for one in given if isinstance(given, list) else [given]:
                if one not in ids:
                    plan.wrong.append((f"{path}/{by_id}", f"there is no {target} {str(one)[:40]!r} in this service"))


def _item(plan: Plan, kind: Kind, path: str, item: dict[str, Any], resource_id: str, row: Resource | None) -> None:
    """Plan one resource; what is wrong is noted with its place in the bundle."""
    try:
        model = parse(kind.model, item)
        draft = Draft(
            id=resource_id,
            service=plan.service,
            fields=model.model_dump(mode="json"),
            given=frozenset(item),
            body=dict(row.body or {}) if row else {},
            secrets=secrets.unseal(str(row.sealed or ""), owner=row.id) if row else {},
            now=max(now_ms(), int(row.updated_at or 0) + 1 if row else 0),
            about=plan.about,
        )
        if row and (fixed := [name for name in sorted(kind.fixed) if draft.fields[name] != draft.body.get(name)]):
            raise invalid([(f"/{name}", "cannot be changed; remove it under this name first") for name in fixed])
        settled = kind.settle(draft)
        change = changes.changed(kind, draft, settled, row) if row else changes.made(kind, draft, settled)
    except Problem as problem:
        if problem.status != 422:
            raise
        plan.wrong += [(path + at, what) for at, what in problem.errors]
        return
    if settled.edited and not change.told:
        # An inactive webhook is not edited by a bundle that says the same as before.
        change = Change("updated", kind, change.row, Settled(settled.body), {}, change.seen)
    plan.changes.append(change)


def _removals(plan: Plan, listed: dict[str, Any]) -> None:
    gone = {}
    for plural in reversed(KINDS):
        if plural in listed:
            for row in plan.rows[plural]:
                if row.id not in plan.ids[plural].values():
                    gone[row.id] = row
                    plan.changes.append(changes.removed(kind_of(plural), row))
    plan.changes += changes.keys_of([id for id, row in gone.items() if row.kind == "person"])
    planned = {change.row.id for change in plan.changes}
    for row in (row for rows in plan.rows.values() for row in rows if row.id not in planned):
        for other in gone.values():
            if changes.names(row.body or {}, other.id):
                plan.wrong.append(
                    (
                        f"/{plural_of(other.kind)}",
                        f"{other.kind} {other.name!r} is not listed, but {row.kind} {row.name!r} needs it",
                    )
                )
