"""People who work in a service: what they are made of, and that their keys and sessions may what their role says."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.tables.config import Resource
from tests.api.signed_in import NAME, Browser


@pytest.fixture
def desk(api: Any, service: str) -> str:
    return str(api.make("desks", service_id=service, kind="console", name="people")["id"])


@pytest.fixture
def ana(api: Any, service: str, desk: str) -> dict[str, Any]:
    """An agent of one desk."""
    made: dict[str, Any] = api.make(
        "people", service_id=service, name="Ana", role="agent", email="Ana@Example.com", desk_ids=[desk, desk]
    )
    return made


@pytest.fixture
def key(api: Any, service: str, ana: dict[str, Any]) -> dict[str, Any]:
    """Ana's key, with more scopes than she may."""
    made: dict[str, Any] = api.make("keys", name="laptop", scopes=["admin"], service_id=service, person_id=ana["id"])
    return made


def test_a_person_is_a_resource(api: Any, service: str, desk: str, ana: dict[str, Any]) -> None:
    assert ana.items() >= {
        "name": "Ana", "role": "agent", "email": "ana@example.com", "desk_ids": [desk], "languages": []
    }.items()  # fmt: skip
    assert ana["id"].startswith("pe_")
    changed = api("PATCH", f"/v1/people/{ana['id']}", {"languages": ["de", "pt-BR", "de"], "desk_ids": None}).body
    assert (changed["languages"], changed["desk_ids"]) == (["de", "pt-BR"], None)
    assert [one["id"] for one in api("GET", f"/v1/people?service_id={service}").body["data"]] == [ana["id"]]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "nobody"}, "/email"),
        ({"role": "owner"}, "/role"),
        ({"role": None}, "/role"),
        ({"languages": ["German"]}, "/languages/0"),
        ({"desk_ids": ["dk_aaaaaaaaaaaaaaaaaaaaaaaaaa"]}, "/desk_ids/0"),
        ({"password": "x"}, "/password"),
    ],
)
def test_wrong_fields_are_named(api: Any, service: str, fields: dict[str, Any], wrong: str) -> None:
    answer = api("POST", "/v1/people", {"service_id": service, "name": "Bo", "role": "read"} | fields)

    assert set(answer.wrong) == {wrong}


def test_a_desk_that_somebody_is_at_stays(api: Any, desk: str, ana: dict[str, Any]) -> None:
    answer = api("DELETE", f"/v1/desks/{desk}")
    assert (answer.status, answer.body["code"]) == (409, "in_use") and "person Ana" in answer.body["detail"]


def test_a_key_is_of_a_person_of_its_service(api: Any, service: str, ana: dict[str, Any]) -> None:
    other = api.make("services", name="Other")["id"]
    given = {"name": "k", "scopes": ["read"], "person_id": ana["id"]}
    for wrong in ({}, {"service_id": other}, {"service_id": service, "person_id": "pe_" + "a" * 26}):
        answer = api("POST", "/v1/keys", given | wrong)
        assert "no person" in answer.wrong["/person_id"], wrong
    made = api.make("keys", name="k", scopes=["read"], service_id=service)["id"]
    assert api("PATCH", f"/v1/keys/{made}", {"person_id": ana["id"]}).body["person_id"] == ana["id"]
    whole = api.make("keys", name="k", scopes=["read"])["id"]
    assert "no person" in api("PATCH", f"/v1/keys/{whole}", {"person_id": ana["id"]}).wrong["/person_id"]
    assert api("PATCH", f"/v1/keys/{whole}", {"name": "w"}).status == 200


def _asking(api: Any, key: str, by: str) -> Any:
    if by == "key":
        return api.as_key(key)
    browser = Browser(api)
    browser.sign_in(key)
    return browser


@pytest.mark.parametrize("by", ["key", "session"])
def test_a_key_of_a_person_is_that_person(
    api: Any, service: str, desk: str, ana: dict[str, Any], key: dict[str, Any], by: str
) -> None:
    asking = _asking(api, key["key"], by)
    told = asking("GET", "/console/session").body

    assert told["me"] == {"id": ana["id"], "name": "Ana", "email": "ana@example.com", "role": "agent"}
    assert told["desk_ids"] == [desk] and [one["id"] for one in told["services"]] == [service]
    contact = asking("POST", "/v1/contacts", {"service_id": service, "name": "Zoe", "email": "zoe@example.com"})
    assert contact.status == 201
    newest = api("GET", f"/v1/audit?service_id={service}").body["data"][0]
    assert (newest["action"], newest["actor"]) == ("contact.created", ana["id"]), "who did it"
    assert asking("POST", "/v1/people", {}).body["code"] == "scope"


