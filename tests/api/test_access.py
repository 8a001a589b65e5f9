"""Keys, scopes and services: who gets 401, 403, 404 and 405, and what importing the app costs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from chalicelib.api.http.routes import ADMIN, AGENT, EDGE, OPEN, PAGE, READ, TABLE
from tests.api.signed_in import Browser

GUARDED = [route for route in TABLE if route.scope not in (EDGE, OPEN, PAGE)]
NAMES = [f"{route.method} {route.path}" for route in GUARDED]


def path_of(route: Any) -> str:
    return str(route.path.replace("{id}", "bt_aaaaaaaaaaaaaaaaaaaaaaaaaa"))


@pytest.mark.parametrize("route", GUARDED, ids=NAMES)
def test_without_a_key(api: Any, route: Any) -> None:
    answer = api.as_key("")(route.method, path_of(route), {})
    assert (answer.status, answer.body["code"]) == (401, "unauthorised")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["pk_", "x", "pk_aaaaaaaaaaaaaaaa_" + "b" * 43, "pk_ÄÄ", ""])
def test_wrong_keys(api: Any, key: str) -> None:
    assert api("GET", "/v1/services", Authorization=f"Bearer {key}").status == 401
    assert api("GET", "/v1/services", Authorization=f"Basic {api.key}").status == 401
    assert api("GET", "/v1/services", Authorization=f"Bearer {api.key[:-1]}x").status == 401
    assert api("GET", "/v1/services", Authorization=f"bearer {api.key}").status == 200


@pytest.mark.parametrize("by", ["key", "session", "person"])
@pytest.mark.parametrize("scope", [READ, AGENT, ADMIN])
def test_scopes(api: Any, service: str, scope: str, by: str) -> None:
    if by == "person":
        # The key may more than whose it is.
        whose = api.make("people", service_id=service, name="Ana", role=scope)["id"]
        key = api.make("keys", name="k", scopes=["admin"], service_id=service, person_id=whose)["key"]
    else:
        key = api.make("keys", name="k", scopes=[scope])["key"]
    if by != "session":
        limited = api.as_key(key)
    else:
        limited = Browser(api)
        limited.sign_in(key)
    order = (READ, AGENT, ADMIN)
    for route in GUARDED:
        answer = limited(route.method, path_of(route), {})
        refused = answer.status == 403 and answer.body["code"] == "scope"
        assert refused == (order.index(route.scope) > order.index(scope)), (route, answer)


def test_a_key_of_one_service(api: Any, service: str) -> None:
    other = api.make("services", name="Other")["id"]
    mine = api.make("desks", service_id=service, kind="console", name="mine")["id"]
    theirs = api.make("desks", service_id=other, kind="console", name="theirs")["id"]
    key = api.make("keys", name="k", scopes=["admin"], service_id=service)
    limited = api.as_key(key["key"])
    assert [one["id"] for one in limited("GET", "/v1/desks").body["data"]] == [mine]
    assert [one["id"] for one in limited("GET", "/v1/services").body["data"]] == [service]
    assert [one["id"] for one in limited("GET", "/v1/keys").body["data"]] == [key["id"]]
    for method, path, body in (
        ("GET", f"/v1/desks/{theirs}", None),
        ("PATCH", f"/v1/desks/{theirs}", {}),
        ("DELETE", f"/v1/desks/{theirs}", None),
        ("GET", f"/v1/desks?service_id={other}", None),
        ("GET", f"/v1/services/{other}", None),
        ("POST", "/v1/desks", {"service_id": other, "kind": "console", "name": "x"}),
        ("POST", "/v1/services", {"name": "x"}),
        ("POST", "/v1/keys", {"name": "x", "scopes": ["read"]}),
        ("GET", f"/v1/keys/{api.key[3:19]}", None),
        ("DELETE", f"/v1/keys/{api.key[3:19]}", None),
        ("GET", f"/v1/audit?service_id={other}", None),
        ("GET", f"/v1/conversations?service_id={other}", None),
        ("GET", "/v1/failures", None),
        ("POST", "/v1/apply", {"service": {"name": "Other"}}),
        ("POST", "/v1/apply", {"service": {"name": "New"}}),
        ("POST", "/v1/apply", {"service_id": other}),
        ("GET", f"/v1/deliveries?desk_id={theirs}", None),
    ):
        assert limited(method, path, body).status == 403, (method, path)
    assert limited("GET", f"/v1/desks/{mine}").status == 200
    assert limited("GET", "/v1/audit").body["data"][0]["subject"] in (mine, key["id"])


def test_a_key_shows_itself_once(api: Any) -> None:
    made = api.make("keys", name="k", scopes=["read"])
    assert made["key"].startswith(f"pk_{made['id']}_")
    assert "hash" not in made
    again = api("GET", f"/v1/keys/{made['id']}").body
    assert "key" not in again
    assert "hash" not in again
    assert api("PATCH", f"/v1/keys/{made['id']}", {"scopes": ["agent"]}).body["scopes"] == ["agent"]
    assert api.as_key(made["key"])("GET", "/v1/services").status == 200
    assert api("DELETE", f"/v1/keys/{made['id']}").status == 204
    assert api.as_key(made["key"])("GET", "/v1/services").status == 401


@pytest.mark.parametrize(("method", "path"), [("PUT", "/v1/bots"), ("DELETE", "/v1/apply"), ("POST", "/health")])
def test_wrong_method(api: Any, method: str, path: str) -> None:
    answer = api(method, path)
    assert (answer.status, answer.body["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/bots/bt_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/v1/bots/x",
        "/v1/bots/" + "x" * 3000,
        "/v1/services/sv_aaaaaaaaaa",
        "/v1/keys/aaaaaaaaaaaaaaaa",
        "/v1/conversations/cv_x",
        "/v1/threads/th_x",
        "/v1/threads/th_" + "a" * 26,
        "/v1/conversations/cv_aaaaaaaaaaaaaaaaaaaaaaaaaa_1",
        "/v1/deliveries/dl_x",
        "/v1/deliveries/dl_aaaaaaaaaaaaaaaaaaaaaaaaaa-bt_aaaaaaaaaaaaaaaaaaaaaaaaaa-1",
        "/v1/deliveries?message_id=ms_x",
        "/v1/deliveries?bot_id=x",
        "/v1/messages?conversation_id=cv_x",
        "/v1/messages/ms_x",
        "/v1/messages/ms_" + "a" * 26 + "_" + "a" * 16,
        "/v1/failures/fa_x",
        "/v1/audit/au_x",
    ],
)
def test_unknown_ids(api: Any, path: str) -> None:
    assert api("GET", path).status == 404


def test_health_and_description_need_no_key(api: Any) -> None:
    assert api.as_key("")("GET", "/health").body == {"status": "ok"}
    described = api.as_key("")("GET", "/v1/openapi.json").body
    from openapi_spec_validator import validate

    validate(described)
    for route in TABLE:
        # A preflight is what a browser makes by itself.
        left_out = route.scope == PAGE or route.method == "OPTIONS"
        assert (route.method.lower() in described["paths"].get(route.path, ())) != left_out, route
    for path in ("/v1/integration/trigger/{trigger_id}/event", "/v1/sources/{id}/events"):
        posting = described["paths"][path]["post"]
        assert posting["security"] == [{"secret": []}] and {"requestBody", "summary"} < posting.keys()


def test_importing_the_app_loads_no_models() -> None:
    code = (
        "import sys, app; print([name for name in ('pydantic', 'pynamodb', 'boto3', 'aiohttp') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": "."}
    )
    assert found.stdout.strip() == "[]", found
