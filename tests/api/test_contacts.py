"""Contacts over the API: made, found, changed, merged and taken apart; every wrong field named."""

from __future__ import annotations

from typing import Any

import pytest

NOBODY = "ct_aaaaaaaaaaaaaaaaaaaaaaaaaa"


@pytest.fixture
def kenya(api: Any) -> str:
    """A service in which national numbers are Kenyan."""
    return str(api.make("services", name="Duka", country="KE")["id"])


def test_made_found_and_changed(api: Any, kenya: str) -> None:
    ana = api.make(
        "contacts", service_id=kenya, name=" Ana ", email="Ana@Example.COM", phone="0712 345 678", external_id="crm:7",
        identities=[{"kind": "phone", "value": "+254712345678"}, {"kind": "email", "value": "a.lima@example.com"}],
        attributes={"plan": {"name": "gold", "since": 2020}}, tags=["vip", "vip"],
        consent={"news": True, "calls": {"given": False, "at": "2026-11-01T10:00:00Z", "source": "form"}},
    )  # fmt: skip
    assert ana["id"].startswith("ct_" + kenya[3:])
    assert ana["identities"] == [
        {"kind": "email", "value": "ana@example.com"},
        {"kind": "phone", "value": "+254712345678"},
        {"kind": "external", "value": "crm:7"},
        {"kind": "email", "value": "a.lima@example.com"},
    ]
    assert (ana["name"], ana["tags"], ana["conversations"], ana["merged_ids"]) == ("Ana", ["vip"], {}, [])
    path = f"/v1/contacts/{ana['id']}"
    assert api("GET", path).body == ana

    taken = api("POST", "/v1/contacts", {"service_id": kenya, "name": "Other", "phone": "00254712345678"})
    assert (taken.status, taken.body["code"], taken.body["contact_id"]) == (409, "identity_taken", ana["id"])
    ben = api.make("contacts", service_id=kenya, name="Ben")
    assert [one["id"] for one in api("GET", f"/v1/contacts?service_id={kenya}").body["data"]] == [ben["id"], ana["id"]]
    away = api.make("contacts", service_id=api.make("services", name="Elsewhere")["id"])
    everybody = api("GET", "/v1/contacts?limit=2").body
    everybody["data"] += api("GET", f"/v1/contacts?limit=2&cursor={everybody['next_cursor']}").body["data"]
    assert sorted(one["id"] for one in everybody["data"]) == sorted(one["id"] for one in (ana, ben, away))
    first = api("GET", f"/v1/contacts?service_id={kenya}&limit=1").body
    second = api("GET", f"/v1/contacts?service_id={kenya}&limit=1&cursor={first['next_cursor']}").body
    assert [first["data"], second["data"], second["next_cursor"]] == [[ben], [ana], None]
    for query in (
        "email=ANA@example.com",
        "phone=0712345678",
        "external_id=crm:7",
        "email=ana@example.com&phone=0712345678",
    ):
        assert api("GET", f"/v1/contacts?service_id={kenya}&{query}").body["data"] == [ana], query
    assert api("GET", f"/v1/contacts?service_id={kenya}&email=ana@example.com&phone=0712345679").body["data"] == []
    assert api("GET", f"/v1/contacts?service_id={kenya}&phone=x").wrong == {"/phone": "is no phone number"}

    patch = {
        "name": None,
        "attributes": {"plan": {"since": None, "seats": 2}, "city": "Thika"},
        "tags": ["old"],
        "consent": {"news": False, "calls": None},
        "identities": {
            "add": [{"kind": "phone", "value": "0722000000"}],
            "remove": [{"kind": "email", "value": "A.Lima@example.com"}],
        },
    }
    changed = api("PATCH", path, patch).body
    assert changed["attributes"] == {"plan": {"name": "gold", "seats": 2}, "city": "Thika"}
    assert (changed["name"], changed["tags"], changed["consent"]) == (None, ["old"], {"news": False})
    assert [one["value"] for one in changed["identities"]] == [
        "ana@example.com", "+254712345678", "crm:7", "+254722000000",
    ]  # fmt: skip
    assert api("PATCH", path, {}).body == changed
    # Free again, and somebody else's from now on.
    freed = {"identities": {"add": [{"kind": "email", "value": "a.lima@example.com"}]}}
    assert api("PATCH", f"/v1/contacts/{ben['id']}", freed).status == 200
    assert api("PATCH", path, freed).body["contact_id"] == ben["id"]
    told = [one for one in api("GET", f"/v1/audit?service_id={kenya}").body["data"] if one["subject"] == ana["id"]]
    assert [one["action"] for one in told] == ["contact.updated", "contact.created"]
    assert "example" not in str(told), "the audit outlives the person"
    tagged = {"add_tags": ["new", "old", "late"], "remove_tags": ["late", "none"]}
    assert api("PATCH", path, tagged).body["tags"] == ["old", "new"]
    full = [str(n) for n in range(99)]
    assert api("PATCH", path, {"add_tags": full}).wrong == {"/add_tags": "a contact has at most 100 tags"}
    assert api("PATCH", path, {"remove_tags": ["new"], "name": None}).body["tags"] == ["old"]