@pytest.mark.parametrize("by", ["key", "session"])
@pytest.mark.parametrize(
    ("scopes", "role", "may"),
    [
        (["admin"], "read", "read"), (["read"], "admin", "read"), (["agent", "read"], "admin", "agent"),
        (["admin"], "admin", "admin"), (["agent"], "agent", "agent"),
    ],
)  # fmt: skip
def test_the_lower_of_role_and_scopes_counts(
    api: Any, service: str, ana: dict[str, Any], key: dict[str, Any], scopes: list[str], role: str, may: str, by: str
) -> None:
    asking = _asking(api, key["key"], by)
    api("PATCH", f"/v1/keys/{key['id']}", {"scopes": scopes})
    api("PATCH", f"/v1/people/{ana['id']}", {"role": role})

    told = asking("GET", "/console/session").body
    assert told["me"]["role"] == may, "from the next request on"
    assert (told["desk_ids"] is None) == (role != "agent"), "others see every desk"
    assert (asking("GET", "/v1/keys").status == 200) == (may == "admin")
    assert (asking("POST", "/v1/contacts", {"service_id": service}).status == 403) == (may == "read")


def test_with_a_person_their_keys_and_sessions_end(api: Any, ana: dict[str, Any], key: dict[str, Any]) -> None:
    browser, script = _asking(api, key["key"], "session"), api.as_key(key["key"])
    assert browser.signed_in and script("GET", "/v1/services").status == 200
    assert api("DELETE", f"/v1/people/{ana['id']}").status == 204

    assert not browser.signed_in and script("GET", "/v1/services").status == 401
    assert browser.sign_in(key["key"]).status == 401
    assert api("GET", f"/v1/keys/{key['id']}").status == 404


def test_somebody_is_signed_out_everywhere(
    api: Any, service: str, ana: dict[str, Any], key: dict[str, Any], parley: Any
) -> None:
    path, boss = f"/v1/people/{ana['id']}", Browser(api)
    boss.sign_in(api.key)
    browsers = [_asking(api, key["key"], "session") for _ in range(3)]
    browsers[0]("DELETE", "/console/session")
    told = api("GET", f"{path}/sign-ins").body
    assert [bool(one["expires_at"]) for one in told["data"]] == [True, True, False], "the newest first"
    assert {one["key_id"] for one in told["data"]} == {key["id"]} and told["last_at"] == told["data"][0]["at"]
    assert key["key"] not in str(told) and not [
        held for one in browsers for held in one.jar.values() if held in str(told)
    ]

    assert parley("--output", "text", "sign-out", ana["id"]).stdout == "2 sessions have ended\n"
    assert not [one for one in browsers if one.signed_in] and boss.signed_in, "and nobody else"
    assert api("POST", f"{path}/sign-out", {}).body == {"count": 0}
    entry = api("GET", f"/v1/audit?service_id={service}").body["data"][1]
    change = {"sessions": 2, "forget_account": False}
    assert (entry["action"], entry["subject"], entry["change"]) == ("person.signed_out", ana["id"], change)
    assert browsers[0].sign_in(key["key"]).status == 200, "their key stays"
    assert api("DELETE", path).status == 204
    assert not [row for row in Resource.scan() if row.service == f"signed#{ana['id']}"], "nothing of it is kept"
    assert api("GET", f"{path}/sign-ins").status == 404


def test_a_bundle_without_them_ends_their_keys(api: Any, service: str, key: dict[str, Any]) -> None:
    done = api("POST", "/v1/apply", {"service_id": service, "people": []}).body

    assert {(one["kind"], one["name"]) for one in done["deleted"]} == {("person", "Ana"), ("key", "laptop")}
    assert api.as_key(key["key"])("GET", "/v1/services").status == 401


def test_a_key_whose_person_is_gone_opens_nothing(api: Any, ana: dict[str, Any], key: dict[str, Any]) -> None:
    from chalicelib.tables.config import partition_of

    browser = _asking(api, key["key"], "session")
    # Cut off before the keys went: the person goes first.
    Resource(partition_of("person", ana["id"]), f"person#{ana['id']}").delete()

    assert not browser.signed_in and api.as_key(key["key"])("GET", "/v1/services").status == 401


def test_a_key_that_is_given_to_somebody_else_takes_no_session_along(
    api: Any, service: str, ana: dict[str, Any], key: dict[str, Any]
) -> None:
    browser = _asking(api, key["key"], "session")
    held = browser.jar[NAME]
    assert held.endswith(f".{key['id']}.{ana['id']}")
    boss = api.make("people", service_id=service, name="Bo", role="admin")["id"]
    for person in (boss, None):
        assert api("PATCH", f"/v1/keys/{key['id']}", {"person_id": person}).status == 200
        assert not browser.signed_in
    browser.jar = {NAME: f"{held.rpartition('.')[0]}.{boss}"}
    assert not browser.signed_in, "nor is it made theirs by hand"


def test_removing_a_service_removes_them(api: Any, service: str, key: dict[str, Any]) -> None:
    assert api("DELETE", f"/v1/services/{service}?cascade=true").status == 204
    assert api.as_key(key["key"])("GET", "/v1/services").status == 401
