"""Contacts in their table: one of each person whoever races, merges that can be taken back, identities that hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.contact import identities_of, made
from chalicelib.steps import erase
from chalicelib.tables import contacts, erasing, merging
from chalicelib.tables.contacts import CONTACT, IDENTITY, ContactRow
from tests.cloud import Cloud, _moto_table, taps

SERVICE = "sv_abcdefghij"
EMAIL, PHONE, CHANNEL = ("email", "ana@x.de"), ("phone", "+4915123456789"), ("channel", "ch_x:1")


def make(
    *identities: tuple[str, str], name: str = "", at: int = 1_700_000_000_000, shadow: bool = False
) -> dict[str, str]:
    return contacts.find_or_create(SERVICE, identities, name=name, now_ms=at, shadow=shadow)


def empty() -> None:
    """Forget everybody; deleting row by row would be most of a test's time."""
    _moto_table(ContactRow.Meta.table_name).items.clear()


def everybody() -> dict[str, ContactRow]:
    """The contacts of the table; fails where an identity and its contact disagree."""
    rows = list(ContactRow.scan())
    people = {str(row.id): row for row in rows if row.item == CONTACT and row.data is not None}
    keys = {str(row.id): str(row.contact) for row in rows if row.item == IDENTITY}
    for id, row in people.items():
        # What a merged contact had is looked at again when it is taken out.
        for kind, value in identities_of(row.data) if not row.into else ():
            own = keys[contacts.identity_key(SERVICE, kind, value)]
            assert own in (id, *(row.absorbed or ())), "who has an identity is who it leads to"
    for key, own in keys.items():
        kind, value = key.split("#", 3)[2:]
        standing = contacts.resolve(own)
        assert standing is not None, f"{key} leads to nobody"
        assert (kind, value) in identities_of(standing.data)
    return people


def counted(call: Callable[[], Any]) -> list[str]:
    """The calls to AWS that something makes."""
    calls: list[str] = []
    taps.listen = lambda side, name: calls.append(name) if side == "before" else None
    try:
        call()
    finally:
        taps.listen = None
    return calls


def test_finding_and_making(cloud: Cloud) -> None:
    assert counted(lambda: make(PHONE, CHANNEL, name="Ana")) == ["BatchGetItem", "TransactWriteItems"]
    known = make(PHONE, CHANNEL, name="Other")
    assert known == {"id": known["id"], "name": "Ana", "phone": PHONE[1]}
    assert counted(lambda: make(PHONE, CHANNEL)) == ["BatchGetItem", "BatchGetItem"]

    # A new identity of somebody known is theirs from now on.
    assert make(PHONE, EMAIL) == known | {"email": EMAIL[1]}
    assert make(EMAIL)["id"] == contacts.find(SERVICE, *EMAIL) == known["id"]
    assert contacts.find(SERVICE, "email", "ben@x.de") is None

    # Two people: the first in the order counts, and nothing is taken from the other.
    ben = make(("email", "ben@x.de"), name="Ben")
    assert make(("email", "ben@x.de"), PHONE)["id"] == ben["id"]
    assert make(PHONE)["id"] == known["id"]
    assert [place.partition(".")[2] for place in contacts.newest(SERVICE, limit=5)] == sorted(
        [known["id"], ben["id"]], reverse=True
    )
    assert len(everybody()) == 2


def test_who_is_known_from_events_alone_becomes_the_person(cloud: Cloud) -> None:
    shop = make(("external", "shop:7"), EMAIL, shadow=True)
    crm = make(("external", "crm:9"), PHONE, name="Ana L.", shadow=True)
    assert shop["id"] != crm["id"]

    ana = make(CHANNEL, name="Ana")
    assert make(CHANNEL, EMAIL, PHONE)["id"] == ana["id"]

    rows = everybody()
    assert rows[ana["id"]].absorbed == [shop["id"], crm["id"]]
    assert rows[shop["id"]].into == rows[crm["id"]].into == ana["id"]
    assert [one.data["by"] for one in merging.all_into(ana["id"])] == ["parley", "parley"]
    # The own contact of an identity is still known: what is there is linked there.
    assert make(EMAIL) == {"id": ana["id"], "person": shop["id"], "name": "Ana", "email": EMAIL[1], "phone": PHONE[1]}
    alone = make(("external", "x:1"), shadow=True)
    assert "shadow" in everybody()[alone["id"]].data
    assert make(("external", "x:1"), name="Cid")["id"] == alone["id"]
    assert "shadow" not in everybody()[alone["id"]].data


