"""Other rules over what customers have said: who would get it, against who got it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.conftest import Deployment


def rule(deployment: Deployment, name: str) -> dict[str, Any]:
    service = deployment.ids["care"]
    rules = deployment.call("GET", f"/v1/rules?service_id={service}")[1]["data"]
    return next(one for one in rules if one["name"] == name)


def compared(deployment: Deployment, *rules: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "name", "to", "bot_id", "desk_id", "when", "channel_ids", "position")
    given = [{name: one[name] for name in kept if name in one} for one in rules]
    body = {"service_id": deployment.ids["care"], "rules": given}
    status, answer = deployment.call("POST", "/v1/rules:compare", body)
    assert status == 200, answer
    return dict(answer)


@pytest.fixture
def standing(deployment: Deployment) -> dict[str, Any]:
    """The service's rule, after two people have written, of whom one is with a desk."""
    (only,) = deployment.call("GET", f"/v1/rules?service_id={deployment.ids['care']}")[1]["data"]
    for text in ("My bill is wrong", "hello again"):
        deployment.says(text)
    first = deployment.session
    deployment.session = ""
    deployment.says("Where is my bill?")
    conversation = deployment.bot.events()[-1]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    deployment.says("a bill for a person")
    deployment.session = first
    return dict(only)


def test_who_would_get_it(deployment: Deployment, standing: dict[str, Any]) -> None:
    same = compared(deployment, standing)
    assert (same["compared"], same["with_people"], same["different"]) == (3, 1, 0)
    assert (same["same_by_another"], same["differences"], same["moved"]) == (0, [], [])

    bills = {"name": "bills", "to": "desk", "desk_id": deployment.ids["desk"], "position": 0}
    bills["when"] = {"in": ["bill", {"var": "message.text"}]}
    found = compared(deployment, standing, bills)
    assert [one["text"] for one in found["differences"]] == ["Where is my bill?", "My bill is wrong"]
    assert found["different"] == 2
    (move,) = found["moved"]
    assert (move["count"], move["now"]["name"], move["then"]) == (2, standing["name"], {
        "rule": None, "name": "bills", "to": "desk", "bot_id": None, "desk_id": deployment.ids["desk"],
    })  # fmt: skip
    one = found["differences"][0]
    assert one["now"]["rule"] == standing["id"] and one["conversation_id"] and one["contact"]["id"]
    assert deployment.call("GET", f"/v1/rules?service_id={deployment.ids['care']}")[1]["data"] == [
        rule(deployment, standing["name"])
    ], "nothing is kept"
    none = compared(deployment)
    assert (none["different"], none["differences"][0]["then"]["to"]) == (3, "none")


@pytest.mark.parametrize(
    ("when", "texts"),
    [
        ({"==": [{"var": "thread.first"}, True]}, ["Where is my bill?", "My bill is wrong"]),
        ({"==": [{"var": "thread.owner"}, "bot"]}, ["hello again"]),
        ({"in": ["vip", {"var": "contact.tags"}]}, ["hello again", "My bill is wrong"]),
        ({"==": [{"var": "channel.kind"}, "webchat"]}, ["Where is my bill?", "hello again", "My bill is wrong"]),
        ({"<": [{"var": "thread.last_message_age_s"}, 0]}, []),
    ],
)
def test_what_it_asks_is_as_it_was(
    deployment: Deployment, standing: dict[str, Any], when: dict[str, Any], texts: list[str]
) -> None:
    thread = deployment.call("GET", f"/v1/conversations?service_id={deployment.ids['care']}")[1]["data"]
    contact = next(one["contact_id"] for one in reversed(thread))
    deployment.call("PATCH", f"/v1/contacts/{contact}", {"tags": ["vip"]})
    deployment.cloud.pump()
    desk = {"name": "new", "to": "desk", "desk_id": deployment.ids["desk"], "position": 0, "when": when}

    assert [one["text"] for one in compared(deployment, standing, desk)["differences"]] == texts


def test_a_rule_that_gave_it_to_a_desk_was_asked(deployment: Deployment, standing: dict[str, Any]) -> None:
    fields = {"service_id": deployment.ids["care"], "to": "desk", "desk_id": deployment.ids["desk"], "position": 0}
    made = deployment.make("rules", name="people", when={"in": ["person", {"var": "message.text"}]}, **fields)
    deployment.session = ""
    deployment.says("a person, please")
    found = compared(deployment, standing)
    assert [one["text"] for one in found["differences"]] == ["a person, please"]
    assert found["differences"][0]["now"]["rule"] == made["id"]


def test_it_is_refused_as_a_rule_is(deployment: Deployment) -> None:
    rules = [{"name": "a", "to": "desk"}, {"name": "b", "to": "none", "when": {"nonsense": 1}}]
    body = {"service_id": deployment.ids["care"], "rules": rules}
    status, answer = deployment.call("POST", "/v1/rules:compare", body)
    assert status == 422
    assert {one["path"] for one in answer["errors"]} >= {"/rules/0/desk_id"}
    assert any(one["path"].startswith("/rules/1/when") for one in answer["errors"])
