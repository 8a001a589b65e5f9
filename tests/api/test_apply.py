"""Bundles: what is made, changed, kept and removed, and what is refused before anything is written."""

from __future__ import annotations

import time
from typing import Any

import pytest

URL = "http://127.0.0.1:1/"
YAML = b"""
service: {name: Care, timezone: Europe/Berlin}
channels:
  - {name: web, kind: custom, settings: {send_url: "http://127.0.0.1:1/"}}
bots:
  - name: helper
    webhook_url: http://127.0.0.1:1/
    verification_token: tok
desks:
  - {name: people, kind: console}
  - {name: night, kind: console, fallback_desks: [people]}
rules:
  - {name: vip, to: desk, desk: people, when: {in: [vip, {var: contact.tags}]}}
  - {name: rest, to: bot+desk, bot: helper, desk: night, channels: [web]}
"""


def apply(api: Any, bundle: Any, query: str = "", kind: str = "application/json") -> Any:
    return api("POST", f"/v1/apply{query}", bundle, **{"Content-Type": kind})


def names(answer: Any, verb: str) -> set[str]:
    return {f"{one['kind']} {one['name']}" for one in answer.body[verb]}


@pytest.fixture
def applied(api: Any) -> Any:
    answer = apply(api, YAML, kind="text/yaml; charset=utf-8")
    assert answer.status == 200, answer.body
    return answer


def test_everything_is_made(api: Any, applied: Any) -> None:
    assert len(applied.body["created"]) == 7
    service = applied.body["service_id"]
    rules = {one["name"]: one for one in api("GET", f"/v1/rules?service_id={service}").body["data"]}
    desks = {one["name"]: one for one in api("GET", f"/v1/desks?service_id={service}").body["data"]}
    assert rules["rest"]["desk_id"] == desks["night"]["id"]
    assert [rules["vip"]["position"], rules["rest"]["position"]] == [1, 2]
    assert desks["night"]["fallback_desk_ids"] == [desks["people"]["id"]]
    made = applied.body["secrets"]
    assert made["bots"]["helper"]["signing_secret"].startswith("whsec_")
    assert made["bots"]["helper"]["events_url"]
    assert made["channels"]["web"]["secrets"]["signing_secret"]


def test_twice_changes_nothing(api: Any, applied: Any) -> None:
    service = applied.body["service_id"]
    audited = api("GET", f"/v1/audit?service_id={service}&limit=100").body["data"]
    again = apply(api, YAML, kind="application/yaml")
    assert [again.body[verb] for verb in ("created", "updated", "deleted")] == [[], [], []]
    assert len(again.body["unchanged"]) == 7
    assert "secrets" not in again.body
    assert api("GET", f"/v1/audit?service_id={service}&limit=100").body["data"] == audited


def test_changes_and_removals(api: Any, applied: Any) -> None:
    bundle = {
        "service": {"name": "Care"},
        "desks": [{"name": "people", "kind": "console", "accept_within_s": 30}],
        "rules": [{"name": "rest", "to": "bot", "bot": "helper"}],
    }
    dry = apply(api, bundle, "?dry_run=true")
    done = apply(api, bundle)
    for answer in (dry, done):
        assert names(answer, "updated") == {"service Care", "desk people", "rule rest"}
        assert names(answer, "deleted") == {"desk night", "rule vip"}
    assert dry.body["dry_run"] is True
    # Kinds that the bundle does not mention are left alone.
    service = done.body["service_id"]
    assert len(api("GET", f"/v1/channels?service_id={service}").body["data"]) == 1
    assert [one["name"] for one in api("GET", f"/v1/rules?service_id={service}").body["data"]] == ["rest"]


def test_an_empty_list_removes_all(api: Any, applied: Any) -> None:
    done = apply(api, {"service": {"name": "Care", "timezone": "Europe/Berlin"}, "rules": []})
    assert names(done, "deleted") == {"rule vip", "rule rest"}


def test_what_is_needed_is_not_removed(api: Any, applied: Any) -> None:
    refused = apply(api, {"service": {"name": "Care"}, "bots": []})
    assert refused.wrong.keys() == {"/bots"}
    assert len(api("GET", "/v1/bots").body["data"]) == 1


def test_a_verified_bot_stays_verified(api: Any, applied: Any) -> None:
    from chalicelib.tables import endpoints

    bot = api("GET", "/v1/bots").body["data"][0]["id"]
    for status in (endpoints.ACTIVE, endpoints.INACTIVE, endpoints.SUSPENDED):
        endpoints.set_status(bot, status, at=1)
        assert len(apply(api, YAML, kind="text/yaml").body["unchanged"]) == 7
        assert endpoints.get(bot).status == status
        assert not endpoints.get(bot).edited


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"bots": [{"name": "b"}]}, "/bots/0/webhook_url"),
        ({"bots": [{"webhook_url": URL}]}, "/bots/0/name"),
        ({"bots": [{"name": "b", "webhook_url": URL}] * 2}, "/bots/1/name"),
        ({"bots": "x"}, "/bots"),
        ({"bots": [5]}, "/bots/0"),
        ({"rules": [{"name": "r", "to": "bot", "bot": "nobody"}]}, "/rules/0/bot"),
        ({"rules": [{"name": "r", "to": "bot", "bot": 5}]}, "/rules/0/bot"),
        ({"rules": [{"name": "r", "to": "bot", "bot_id": "bt_aaaaaaaaaaaaaaaaaaaaaaaaaa"}]}, "/rules/0/bot_id"),
        ({"rules": [{"name": "r", "to": "none", "channels": ["nope"]}]}, "/rules/0/channels/0"),
        ({"rules": [{"name": "r", "to": "none", "channels": "nope"}]}, "/rules/0/channels"),
        ({"rules": [{"name": "r", "to": "none", "when": {"nope": 1}}]}, "/rules/0/when"),
        ({"rules": [{"name": "r", "to": "none", "verify": True}]}, "/rules/0/verify"),
        ({"desks": [{"name": "d", "kind": "console", "service_id": "sv_aaaaaaaaaa"}]}, "/desks/0/service_id"),
        ({"channels": [{"name": "c", "kind": "pigeon"}]}, "/channels/0/kind"),
        ({"channels": [{"name": "c", "kind": "whatsapp", "settings": {}}]}, "/channels/0/settings/phone_number_id"),
        ({"pigeons": []}, "/pigeons"),
        ({"service": {}}, "/service/name"),
        ({"service": None}, "/service"),
        ({"service_id": "sv_aaaaaaaaaa"}, "/service_id"),
    ],
)
def test_refusals_write_nothing(api: Any, change: dict[str, Any], path: str) -> None:
    bundle = {"service": {"name": "New"}, "desks": [{"name": "ok", "kind": "console"}]} | change
    assert path in apply(api, bundle).wrong
    assert api("GET", "/v1/services").body["data"] == []


