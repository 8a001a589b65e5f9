"""Channels whose provider is asked: when they are made, changed and verified, and what is told of how they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import config
from tests.outside import Answer, Heard, Outside, serving

NUMBER, ACCOUNT, TOKEN = "106540352242922", "102290129340398", "EAAG-a-token-of-the-system-user"
DAY_MS = 86_400_000
KNOWN = {"display_phone_number": "+1 631-555-1111", "verified_name": "Lucky Shrub", "quality_rating": "GREEN"}
FACTS = {"number": "+1 631-555-1111", "name": "Lucky Shrub", "quality": "GREEN", "app": "Care"}


class Meta:
    """Its API, as far as a channel is connected; `refuses` answers the question for the number."""

    def __init__(self, outside: Outside) -> None:
        self.heard, self.ends_ms, self.registers = outside.heard, 0, True
        self.refuses: Answer | None = None
        self.stood: list[bool] = []
        outside.answer = self.answer

    def answer(self, heard: Heard) -> Answer:
        if self.refuses is not None:
            return self.refuses
        if "/debug_token?" in heard.path:
            return 200, {"data": {"application": "Care", "expires_at": self.ends_ms // 1000, "is_valid": True}}
        if heard.method == "GET":
            return 200, KNOWN | {"id": NUMBER}
        if heard.path.endswith(NUMBER):
            id = heard.json["webhook_configuration"]["override_callback_uri"].split("/")[-2]
            self.stood.append(config.get("channel", id) is not None)
        failed: Any = {"error": {"code": 2200, "message": "(#2200) Callback verification failed"}}
        return (200, {"success": True}) if self.registers else (400, failed)


@pytest.fixture
def outside() -> Iterator[Outside]:
    with serving() as outside:
        yield outside


@pytest.fixture
def meta(outside: Outside) -> Meta:
    return Meta(outside)


@pytest.fixture
def wanted(service: str, outside: Outside) -> dict[str, Any]:
    """A channel, as it is posted."""
    settings = {"phone_number_id": NUMBER, "api_base": outside.url.replace("/hook", "/v24.0")}
    secrets = {"app_secret": "s3cret-of-the-app", "access_token": TOKEN, "verify_token": "word"}
    return {"service_id": service, "kind": "whatsapp", "name": "wa", "settings": settings, "secrets": secrets}


def refusal(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "type": "OAuthException"}}


EXPIRED = (401, refusal(190, f"Malformed access token {TOKEN}"))
UNSURE: dict[str, Answer] = {
    "it takes messages alone": (501, b"Unsupported method ('GET')"), "down": (503, b""), "elsewhere": (302, b""),
    "no such path": (404, b"not found"), "no JSON": (200, b"\x89PNG"), "somebody else": (200, {"messages": []}),
    "may not see it": (403, refusal(200, "(#200) permission")), "throttled": (429, refusal(4, "too many calls")),
}  # fmt: skip
WRONG: dict[str, tuple[Answer, str]] = {
    "token": (EXPIRED, "/secrets/access_token"),
    "token, by a proxy": ((401, b"no"), "/secrets/access_token"),
    "number": ((400, refusal(100, "Object does not exist")), "/settings/phone_number_id"),
    "not a number": ((404, refusal(803, "(#803) aliases do not exist")), "/settings/phone_number_id"),
}


def actions(api: Any, service: str) -> list[str]:
    found = api("GET", f"/v1/audit?service_id={service}&limit=100").body["data"]
    return [one["action"] for one in reversed(found) if one["action"].startswith("channel.")]


def needs(api: Any, service: str) -> dict[str, str]:
    found = api("GET", f"/v1/attention?service_id={service}").body["data"]
    return {one["kind"]: one["name"] for one in found}


def test_a_new_channel_is_known(api: Any, service: str, meta: Meta, wanted: dict[str, Any]) -> None:
    meta.ends_ms = (now_ms() // 1000) * 1000 + 30 * DAY_MS
    made = api("POST", "/v1/channels", wanted, Idempotency_Key="one")
    assert (made.status, made.body["status"], made.body["facts"]) == (201, "active", FACTS)
    assert made.body["token_expires_at"] == rfc3339(meta.ends_ms) and made.body["verified_at"]
    assert made.body.get("status_reason") is None and "connection" not in made.body
    asked = [(heard.method, heard.path.partition("?")[0]) for heard in meta.heard]
    assert asked == [("GET", f"/v24.0/{NUMBER}"), ("GET", "/v24.0/debug_token")]
    assert api("POST", "/v1/channels", wanted, Idempotency_Key="one").body == made.body
    assert len(meta.heard) == 2, "the first answer is given again"
    assert api("GET", f"/v1/channels/{made.body['id']}").body == made.body
    assert needs(api, service) == {}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_beyond_doubt_is_refused(
    api: Any, service: str, meta: Meta, wanted: dict[str, Any], what: str
) -> None:
    meta.refuses, path = WRONG[what]
    refused = api("POST", "/v1/channels", wanted)
    assert refused.wrong.keys() == {path} and TOKEN not in json.dumps(refused.body)
    assert api("GET", f"/v1/channels?service_id={service}").body["data"] == []
    bundle = {"service_id": service, "channels": [{"name": "web", "kind": "webchat"}, wanted]}
    assert api("POST", "/v1/apply", bundle).wrong.keys() == {f"/channels/1{path}"}
    assert api("GET", f"/v1/channels?service_id={service}").body["data"] == []


@pytest.mark.parametrize("what", UNSURE)
def test_what_may_pass_is_no_reason_to_refuse(
    api: Any, service: str, meta: Meta, wanted: dict[str, Any], what: str
) -> None:
    meta.refuses = UNSURE[what]
    made = api("POST", "/v1/channels", wanted)
    assert (made.status, made.body["status"], made.body["facts"]) == (201, "unverified", {})
    assert made.body["status_reason"] and made.body["verified_at"] is None
    failed = api("POST", f"/v1/channels/{made.body['id']}/verify")
    assert (failed.status, failed.body["code"]) == (422, "verification_failed") and failed.body["detail"]
    assert needs(api, service) == {"channel_unverified": "wa"}
    meta.refuses = None
    known = api("POST", f"/v1/channels/{made.body['id']}/verify")
    assert (known.status, known.body) == (200, {"status": "active", "facts": FACTS})
    assert needs(api, service) == {}
    assert actions(api, service) == ["channel.created", "channel.verified"]


def test_nobody_is_there(api: Any, wanted: dict[str, Any]) -> None:
    wanted["settings"]["api_base"] = "http://127.0.0.1:1"
    made = api.make("channels", **wanted)
    assert (made["status"], made["status_reason"]) == ("unverified", "no answer: connect")


def test_only_a_change_of_settings_or_secrets_asks_again(
    api: Any, service: str, meta: Meta, wanted: dict[str, Any]
) -> None:
    made = api.make("channels", **wanted)
    path, asked = f"/v1/channels/{made['id']}", len(meta.heard)
    for same in (
        {"name": "other"},
        {},
        {"settings": {"phone_number_id": NUMBER}},
        {"secrets": {"verify_token": "word"}},
    ):
        assert api("PATCH", path, same).body["status"] == "active"
    assert len(meta.heard) == asked
    meta.refuses = EXPIRED
    before = api("GET", path).body
    assert api("PATCH", path, {"secrets": {"access_token": f"{TOKEN}-2"}}).wrong.keys() == {"/secrets/access_token"}
    assert api("GET", path).body == before
    meta.refuses = UNSURE["down"]
    changed = api("PATCH", path, {"secrets": {"access_token": f"{TOKEN}-2"}}).body
    assert (changed["status"], changed["facts"]) == ("unverified", {})


def test_a_check_leaves_what_its_owner_sees_as_it_was_read(
    api: Any, service: str, meta: Meta, wanted: dict[str, Any]
) -> None:
    """A form that is open over it is not overtaken, and who is down has not said that anything is wrong."""
    made = api.make("channels", **wanted)
    path, tag = f"/v1/channels/{made['id']}", api("GET", f"/v1/channels/{made['id']}").headers["etag"]
    meta.refuses = UNSURE["down"]
    assert api("POST", f"{path}/verify").status == 422
    health = api("GET", f"{path}/health").body
    assert (health["status"], health["facts"], health["status_reason"]) == ("active", FACTS, "no answer: http_503")
    meta.refuses = EXPIRED
    failed = api("POST", f"{path}/verify")
    assert failed.wrong.keys() == {"/secrets/access_token"} and TOKEN not in json.dumps(failed.body)
    health = api("GET", f"{path}/health").body
    assert (health["status"], health["checks"]) == ("unverified", True) and TOKEN not in json.dumps(health)
    assert health["checked_at"] >= health["verified_at"]
    assert actions(api, service) == ["channel.created", "channel.unverified"]
    assert api("PATCH", path, {"name": "mine"}, **{"If-Match": tag}).body["name"] == "mine"


def test_a_kind_that_cannot_be_asked_is_active(api: Any, service: str) -> None:
    made = api.make("channels", service_id=service, kind="webchat", name="web")
    assert (made["status"], made["facts"], made["verified_at"]) == ("active", {}, None)
    assert api("POST", f"/v1/channels/{made['id']}/verify").body == {"status": "active", "facts": {}}
    assert api("GET", f"/v1/channels/{made['id']}/health").body["checks"] is False
    assert actions(api, service) == ["channel.created"]


@pytest.mark.parametrize(
    ("days", "token", "need"),
    [(30, "good", ""), (6, "expiring", "channel_expiring"), (-1, "expired", "channel_expired")],
)
def test_a_token_ends(
    api: Any, service: str, meta: Meta, wanted: dict[str, Any], days: int, token: str, need: str
) -> None:
    meta.ends_ms = now_ms() + days * DAY_MS
    made = api.make("channels", **wanted)
    assert api("GET", f"/v1/channels/{made['id']}/health").body["token"] == token
    assert needs(api, service) == ({need: "wa"} if need else {})


def test_one_of_before_channels_were_asked_about(api: Any, service: str, meta: Meta, wanted: dict[str, Any]) -> None:
    made = api.make("channels", **wanted)
    row = config.get("channel", made["id"])
    assert row is not None
    row.body = {name: value for name, value in row.body.items() if name != "connection"}
    config.replace(row, seen=int(row.updated_at or 0))
    old = api("GET", f"/v1/channels/{made['id']}").body
    assert (old["status"], old["status_reason"], old["token_expires_at"]) == ("unverified", "not checked yet", None)


def test_bundles(api: Any, service: str, meta: Meta, wanted: dict[str, Any]) -> None:
    """A dry run asks nobody, a provider that is down stops nobody, and what is unchanged is not asked about."""
    bundle = {"service_id": service, "channels": [wanted]}
    assert api("POST", "/v1/apply?dry_run=true", bundle).body["warnings"] == []
    assert meta.heard == []
    meta.refuses = UNSURE["down"]
    applied = api("POST", "/v1/apply", bundle).body
    assert [(one["name"], one["code"]) for one in applied["warnings"]] == [("wa", "unverified")]
    asked = len(meta.heard)
    exported = api("GET", f"/v1/export?service_id={service}").body
    assert exported["channels"][0].keys() == {"name", "kind", "settings", "secrets"}
    for same in (exported, bundle):
        assert api("POST", "/v1/apply", same).body["updated"] == []
    assert len(meta.heard) == asked
    meta.refuses = None
    again = api("POST", "/v1/apply", {"service_id": service, "channels": [dict(wanted, name=n) for n in "abc"]}).body
    assert (len(again["created"]), again["warnings"]) == (3, [])
    assert {one["status"] for one in api("GET", "/v1/channels").body["data"]} == {"active"}


@pytest.mark.parametrize("verb", ["POST", "PATCH", "apply"])
def test_a_provider_is_told_where_to_call_once_the_channel_stands(
    api: Any, service: str, meta: Meta, wanted: dict[str, Any], verb: str
) -> None:
    full = wanted | {"settings": wanted["settings"] | {"business_account_id": ACCOUNT}}
    if verb == "POST":
        made = api.make("channels", **full)
    elif verb == "PATCH":
        id = api.make("channels", **wanted)["id"]
        made = api("PATCH", f"/v1/channels/{id}", {"settings": {"business_account_id": ACCOUNT}}).body
    else:
        api("POST", "/v1/apply", {"service_id": service, "channels": [full]})
        [made] = api("GET", "/v1/channels").body["data"]
    assert (made["status"], made["facts"]) == ("active", FACTS | {"webhook": "registered"})
    subscribed, told = [heard for heard in meta.heard if heard.method == "POST"]
    assert (subscribed.path, subscribed.json) == (f"/v24.0/{ACCOUNT}/subscribed_apps", {})
    ours = {"override_callback_uri": made["webhook_url"], "verify_token": "word"}
    assert (told.path, told.json) == (f"/v24.0/{NUMBER}", {"webhook_configuration": ours})
    assert meta.stood == [True], "it is called meanwhile"


def test_one_that_could_not_be_told_says_so(api: Any, meta: Meta, wanted: dict[str, Any]) -> None:
    meta.registers = False
    wanted["settings"]["business_account_id"] = ACCOUNT
    made = api.make("channels", **wanted)
    assert (made["status"], made["facts"]) == ("unverified", FACTS) and "2200" in made["status_reason"]
    meta.registers = True
    assert api("POST", f"/v1/channels/{made['id']}/verify").body["facts"]["webhook"] == "registered"


@pytest.mark.parametrize(
    ("api_base", "url", "can"),
    [
        ("https://graph.facebook.com/v24.0", "https://parley.example/channels/chn_1/webhook", True),
        ("https://graph.facebook.com/v24.0", "http://127.0.0.1:4566/channels/chn_1/webhook", False),
        (None, "http://127.0.0.1:4566/channels/chn_1/webhook", False),
        ("http://127.0.0.1:8703/whatsapp/v24.0", "http://127.0.0.1:4566/channels/chn_1/webhook", True),
        ("http://127.0.0.1:8703/whatsapp/v24.0", "https://parley.example/channels/chn_1/webhook", True),
        ("http://127.0.0.1:8703/whatsapp/v24.0", "http://169.254.169.254/channels/chn_1/webhook", False),
    ],
)
def test_nobody_outside_can_call_ones_own_machine(api_base: str | None, url: str, can: bool) -> None:
    from chalicelib.api.setup.connecting import reaches

    assert reaches(api_base, url) is can


@pytest.mark.parametrize("here", ["http://127.0.0.1:8000", "http://169.254.1.1"])
def test_a_provider_on_ones_own_machine_can_call_it(api: Any, meta: Meta, wanted: dict[str, Any], here: str) -> None:
    from chalicelib.api.http import base_url

    config.create(config.Resource("parley", "settings", body={"base_url": here}))
    base_url.forget()
    wanted["settings"]["business_account_id"] = ACCOUNT
    made = api.make("channels", **wanted)
    told = "registered" if "127" in here else "unreachable"
    assert (made["status"], made["facts"]) == ("active", FACTS | {"webhook": told})
    assert api("POST", f"/v1/channels/{made['id']}/verify").body["facts"]["webhook"] == told
    assert {heard.method for heard in meta.heard} == {"GET"} | ({"POST"} if told == "registered" else set())


def test_on_the_command_line(parley: Any, api: Any, meta: Meta, wanted: dict[str, Any]) -> None:
    made = api.make("channels", **wanted)["id"]
    done = parley("--output", "text", "verify", made)
    assert done.exit_code == 0 and done.output.splitlines()[:2] == [f"{made} is active", "number: +1 631-555-1111"]
    assert json.loads(parley("show", "health", made).stdout)["token"] == "unknown"
    meta.refuses = EXPIRED
    refused = parley("verify", made)
    assert refused.exit_code == 1 and "/secrets/access_token" in refused.output and TOKEN not in refused.output
