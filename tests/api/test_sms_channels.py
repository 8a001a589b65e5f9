"""SMS channels through the API: a description is judged whole when it is saved, and secrets have the owner's names."""

from __future__ import annotations

from typing import Any

from tests.api.test_webhook_tokens import path_of, token_of

KANNEL: dict[str, Any] = {
    "kind": "sms", "settings": {"preset": "kannel", "from": "12345", "api_base": "http://127.0.0.1:13013"},
    "secrets": {"username": "us", "password": "p&w"},
}  # fmt: skip


def refused(api: Any, service: str, **more: Any) -> dict[str, str]:
    answer = api("POST", "/v1/channels", {"service_id": service, "name": "texts", **KANNEL, **more})
    assert answer.status == 422, answer.body
    found: dict[str, str] = answer.wrong
    return found


def test_a_gateway_that_signs_nothing_gets_a_token_with_the_address(api: Any, service: str) -> None:
    made = api.make("channels", service_id=service, name="texts", **KANNEL)
    assert (made["status"], made["secrets_set"]) == ("active", ["password", "signature", "username"])
    assert token_of(made["webhook_url"]) == made["secrets"]["signature"]
    path = path_of(made["webhook_url"])
    assert api("GET", f"{path}&id=7d&from=%2B4915112345678&text=hi").status == 200
    assert api("GET", f"{path}x&id=7d&from=%2B4915112345678&text=hi").status == 401
    own = {"secrets": KANNEL["secrets"] | {"signature": "a word of mine"}}
    assert "secrets" not in api.make("channels", service_id=service, name="others", **KANNEL | own)
    # What does not hang on the description stays as it was.
    kept = api("PATCH", f"/v1/channels/{made['id']}", {"settings": {**made["settings"], "from": "54321"}}).body
    assert kept["webhook_url"] == made["webhook_url"] and "secrets" not in kept


def test_a_description_is_judged_with_its_secrets(api: Any, service: str) -> None:
    assert refused(api, service, secrets={"username": "us"}) == {
        "/secrets/password": "is needed: send.url speaks of it"
    }
    assert refused(api, service, secrets=KANNEL["secrets"] | {"pass-word": "x"}).keys() == {"/secrets/pass-word"}
    made = api.make("channels", service_id=service, name="texts", **KANNEL)
    path = f"/v1/channels/{made['id']}"
    assert api("PATCH", path, {"secrets": {"password": None}}).wrong.keys() == {"/secrets/password"}
    assert api("PATCH", path, {"secrets": {"more": "x"}}).body["secrets_set"][0] == "more"
    send = {"url": "{{ api_base }}/send?text={{ txt }}", "errors": {"code": "a["}}
    assert refused(api, service, settings=KANNEL["settings"] | {"send": send}).keys() == {
        "/settings/send/url", "/settings/send/errors/code",
    }  # fmt: skip
    assert refused(api, service, settings={"preset": "kannel", "from": "1"}).keys() == {"/settings/api_base"}
    assert refused(api, service, settings={"send": {"url": "ftp://x.example"}}).keys() == {"/settings/send/url"}
    assert refused(api, service, settings={"preset": "nobody", "send": {"uri": "x"}}).keys() == {
        "/settings/preset", "/settings/send/uri",
    }  # fmt: skip
    assert refused(api, service, settings={"receive": {"mapping": {"text": "a"}}}).keys() == {
        "/settings/receive/mapping/from"
    }
