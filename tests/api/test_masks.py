"""What is kept and not shown: no answer tells it to anybody, and given back as it was answered it stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.api.http.masks import MASK
from chalicelib.api.kinds.channels import MADE, connectable
from chalicelib.api.kinds.contract import all_kinds, kind_of
from chalicelib.api.setup.bundles import KINDS
from chalicelib.channels import load
from chalicelib.ports import secrets
from chalicelib.tables import config
from tests.api import samples
from tests.api.samples import SAMPLES, SECRET, URL

NOWHERE = f"is kept nowhere yet, so {MASK} stands for nothing: give the value"
FIELDS = {plural: kind.secret | ({"headers"} & kind.model.model_fields.keys()) for plural, kind in all_kinds().items()}
"""Plural -> fields that hold what is not shown."""


class Watched:
    """The API with a key; no answer may tell what was given as a secret or as a header."""

    def __init__(self, api: Any) -> None:
        self.api, self.answers = api, 0

    def __call__(self, method: str, path: str, body: Any = None, /, **headers: str) -> Any:
        answer = self.api(method, path, body, **headers)
        assert SECRET not in json.dumps(answer.body), (method, path, answer.body)
        self.answers += 1
        return answer


def stored(kind: str, id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """(headers, secrets) of a resource."""
    row = config.get(kind, id)
    assert row is not None
    return row.body.get("headers"), secrets.unseal(str(row.sealed or ""), owner=id)


def test_a_sample_gives_each(api: Any) -> None:
    for plural, fields in FIELDS.items():
        given = {name for sample in SAMPLES.get(plural, ()) for name in sample if SECRET in str(sample[name])}
        assert fields <= given, plural
    given = {f"{one['kind']} {name}" for one in SAMPLES["channels"] for name in one.get("secrets", ())}
    wanted = {
        f"{kind} {name}" for kind in connectable() for name, need in load(kind).SECRETS.items() if need not in MADE
    }
    assert wanted <= given


def test_no_answer_tells_it(api: Any) -> None:
    admin = Watched(api)
    service = samples.make(admin)
    readers = [Watched(api.as_key(api.make("keys", name=s, scopes=[s])["key"])) for s in ("agent", "read")]
    for plural in KINDS:
        listed = [
            reader("GET", f"/v1/{plural}?service_id={service}&limit=100").body["data"] for reader in (admin, *readers)
        ]
        for one in listed[0]:
            path = f"/v1/{plural}/{one['id']}"
            for reader in (admin, *readers):
                shown = reader("GET", path).body
                assert set(shown.get("headers", {}).values()) <= {MASK}
            assert admin("PATCH", path, {"name": f"{one['name']} "}).status == 200
            if kind_of(plural).webhook:
                admin("POST", f"{path}/verify")
                admin("POST", f"{path}/rotate-secret")
    audit = admin("GET", f"/v1/audit?service_id={service}&limit=100").body["data"]
    assert any(entry["change"].get("headers") == MASK for entry in audit)
    for entry in audit:
        admin("GET", f"/v1/audit/{entry['id']}")
    bundle = admin("GET", f"/v1/export?service_id={service}").body
    admin("GET", f"/v1/export?service_id={service}", Accept="application/yaml")
    changed = {"bots/x/y~z: #1/headers/X-Key": f"{SECRET} anew"}
    for query in ("?dry_run=true", ""):
        assert admin("POST", f"/v1/apply{query}", bundle | {"secrets": changed}).body["updated"]
        assert admin("POST", f"/v1/apply{query}", bundle | {"secrets": changed | {"x": SECRET}}).status == 422
    assert admin.answers > 100


@pytest.mark.parametrize("plural", [plural for plural, fields in FIELDS.items() if "headers" in fields])
def test_what_was_answered_may_be_given_back(api: Any, care: str, plural: str) -> None:
    kind = kind_of(plural)
    one = next(one for one in api("GET", f"/v1/{plural}").body["data"] if one.get("headers"))
    path, before = f"/v1/{plural}/{one['id']}", stored(kind.name, one["id"])
    same = {"headers": one["headers"]} | dict.fromkeys(kind.secret, MASK)
    assert api("PATCH", path, same).body["updated_at"] == one["updated_at"], "nothing changes"
    assert stored(kind.name, one["id"]) == before
    changed = api("PATCH", path, {"headers": {"x-key": MASK, "X-New": "new"}}).body
    assert changed["headers"] == {"x-key": MASK, "X-New": MASK}
    assert stored(kind.name, one["id"])[0] == {"x-key": before[0]["X-Key"], "X-New": "new"}, "one is taken away"
    wrong = api("PATCH", path, {"headers": {"x-key": MASK, "secret": MASK}, "access_token": None}).wrong
    assert wrong == {"/headers/secret": NOWHERE}
    assert api("PATCH", path, {"access_token": None}).status == 200
    assert api("PATCH", path, {"access_token": MASK, "timeout_s": 2}).wrong == {"/access_token": NOWHERE}
    sample = next(dict(sample) for sample in SAMPLES[plural] if "headers" in sample)
    sample.pop("fallback_desk_ids", None)
    new = sample | {"service_id": care, "name": "new", "headers": {"X-Key": MASK}, "access_token": MASK}
    assert api("POST", f"/v1/{plural}", new).wrong == {"/headers/X-Key": NOWHERE, "/access_token": NOWHERE}


def test_no_url_takes_a_password(api: Any, care: str) -> None:
    """Whoever may read sees a URL whole, so each that Parley calls is refused with one."""
    tried = set()
    for plural in KINDS:
        for one in api("GET", f"/v1/{plural}?limit=100").body["data"]:
            held = "http://user:hush@127.0.0.1:1/x"
            urls: dict[str, Any] = {f"/{name}": {name: held} for name in one if one[name] == URL}
            for name, value in one.get("settings", {}).items():
                if str(value).startswith("http"):
                    urls[f"/settings/{name}"] = {"settings": {name: held}}
            for path, patch in urls.items():
                refused = api("PATCH", f"/v1/{plural}/{one['id']}", patch)
                assert list(refused.wrong) == [path] and "hush" not in str(refused.body)
                tried.add(f"{plural}{path}")
    assert tried == {
        "channels/settings/send_url", "channels/settings/api_base", "bots/webhook_url", "desks/webhook_url",
        "triggers/notify_url", "subscriptions/url",
    }  # fmt: skip


def test_secrets_of_a_channel(api: Any, care: str) -> None:
    for kind in connectable():
        one = next(one for one in api("GET", "/v1/channels").body["data"] if one["kind"] == kind)
        before = stored("channel", one["id"])
        same = {"secrets": dict.fromkeys(one["secrets_set"], MASK)}
        assert api("PATCH", f"/v1/channels/{one['id']}", same).body["updated_at"] == one["updated_at"]
        assert stored("channel", one["id"]) == before
        settings, names = one["settings"], load(kind).SECRETS
        new = {"service_id": care, "kind": kind, "name": "new", "settings": settings}
        if names:
            wrong = api("POST", "/v1/channels", new | {"secrets": dict.fromkeys(names, MASK)}).wrong
            assert wrong.items() >= {f"/secrets/{name}": NOWHERE for name in names}.items()


def test_in_a_bundle(api: Any, care: str) -> None:
    bundle = api("GET", f"/v1/export?service_id={care}").body
    plain, _, full, *_ = bundle["bots"]
    id = next(one["id"] for one in api("GET", "/v1/bots").body["data"] if one["name"] == full["name"])
    before = stored("bot", id)

    def apply(plain: dict[str, Any], full: dict[str, Any], **values: str) -> Any:
        return api("POST", "/v1/apply", bundle | {"bots": [plain, full], "secrets": values})

    masks: dict[str, Any] = {"headers": dict.fromkeys(full["headers"], MASK), "access_token": MASK}
    assert not apply(plain, full | masks).body["updated"]
    wrong = apply(plain | masks, full | {"headers": {"X-New": MASK}}).wrong
    assert wrong == {
        "/bots/0/headers/X-Key": NOWHERE, "/bots/0/headers/secret": NOWHERE, "/bots/0/access_token": NOWHERE,
        "/bots/1/headers/X-New": NOWHERE,
    }  # fmt: skip
    referred = {"headers": {"X-Key": {"secret": "key"}, "X-New": {"secret": "key"}}}
    assert apply(plain, full | referred, key=MASK).wrong == {"/bots/1/headers/X-New": NOWHERE}
    assert stored("bot", id) == before
