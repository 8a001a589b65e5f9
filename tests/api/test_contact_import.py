"""Contacts from files: twice is once, every wrong row is named, and it takes few calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cloud import taps

CSV = """name,email,phone,external_id,tags,attr.city,consent.news
Ana,Ana@Example.com,0151 23456789,crm:1,vip; old,Bonn,yes
"Ben ""B"" Z",ben@example.com,,,,"Köln, Süd",no
,,,,,,

Cid,nope,1,,,,maybe
Dan,,,,,,
Ana again,ana@example.com,,crm:1b,new,,
Mix,ben@example.com,+4915123456789,,,,
Eve,eve@example.com,,,,,,too many
"""


@pytest.fixture
def service(api: Any) -> str:
    return str(api.make("services", name="Care", country="DE")["id"])


def test_a_file_twice_is_a_file_once(api: Any, service: str) -> None:
    known = api.make("contacts", service_id=service, email="ben@example.com", consent={"news": False}, tags=["a"])
    path = f"/v1/contacts:import?service_id={service}"
    first = api("POST", path, CSV.encode(), Content_Type="text/csv").body
    refused = {one["row"]: {error["path"] for error in one["errors"]} for one in first["refused"]}
    assert refused == {3: {"/email", "/phone", "/consent.news"}, 4: {""}, 6: {"/phone"}, 7: {""}}
    assert [first[name] for name in ("rows", "created", "updated", "unchanged", "next_row")] == [7, 1, 2, 0, None]

    def everybody() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = api("GET", f"/v1/contacts?service_id={service}").body["data"]
        return found

    ana, ben = everybody()
    assert (ana["name"], ana["tags"], ana["attributes"]) == ("Ana again", ["vip", "old", "new"], {"city": "Bonn"})
    assert [one["value"] for one in ana["identities"]] == ["ana@example.com", "+4915123456789", "crm:1", "crm:1b"]
    assert (ben["id"], ben["name"], ben["attributes"]) == (known["id"], 'Ben "B" Z', {"city": "Köln, Süd"})
    again = api("POST", path, CSV.encode(), Content_Type="text/csv").body
    # The first of Ana's two rows says her old name again, the second the new one.
    assert again["created"] == 0
    assert everybody() == [ana | {"updated_at": everybody()[0]["updated_at"]}, ben]
    assert again["import_id"] == first["import_id"]
    told = [one for one in api("GET", f"/v1/audit?service_id={service}").body["data"] if "import" in one["action"]]
    assert told[-1]["change"] == {"created": 1, "updated": 2, "unchanged": 0, "refused": 4}

    # What was exported can be imported: nothing changes.
    exported = api("GET", f"/v1/contacts:export?service_id={service}")
    assert exported.headers["content-type"].startswith("application/jsonl")
    assert "x-next-cursor" not in exported.headers
    lines = exported.body
    assert [json.loads(line)["id"] for line in lines.splitlines()] == [ana["id"], ben["id"]]
    same = api("POST", path, lines.encode(), Content_Type="application/jsonl").body
    assert [same[name] for name in ("rows", "created", "updated", "unchanged", "refused")] == [2, 0, 0, 2, []]


def test_no_refusal_is_taken_back_and_shadows_become_persons(api: Any, service: str) -> None:
    from chalicelib.tables import contacts

    path = f"/v1/contacts:import?service_id={service}"
    api.make("contacts", service_id=service, email="a@x.de", consent={"news": False, "calls": True})
    for n, value in enumerate(("shop:1", "shop:2")):
        contacts.find_or_create(service, [("external", value)], name="", now_ms=n, shadow=True)
    rows = [
        {"email": "a@x.de", "consent": {"news": True, "calls": {"given": False, "source": "file"}}},
        {"email": "new@x.de", "external_id": "shop:1", "identities": [{"kind": "external", "value": "shop:2"}]},
        {"email": "A@x.de", "attributes": {"deep": {"er": 1}}},
    ]
    body = "\n".join([*map(json.dumps, rows), "{", "[1]", '{"email":"e@x.de","colour":"red","tags":"x"}']).encode()
    done = api("POST", path, body, Content_Type="application/x-ndjson").body
    assert [done[name] for name in ("rows", "created", "updated", "unchanged")] == [6, 0, 3, 0]
    assert [(one["row"], {error["path"] for error in one["errors"]}) for one in done["refused"]] == [
        (4, {""}), (5, {""}), (6, {"/colour", "/tags"}),
    ]  # fmt: skip
    first = api("GET", f"/v1/contacts?service_id={service}&email=a@x.de").body["data"][0]
    assert first["consent"] == {"news": False, "calls": {"given": False, "source": "file"}}
    assert first["attributes"] == {"deep": {"er": 1}}
    (person,) = api("GET", f"/v1/contacts?service_id={service}&email=new@x.de").body["data"]
    assert not person["shadow"]
    assert len(person["merged_ids"]) == 1


def test_pages_and_what_they_cost(api: Any, service: str) -> None:
    path = f"/v1/contacts:import?service_id={service}"
    # Most rows are refused: the emulated table copies itself whole for each transaction.
    rows = [f"p{n}@example.com,crm:{n}," if n % 12 == 0 else ",,nobody" for n in range(510)]
    text = "email,external_id,name\n" + "\n".join(rows)
    calls: list[str] = []
    taps.listen = lambda side, name: calls.append(name) if side == "before" else None
    try:
        first = api("POST", path, text.encode(), Content_Type="text/csv").body
    finally:
        taps.listen = None
    assert (first["rows"], first["created"], len(first["refused"]), first["next_row"]) == (500, 42, 458, 501)
    # 84 identities to look up, 126 rows to write: a call for each hundred.
    assert (calls.count("BatchGetItem"), calls.count("TransactWriteItems")) == (1, 2)
    rest = api("POST", f"{path}&from_row=501", text.encode(), Content_Type="text/csv").body
    assert [rest[name] for name in ("rows", "created", "next_row")] == [10, 1, None]
    page = api("GET", f"/v1/contacts:export?service_id={service}&limit=20")
    seen = page.body.splitlines()
    while cursor := page.headers.get("x-next-cursor"):
        page = api("GET", f"/v1/contacts:export?service_id={service}&limit=20&cursor={cursor}")
        seen += page.body.splitlines()
    assert len({json.loads(line)["id"] for line in seen}) == len(seen) == 43


def test_what_cannot_be_read(api: Any, service: str) -> None:
    path = f"/v1/contacts:import?service_id={service}"

    def post(body: str | bytes, kind: str = "text/csv", path: str = path) -> Any:
        return api("POST", path, body if isinstance(body, bytes) else body.encode(), Content_Type=kind)

    assert post("email;name\nx@y.de;Ana").body["created"] == 1, "a spreadsheet that writes semicolons"
    assert post("\ufeffemail\nx@y.de").body["unchanged"] == 1
    assert set(post("name,colour,attr.,name\nx").wrong) == {"/colour", "/attr.", "/name", ""}
    assert post('email\n"x').body["code"] == "malformed_csv"
    assert post(b"email\n\xff").body["code"] == "malformed_text"
    assert post("").wrong.keys() == {""}
    assert post("{}", "application/json").status == 415
    assert post("x" * (1024 * 1024 + 1)).status == 413
    assert post("email\nx@y.de", path=path + "&from_row=0").wrong.keys() == {"/from_row"}
    assert post("email\nx@y.de", path="/v1/contacts:import").wrong.keys() == {"/service_id"}
    assert post("email\nx@y.de", path="/v1/contacts:import?service_id=sv_aaaaaaaaaa").wrong.keys() == {"/service_id"}
    assert api("GET", f"/v1/contacts:export?service_id={service}&limit=201").wrong.keys() == {"/limit"}
    assert api("GET", f"/v1/contacts:export?service_id={service}&cursor=x").body["code"] == "bad_cursor"
    reader = api.make("keys", name="k", scopes=["agent"])["key"]
    assert api.as_key(reader)("GET", f"/v1/contacts:export?service_id={service}").status == 403