@pytest.mark.parametrize(
    "text",
    [
        b"a: &a [1]\nb: *a",
        b"a: !!bool xyz", b"a: !!timestamp x", b'a: !!int ""', b"a: !!float ''", b"a: !!set {x}", b"a: !!omap [x: 1]",
        b"a: 0x" + b"f" * 900_000, b"a: 59" + b":59" * 500 + b".5", b"<<: 5", b"? [a]\n: 1", b"a: 1_:2", b"--- !x y",
        b"{", b"\xff", b"a: !!python/object:os.system x", b"[" * 3000, b"a: b: c", b"!!binary x: y",
    ],
)  # fmt: skip
def test_hostile_yaml(api: Any, text: bytes) -> None:
    assert apply(api, text, kind="text/yaml").status in (400, 422)


BOMBS = {
    "flow": b"a: [" + b"1," * 500_000 + b"]", "names": b"".join(b"k%d: 1\n" % n for n in range(90_000)),
    "depth": b"[" * 100_000, "documents": b"---\n" * 250_000, "escapes": b'a: "' + b"\\x41" * 250_000 + b'"',
    "anchors": b"".join(b"- &a%d 1\n" % n for n in range(90_000)), "tags": b"!" * 900_000,
    "sixties": b"a: 59" + b":59" * 340_000, "sixties of a float": b"a: 59" + b":59" * 340_000 + b".5",
    "tabs": b"a:\n" + b"\t" * 900_000,
    "comments": b"#x\n" * 300_000 + b"a: 1", "block": b"a: |\n" + b" x\n" * 300_000, "keys": b"? " * 400_000,
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_megabyte_of_yaml_is_refused_for_less_cpu_than_a_call_has(api: Any, bomb: str) -> None:
    began = time.process_time()
    assert apply(api, BOMBS[bomb], kind="application/yaml").status in (400, 413, 422)
    assert time.process_time() - began < 20, "which the parser in Python takes for each of them"


@pytest.mark.parametrize(
    "text", [b"service: {name: A}\nservice: {name: B}", b"service: {name: A, name: A}", b"desks: []\n'desks': [x]"]
)
def test_a_name_that_stands_twice(api: Any, text: bytes) -> None:
    refused = apply(api, text, kind="text/yaml")
    assert (refused.status, refused.body["code"]) == (400, "malformed_yaml") and "twice" in refused.body["detail"]


@pytest.mark.parametrize("text", [b"service: {name: 5}", b"service: {name: .nan}", b"{1: 2}", b"", b"x", b"- 1"])
def test_yaml_beyond_json(api: Any, text: bytes) -> None:
    assert apply(api, text, kind="text/yaml").status == 422


@pytest.mark.parametrize("name", ["12:30", "NO", "on", "2026-01-01", "2026-13-99", "=", "1:2.5", "59" + ":59" * 60])
def test_words_are_what_they_are_in_json(api: Any, name: str) -> None:
    """YAML 1.1 would make 750, false, an object of a day, or nothing of them."""
    made = apply(api, f"service: {{name: {name}}}".encode(), kind="text/yaml")
    assert made.status == 200, made.body
    assert [one["name"] for one in api("GET", "/v1/services").body["data"]] == [name]


def test_a_kind_cannot_change_under_its_name(api: Any, applied: Any) -> None:
    bundle = {"service": {"name": "Care"}, "desks": [
        {"name": "people", "kind": "webhook", "webhook_url": URL}, {"name": "night", "kind": "console"},
    ]}  # fmt: skip
    assert "/desks/0/kind" in apply(api, bundle).wrong


def test_many(api: Any) -> None:
    """More than one transaction holds; a second bundle takes them all away again."""
    rules = [{"name": f"r{n}", "to": "desk", "desk": f"d{n}"} for n in range(35)]
    desks = [{"name": f"d{n}", "kind": "console"} for n in range(35)]
    first = apply(api, {"service": {"name": "Big"}, "desks": desks, "rules": rules})
    assert len(first.body["created"]) == 71
    last = apply(api, {"service": {"name": "Big"}, "desks": [], "rules": []})
    assert len(last.body["deleted"]) == 70
    service = first.body["service_id"]
    apply(api, {"service_id": service, "desks": desks, "rules": rules})
    assert api("DELETE", f"/v1/services/{service}?cascade=true").status == 204
