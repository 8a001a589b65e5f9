"""The word that a provider without signatures brings: made where absent, shown in the URL, and in constant time."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

OPTED_OUT = {"app": "CareApp", "type": "user-event", "payload": {"phone": "15550101234", "type": "opted-out"}}
FIELDS: dict[str, Any] = {
    "kind": "whatsapp_gupshup", "settings": {"app_name": "CareApp", "source": "15550100000"},
    "secrets": {"api_key": "gs-key"},
}  # fmt: skip


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("token", [""])[0]


def path_of(url: str) -> str:
    return url[url.index("/channels/") :]


def test_a_token_that_was_made_stands_in_the_url(api: Any, service: str) -> None:
    made = api.make("channels", service_id=service, name="wa", **FIELDS)
    token = token_of(made["webhook_url"])
    assert token == made["secrets"]["webhook_token"] and len(token) > 40
    path = f"/v1/channels/{made['id']}"
    assert api("GET", path).body["webhook_url"] == made["webhook_url"], "an admin can look it up"
    reader = api.as_key(api.make("keys", name="r", scopes=["read"])["key"])
    bare = made["webhook_url"].partition("?")[0]
    assert reader("GET", path).body["webhook_url"] == bare
    assert [one["webhook_url"] for one in api("GET", f"/v1/channels?service_id={service}").body["data"]] == [bare]
    assert api("POST", path_of(made["webhook_url"]), OPTED_OUT).status == 200
    assert api("POST", path_of(bare), OPTED_OUT).status == 401
    # Taken away, another is made.
    again = api("PATCH", path, {"secrets": {"webhook_token": None}}).body
    assert token_of(again["webhook_url"]) == again["secrets"]["webhook_token"] != token
    applied = api("POST", "/v1/apply", {"service": {"name": "other"}, "channels": [{"name": "wa", **FIELDS}]}).body
    once = applied["secrets"]["channels"]["wa"]
    assert token_of(once["webhook_url"]) == once["secrets"]["webhook_token"]


def test_a_token_of_the_owners_own_is_answered_nowhere(api: Any, service: str) -> None:
    mine = {"secrets": {"api_key": "gs-key", "webhook_token": "a word of mine"}}
    made = api.make("channels", service_id=service, name="wa", **FIELDS | mine)
    assert "secrets" not in made and "mine" not in str(api("GET", f"/v1/channels/{made['id']}").body)
    path = path_of(made["webhook_url"])
    for headers in ({"Authorization": "Bearer a word of mine"}, {"X-Webhook-Token": "a word of mine"}):
        assert api("POST", path, OPTED_OUT, **headers).status == 200
    assert api("POST", f"{path}?token=a%20word%20of%20mine", OPTED_OUT).status == 200
    assert api("POST", f"{path}?token=another", OPTED_OUT).status == 401


@pytest.mark.parametrize("token", ["short", "", "x" * 1001])
def test_a_token_that_is_too_short_is_refused(api: Any, service: str, token: str) -> None:
    secrets = {"secrets": FIELDS["secrets"] | {"webhook_token": token}}
    answer = api("POST", "/v1/channels", {"service_id": service, "name": "wa", **FIELDS, **secrets})
    assert answer.status == 422 and answer.wrong.keys() == {"/secrets/webhook_token"}


def test_an_enterprise_account_instead_of_an_app(api: Any, service: str) -> None:
    account = {"user_id": "2000190000", "source": "+15550100000", "hsm_user_id": "2000200000"}
    secrets = {"secrets": FIELDS["secrets"] | {"hsm_password": "short"}}
    made = api.make("channels", service_id=service, name="wa", **FIELDS | secrets | {"settings": account})
    assert made["settings"]["api_base"] == "https://mediaapi.smsgupshup.com"
    nobody = {"service_id": service, "name": "other", **FIELDS, "settings": {"source": "15550100000"}}
    answer = api("POST", "/v1/channels", nobody)
    assert answer.status == 422 and "app_name or user_id" in str(answer.body)
