"""What happens on a thread is in the figures of its service, once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.conftest import Deployment


def figures(deployment: Deployment, **asked: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in {"service_id": deployment.ids["care"], **asked}.items())
    status, answer = deployment.call("GET", f"/v1/figures?{query}")
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


OWN = {"send_url": "https://example.com/send"}


@pytest.mark.parametrize("twice", [False, True])
def test_a_conversation_is_counted_once(deployment: Deployment, twice: bool) -> None:
    deployment.cloud.duplicate = twice
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "hi"})
    deployment.bot_posts({"eventid": 1002, "conversation_id": conversation})
    chat = deployment.desk.events()[0]["data"]["conversation_id"]
    agent = {"id": "7", "name": "Ana"}
    deployment.says("a person please")
    deployment.desk_posts({"type": "chat.accepted", "conversation_id": chat, "agent": agent})
    for n in range(2):
        said = {"type": "agent.message", "id": f"a{n}", "text": f"at your service {n}", "agent": agent}
        deployment.desk_posts(said | {"conversation_id": chat})
    deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "outcome": "solved"})
    found = figures(deployment, step="1h")
    assert len(found["times"]) == 24 == len(found["conversations"]["opened"])
    assert {name: sum(numbers) for name, numbers in found["conversations"].items()} == {
        "opened": 2, "closed": 1, "handed_over": 1
    }  # fmt: skip
    (channel,) = found["channels"]
    assert channel["id"] == deployment.ids["chat"]
    assert tuple(sum(channel[name]) for name in ("received", "sent", "failed")) == (2, 3, 0)
    (desk,) = found["desks"]
    assert (sum(desk["opened"]), sum(desk["closed"]), desk["outcomes"]) == (1, 1, {"solved": 1})
    assert desk["first_reply"]["count"] == 1
    assert found["first_reply"] == desk["first_reply"] and found["first_replies"] == desk["first_replies"]
    (bot,) = found["bots"]
    heard = len(deployment.bot.events())
    assert (sum(bot["attempts"]), sum(bot["failed"]), bot["duration"]["count"]) == (heard, 0, heard)


def test_who_tries_the_service_is_not_counted(deployment: Deployment) -> None:
    """The whole chat is marked before its first word; the bot's attempts are, as they tell how the bot fares."""
    chat = deployment.ids["chat"]
    status, begun = deployment.call("POST", f"/v1/channels/{chat}/tests")
    assert status == 201, begun
    deployment.session = begun["session"]
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": 1002, "conversation_id": conversation})
    desks = deployment.desk.events()[0]["data"]["conversation_id"]
    said = {"type": "agent.message", "id": "a1", "text": "hi", "agent": {"id": "7", "name": "Ana"}}
    deployment.desk_posts(said | {"conversation_id": desks})
    deployment.desk_posts({"type": "chat.closed", "conversation_id": desks, "outcome": "solved"})
    assert "hi" in deployment.sees()
    found = figures(deployment, step="1h")
    assert not any(sum(numbers) for numbers in found["conversations"].values())
    assert not [one for one in found["channels"] if sum(one["received"]) or sum(one["sent"])]
    assert [sum(bot["attempts"]) for bot in found["bots"]] == [len(deployment.bot.events())]
    listed = deployment.call("GET", f"/v1/conversations?service_id={deployment.ids['care']}")[1]["data"]
    assert {one["thread_id"] for one in listed} == {begun["thread_id"]} and all(one["test"] for one in listed)

    deployment.session = ""
    deployment.says("from outside")
    assert sum(figures(deployment, step="1h")["conversations"]["opened"]) == 1
    assert deployment.call("POST", f"/v1/channels/{deployment.ids['bot']}/tests")[0] == 404
    custom = deployment.make("channels", service_id=deployment.ids["care"], kind="custom", name="own", settings=OWN)
    status, problem = deployment.call("POST", f"/v1/channels/{custom['id']}/tests")
    assert (status, problem["code"]) == (409, "not_tried")


def test_earlier_failures_are_known_when_they_are_over(deployment: Deployment, traveller: Any) -> None:
    def health(**query: str) -> dict[str, Any]:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        status, answer = deployment.call("GET", f"/v1/bots/{deployment.ids['bot']}/health?{asked}")
        assert status == 200
        return dict(answer)

    well, deployment.bot.answer = deployment.bot.answer, lambda heard: (503, {})
    deployment.says("hello")
    (now,) = health()["episodes"]
    assert (now["to"], now["attempts"], now["code"], now["status_code"]) == (None, 1, "http_503", 503)
    for seconds in (70, 340):
        traveller.shift(seconds)
        deployment.cloud.release()
        deployment.bot.answer = well
    after = health()
    assert after["failures"] == 0 and after["last_failed"] == []
    (over,) = after["episodes"]
    assert over["to"] > over["from"] == now["from"]
    assert (over["attempts"], over["code"], over["inactive"]) == (2, "http_503", False)
    day = after["attempts_24h"]
    assert len(day["times"]) == len(day["attempts"]) == 24
    assert (sum(day["attempts"]), sum(day["failed"])) == (len(deployment.bot.heard), 2)
    deployment.cloud.pump()
    assert health(**{"from": over["to"]})["episodes"] == []
    assert deployment.call("GET", f"/v1/bots/{deployment.ids['bot']}/health?from=soon")[0] == 422
