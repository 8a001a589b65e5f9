"""Merging contacts and taking it back, against a model that simply does everything anew without the merge."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.domain.contact import Merge, identities_of, made, patched, rebased, refused, taken_back, together

FIELDS, PURPOSES = ("a", "b", "c"), ("news", "calls")


@dataclass
class Person:
    """The model: what a contact was at first, and what happened to it, in order."""

    first: dict[str, Any]
    happened: list[tuple[str, Any]] = field(default_factory=list)

    def now(self) -> dict[str, Any]:
        data: dict[str, Any] = {**self.first, "attributes": dict(self.first["attributes"])}
        data |= {"identities": set(self.first["identities"]), "tags": set(self.first["tags"])}
        data["consent"] = dict(self.first["consent"])
        for what, about in self.happened:
            if what == "merge":
                _merge(data, about.now())
            elif what in ("attributes", "consent"):
                key, value = about
                data[what].pop(key, None)
                data[what] |= {} if value is None else {key: value}
            elif what == "name":
                data["name"] = about
            else:
                verb, one = about
                (data[what].add if verb == "add" else data[what].discard)(one)
        return data


def _merge(data: dict[str, Any], other: dict[str, Any]) -> None:
    data["name"] = data["name"] or other["name"]
    data["attributes"] = other["attributes"] | data["attributes"]
    data["identities"] |= other["identities"]
    data["tags"] |= other["tags"]
    for purpose, given in other["consent"].items():
        if purpose not in data["consent"] or (refused(given) and not refused(data["consent"][purpose])):
            data["consent"][purpose] = given


@dataclass
class Real:
    """What is tested: the data, and the merges that stand."""

    data: dict[str, Any]
    merges: list[tuple[int, Merge]] = field(default_factory=list)
    into: int | None = None


class Contacts(RuleBasedStateMachine):
    """Up to five contacts that are changed, merged and taken apart again."""

    def __init__(self) -> None:
        super().__init__()
        self.real: list[Real] = []
        self.model: list[Person] = []
        self.fresh = itertools.count()

    def live(self, pick: int) -> int:
        free = [at for at, one in enumerate(self.real) if one.into is None]
        return free[pick % len(free)]

    @rule(
        name=st.sampled_from(["", "Ana", "Ben"]),
        attributes=st.dictionaries(st.sampled_from(FIELDS), st.integers(-9, -1)),
        tags=st.sets(st.sampled_from(["vip", "old"])),
        consent=st.dictionaries(st.sampled_from(PURPOSES), st.booleans()),
    )
    @precondition(lambda self: len(self.real) < 5)
    def create(self, name: str, attributes: dict[str, int], tags: set[str], consent: dict[str, bool]) -> None:
        identities = [("external", f"{next(self.fresh)}")]
        told: dict[str, Any] = {
            "name": name, "identities": identities, "attributes": attributes, "tags": sorted(tags)
        }  # fmt: skip
        self.real.append(Real(made(**told, consent=consent)))
        self.model.append(Person(told | {"consent": consent}))

    @rule(pick=st.integers(0, 9), field=st.sampled_from(FIELDS), gone=st.booleans())
    @precondition(lambda self: self.real)
    def change(self, pick: int, field: str, gone: bool) -> None:
        # Never a value that was there before: whether setting it again is a change would be a matter of taste.
        at = self.live(pick)
        value = None if gone else next(self.fresh)
        if gone and field not in self.real[at].data["attributes"]:
            return
        data = self.real[at].data
        self.real[at].data = data | {"attributes": patched(data["attributes"], {field: value})}
        self.model[at].happened.append(("attributes", (field, value)))

    @rule(pick=st.integers(0, 9), purpose=st.sampled_from(PURPOSES))
    @precondition(lambda self: self.real)
    def refuse(self, pick: int, purpose: str) -> None:
        at = self.live(pick)
        said = {"given": False, "source": str(next(self.fresh))}
        was = self.real[at].data["consent"].get(purpose)
        if was is not None and refused(was):
            return
        self.real[at].data = self.real[at].data | {"consent": self.real[at].data["consent"] | {purpose: said}}
        self.model[at].happened.append(("consent", (purpose, said)))

    @rule(
        pick=st.integers(0, 9), which=st.integers(0, 9), add=st.booleans(), what=st.sampled_from(["identities", "tags"])
    )
    @precondition(lambda self: self.real)
    def add_or_remove(self, pick: int, which: int, add: bool, what: str) -> None:
        at = self.live(pick)
        data = self.real[at].data
        one: Any = ("external", f"{next(self.fresh)}") if what == "identities" else f"tag{next(self.fresh)}"
        had: list[Any] = identities_of(data) if what == "identities" else data["tags"]
        if not add:
            if not had:
                return
            one = had[which % len(had)]
        left = [*had, one] if add else [known for known in had if known != one]
        shown = [{"kind": kind, "value": value} for kind, value in left] if what == "identities" else left
        self.real[at].data = data | {what: shown}
        self.model[at].happened.append((what, ("add" if add else "remove", one)))

    @rule(pick=st.integers(0, 9), other=st.integers(0, 9))
    @precondition(lambda self: sum(one.into is None for one in self.real) > 1)
    def merge(self, pick: int, other: int) -> None:
        into, source = self.live(pick), self.live(other)
        if into == source:
            return
        before, taken = self.real[into].data, self.real[source].data
        self.real[into].data = together(before, taken)
        self.real[into].merges.append((source, Merge(before, taken, self.real[into].data)))
        self.real[source].into = into
        self.model[into].happened.append(("merge", self.model[source]))

    @rule(pick=st.integers(0, 9), which=st.integers(0, 9))
    @precondition(lambda self: any(one.into is None and one.merges for one in self.real))
    def take_back(self, pick: int, which: int) -> None:
        merged = [at for at, one in enumerate(self.real) if one.into is None and one.merges]
        at = merged[pick % len(merged)]
        real, model = self.real[at], self.model[at]
        index = which % len(real.merges)
        source, _ = real.merges[index]
        now = model.now()
        data, released, later = taken_back([merge for _, merge in real.merges], index, real.data)
        rest = [known for known, _ in real.merges[index + 1 :]]
        real.data, real.merges = data, real.merges[:index] + list(zip(rest, later, strict=True))
        self.real[source].data, self.real[source].into = released, None
        # The model does it all anew, and tells the released contact what it lost and refused meanwhile.
        place = next(n for n, (what, about) in enumerate(model.happened) if about is self.model[source])
        was = Person(model.first, model.happened[: place + 1]).now()["consent"]
        alone = self.model[source]
        alone.happened += [("identities", ("remove", one)) for one in alone.now()["identities"] - now["identities"]]
        alone.happened += [
            ("consent", (purpose, given))
            for purpose, given in now["consent"].items()
            if refused(given) and not refused(was.get(purpose))
        ]
        del model.happened[place]

    @invariant()
    def same(self) -> None:
        for real, model in zip(self.real, self.model, strict=True):
            shown = real.data | {"identities": set(identities_of(real.data)), "tags": set(real.data["tags"])}
            assert shown == model.now()


TestContacts = Contacts.TestCase
TestContacts.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)


def test_what_two_are_together() -> None:
    ana = made(
        name="Ana", identities=[("email", "ana@x.de")], tags=["vip"], consent={"news": {"given": True}},
        attributes={"address": {"city": "Bonn"}, "n": True},
    )  # fmt: skip
    also = made(
        name="A. Lima", identities=[("phone", "+4915123456789")], tags=["old", "vip"],
        consent={"news": False, "sms": True}, shadow=True,
        attributes={"address": {"city": "Köln", "street": "Ring 1"}, "n": 1},
    )  # fmt: skip

    assert together(ana, also) == made(
        name="Ana", identities=[("email", "ana@x.de"), ("phone", "+4915123456789")], tags=["vip", "old"],
        consent={"news": False, "sms": True}, attributes={"address": {"city": "Bonn", "street": "Ring 1"}, "n": True},
    )  # fmt: skip
    assert taken_back([Merge(ana, also, together(ana, also))], 0, together(ana, also)) == (ana, also, [])
    changed = together(ana, also) | {"attributes": {"address": {"city": "Bonn", "street": "Ring 2"}, "n": 1}}
    assert rebased(together(ana, also), changed, ana)["attributes"] == {
        "address": {"city": "Bonn", "street": "Ring 2"},
        "n": 1,
    }


def test_an_earlier_merge_is_taken_back_from_under_a_later_one() -> None:
    ana, ben, cid = (made(name=name, attributes={"k": name}, tags=[name]) for name in ("Ana", "Ben", "Cid"))
    ana = ana | {"attributes": {}}
    first = Merge(ana, ben, together(ana, ben))
    between = first.combined | {"attributes": {"k": "Ben", "e": 1}}
    second = Merge(between, cid, together(between, cid))
    now = second.combined | {"name": "Anna"}

    data, released, (later,) = taken_back([first, second], 0, now)

    assert released == ben
    assert data == made(name="Anna", attributes={"e": 1, "k": "Cid"}, tags=["Ana", "Cid"])
    assert taken_back([later], 0, data) == (made(name="Anna", attributes={"e": 1}, tags=["Ana"]), cid, [])