MAKERS = {"a": (EMAIL,), "b": (EMAIL, PHONE), "c": (PHONE,)}


@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_makers_that_race_make_one(cloud: Cloud, order: str) -> None:
    """The second maker runs at each call of the first, the third at each call of the second."""

    def run(makers: str, places: tuple[int, ...], found: dict[str, str]) -> None:
        seen = itertools.count()

        def interrupt(side: str, name: str) -> None:
            if len(makers) > 1 and next(seen) == places[0]:
                listening, taps.listen = taps.listen, None
                run(makers[1:], places[1:], found)
                taps.listen = listening

        taps.listen = interrupt
        found[makers[0]] = make(*MAKERS[makers[0]])["id"]
        taps.listen = None
        if makers[1:] and makers[1] not in found:
            run(makers[1:], places[1:], found)

    # Making takes two calls, adding an identity three: before or after each of them, or not at all.
    for places in itertools.product(range(7), range(5)):
        empty()
        found: dict[str, str] = {}
        run(order, places, found)
        people = everybody()
        assert found["a"] == found["b"], places
        # Who has the phone alone is somebody else only where they were there before it was known whose it is.
        assert set(people) == set(found.values())
        assert found["c"] == found["b"] or people[found["c"]].data["identities"] == [
            {"kind": "phone", "value": PHONE[1]}
        ]


def test_each_of_a_row_of_merges_leads_to_its_end(cloud: Cloud) -> None:
    first, second, third = (make(("external", str(n)))["id"] for n in range(3))
    merging.merge(second, first, by="k", now_ms=2_000_000_000_000)
    merging.merge(third, second, by="k", now_ms=2_000_000_000_001)
    for asked in ([first], [first, second], [third, second, first]):
        assert {str(row.id) for row in contacts.resolve_all(asked).values()} == {third}, asked


_VERBS = ("make", "both", "merge", "merge", "take_back", "take_back", "attributes", "drop", "give", "erase")
VERBS = st.tuples(st.sampled_from(_VERBS), st.integers(0, 5), st.integers(0, 5))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VERBS, min_size=5, max_size=14))
def test_merging_and_taking_back_in_any_order(cloud: Cloud, verbs: list[tuple[str, int, int]]) -> None:
    empty()
    at = itertools.count(1_700_000_000_000)
    merged: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = []
    touched = False
    for verb, one, other in verbs:
        standing = sorted(id for id, row in everybody().items() if not row.into)
        here = contacts.get(standing[one % len(standing)]) if standing else None
        if verb == "make" or here is None:
            make(("external", str(one)), at=next(at))
        elif verb == "both":
            make(("external", str(one)), ("external", str(other)), name=f"n{other}", at=next(at))
        elif verb == "merge" and (source := standing[other % len(standing)]) != here.id:
            was = contacts.get(source)
            assert was is not None
            id, _ = merging.merge(str(here.id), source, by="k", now_ms=next(at))
            merged.append((str(here.id), id, dict(here.data), dict(was.data)))
            touched = False
            continue
        elif verb == "take_back" and merged:
            contact, id, before, source_data = merged[one % len(merged)]
            last = (contact, id) == merged[-1][:2]
            try:
                back, free = merging.unmerge(contact, id, by="k", now_ms=next(at))
            except merging.CannotMerge:
                holder = contacts.resolve(contact)
                assert holder is not None and holder.id != contact
            else:
                merged = [known for known in merged if known[1] != id or known[0] != contact]
                assert not last or touched or (back.data, free.data) == (before, source_data)
        elif verb == "erase":
            people = [str(here.id), *(here.absorbed or ())]
            assert erasing.begin(here, by="k", now_ms=next(at))
            assert contacts.resolve_all(people) == {}
            for turn in (1, 2):
                erase.handle({"contact": people[-1], "pass": turn})
            proof = erasing.find(people[-1])
            assert proof is not None and proof.data["status"] == "done" and "swept_at" in proof.data
            assert (proof.data["people"], proof.data["counts"]["contacts"]) == (people, len(people))
            kept = {str(row.item) for row in ContactRow.scan() if row.id in people}
            assert kept == {CONTACT, erasing.ERASURE}
            merged = [known for known in merged if known[0] not in people]
        elif verb == "attributes":
            assert contacts.save(here, dict(here.data) | {"attributes": {"k": next(at)}}, now_ms=1)
        elif verb == "drop":
            left = [known for n, known in enumerate(here.data["identities"]) if n != other]
            assert contacts.save(here, dict(here.data) | {"identities": left}, now_ms=1)
        elif verb == "give":
            identity = {"kind": "external", "value": str(other)}
            if contacts.find(SERVICE, "external", str(other)) is None:
                given_ = [*here.data["identities"], identity]
                assert contacts.save(here, dict(here.data) | {"identities": given_}, now_ms=1)
        touched = True
    everybody()


