"""Which of the last messages other rules would give to others: before they are changed.

Evaluated in memory over what the feeds of the service's channels hold last; nothing is kept or sent. Two hundred
messages are 200 entries of the feeds and their rows, at half a unit each: some 120 read units. As many rows again where
a condition asks how the thread stood before, and one for each person where it asks about the contact.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import RuleId, ServiceId
from chalicelib.api.kinds.contract import Draft, kind_of
from chalicelib.api.kinds.rules import Rule as RuleFields
from chalicelib.api.setup.drafts import refer
from chalicelib.domain.deciding import conditions, remembering
from chalicelib.domain.deciding.routing import Rule
from chalicelib.domain.message import Message
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import batch_get, config, contacts, history, service_config, source_feed
from chalicelib.tables.messages import MessageRow
from chalicelib.tables.service_config import SnapshotConfig

MOST = 200
"""Messages that are compared."""
_MOST_READ = 600
"""Messages that are read for that: bots' answers stand in the same feeds."""
_SHOWN = 200
_MOST_RULES = 500


class ProposedRule(RuleFields):
    """A rule as it would be; one that stands keeps its `id`."""

    model_config = ConfigDict(json_schema_extra=RuleFields.model_config["json_schema_extra"])

    id: RuleId | None = None
    service_id: ServiceId | None = None  # type: ignore[assignment]


class RulesCompared(Fields):
    """Rules to compare with those that stand."""

    service_id: ServiceId
    rules: Annotated[list[ProposedRule], Field(max_length=_MOST_RULES)]
    """All of them. They hold in the order of their positions; one without has that of its place here."""


class Routing(BaseModel):
    """Who gets a message."""

    rule: str | None
    """Id of the rule that decides; null for one that has none yet, and where none matches."""
    name: str | None
    """Its name; null: no rule matches."""
    to: str
    """none also where no rule matches."""
    bot_id: str | None
    desk_id: str | None


class Difference(BaseModel):
    """A message that others would get."""

    message_id: str
    conversation_id: str | None
    sent_at: str
    contact: dict[str, str | None]
    channel_id: str
    text: str
    """The first characters."""
    now: Routing
    then: Routing


class Moved(BaseModel):
    """How many messages go from one rule to another."""

    now: Routing
    then: Routing
    count: int


class Comparison(BaseModel):
    """What other rules would have done."""

    compared: int
    """Messages that rules decided about, at most 200."""
    with_people: int
    """Customers' messages between them that no rule was asked about, as a desk had the thread."""
    different: int
    """Of those compared: whom others would get."""
    same_by_another: int
    """Of those compared: whom the same would get, by another rule."""
    since: str | None
    """When the oldest of them was sent."""
    moved: list[Moved]
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class _Said:
    message: Message
    facts: dict[str, Any]


def compare(call: Call) -> Answer:
    """200 with the last messages over which the given rules would decide otherwise than those that stand."""
    wanted = body(call, RulesCompared)
    service = call.caller.need_service(wanted.service_id)
    snapshot = config.snapshot(service, config.version(service))
    if snapshot.own is None:
        raise invalid([("/service_id", f"there is no service {service}")])
    stands = service_config.of(snapshot)
    names = {row.id: str(row.name or row.id) for row in snapshot.of_kind("rule")}
    proposed, new_names = _proposed(wanted, service)
    kinds = sorted({str(row.body.get("kind")) for row in snapshot.of_kind("channel")})
    said, with_people = _last(service, kinds, stands, [*stands.rules, *proposed])
    moved: Counter[tuple[int, int]] = Counter()
    routings: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    same_by_another = 0
    for one in said:
        before = _routing(_decides(stands.rules, one), names)
        after = _routing(_decides(proposed, one), new_names)
        if _who(before) == _who(after):
            same_by_another += before["rule"] != after["rule"]
            continue
        moved[_index(routings, before), _index(routings, after)] += 1
        differences.append(_difference(one.message, before, after))
    return Answer(200, {
        "compared": len(said),
        "with_people": with_people,
        "different": len(differences),
        "same_by_another": same_by_another,
        "since": rfc3339(said[-1].message.sent_at) if said else None,
        "moved": [
            {"now": routings[now], "then": routings[then], "count": count}
            for (now, then), count in moved.most_common()
        ],
        "differences": differences[:_SHOWN],
    })  # fmt: skip


