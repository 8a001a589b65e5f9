"""Trying rules over a message that nobody wrote."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.deciding import conditions, explaining


@pytest.fixture
def rules(api: Any, service: str) -> dict[str, str]:
    """Name -> id of: one for a word, one for a channel at night, one for everything."""
    bot = api.make("bots", service_id=service, name="b", webhook_url="http://127.0.0.1:1/")["id"]
    channel = api.make("channels", service_id=service, kind="webchat", name="c")["id"]
    night = {"and": [{"<": [{"var": "now.hour"}, 8]}, {"!": {"in": ["bill", {"var": "message.text"}]}}]}
    word = {"or": [{"in": ["human", {"var": "message.text"}]}, {"==": [{"var": "message.postback"}, "H"]}]}
    more: dict[str, dict[str, Any]] = {
        "word": {"when": word},
        "night": {"when": night, "channel_ids": [channel]},
        "all": {},
    }
    made = {
        name: api.make("rules", service_id=service, name=name, to="bot", bot_id=bot, **fields)["id"]
        for name, fields in more.items()
    }
    return made | {"channel": channel}


def tried(api: Any, service: str, **more: Any) -> dict[str, Any]:
    answer = api("POST", "/v1/rules:try", {"service_id": service, "message": {"text": "a human, please"}} | more)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


def test_the_first_that_matches_decides_and_all_say_why(api: Any, service: str, rules: dict[str, str]) -> None:
    told = tried(api, service, at="2026-11-29T03:00:00Z")

    assert told["matched"] == rules["word"]
    word, night, everything = told["rules"]
    assert [one["matched"] for one in (word, night, everything)] == [True, False, True]
    assert word["why"] == [
        {"pointer": "/when/or/0/in", "operator": "in", "values": ["human", "a human, please"], "result": True},
        {"pointer": "/when/or/1/==", "operator": "==", "values": [None, "H"], "result": False},
    ]
    assert night["why"][0] == {
        "pointer": "/channel_ids", "operator": "in", "values": [None, [rules["channel"]]], "result": False,
    }  # fmt: skip
    assert everything["why"] == []


def test_a_clause_that_is_turned_is_told_with_what_it_turns(api: Any, service: str, rules: dict[str, str]) -> None:
    message = {"text": "my bill", "channel_id": rules["channel"]}
    told = tried(api, service, message=message, at="2026-11-29T03:00:00Z")

    assert told["matched"] == rules["all"]
    assert [(one["pointer"], one["result"]) for one in told["rules"][1]["why"]] == [
        ("/channel_ids", True), ("/when/and/0/<", True), ("/when/and/1/!/in", True), ("/when/and/1/!", False),
    ]  # fmt: skip
    assert tried(api, service, message=message | {"text": "x"}, at="2026-11-29T03:00:00Z")["matched"] == rules["night"]


def test_nobody_gets_it(api: Any, service: str) -> None:
    assert tried(api, service) == {"matched": None, "rules": []}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"service_id": "sv_aaaaaaaaaa"}, "/service_id"),
        ({"message": {"channel_id": "ch_" + "a" * 26}}, "/message/channel_id"),
        ({"message": {"type": "song"}}, "/message/type"),
        ({"at": "yesterday"}, "/at"),
        ({"message": {"words": 1}}, "/message/words"),
    ],
)
def test_what_is_wrong_is_named(api: Any, service: str, change: dict[str, Any], path: str) -> None:
    answer = api("POST", "/v1/rules:try", {"service_id": service, "message": {"text": "x"}} | change)
    assert (answer.status, [*answer.wrong]) == (422, [path])


def test_what_cannot_be_evaluated_has_no_result() -> None:
    (clause,) = explaining.clauses({"<": [{"var": "message.text"}, {"length": 7}]}, {"message": {"text": "x"}})
    assert clause.result is None or clause.result is False
    assert conditions.matches({"<": [{"var": "message.text"}, {"length": 7}]}, {"message": {"text": "x"}})[0] is False


def test_what_is_asked_of_each_item_is_told_of_the_list() -> None:
    (clause,) = explaining.clauses(
        {"some": [{"var": "contact.tags"}, {"==": [{"var": ""}, "vip"]}]}, {"contact": {"tags": ["vip"]}}
    )
    assert (clause.values, clause.result) == ((["vip"],), True)


def test_a_long_condition_is_told_in_part() -> None:
    rule = {"or": [{"==": [{"var": "message.text"}, str(n)]} for n in range(300)]}
    assert len(explaining.clauses(rule, {"message": {"text": "y" * 9000}})) == explaining.MOST
    assert len(explaining.clauses(rule, {"message": {"text": "y" * 9000}})[0].values[0]) == 500