def test_why_a_merge_cannot_be(cloud: Cloud) -> None:
    ana, ben, cid = (make(("external", name), name=name)["id"] for name in ("ana", "ben", "cid"))
    first, _ = merging.merge(ana, ben, by="k", now_ms=1)
    second, row = merging.merge(cid, ana, by="k", now_ms=2)
    assert row.absorbed == [ana, ben]

    def code(call: Callable[[], Any]) -> tuple[str, str]:
        with pytest.raises(merging.CannotMerge) as refused:
            call()
        return refused.value.code, refused.value.contact

    assert code(lambda: merging.merge(cid, ben, by="k", now_ms=3)) == ("already_merged", cid)
    assert code(lambda: merging.merge(ben, cid, by="k", now_ms=3)) == ("already_merged", cid)
    assert code(lambda: merging.merge(cid, "ct_nobody", by="k", now_ms=3)) == ("not_found", "")
    assert code(lambda: merging.unmerge(ana, first, by="k", now_ms=3)) == ("merged_further", cid)
    assert code(lambda: merging.unmerge(cid, first, by="k", now_ms=3)) == ("merged_further", ana)
    assert code(lambda: merging.unmerge(cid, "mg_0", by="k", now_ms=3)) == ("not_found", "")
    back, free = merging.unmerge(cid, second, by="k", now_ms=4)
    assert (back.absorbed, free.id, free.absorbed) == (None, ana, [ben])
    assert code(lambda: merging.unmerge(cid, second, by="k", now_ms=5)) == ("already_unmerged", "")
    _, free = merging.unmerge(ana, first, by="k", now_ms=6)
    assert free.id == ben
    assert [place.partition(".")[2] for place in contacts.newest(SERVICE, limit=9)] == sorted(
        [ana, ben, cid], reverse=True
    )
    assert all(not row.into and not row.absorbed for row in everybody().values())


def test_making_what_an_identity_belongs_to(cloud: Cloud) -> None:
    ana = contacts.create(SERVICE, made(name="Ana", identities=[EMAIL]), now_ms=1)
    with pytest.raises(contacts.Taken) as taken:
        contacts.create(SERVICE, made(identities=[PHONE, EMAIL]), now_ms=2)
    assert (taken.value.identity, taken.value.contact) == (EMAIL, ana.id)
    shadows = [make(identity, shadow=True, at=3)["id"] for identity in (PHONE, CHANNEL)]
    ben = contacts.create(SERVICE, made(name="Ben", identities=[PHONE, CHANNEL], tags=["vip"]), now_ms=4)
    assert (ben.id, ben.absorbed, ben.data["tags"], "shadow" in ben.data) == (shadows[0], [shadows[1]], ["vip"], False)
    assert contacts.create(SERVICE, made(name="Nobody known"), now_ms=5).data["identities"] == []
    everybody()
