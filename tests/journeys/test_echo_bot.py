"""A service with nobody's server: the echo bot answers in the same lanes as any bot, and people take over."""

from __future__ import annotations

from typing import Any

from tests.journeys.conftest import Deployment


def deliveries(deployment: Deployment, bot: str) -> list[dict[str, Any]]:
    return list(deployment.call("GET", f"/v1/deliveries?bot_id={bot}")[1]["data"])


def test_it_answers_and_hands_over(deployment: Deployment) -> None:
    here = {"service_id": deployment.ids["care"]}
    made = deployment.make("bots", name="echo", kind="echo", **here)
    assert (made["status"], "events_url" in made, "signing_secret" in made) == ("active", False, False)
    desk = deployment.make("desks", name="front", kind="console", **here)["id"]
    deployment.make("rules", name="first", to="bot+desk", bot_id=made["id"], desk_id=desk, position=0, **here)

    deployment.says("hello")
    assert deployment.sees() == ["You said: hello"]
    attempts = [one["attempts"] for one in deliveries(deployment, made["id"]) if one["kind"] == "message"]
    assert [len(one) for one in attempts] == [1], "an attempt, as of any bot"
    assert deployment.bot.events() == [], "and nobody was called"

    deployment.says("Human")
    (chat,) = deployment.call("GET", f"/v1/inbox?service_id={here['service_id']}&list=queue")[1]["data"]
    assert (chat["desk_id"], chat["reason"], chat["last"]["text"]) == (desk, "bot", "Human")
    before = len(deliveries(deployment, made["id"]))
    deployment.says("is anybody there?")
    assert deployment.sees() == ["You said: hello"], "it does not speak while people have the thread"
    assert len(deliveries(deployment, made["id"])) == before, "and is told no copies"

    status, answer = deployment.call("PATCH", f"/v1/bots/{made['id']}", {"answer": "Heard: {text}", "suspended": True})
    assert (status, answer["status"]) == (200, "suspended")
    deployment.call("POST", f"/v1/conversations/{chat['conversation_id']}/events", {"type": "chat.closed"})
    deployment.cloud.pump()
    deployment.says("wait for it")
    assert deployment.sees() == ["You said: hello"]
    deployment.call("PATCH", f"/v1/bots/{made['id']}", {"suspended": False})
    deployment.cloud.pump()
    assert deployment.sees() == ["You said: hello", "Heard: wait for it"], "what was held goes on"


def test_under_a_message_stands_the_rule_by_which_it_came_to_somebody_else(deployment: Deployment) -> None:
    of = {"service_id": deployment.ids["care"]}
    told = {"in": ["contact centre", {"var": "message.text"}]}
    straight = {"to": "desk", "desk_id": deployment.ids["desk"], "position": 0, "when": told, **of}
    centre = deployment.make("rules", name="to the contact centre", **straight)["id"]
    ignored = {"to": "none", "position": 0, "when": {"==": [{"var": "message.text"}, "spam"]}, **of}
    deployment.make("rules", name="nobody reads this", **ignored)
    for text in ("hello", "spam", "and again", "contact centre", "anybody?"):
        deployment.says(text)
    all_of_it = deployment.call("GET", f"/v1/conversations?service_id={of['service_id']}")[1]["data"]
    page = f"/v1/conversations/{next(one['id'] for one in all_of_it if one['kind'] == 'desk')}/timeline"

    def rules() -> dict[str, Any]:
        said = [one for one in deployment.call("GET", page)[1]["data"] if one["author"]["kind"] == "user"]
        return {one["text"]: one["rule"] and one["rule"]["name"] for one in said}

    at_first = {"hello": "all", "spam": "nobody reads this", "and again": None, "anybody?": None}
    assert rules() == at_first | {"contact centre": "to the contact centre"}
    deployment.call("DELETE", f"/v1/rules/{centre}")
    assert rules() == at_first | {"contact centre": None}, "the rule is gone, and its name with it"
