"""Versions of rules: what was changed, the rules as they were, and back to them; and their order, all at once."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.setup import changes
from chalicelib.tables import audit, config, rule_changes
from tests.cloud import CutOff, taps

WHEN = {"in": ["bill", {"var": "message.text"}]}


@pytest.fixture
def made(api: Any, service: str) -> dict[str, str]:
    """Name -> id: a desk, and two rules that were made, changed and put in another order; `v` + n: the versions."""
    desk = api.make("desks", service_id=service, kind="console", name="front")["id"]
    to = {"service_id": service, "to": "desk", "desk_id": desk}
    ids = {"desk": desk} | {name: api.make("rules", name=name, when=WHEN, **to)["id"] for name in ("a", "b")}
    assert api("PATCH", f"/v1/rules/{ids['a']}", {"name": "A", "when": None}).status == 200
    order = {"service_id": service, "rules": [ids["b"], ids["a"]]}
    assert sorted(api("POST", "/v1/rules:order", order).body["moved"]) == sorted([ids["a"], ids["b"]])
    assert api("POST", "/v1/rules:order", order).body == {"moved": []}
    return ids


def versions(api: Any, service: str) -> list[dict[str, Any]]:
    answer = api("GET", f"/v1/rules/versions?service_id={service}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.body["data"]
    return found


def names(api: Any, service: str) -> list[str]:
    rules = api("GET", f"/v1/rules?service_id={service}&limit=100").body["data"]
    return [one["name"] for one in sorted(rules, key=lambda one: one["position"])]


def test_each_change_is_a_version(api: Any, service: str, made: dict[str, str]) -> None:
    ordered, changed, b, a = versions(api, service)

    assert [one["changes"][0]["change"] for one in (changed, b, a)] == ["updated", "created", "created"]
    assert {one["id"] for one in ordered["changes"]} == {made["a"], made["b"]}, "an order is one version"
    (told,) = changed["changes"]
    assert (told["before"]["name"], told["after"]["name"]) == ("a", "A")
    assert (told["before"]["when"], told["after"].get("when")) == (WHEN, None)
    then = api("GET", f"/v1/rules/versions/{b['version']}?service_id={service}").body
    assert [(one["id"], one["name"], one["position"]) for one in then["rules"]] == [
        (made["a"], "a", 1), (made["b"], "b", 2),
    ]  # fmt: skip
    assert (then["at"], then["actor"]) == (b["at"], b["actor"])
    page = api("GET", f"/v1/rules/versions?service_id={service}&limit=3").body
    assert page["data"] == [ordered, changed, b]
    rest = api("GET", f"/v1/rules/versions?service_id={service}&limit=3&cursor={page['next_cursor']}").body
    assert (rest["data"], rest["next_cursor"]) == ([a], None)
    assert {row.key for row in config.in_service(service)} >= {f"rule#{made['a']}"}
    assert not [row.key for row in config.in_service(service) if "version" in row.key], "converse reads none of it"


def test_going_back_is_a_version_too(api: Any, service: str, made: dict[str, str]) -> None:
    assert api("DELETE", f"/v1/rules/{made['b']}").status == 204
    api.make("rules", service_id=service, name="c", to="none")
    before = versions(api, service)
    wanted = before[3]["version"]
    assert [one["change"] for one in before[3]["changes"]] == ["updated"]

    answer = api("POST", "/v1/rules:restore", {"service_id": service, "version": wanted})

    assert answer.status == 200, answer.body
    assert (answer.body["created"], answer.body["updated"]) == ([made["b"]], [made["a"]])
    assert (len(answer.body["deleted"]), answer.body["unchanged"]) == (1, 0)
    assert names(api, service) == ["A", "b"]
    after = versions(api, service)
    assert (after[0]["version"], after[1:]) == (answer.body["version"], before), "and nothing is forgotten"
    note = next(one for one in audit.newest(service, limit=9) if one.action == "rules.restored")
    changed = {made["a"], made["b"], *answer.body["deleted"]}
    assert (note.change["version"], {*note.change["rules"]}) == (wanted, changed)
    again = api("POST", "/v1/rules:restore", {"service_id": service, "version": wanted}).body
    assert again == {"version": None, "created": [], "updated": [], "deleted": [], "unchanged": 2}
    undone = api("POST", "/v1/rules:restore", {"service_id": service, "version": before[0]["version"]})
    assert undone.status == 200 and names(api, service) == ["A", "c"]


def test_what_is_gone_is_named(api: Any, service: str, made: dict[str, str]) -> None:
    other = api.make("desks", service_id=service, kind="console", name="other")["id"]
    latest = versions(api, service)[0]["version"]
    for name in ("a", "b"):
        api("PATCH", f"/v1/rules/{made[name]}", {"desk_id": other})
    assert api("DELETE", f"/v1/desks/{made['desk']}").status == 204

    refused = api("POST", "/v1/rules:restore", {"service_id": service, "version": latest})

    assert refused.status == 422
    assert refused.wrong == {
        f"/rules/{n}/desk_id": f"{name!r} names desk {made['desk']}, which is gone" for n, name in enumerate(("b", "A"))
    }
    for version in ("1", "x", "9" * 14):
        assert api("GET", f"/v1/rules/versions/{version}?service_id={service}").status == 404
    assert api("POST", "/v1/rules:restore", {"service_id": service, "version": 1}).wrong == {
        "/version": "there is no version 1 of the rules"
    }
    emptied = api("POST", "/v1/rules:restore", {"service_id": service, "version": 0}).body
    assert (len(emptied["deleted"]), names(api, service)) == (2, []), "0: before all that is known"


def test_an_order_names_every_rule_once(api: Any, service: str, made: dict[str, str]) -> None:
    foreign = "ru_" + "a" * 26
    given = {"service_id": service, "rules": [made["a"], made["a"], foreign]}
    assert api("POST", "/v1/rules:order", given).wrong == {
        "/rules/1": "is there twice", "/rules/2": "is no rule of this service", "/rules": f"leaves out {made['b']}",
    }  # fmt: skip


def test_a_bundle_is_one_version(api: Any, service: str, made: dict[str, str]) -> None:
    bundle = api("GET", f"/v1/export?service_id={service}").body
    bundle["rules"] = [{"name": f"n{n}", "to": "none"} for n in range(40)]
    before = len(versions(api, service))
    assert api("POST", "/v1/apply", bundle).status == 200
    after = versions(api, service)
    assert (len(after), len(after[0]["changes"])) == (before + 1, 42)
    assert api("POST", "/v1/rules:restore", {"service_id": service, "version": after[1]["version"]}).status == 200
    assert names(api, service) == ["b", "A"]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("most", [changes.MOST_RULES, 40])
def test_of_sixty_rules_none_is_moved_or_a_cut_is_told_and_mended(
    api: Any, service: str, monkeypatch: pytest.MonkeyPatch, most: int, side: str
) -> None:
    """As many as go in one transaction are moved together; of more what is left is told, and the same again does it."""
    bundle = api("GET", f"/v1/export?service_id={service}").body
    bundle["rules"] = [{"name": f"n{n:02}", "to": "none"} for n in range(60)]
    assert api("POST", "/v1/apply", bundle).status == 200
    monkeypatch.setattr(changes, "MOST_RULES", most)
    monkeypatch.setattr(rule_changes, "MOST_BYTES", 4000)
    (made, *_), was = versions(api, service), names(api, service)
    ids = {one["name"]: one["id"] for one in api("GET", f"/v1/rules?service_id={service}&limit=100").body["data"]}
    wanted = {"service_id": service, "rules": [ids[name] for name in reversed(was)]}

    def ends(path: str, body: dict[str, Any]) -> None:
        """The first transaction is the last, or has not even begun."""

        def cut(at: str, call: str) -> None:
            if (at, call) == (side, "TransactWriteItems"):
                raise CutOff

        monkeypatch.setattr(taps, "listen", cut)
        with pytest.raises(CutOff):
            api("POST", path, body)
        monkeypatch.setattr(taps, "listen", None)

    def left() -> int:
        (newest, *_) = audit.newest(service, limit=1)
        return int(newest.change.get("left", 0))

    for path, body, goal in (
        ("/v1/rules:order", wanted, was[::-1]),
        ("/v1/rules:restore", {"service_id": service, "version": made["version"]}, was),
    ):
        stood = names(api, service)
        ends(path, body)
        assert left() == (20 if side == "after" and most == 40 else 0)
        if most > 60:
            assert names(api, service) == (goal if side == "after" else stood), "all or nothing"
        assert api("POST", path, body).status == 200
        assert (names(api, service), left()) == (goal, 0)
    assert api("POST", "/v1/rules:order", wanted).status == 200
    (last, *_) = versions(api, service)
    assert {one["id"] for one in last["changes"]} == {*ids.values()}


def test_who_comes_between_two_transactions_of_an_order_is_told_of(
    api: Any, service: str, made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST_RULES", 1)
    order = {"service_id": service, "rules": [made["a"], made["b"]]}

    def another(at: str, call: str) -> None:
        if (at, call) == ("after", "TransactWriteItems"):
            monkeypatch.setattr(taps, "listen", None)
            assert api("PATCH", f"/v1/desks/{made['desk']}", {"name": "back"}).status == 200

    monkeypatch.setattr(taps, "listen", another)
    refused = api("POST", "/v1/rules:order", order)
    assert (refused.status, refused.body["code"]) == (409, "changed_meanwhile")
    assert "when 1 of 2 changes were made" in refused.body["detail"]
    assert api("POST", "/v1/rules:order", order).status == 200 and names(api, service) == ["A", "b"]
