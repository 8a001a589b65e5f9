"""Every wrong field is named, nothing wrong is stored, and nothing is ever answered 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

URL = "http://127.0.0.1:1/x"
NO_BOT = "bt_aaaaaaaaaaaaaaaaaaaaaaaaaa"
BOT: dict[str, Any] = {"kind": "webhook", "name": "b", "webhook_url": URL}
DESK: dict[str, Any] = {"kind": "console", "name": "d"}
RULE: dict[str, Any] = {"name": "r", "to": "none"}
CHANNEL: dict[str, Any] = {"kind": "custom", "name": "c", "settings": {"send_url": URL}}

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("services", {"name": ""}, "/name"),
    ("services", {"name": 5}, "/name"),
    ("services", {}, "/name"),
    ("services", {"name": "x" * 201}, "/name"),
    ("services", {"name": "x", "timezone": "Mars/Base"}, "/timezone"),
    ("services", {"name": "x", "timezone": "../etc/passwd"}, "/timezone"),
    ("services", {"name": "x", "country": "Deu"}, "/country"),
    ("services", {"name": "x", "language": "!"}, "/language"),
    ("services", {"name": "x", "more": 1}, "/more"),
    ("services", {"name": "\ud800"}, "/name"),
    ("bots", BOT | {"service_id": "x"}, "/service_id"),
    ("bots", BOT | {"service_id": "sv_aaaaaaaaaa"}, "/service_id"),
    ("bots", BOT | {"kind": "flow"}, "/kind"),
    ("bots", BOT | {"profile": "x"}, "/profile"),
    ("bots", {"name": "b"}, "/webhook_url"),
    ("bots", BOT | {"webhook_url": "ftp://example.com"}, "/webhook_url"),
    ("bots", BOT | {"webhook_url": "http://"}, "/webhook_url"),
    ("bots", BOT | {"webhook_url": "http://user:pw@example.com/"}, "/webhook_url"),
    ("bots", BOT | {"webhook_url": "http://169.254.169.254/"}, "/webhook_url"),
    ("bots", BOT | {"verification_token": ""}, "/verification_token"),
    ("bots", BOT | {"access_token": "x" * 1001}, "/access_token"),
    ("bots", BOT | {"headers": {"Authorization": "x"}}, "/headers"),
    ("bots", BOT | {"headers": {"webhook-id": "x"}}, "/headers"),
    ("bots", BOT | {"headers": {"Host": "x"}}, "/headers"),
    ("bots", BOT | {"headers": {"a b": "x"}}, "/headers"),
    ("bots", BOT | {"headers": {"X-A": "a\r\nB: c"}}, "/headers"),
    ("bots", BOT | {"headers": {"User-Agent": "x"}}, "/headers"),
    ("bots", BOT | {"headers": {"content-type": "x"}}, "/headers"),
    ("bots", BOT | {"headers": {"X-A": 1}}, "/headers/X-A"),
    ("bots", BOT | {"retry": {"waits_s": [0]}}, "/retry/waits_s/0"),
    ("bots", BOT | {"retry": {"waits_s": [3000, 601]}}, "/retry/waits_s"),
    ("bots", BOT | {"retry": {"waits_s": [1, 1, 1, 1, 1]}}, "/retry/waits_s"),
    ("bots", BOT | {"retry": {"waits_s": ["1"]}}, "/retry/waits_s/0"),
    ("bots", BOT | {"retry": {"inactive_after_s": -1}}, "/retry/inactive_after_s"),
    ("bots", BOT | {"retry": {"inactive_after_s": 3601}}, "/retry/inactive_after_s"),
    ("bots", BOT | {"timeout_s": 0}, "/timeout_s"),
    ("bots", BOT | {"timeout_s": 6}, "/timeout_s"),
    ("bots", BOT | {"timeout_s": 26, "background": True}, "/timeout_s"),
    ("bots", BOT | {"max_age_s": 0}, "/max_age_s"),
    ("bots", BOT | {"sources": "x"}, "/sources"),
    ("bots", BOT | {"context": {"recent_messages": {"limit": 101}}}, "/context/recent_messages/limit"),
    ("desks", DESK | {"kind": "x"}, "/kind"),
    ("desks", {"kind": "webhook", "name": "d"}, "/webhook_url"),
    ("desks", DESK | {"webhook_url": URL}, "/webhook_url"),
    ("desks", DESK | {"accept_within_s": 0}, "/accept_within_s"),
    ("desks", DESK | {"fallback_desk_ids": ["dk_aaaaaaaaaaaaaaaaaaaaaaaaaa"]}, "/fallback_desk_ids/0"),
    ("rules", RULE | {"to": "x"}, "/to"),
    ("rules", RULE | {"to": "bot"}, "/bot_id"),
    ("rules", RULE | {"to": "bot+desk"}, "/desk_id"),
    ("rules", RULE | {"bot_id": NO_BOT}, "/bot_id"),
    ("rules", RULE | {"channel_ids": ["ch_aaaaaaaaaaaaaaaaaaaaaaaaaa"]}, "/channel_ids/0"),
    ("rules", RULE | {"position": -1}, "/position"),
    ("rules", RULE | {"bot_patience_s": -1}, "/bot_patience_s"),
    ("rules", RULE | {"on_bot_failure": "x"}, "/on_bot_failure"),
    ("rules", RULE | {"when": {"vr": 1}}, "/when"),
    ("rules", RULE | {"when": {"and": [{"==": [{"var": "message.tet"}, 1]}]}}, "/when/and/0/==/0/var"),
    ("rules", RULE | {"when": "x"}, "/when"),
    ("rules", RULE | {"when": [1]}, "/when"),
    ("rules", RULE | {"when": {"==": [{"var": "message.text"}, "x" * 9000]}}, "/when"),
    ("rules", RULE | {"transformers": [{}]}, "/transformers/0/kind"),
    ("rules", RULE | {"transformers": [{"kind": "pdf", "when": {"nope": 1}}]}, "/transformers/0/when"),
    ("channels", CHANNEL | {"kind": "pigeon"}, "/kind"),
    ("channels", CHANNEL | {"kind": "../x"}, "/kind"),
    ("channels", {"kind": "source", "name": "s"}, "/kind"),
    ("channels", CHANNEL | {"settings": {}}, "/settings/send_url"),
    ("channels", CHANNEL | {"settings": 5}, "/settings"),
    ("channels", CHANNEL | {"secrets": {"nope": "x"}}, "/secrets/nope"),
    ("channels", CHANNEL | {"secrets": {"signing_secret": "weak"}}, "/secrets/signing_secret"),
    ("channels", {"kind": "whatsapp", "name": "w", "settings": {"phone_number_id": "1"}}, "/secrets/app_secret"),
    ("keys", {"name": "k", "scopes": []}, "/scopes"),
    ("keys", {"name": "k", "scopes": ["root"]}, "/scopes/0"),
    ("keys", {"name": "k", "scopes": ["read"], "service_id": "sv_aaaaaaaaaa"}, "/service_id"),
]


ODD_URLS = (
    "https://[2606:4700::1111]x/", "https://exämple.com/", "https://[fe80::1%25eth0]/", "https://a:b@example.com/",
    "https://example.com../", "https://2130706433/", "https://0x7f000001/", "https://127.1/", "https://0177.0.0.1/",
    "https://[::ffff:169.254.169.254]/", "https://example.com:0/", "https://example.com:99999/", "https:///x",
    "https://example.com\\@evil.example/", "https://%65xample.com/", "http://169.254.169.254/v1", "https://a..b/",
    "https://\u2460\u2461\u2466.0.0.1/", "https://example\u3002com/", "https://ex\u00adample.com/", "https://-a.example.com/",
)  # fmt: skip
WHATSAPP: dict[str, Any] = {
    "kind": "whatsapp",
    "name": "w",
    "secrets": {"app_secret": "a", "access_token": "b", "verify_token": "c"},
}


@pytest.mark.parametrize("url", ODD_URLS)
def test_every_url_that_will_be_called_is_judged_when_it_is_saved(api: Any, service: str, url: str) -> None:
    bot = api.make("bots", service_id=service, **BOT)["id"]
    whatsapp = WHATSAPP | {"settings": {"phone_number_id": "1", "api_base": url}}
    for plural, body, path in (
        ("bots", BOT | {"webhook_url": url}, "/webhook_url"),
        ("desks", {"kind": "webhook", "name": "d", "webhook_url": url}, "/webhook_url"),
        ("triggers", {"name": "t", "bot_id": bot, "notify_url": url}, "/notify_url"),
        ("subscriptions", {"name": "s", "events": ["conversation.opened"], "url": url}, "/url"),
        ("channels", CHANNEL | {"settings": {"send_url": url}}, "/settings/send_url"),
        ("channels", whatsapp, "/settings/api_base"),
    ):
        answer = api("POST", f"/v1/{plural}", {"service_id": service} | body)
        assert (answer.status, set(answer.wrong)) == (422, {path}), (plural, answer.body)
    made = api.make("channels", service_id=service, **CHANNEL)["id"]
    assert api("PATCH", f"/v1/channels/{made}", {"settings": {"send_url": url}}).status == 422


@pytest.mark.parametrize(
    ("plural", "body", "path"), WRONG, ids=[f"{plural}{path}-{n}" for n, (plural, _, path) in enumerate(WRONG)]
)
def test_names_the_field(api: Any, service: str, plural: str, body: dict[str, Any], path: str) -> None:
    if plural not in ("services", "keys"):
        body = {"service_id": service} | body
    answer = api("POST", f"/v1/{plural}", body)
    assert any(found == path or found.startswith(path + "/") for found in answer.wrong), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body["code"] == "invalid"


def test_names_all_fields(api: Any, service: str) -> None:
    answer = api(
        "POST", "/v1/bots", {"service_id": service, "name": "", "profile": 1, "timeout_s": "x", "webhook_url": 1}
    )
    assert {"/name", "/profile", "/timeout_s", "/webhook_url"} <= answer.wrong.keys()


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"\xff", 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'{"name": NaN}', 422, "invalid"),
        (b'{"name": 1e999}', 422, "invalid"),
        (b'{"name": ' + b"9" * 5000 + b"}", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"null", 422, "invalid"),
        (b"", 422, "invalid"),
        (b'"x"', 422, "invalid"),
        (b'{"name": "' + b"x" * (1024 * 1024) + b'"}', 413, "too_large"),
        (b'{"": 1}', 422, "invalid"),
    ],
)
def test_bodies(api: Any, raw: bytes, status: int, code: str) -> None:
    answer = api("POST", "/v1/services", raw)
    assert (answer.status, answer.body["code"]) == (status, code)


def test_content_type(api: Any) -> None:
    assert api("POST", "/v1/services", b"name=x", **{"Content-Type": "application/x-www-form-urlencoded"}).status == 415
    assert (
        api("POST", "/v1/services", b'{"name":"x"}', **{"Content-Type": "application/merge-patch+json"}).status == 201
    )


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "", "٣", "9" * 50])
def test_limits(api: Any, limit: str) -> None:
    assert "/limit" in api("GET", f"/v1/services?limit={limit}").wrong


@pytest.mark.parametrize("cursor", ["x", "!!", "AAAA", "e30", "%ff", "A" * 5000])
@pytest.mark.parametrize(
    "path", ["/v1/services", "/v1/bots", "/v1/keys", "/v1/failures", "/v1/audit?service_id=sv_aaaaaaaaaa"]
)
def test_cursors(api: Any, path: str, cursor: str) -> None:
    answer = api("GET", f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
    wrong = "bad_query" if cursor == "%ff" else "bad_cursor"
    assert (answer.status, answer.body["code"]) == (400, wrong)


@pytest.mark.parametrize("path", ["/v1/services", "/v1/bots", "/v1/keys", "/v1/audit", "/v1/conversations"])
@pytest.mark.parametrize("service_id", ["x", "x" * 3000, "keys", "services"])
def test_filters(api: Any, path: str, service_id: str) -> None:
    assert "/service_id" in api("GET", f"{path}?service_id={service_id}").wrong


@pytest.mark.parametrize("field", ["service_id", "kind"])
def test_what_cannot_be_changed(api: Any, service: str, field: str) -> None:
    desk = api.make("desks", service_id=service, **DESK)
    assert f"/{field}" in api("PATCH", f"/v1/desks/{desk['id']}", {field: "webhook"}).wrong
    assert api("PATCH", f"/v1/desks/{desk['id']}", {field: desk[field]}).status == 200


@pytest.mark.parametrize("body", [[], 5, "x", {"nope": 1}, {"name": None}, {"name": ""}, {"id": "x"}])
def test_patches(api: Any, service: str, body: Any) -> None:
    desk = api.make("desks", service_id=service, **DESK)
    assert api("PATCH", f"/v1/desks/{desk['id']}", body).status == 422


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "name",
        "kind",
        "webhook_url",
        "settings",
        "secrets",
        "headers",
        "retry",
        "when",
        "to",
        "channel_ids",
        "bot_id",
        "scopes",
        "transformers",
        "context",
        "timeout_s",
        "position",
        "service",
        "bots",
        "rules",
        "channels",
        "desks",
    ]
)


def test_no_name_has_lost_a_letter(api: Any, service: str) -> None:
    """Wherever a name is given: also in a list, and in what is within another."""
    desk = {"service_id": service, "kind": "console", "name": "d", "outcomes": ["solved", "gel\ufffdst"]}
    reply = {"service_id": service, "shortcut": "a", "text": "b", "buttons": [{"title": "J\ufffd", "payload": "y"}]}
    for plural, body, at in (("desks", desk, "/outcomes/1"), ("replies", reply, "/buttons/0/title")):
        answer = api("POST", f"/v1/{plural}", body)
        assert (answer.status, [*answer.wrong]) == (422, [at])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    plural=st.sampled_from(["services", "channels", "bots", "desks", "rules", "keys", "apply"]),
    fields=st.dictionaries(FIELDS, ANY, max_size=4),
    base=st.booleans(),
)
def test_never_500(api: Any, service: str, plural: str, fields: dict[str, Any], base: bool) -> None:
    bases: dict[str, Any] = {"bots": BOT, "desks": DESK, "rules": RULE, "channels": CHANNEL, "apply": {"bots": [BOT]}}
    body = (bases.get(plural, {"name": "x"}) if base else {}) | fields
    body = body | {"service_id": service} if base and plural not in ("services", "keys") else body
    answer = api("POST", f"/v1/{plural}", json.dumps(body).encode())
    assert answer.status in (200, 201, 400, 422)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=60))
def test_any_bytes(api: Any, raw: bytes) -> None:
    assert api("POST", "/v1/apply", raw, **{"Content-Type": "application/yaml"}).status in (400, 422)
    assert api("POST", "/messages.list", raw).status in (400, 404, 422)
