"""That two contacts may be one: suggested by an event, dismissed by a person, and not suggested again for that."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from chalicelib.tables import contacts
from tests.cloud import taps

NOBODY = "ct_aaaaaaaaaaaaaaaaaaaaaaaaaa"
AT = 1_790_000_000_000
HERS = {
    "email": "ana@example.com",
    "phone": "+254712345678",
    "external": "crm:7",
    "channel": "ch_aaaaaaaaaa:1",
}
HIS = {
    "email": "ben@example.com",
    "phone": "+254722000000",
    "external": "crm:8",
    "channel": "ch_aaaaaaaaaa:2",
}
KINDS = sorted(HERS)


class Two:
    """Two contacts with an identity of each kind, and events that name some of both."""

    def __init__(self, api: Any, service: str) -> None:
        self.api, self.service = api, service
        self.ana, self.ben = (
            str(contacts.find_or_create(service, [*of.items()], name=name, now_ms=AT)["id"])
            for name, of in (("Ana", HERS), ("Ben", HIS))
        )

    def named(self, *kinds: str) -> None:
        """An event names Ana, and Ben by identities of these kinds."""
        hers = next(kind for kind in KINDS if kind not in kinds)
        identities = [(hers, HERS[hers]), *((kind, HIS[kind]) for kind in kinds)]
        contacts.find_or_create(self.service, identities, name="", now_ms=AT)

    def suggested(self) -> list[tuple[str, str]]:
        """(contact, because) of each suggestion that Ana and Ben have; what one has of the other, the other has."""
        seen = [self.api("GET", f"/v1/contacts/{id}").body for id in (self.ana, self.ben)]
        hers, his = ([(one["contact_id"], one["because"]) for one in person["maybe_same"]] for person in seen)
        assert [why for _, why in hers] == [why for _, why in his]
        return hers

    def dismiss(self, contact: str, other: str) -> Any:
        return self.api("POST", f"/v1/contacts/{contact}/dismiss", {"contact_id": other})

    def audit(self) -> list[Any]:
        told = self.api("GET", f"/v1/audit?service_id={self.service}").body["data"]
        return [(one["subject"], one["change"]) for one in told if one["action"] == "contact.dismissed"]


@pytest.fixture
def two(api: Any, service: str) -> Two:
    return Two(api, service)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_dismissed_is_not_suggested_again_by_the_same_and_is_by_another(two: Two, kind: str) -> None:
    two.named(kind)
    assert two.suggested() == [(two.ben, kind)]
    # From whichever of the two.
    answer = two.dismiss(two.ben, two.ana)
    assert (answer.status, answer.body["id"], answer.body["maybe_same"]) == (200, two.ben, [])
    assert two.dismiss(two.ben, two.ana).body == answer.body, "twice is once"
    assert two.dismiss(two.ana, two.ben).status == 200
    assert two.audit() == [(two.ben, {"contact_id": two.ana})]
    two.named(kind)
    assert two.suggested() == []
    other = next(one for one in KINDS if one != kind)
    # Beside what was dismissed, what is new counts.
    two.named(kind, other)
    assert two.suggested() == [(two.ben, other)]
    two.dismiss(two.ana, two.ben)
    for again in (kind, other):
        two.named(again)
        assert two.suggested() == []


def test_who_was_dismissed_stays_so_as_part_of_another_and_can_be_merged(two: Two) -> None:
    two.named("phone")
    cid = str(two.api.make("contacts", service_id=two.service, name="Cid", external_id="crm:9")["id"])
    two.dismiss(two.ana, two.ben)
    merged = two.api("POST", f"/v1/contacts/{cid}/merge", {"from": two.ben}).body
    two.named("phone")
    assert [two.api("GET", f"/v1/contacts/{id}").body["maybe_same"] for id in (two.ana, cid)] == [[], []]
    two.api("POST", f"/v1/contacts/{cid}/unmerge", {"merge_id": merged["merge_id"]})
    two.named("phone")
    assert two.suggested() == []
    assert two.api("POST", f"/v1/contacts/{two.ana}/merge", {"from": two.ben}).status == 200
    refused = two.dismiss(two.ana, two.ben)
    assert (refused.status, refused.body["code"], refused.body["contact_id"]) == (409, "already_merged", two.ana)
    assert two.dismiss(two.ana, two.ana).status == 409


def test_one_that_was_merged_since_is_dismissed_by_either_id(two: Two) -> None:
    for by in range(2):
        two.named("phone" if by else "email")
        cid = str(two.api.make("contacts", service_id=two.service, name="Cid")["id"])
        merged = two.api("POST", f"/v1/contacts/{cid}/merge", {"from": two.ben}).body
        (shown,) = two.api("GET", f"/v1/contacts/{two.ana}").body["maybe_same"]
        assert shown["contact_id"] == cid
        assert two.dismiss(two.ana, (two.ben, cid)[by]).body["maybe_same"] == []
        two.api("POST", f"/v1/contacts/{cid}/unmerge", {"merge_id": merged["merge_id"]})
        assert two.api("GET", f"/v1/contacts/{two.ana}").body["maybe_same"] == []


def test_what_is_refused(two: Two) -> None:
    elsewhere = two.api.make("services", name="Other")["id"]
    theirs = two.api.make("contacts", service_id=elsewhere, name="Them")["id"]
    for given in ({}, {"contact_id": "x"}, {"contact_id": NOBODY}, {"contact_id": theirs}, {"contact_id": None}):
        answer = two.api("POST", f"/v1/contacts/{two.ana}/dismiss", given)
        assert (answer.status, set(answer.wrong)) == (422, {"/contact_id"}), given
    assert two.dismiss(NOBODY, two.ana).status == 404
    key = two.api.make("keys", name="k", scopes=["agent"], service_id=elsewhere)["key"]
    for contact, other in itertools.permutations((two.ana, theirs)):
        path = f"/v1/contacts/{contact}/dismiss"
        assert two.api.as_key(key)("POST", path, {"contact_id": other}).status == 403
    reader = two.api.make("keys", name="r", scopes=["read"], service_id=two.service)["key"]
    path = f"/v1/contacts/{two.ana}/dismiss"
    assert two.api.as_key(reader)("POST", path, {"contact_id": two.ben}).status == 403


def test_two_who_dismiss_at_once_have_dismissed_once(two: Two) -> None:
    two.named("phone")

    def between(side: str, operation: str) -> None:
        # Just before one of them writes, the other has.
        if side == "before" and operation == "TransactWriteItems":
            taps.listen = None
            assert two.dismiss(two.ben, two.ana).status == 200

    taps.listen = between
    try:
        assert two.dismiss(two.ana, two.ben).body["maybe_same"] == []
    finally:
        taps.listen = None
    assert two.suggested() == []
    assert two.audit() == [(two.ben, {"contact_id": two.ana})]