def test_merging_and_taking_it_back(api: Any, kenya: str) -> None:
    def make(name: str, **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = api.make("contacts", service_id=kenya, name=name, external_id=name, **fields)
        return made

    ana, also, more = make("Ana", consent={"news": True}), make("A. L.", consent={"news": False}), make("more")
    path = f"/v1/contacts/{ana['id']}"
    merged = api("POST", path + "/merge", {"from": also["id"]}, Idempotency_Key="m1").body
    assert api("POST", path + "/merge", {"from": also["id"]}, Idempotency_Key="m1").body == merged
    assert (merged["id"], merged["name"], merged["merged_ids"]) == (ana["id"], "Ana", [also["id"]])
    assert merged["consent"] == {"news": False}, "a refusal wins over a grant"
    assert api("GET", f"/v1/contacts/{also['id']}").body["id"] == ana["id"]
    assert len(api("GET", f"/v1/contacts?service_id={kenya}").body["data"]) == 2
    again = api("POST", path + "/merge", {"from": also["id"]})
    assert (again.status, again.body["code"], again.body["contact_id"]) == (409, "already_merged", ana["id"])

    outer = api("POST", f"/v1/contacts/{more['id']}/merge", {"from": ana["id"]}).body
    refused = api("POST", path + "/unmerge", {"merge_id": merged["merge_id"]})
    assert (refused.status, refused.body["code"], refused.body["contact_id"]) == (409, "merged_further", more["id"])
    assert api("POST", path + "/unmerge", {"merge_id": "mg_x"}).status == 404
    back = api("POST", f"/v1/contacts/{more['id']}/unmerge", {"merge_id": outer["merge_id"]}).body
    assert back["restored"] == ana["id"]
    assert api("POST", path + "/unmerge", {"merge_id": merged["merge_id"]}).body["restored"] == also["id"]
    for before in (ana, also, more):
        now = api("GET", f"/v1/contacts/{before['id']}").body
        assert now | {"updated_at": before["updated_at"]} == before
    (entry,) = api("GET", path + "/merges").body["data"]
    assert (entry["merge_id"], entry["from_id"]) == (merged["merge_id"], also["id"])
    assert entry["undone_at"]
    assert api("POST", path + "/unmerge", {"merge_id": merged["merge_id"]}).body["code"] == "already_unmerged"


WRONG: list[tuple[dict[str, Any], set[str]]] = [
    ({"email": "x", "phone": "1", "external_id": " "}, {"/email", "/phone", "/external_id"}),
    ({"name": 5, "tags": "x", "more": 1}, {"/name", "/tags", "/more"}),
    ({"name": "x" * 201, "tags": [""]}, {"/name", "/tags/0"}),
    ({"identities": [{"kind": "fax", "value": "1"}, {"kind": "email"}]}, {"/identities/0/kind", "/identities/1/value"}),
    ({"identities": [{"kind": "phone", "value": "0"}], "email": "x"}, {"/email", "/identities/0/value"}),
    ({"identities": [{"kind": "external", "value": "x"}] * 21}, {"/identities"}),
    ({"tags": [str(n) for n in range(101)]}, {"/tags"}),
    ({"attributes": {"x": "y" * 17_000}}, {"/attributes"}),
    ({"attributes": {"x": float("nan")}, "name": "\ud800"}, {"/attributes/x", "/name"}),
    ({"attributes": []}, {"/attributes"}),
    (
        {"consent": {"a": "yes", "b": {"at": "today", "given": 1, "x": 2, "source": 3}, "c": None}},
        {"/consent/a", "/consent/b/at", "/consent/b/given", "/consent/b/x", "/consent/b/source", "/consent/c"},
    ),
]


def test_every_wrong_field_is_named(api: Any, kenya: str) -> None:
    for fields, wrong in WRONG:
        assert set(api("POST", "/v1/contacts", {"service_id": kenya} | fields).wrong) == wrong, fields
    assert set(api("POST", "/v1/contacts", {"service_id": "sv_aaaaaaaaaa"}).wrong) == {"/service_id"}
    assert set(api("POST", "/v1/contacts", {}).wrong) == {"/service_id"}
    assert api("GET", f"/v1/contacts?service_id={kenya}").body["data"] == []

    ana, other = api.make("contacts", service_id=kenya, name="Ana"), api.make("services", name="Other")["id"]
    theirs = api.make("contacts", service_id=other, name="Them")["id"]
    path = f"/v1/contacts/{ana['id']}"
    bad: dict[str, Any] = {
        "identities": {"add": [{"kind": "phone", "value": "0"}], "remove": [{"kind": "email", "value": ""}]},
        "consent": {"x": 1},
    }
    assert set(api("PATCH", path, bad).wrong) == {"/identities/add/0/value", "/identities/remove/0/value", "/consent/x"}
    assert set(api("PATCH", path, {"service_id": other, "email": "a@b.de"}).wrong) == {"/service_id", "/email"}
    assert set(api("PATCH", path, {"attributes": {"x": "y" * 9000, "z": "y" * 9000}}).wrong) == {"/attributes"}
    crowd = {"identities": {"add": [{"kind": "external", "value": str(n)} for n in range(20)]}}
    assert api("PATCH", path, crowd).status == 200
    more = {"identities": {"add": [{"kind": "external", "value": "21"}]}}
    assert set(api("PATCH", path, more).wrong) == {"/identities/add"}
    assert api("PATCH", path, b"[").body["code"] == "malformed_json"
    for given, where in (
        ({"from": "x"}, "/from"),
        ({}, "/from"),
        ({"from": NOBODY}, "/from"),
        ({"from": theirs}, "/from"),
    ):
        assert where in api("POST", path + "/merge", given).wrong
    assert set(api("POST", path + "/unmerge", {}).wrong) == {"/merge_id"}
    for method, rest in (("GET", ""), ("PATCH", ""), ("GET", "/merges")):
        for id in (NOBODY, "x", "ct_" + "0" * 26):
            assert api(method, f"/v1/contacts/{id}{rest}", {} if method == "PATCH" else None).status == 404
    key = api.make("keys", name="k", scopes=["read"], service_id=other)["key"]
    assert api.as_key(key)("GET", path).status == 403
    assert api.as_key(key)("GET", f"/v1/contacts/{theirs}").status == 200
    assert api.as_key(key)("POST", f"/v1/contacts/{theirs}/merge", {"from": theirs}).status == 403
    assert api("GET", "/v1/contacts?email=a@b.de").wrong.keys() == {"/service_id"}
    assert api("GET", f"/v1/contacts?service_id={kenya}&cursor=x").body["code"] == "bad_cursor"


def test_consent_of_many_who_were_merged_is_changed_bit_by_bit(api: Any, kenya: str) -> None:
    """Each purpose is noted with the change, and a transaction takes a hundred items."""
    ana, *others = (
        str(api.make("contacts", service_id=kenya, consent={f"{who}{n}": True for n in range(50)})["id"])
        for who in "abc"
    )
    for one in others:
        assert api("POST", f"/v1/contacts/{ana}/merge", {"from": one}).status == 200
    assert set(api("PATCH", f"/v1/contacts/{ana}", {"consent": None}).wrong) == {"/consent"}
    for who in "abc":
        answer = api("PATCH", f"/v1/contacts/{ana}", {"consent": {f"{who}{n}": None for n in range(50)}})
        assert answer.status == 200, answer
    assert answer.body["consent"] == {}
