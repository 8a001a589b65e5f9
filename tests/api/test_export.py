"""A service as a bundle: what is exported is found unchanged, says no secret, and makes the same service elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.http.routes import PLURALS
from chalicelib.api.kinds.contract import all_kinds
from chalicelib.api.setup.bundles import KINDS, MOST, _yaml
from chalicelib.api.setup.export import _yaml as written
from chalicelib.tables import config
from tests.api.samples import EVERY_WEBHOOK, SAMPLES, SECRET, URL


def apply(api: Any, bundle: Any, query: str = "", kind: str = "application/json") -> Any:
    return api("POST", f"/v1/apply{query}", bundle, **{"Content-Type": kind})


def exported(api: Any, service: str) -> dict[str, Any]:
    answer = api("GET", f"/v1/export?service_id={service}")
    assert answer.status == 200, answer.body
    bundle: dict[str, Any] = answer.body
    return bundle


def kept_headers(bot: str) -> dict[str, str]:
    row = config.get("bot", bot)
    assert row is not None
    headers: dict[str, str] = row.body["headers"]
    return headers


def test_every_kind_of_a_service_is_here() -> None:
    assert {*KINDS} == {*PLURALS} - {"services", "keys"} == {*SAMPLES}, (
        "a bundle holds every kind, and so does this test"
    )
    for plural, samples in SAMPLES.items():
        said = {name for sample in samples for name in sample} | {"service_id"}
        # What has one value only needs no saying.
        assert all_kinds()[plural].model.model_fields.keys() - said <= {"kind"}, (
            f"{plural}: a field that no sample says"
        )


def test_what_is_exported_is_found_unchanged(api: Any, care: str) -> None:
    bundle = exported(api, care)
    for query in ("?dry_run=true", ""):
        done = apply(api, bundle, query)
        assert done.status == 200, done.body
        assert [done.body[verb] for verb in ("created", "updated", "deleted", "warnings")] == [[], [], [], []]
        assert len(done.body["unchanged"]) == 1 + sum(len(samples) for samples in SAMPLES.values())
    assert exported(api, care) == bundle


def test_as_yaml_it_is_the_same(api: Any, care: str) -> None:
    answer = api("GET", f"/v1/export?service_id={care}", Accept="application/yaml, */*;q=0.1")
    assert answer.headers["content-type"] == "application/yaml"
    assert _yaml(answer.body.encode()) == exported(api, care)
    done = apply(api, answer.body.encode(), kind="application/yaml")
    assert done.status == 200 and not done.body["updated"] + done.body["created"] + done.body["deleted"]


def test_it_says_no_secret(api: Any, care: str) -> None:
    text = json.dumps(exported(api, care))
    for secret in (SECRET, "whsec_", "trg_", "src_", "hash"):
        assert secret not in text
    reader = api.as_key(api.make("keys", name="k", scopes=["read"], service_id=care)["key"])
    assert json.dumps(reader("GET", "/v1/export").body) == text


def test_it_makes_the_same_service_elsewhere(api: Any, care: str) -> None:
    bundle = exported(api, care)
    assert api("DELETE", f"/v1/services/{care}?cascade=true").status == 204
    missing = apply(api, bundle)
    of_channels = sum(len(sample.get("secrets", ())) for sample in SAMPLES["channels"])
    assert len(missing.wrong) == 3 * (2 + 2) + of_channels, "each of them is named"
    assert "'bots/x/y~z: #1/headers/X-Key'" in missing.wrong["/bots/2/headers/X-Key"]
    assert api("GET", "/v1/services").body["data"] == []
    values = {why.split("'")[1]: SECRET for why in missing.wrong.values()}
    made = apply(api, bundle | {"secrets": values})
    assert made.status == 200 and len(made.body["created"]) == 1 + sum(len(samples) for samples in SAMPLES.values())
    again = exported(api, made.body["service_id"])
    assert again == bundle
    assert not apply(api, again).body["updated"]
    bots = api("GET", f"/v1/bots?service_id={made.body['service_id']}&limit=100").body["data"]
    full = next(one for one in bots if one["name"] == "x/y~z: #1")
    assert kept_headers(full["id"]) == dict.fromkeys(EVERY_WEBHOOK["headers"], SECRET)
    assert full["verification_token_set"]


def test_a_reference_takes_the_value_that_is_given(api: Any, care: str) -> None:
    bundle = exported(api, care)
    name = "bots/x/y~z: #1/headers/X-Key"
    changed = apply(api, bundle | {"secrets": {name: "new"}})
    assert [one["name"] for one in changed.body["updated"]] == ["x/y~z: #1"]
    bot = next(one for one in api("GET", "/v1/bots").body["data"] if one["name"] == "x/y~z: #1")
    assert kept_headers(bot["id"]) == {"X-Key": "new", "secret": EVERY_WEBHOOK["headers"]["secret"]}
    misspelt = apply(api, bundle | {"secrets": {"bots/y/headers/X-Key": "new"}})
    assert misspelt.wrong == {"/secrets/bots~1y~1headers~1X-Key": "nothing refers to it"}
    new = dict(bundle["bots"][0], name="new", access_token={"secret": "mine"})
    wrong = apply(api, bundle | {"bots": [*bundle["bots"], new]})
    assert wrong.wrong == {f"/bots/{len(bundle['bots'])}/access_token": (
        "is kept nowhere yet: give the value of 'mine' under secrets"
    )}  # fmt: skip


@pytest.mark.parametrize("value", [{"secret": 5}, {"secret": ""}, {"secret": "x", "more": 1}, {}, [], 5])
def test_what_is_neither_a_secret_nor_a_reference_is_refused(api: Any, value: Any) -> None:
    bot = {"name": "b", "webhook_url": URL, "access_token": value, "headers": {"X-A": value}}
    wrong = apply(api, {"service": {"name": "New"}, "bots": [bot]}).wrong
    assert any(path.startswith("/bots/0/access_token") for path in wrong)
    assert any(path.startswith("/bots/0/headers/X-A") for path in wrong)


def test_statuses(api: Any, care: str) -> None:
    from chalicelib.tables import endpoints

    bot = next(one["id"] for one in api("GET", "/v1/bots").body["data"] if one["name"] == "plain")
    said = {endpoints.ACTIVE: {"verify": True}, endpoints.INACTIVE: {}, endpoints.SUSPENDED: {"suspended": True}}
    for status, words in said.items():
        endpoints.set_status(bot, status, at=1)
        bundle = exported(api, care)
        assert bundle["bots"][0] == {"name": "plain", "webhook_url": URL} | words
        assert not apply(api, bundle).body["updated"]
        assert endpoints.get(bot).status == status


def test_a_rule_stands_where_it_decides(api: Any, care: str) -> None:
    rules = exported(api, care)["rules"]
    assert [rule["name"] for rule in rules] == ["first", "far", "none", "2026-01-01"]
    assert [rule.get("position") for rule in rules] == [0, 500, 501, 502]


def test_what_no_bundle_can_say(api: Any, service: str) -> None:
    for name in ("x", "x", "y"):
        api.make("desks", service_id=service, kind="console", name=name)
    nameless = api.make("subscriptions", service_id=service, url=URL, events=["message.created"])["id"]
    refused = api("GET", f"/v1/export?service_id={service}")
    assert (refused.status, refused.body["code"]) == (409, "no_bundle")
    assert refused.body["errors"] == [
        {"path": "/desks", "message": "2 are called 'x'"},
        {"path": "/subscriptions", "message": f"{nameless} has no name"},
    ]


def test_of_two_services_of_one_name_each_is_found(api: Any, service: str) -> None:
    other = api.make("services", name="Care")["id"]
    for one in (service, other):
        bundle = exported(api, one)
        assert bundle["service_id"] == one
        assert apply(api, bundle).body["service_id"] == one


def test_which_service(api: Any, service: str) -> None:
    assert "/service_id" in api("GET", "/v1/export").wrong
    assert "/service_id" in api("GET", "/v1/export?service_id=x").wrong
    assert api("GET", "/v1/export?service_id=sv_aaaaaaaaaa").status == 404
    other = api.make("services", name="Other")["id"]
    limited = api.as_key(api.make("keys", name="k", scopes=["admin"], service_id=service)["key"])
    assert limited("GET", f"/v1/export?service_id={other}").status == 403


def test_a_change_keeps_what_was_left_empty(api: Any, care: str) -> None:
    one = next(row for row in api("GET", "/v1/subscriptions").body["data"] if row["name"] == "for ever")
    assert one.get("max_age_s") is None
    changed = api("PATCH", f"/v1/subscriptions/{one['id']}", {"timeout_s": 4}).body
    assert changed.get("max_age_s") is None and changed["timeout_s"] == 4


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_what_is_written_as_yaml_is_read_as_it_was(value: Any) -> None:
    assert _yaml(written({"x": value, "y": [value, value]}).encode()) == {"x": value, "y": [value, value]}


def test_there_may_be_more_than_a_bundle_takes() -> None:
    from chalicelib.api.setup.export import _problems
    from chalicelib.tables.config import Resource

    rows = [Resource("sv_x", f"desk#dk_{n}", name=str(n)) for n in range(MOST + 1)]
    assert _problems("desks", rows[1:]) == []
    assert _problems("desks", rows) == [("/desks", f"there are {MOST + 1}, and a bundle takes {MOST}")]
