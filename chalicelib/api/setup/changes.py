"""Changes of resources and how they are written: with the service's version, the webhook's status and the audit entry,
all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pynamodb.transactions import TransactWrite

from chalicelib.api.http.fields import invalid
from chalicelib.api.http.masks import MASK
from chalicelib.api.http.services import meanwhile
from chalicelib.api.kinds.contract import Draft, Kind, Settled, kind_of
from chalicelib.channels import place_of
from chalicelib.domain import bearer
from chalicelib.domain.retry import SWEEPS_S
from chalicelib.domain.tasks import EndpointBack
from chalicelib.ports import queues, secrets
from chalicelib.tables import audit, channel_places, config, endpoints, rule_changes, schedule, sign_ins
from chalicelib.tables.endpoints import Endpoint
from chalicelib.tables.rule_changes import RuleChange

_BATCH = 24
"""Changes in one transaction: each is up to four of DynamoDB's hundred items (row, audit; webhook, due task or how a
rule was; of a channel the places by which it is found, before and now)."""
MOST_RULES, MOST_BYTES = 80, 1_000_000
"""Of rules that are told together in one transaction: one item each, and a few for how they were; 4 MB are taken."""
_MAX_ROW = 200_000
_NOT_TOLD = frozenset({"hash", "token_hash"})
_MASKED = frozenset({"headers", bearer.FIELD})
"""Of these the audit says that they changed, and not to what."""


@dataclass(frozen=True, slots=True)
class Change:
    """One resource made, changed or removed."""

    verb: str
    """created, updated or deleted."""
    kind: Kind
    row: config.Resource
    settled: Settled
    told: dict[str, object]
    """For the audit: the fields that changed; of secrets only that they did."""
    seen: int | None = None
    before: dict[str, Any] | None = None
    """The fields that stood before; None of a new one."""

    @property
    def nothing(self) -> bool:
        """Whether it changes nothing at all."""
        return self.verb == "updated" and not self.told and not self.settled.status

    @property
    def audit_service(self) -> str:
        """Whose audit it belongs to."""
        if self.kind.name == "service":
            return str(self.row.id)
        if self.kind.name == "key":
            return str(self.row.body.get("service_id") or config.SYSTEM)
        return str(self.row.service)


def new_id(kind: str, service: str) -> str:
    """An id for a new resource."""
    if kind == "key":
        from chalicelib.api.kinds.keys import new_id as new_key_id

        return new_key_id()
    return config.new_id(kind, service)


def made(kind: Kind, draft: Draft, settled: Settled) -> Change:
    """A new resource."""
    row = _row(kind, draft, settled, created_at=draft.now)
    return Change("created", kind, row, settled, _told({}, settled.body, {}, settled.secrets))


def changed(kind: Kind, draft: Draft, settled: Settled, before: config.Resource) -> Change:
    """A resource with other fields than before."""
    told = _told(draft.body, settled.body, draft.secrets, settled.secrets)
    if not told:
        return Change("updated", kind, before, settled, told, int(before.updated_at or 0))
    row = _row(kind, draft, settled, created_at=int(before.created_at or draft.now))
    if settled.secrets == draft.secrets:
        row.sealed = before.sealed  # sealing again would make another text of the same secrets
    return Change("updated", kind, row, settled, told, int(before.updated_at or 0), draft.body)


def removed(kind: Kind, row: config.Resource) -> Change:
    """A resource that goes."""
    return Change("deleted", kind, row, Settled({}), {"name": row.name}, before=dict(row.body or {}))


def commit(
    made_changes: list[Change],
    *,
    actor: str,
    service: str,
    now: int,
    seen_version: tuple[str, int] | None = None,
    as_one: tuple[str, dict[str, object]] | None = None,
) -> None:
    """Write changes; Problem 409 where one of the resources was changed by somebody else meanwhile.

    More than thirty are written in several transactions, of which the first alone checks `seen_version`.
    `as_one` (action, what the audit is told) is for changes of rules that belong together: one entry of the audit for
    all, and so up to eighty in a transaction. Of more each checks that nobody else's change came between, and its entry
    says how many are `left`, should it be the last.
    """
    _refuse_two_at_a_place(made_changes)
    # Later than what the rules before were changed at, by whatever clock; one for all that is changed together.
    version = max([now, *(int(one.row.updated_at or 0) + (one.verb == "deleted") for one in made_changes)])
    done = 0
    for n, batch in enumerate(_batches(made_changes, as_one is not None)):
        done += len(batch)
        left = len(made_changes) - done
        due = [schedule.row_of(**task) for one in batch if not one.nothing for task in one.settled.tasks]
        try:
            config.with_version(
                creates=tuple(one.row for one in batch if one.verb == "created"),
                replaces=[(one.row, one.seen) for one in batch if one.verb == "updated" and one.told],
                removes=[one.row for one in batch if one.verb == "deleted"],
                also=lambda together, batch=batch, due=due, left=left: _also(  # type: ignore[misc]
                    together, batch, due, actor, service, now, version, as_one, left
                ),
                seen_version=(seen_version[0], seen_version[1] + n) if seen_version and (as_one or n == 0) else None,
            )
        except config.Conflict:
            raise meanwhile(done - len(batch), len(made_changes)) from None
        for one in batch:
            if one.verb == "deleted" and one.kind.name == "person":
                # Cut off before this, they end by themselves, and let nobody in.
                sign_ins.remove(one.row.id)
        for row in due:
            # Cut off before this, `release_due` has them within the minute.
            schedule.soon(row, now_ms=now)


def _batches(made_changes: list[Change], as_one: bool) -> Iterator[list[Change]]:
    """What goes into one transaction each."""
    batch: list[Change] = []
    size, most = 0, MOST_RULES if as_one else _BATCH
    for one in made_changes:
        more = rule_changes.size(_history(one)) if as_one else 0
        if batch and (len(batch) == most or size + more > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += more
    if batch:
        yield batch


def _history(one: Change) -> RuleChange:
    return RuleChange(one.row.id, one.before, None if one.verb == "deleted" else one.settled.body)


def keys_of(people: list[str]) -> list[Change]:
    """That the keys of these people go."""
    keys = config.of_kind(config.KEYS, "key") if people else []
    return [removed(kind_of("keys"), row) for row in keys if row.body.get("person_id") in people]


def users_of(service: str, resource_id: str) -> list[str]:
    """Kind and name of the resources of a service whose fields name a resource."""
    return [
        f"{row.kind} {row.name or row.id}"
        for row in config.in_service(service)
        if row.id != resource_id and names(row.body or {}, resource_id)
    ]


def names(body: dict[str, Any], resource_id: str) -> bool:
    """Whether a resource's fields name another."""
    return any(value == resource_id or (isinstance(value, list) and resource_id in value) for value in body.values())