def _proposed(wanted: RulesCompared, service: str) -> tuple[list[Rule], dict[str, str]]:
    """The rules in their order, checked as when they are made, and their names; a new one's id is its place."""
    kind, wrong = kind_of("rules"), []
    placed: list[tuple[int, int, str, dict[str, Any]]] = []
    for n, given in enumerate(wanted.rules):
        fields = given.model_dump(mode="json", exclude={"id"}) | {"service_id": service}
        fields["position"] = given.position if given.position is not None else n + 1
        try:
            refer(kind, fields, service)
            settled = kind.settle(Draft("", service, fields, frozenset(fields), {}, {}, now_ms()))
        except Problem as problem:
            wrong += [(f"/rules/{n}{path}", why) for path, why in problem.errors]
            continue
        placed.append((fields["position"], n, given.id or f"new {n}", settled.body))
    if wrong:
        raise invalid(wrong)
    # As those that stand: by position, then by id, a new one behind them.
    placed.sort(key=lambda one: (one[0], one[2].startswith("new "), one[2]))
    rules = [service_config.rule_of(id, fields) for _, _, id, fields in placed]
    return rules, {id: str(fields["name"]) for _, _, id, fields in placed}


def _last(service: str, kinds: list[str], stands: SnapshotConfig, rules: list[Rule]) -> tuple[list[_Said], int]:
    """(the last messages that rules decided about, newest first, with what they may speak of; how many customers'
    messages between them were for people)."""
    found: list[tuple[Message, dict[str, Any]]] = []
    with_people = read = 0
    place = None
    while len(found) < MOST and read < _MOST_READ:
        rows, place = source_feed.newest_with_state([service], kinds, limit=MOST, before=place)
        read += len(rows)
        for message, after in rows:
            if remembering.rules_were_asked(message, after):
                found.append((message, after))
            else:
                with_people += message.author.kind == "user"
        if place is None:
            break
    asked = [message for message, _ in found[:MOST]]
    whens = json.dumps([rule.when for rule in rules])
    before = _before(asked) if '"thread' in whens else {}
    people = _people(asked) if '"contact' in whens else {}
    said = [
        _Said(one, remembering.facts_of(
            one, before=before.get(one.id, {}), after=after, timezone=stands.timezone, contact=people.get(one.contact)
        ))
        for one, after in found[:MOST]
    ]  # fmt: skip
    return said, with_people


def _before(said: Iterable[Message]) -> dict[str, dict[str, Any]]:
    """Message -> its thread's state before the event that brought it."""
    places = {one.id: (one.thread, one.seq - 1 - remembering.place_in_event(one)) for one in said}
    wanted = {id: place for id, place in places.items() if place[1] > 0}
    keys = [(MessageRow, thread, str(seq)) for thread, seq in wanted.values()]
    rows = batch_get.get_all([*dict.fromkeys(keys)], consistent=False)
    after = {(str(row.thread), int(row.seq)): dict(row.after or {}) for row in rows if row is not None}
    return {id: after[place] for id, place in wanted.items() if place in after}


def _people(said: Iterable[Message]) -> dict[str, dict[str, Any]]:
    """Contact -> what conditions may ask of it beyond what its thread knows, as it stands now."""
    ids = [*dict.fromkeys(one.contact for one in said if one.contact)]
    asked: list[Callable[[], Any]] = [partial(contacts.resolve, id) for id in ids]
    known = ((id, dict(row.data or {})) for id, row in zip(ids, history.at_once(asked), strict=True) if row is not None)
    return {id: {key: data[key] for key in ("attributes", "tags") if data.get(key)} for id, data in known}


def _decides(rules: Iterable[Rule], one: _Said) -> Rule | None:
    channel = one.message.channel
    return next((
        rule for rule in rules
        if rule.is_of(channel) and (rule.always or conditions.matches(rule.when, one.facts)[0])
    ), None)  # fmt: skip


def _routing(rule: Rule | None, names: dict[str, str]) -> dict[str, Any]:
    if rule is None:
        return {"rule": None, "name": None, "to": "none", "bot_id": None, "desk_id": None}
    id = None if rule.id.startswith("new ") else rule.id
    return {
        "rule": id, "name": names.get(rule.id), "to": rule.to,
        "bot_id": rule.bot or None if "bot" in rule.to else None, "desk_id": rule.desk or None,
    }  # fmt: skip


def _who(routing: dict[str, Any]) -> tuple[Any, ...]:
    # A bot with a desk behind it is the same whether it is written as `bot` or `bot+desk`.
    if routing["to"] == "none":
        return ("none",)
    return ("bot" in routing["to"], routing["bot_id"], routing["desk_id"])


def _index(known: list[dict[str, Any]], routing: dict[str, Any]) -> int:
    if routing not in known:
        known.append(routing)
    return known.index(routing)


def _difference(message: Message, now: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "conversation_id": message.conversation or None,
        "sent_at": rfc3339(message.sent_at),
        "contact": {"id": message.contact or None, "name": message.contact_name or None},
        "channel_id": message.channel,
        "text": message.content.text[:200] or f"[{message.content.type}]",
        "now": now,
        "then": then,
    }
