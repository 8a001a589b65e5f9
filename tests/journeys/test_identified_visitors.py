"""A visitor of a web chat for whom the page's server vouches is the person whom other channels know."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest

from tests.journeys.conftest import Deployment

SECRET = "an-identity-secret-of-32-letters"


@pytest.fixture
def checked(deployment: Deployment) -> Deployment:
    """The web chat checks identities."""
    path = f"/v1/channels/{deployment.ids['chat']}"
    status, answer = deployment.call("PATCH", path, {"secrets": {"identity_secret": SECRET}})
    assert status == 200 and answer["secrets_set"] == ["identity_secret"] and SECRET not in str(answer)
    return deployment


def signed(**claims: Any) -> str:
    return jwt.encode({"exp": time.time() + 600} | claims, SECRET)


def people(deployment: Deployment) -> list[dict[str, Any]]:
    return list(deployment.call("GET", f"/v1/contacts?service_id={deployment.ids['care']}")[1]["data"])


def identities(person: dict[str, Any]) -> dict[str, str]:
    """Kind -> value of those that page and channel did not make up."""
    return {one["kind"]: one["value"] for one in person["identities"] if one["kind"] != "channel"}


def test_a_visitor_who_is_vouched_for_is_the_contact(checked: Deployment) -> None:
    status, known = checked.call(
        "POST", "/v1/contacts", {"service_id": checked.ids["care"], "external_id": "u-1", "name": "Ana"}
    )
    assert status == 201
    checked.says("hello", identity=signed(external_id="u-1", email="ana@example.com"))
    [person] = people(checked)
    assert person["id"] == known["id"]
    assert identities(person) == {"external": "u-1", "email": "ana@example.com"}
    timeline = checked.call("GET", f"/v1/contacts/{known['id']}/timeline")[1]["data"]
    assert "hello" in [message["text"] for message in timeline]


def test_an_anonymous_visitor_who_signs_in_becomes_known(checked: Deployment) -> None:
    checked.says("hello")
    checked.says("it is me", identity=signed(sub="u-1", name="Ana"))
    checked.says("and again", identity=signed(sub="u-1", name="Ana"))
    [person] = people(checked)
    assert (identities(person), person["name"]) == ({"external": "u-1"}, "Ana")


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        ("nothing.of.ours", "wrong_identity"),
        (signed(external_id="u-1", exp=1), "identity_expired"),
        ("x", "wrong_identity"),
    ],
)
def test_nobody_is_believed_without_a_valid_token(checked: Deployment, identity: str, code: str) -> None:
    checked.says("hello")
    body = {"text": "I am Ana", "session": checked.session, "identity": identity}
    status, problem = checked.call("POST", f"/channels/{checked.ids['chat']}/webhook", body)
    assert (status, problem["code"]) == (401, code)
    checked.cloud.pump()
    assert [identities(person) for person in people(checked)] == [{}]


def test_a_page_of_another_origin_may_read_why(checked: Deployment) -> None:
    body = {"text": "hi", "identity": "x"}
    headers = {"Origin": "https://shop.example", "Content-Type": "application/json"}
    answer = checked.client.http.request(
        "POST", f"/channels/{checked.ids['chat']}/webhook", headers, json.dumps(body).encode()
    )
    assert answer.status_code == 401 and answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_secret_that_can_be_guessed_is_refused(deployment: Deployment) -> None:
    path = f"/v1/channels/{deployment.ids['chat']}"
    status, problem = deployment.call("PATCH", path, {"secrets": {"identity_secret": "short"}})
    assert status == 422 and problem["errors"][0]["path"] == "/secrets/identity_secret"


def test_without_the_secret_again_nobody_is_known(checked: Deployment) -> None:
    path = f"/v1/channels/{checked.ids['chat']}"
    assert checked.call("PATCH", path, {"secrets": {"identity_secret": None}})[1]["secrets_set"] == []
    body = {"text": "hi", "identity": signed(external_id="u-1")}
    status, problem = checked.call("POST", f"/channels/{checked.ids['chat']}/webhook", body)
    assert (status, problem["code"]) == (401, "wrong_identity")