def _row(kind: Kind, draft: Draft, settled: Settled, *, created_at: int) -> config.Resource:
    try:
        sealed = secrets.seal(settled.secrets, owner=draft.id) if settled.secrets else None
    except ValueError as error:
        raise invalid([("", str(error))]) from None
    if len(str(settled.body)) > _MAX_ROW:
        raise invalid([("", f"is larger than {_MAX_ROW} bytes")])
    return config.Resource(
        config.partition_of(kind.name, draft.id),
        f"{kind.name}#{draft.id}",
        name=settled.body.get("name"),
        body=settled.body,
        sealed=sealed,
        created_at=created_at,
        updated_at=draft.now,
    )


def _told(
    before: dict[str, Any], after: dict[str, Any], secrets_before: dict[str, str], secrets_after: dict[str, str]
) -> dict[str, object]:
    told: dict[str, object] = {
        name: after.get(name)
        for name in sorted(before.keys() | after.keys())
        if name not in _NOT_TOLD and before.get(name) != after.get(name)
    }
    told |= dict.fromkeys(_MASKED & told.keys(), MASK)
    for name in secrets_before.keys() | secrets_after.keys():
        if secrets_before.get(name) != secrets_after.get(name):
            told[name] = MASK
    return told


def _also(
    together: TransactWrite,
    batch: list[Change],
    due: list[schedule.Due],
    actor: str,
    service: str,
    now: int,
    version: int,
    as_one: tuple[str, dict[str, object]] | None,
    left: int,
) -> None:
    for row in due:
        together.save(row)
    if as_one is not None:
        action, told = as_one
        told = told | {"rules": [one.row.id for one in batch]} | ({"left": left} if left else {})
        together.save(audit.entry(service, at=now, actor=actor, action=action, subject=service, change=told))
        for entry in rule_changes.entries(
            service, at=version, actor=actor, action=action, changes=[_history(one) for one in batch]
        ):
            together.save(entry)
        return
    for one in batch:
        if one.nothing:
            continue
        told = one.told | ({"status": one.settled.status} if one.settled.status else {})
        together.save(
            audit.entry(
                service, at=now, actor=actor, action=f"{one.kind.name}.{one.verb}", subject=one.row.id, change=told
            )
        )
        if one.kind.name == "channel":
            _place(together, one)
        if one.kind.name == "rule":
            (entry,) = rule_changes.entries(
                str(one.row.service),
                at=version,
                actor=actor,
                action=f"{one.kind.name}.{one.verb}",
                changes=[_history(one)],
            )
            together.save(entry)
        if one.kind.webhook and one.settled.status:
            together.update(
                Endpoint(one.row.id),
                actions=[
                    Endpoint.status.set(one.settled.status),
                    *endpoints.none_failed(),
                    Endpoint.edited.set(int(one.settled.edited)),
                    Endpoint.changed_at.set(now),
                ],
            )
        elif one.kind.webhook and one.verb == "deleted":
            together.delete(Endpoint(one.row.id))


def _refuse_two_at_a_place(made_changes: list[Change]) -> None:
    """Problem 422 where two channels of a bundle would be found by the same address."""
    found: set[tuple[str, str]] = set()
    for one in made_changes:
        body = one.row.body or {}
        if one.kind.name != "channel" or one.verb == "deleted" or not (place := place_of(body)):
            continue
        if (here := (str(body["kind"]), place)) in found:
            raise invalid([("/channels", f"two channels of the kind {body['kind']} have the address {place}")])
        found.add(here)


def _place(together: TransactWrite, change: Change) -> None:
    """Have a channel found by its address, where its provider names nothing else."""
    body = change.row.body or {}
    before = "" if change.verb == "created" else place_of(change.before or {})
    after = "" if change.verb == "deleted" else place_of(body)
    if before or after:
        channel_places.change(together, str(body["kind"]), change.row.id, before=before, after=after)


def will_be_back(endpoint_id: str, service: str, *, at: int) -> None:
    """Before a webhook is active at `at`: have its lanes looked after later, whatever happens in between."""
    task = EndpointBack(endpoint=endpoint_id, service=service, of=at, sweep=len(SWEEPS_S) - 1)
    schedule.keep(id=f"back:{endpoint_id}", due_ms=at + SWEEPS_S[-1] * 1000, queue="timers", task=task.plain())


def announce_back(endpoint_id: str, service: str, *, at: int) -> None:
    """Have the lanes that were held for a webhook go on, which is active since `at`."""
    queues.send("timers", [queues.Entry(EndpointBack(endpoint=endpoint_id, service=service, of=at).plain())])
