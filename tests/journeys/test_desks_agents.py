"""Agents of some desks: what they see and touch over the whole API, operation by operation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.api.http import narrowed
from chalicelib.api.http.routes import AGENT, EDGE, OPEN, PAGE, READ, TABLE, Route
from tests.journeys.conftest import Deployment

FOR_AGENTS = [route for route in TABLE if route.scope in (AGENT, READ)]
MINE, THEIRS, OVER, BOTS = "words at my desk", "words at theirs", "words at theirs once", "words to a bot"


@dataclass
class World:
    """Four visitors: one at my desk, one whom my desk has handed to theirs, one of whom theirs was the last, and one
    whom only a bot has spoken with."""

    deployment: Deployment
    key: str
    at: dict[str, dict[str, str]]
    """What a visitor said -> ids of `conversation`, `thread`, `message`, `contact` and `delivery`."""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """As an agent of my desk."""
        return self.deployment.call(method, path, body, headers={"Authorization": f"Bearer {self.key}"})


@pytest.fixture
def world(deployment: Deployment) -> World:
    service = deployment.ids["care"]
    for name in ("mine", "theirs"):
        deployment.make("desks", service_id=service, kind="console", name=name)
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"desk_id": deployment.ids["mine"]})
    deployment.make("triggers", service_id=service, name="asks", bot_id=deployment.ids["bot"])
    deployment.make("people", service_id=service, name="Ana", role="agent", desk_ids=[deployment.ids["mine"]])
    key = deployment.make("keys", name="of Ana", scopes=["admin"], service_id=service, person_id=deployment.ids["Ana"])[
        "key"
    ]
    at = {}
    for words in (MINE, THEIRS, OVER, BOTS):
        deployment.session = ""
        message = deployment.says(words)
        conversation = deployment.bot.events()[-1]["Conversationid"]
        if words is not BOTS:
            deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
            deployment.says(words)
        thread = f"th_{message.split('_')[1]}"
        if words in (THEIRS, OVER):
            _does(deployment, thread, "chat.transferred", desk_id=deployment.ids["theirs"])
        if words is OVER:
            _does(deployment, thread, "chat.closed")
        at[words] = _ids(deployment, thread, message)
    return World(deployment, key, at)


def _thread(deployment: Deployment, thread: str) -> dict[str, Any]:
    found: dict[str, Any] = deployment.call("GET", f"/v1/threads/{thread}")[1]
    return found


def _does(deployment: Deployment, thread: str, type: str, **more: Any) -> None:
    chat = _thread(deployment, thread)["desk_conversation_id"]
    status, answer = deployment.call("POST", f"/v1/conversations/{chat}/events", {"type": type} | more)
    assert status == 202, answer
    deployment.cloud.pump()


def _ids(deployment: Deployment, thread: str, message: str) -> dict[str, str]:
    shown = _thread(deployment, thread)
    told = deployment.call("GET", f"/v1/deliveries?message_id={message}")[1]["data"]
    return {
        "thread": thread,
        "message": message,
        "contact": shown["contact"]["id"],
        "conversation": shown["conversations"][0]["id"],
        "delivery": told[0]["id"],
    }


PATHS = {
    "/v1/conversations/{id}": "conversation", "/v1/threads/{id}": "thread", "/v1/messages/{id}": "message",
    "/v1/contacts/{id}": "contact", "/v1/deliveries/{id}": "delivery",
}  # fmt: skip
"""What the path of an operation names, by its beginning."""
ONE = {*PATHS} - {"/v1/contacts/{id}"}
"""Of these nothing is told but whose it is not."""


def _paths(route: Route, world: World, whose: dict[str, str]) -> Iterator[str]:
    """The addresses of an operation about somebody."""
    known = next((name for start, name in PATHS.items() if route.path.startswith(start)), "")
    id = whose[known] if known else _of_set_up(route, world)
    path = route.path.replace("{id}", id).replace("{event_id}", "te_" + "0" * 26)
    queries = {
        "api.conversations.conversations:listing": ("", f"?contact_id={whose['contact']}"),
        "api.conversations.messages:listing": (
            f"?conversation_id={whose['conversation']}", f"?contact_id={whose['contact']}", "?source=webchat"
        ),
        "api.deliveries.deliveries:listing": (
            f"?conversation_id={whose['conversation']}", f"?message_id={whose['message']}",
            f"?bot_id={world.deployment.ids['bot']}", f"?channel_id={world.deployment.ids['chat']}",
            f"?service_id={world.deployment.ids['care']}",
        ),
    }  # fmt: skip
    yield from (path + query for query in queries.get(route.function, ("",)))


def _of_set_up(route: Route, world: World) -> str:
    ids = world.deployment.ids
    named = {"services": "care", "bots": "bot", "desks": "theirs", "channels": "chat", "triggers": "asks",
             "rules": "all", "people": "Ana"}  # fmt: skip
    return ids.get(named.get(route.plural, ""), "x")


def _body(route: Route, world: World, whose: dict[str, str]) -> Any:
    if route.method == "GET":
        return None
    bodies: dict[str, Any] = {
        "api.conversations.messages:airy_listing": {"conversation_id": whose["conversation"]},
        "api.conversations.recent:recent": {"contact_id": whose["contact"]},
        "api.conversations.agents:events": {"type": "agent.note", "text": "x"},
        "api.conversations.inbox:seen": {"sequence": 1},
        "api.conversations.mentions:looked": {"until": "2026-01-31T12:00:00Z"},
        "api.conversations.beat:beat": {
            "service_id": world.deployment.ids["care"], "open": whose["conversation"], "watch": [whose["conversation"]]
        },
    }  # fmt: skip
    return bodies.get(route.function, {})


def test_nobody_of_another_desk_hears_of_it(world: World) -> None:
    """Each operation, about each of the visitors who are none of the desk's."""
    asked = 0
    for route in TABLE:
        if route.scope in (EDGE, PAGE, OPEN):
            continue
        for words in (THEIRS, OVER, BOTS):
            whose = world.at[words]
            for path in _paths(route, world, whose):
                status, answer = world.ask(route.method, path, _body(route, world, whose))
                told, asked = json.dumps(answer), asked + 1
                assert words not in told and status < 500, (route, path, told)
                if route not in FOR_AGENTS:
                    assert (status, answer["code"]) == (403, "scope"), (route, path)
                elif route.function in narrowed.NOBODYS or any(route.path.startswith(one) for one in ONE):
                    assert (status, answer["code"]) == (403, "other_desk") or _gone(route, words, status), (path, told)
                elif route.function in narrowed.OF_SERVICE:
                    assert answer.get("code") not in ("scope", "other_desk"), (path, told)
                if "contact" in path or "source" in path or route.function.endswith("conversations:listing"):
                    assert whose["message"] not in told and f'"id": "{whose["conversation"]}"' not in told, path
    assert asked > 2 * len(TABLE)


def _gone(route: Route, words: str, status: int) -> bool:
    """Whether it is refused for want of a chat before anybody asks whose it was."""
    chats = ("inbox", "agents", "files", "mentions")
    asks_of_chats = tuple(f"api.conversations.{one}:" for one in chats)
    return route.function.startswith(asks_of_chats) and (
        (words == BOTS and status == 404) or (words == OVER and status == 410)
    )


def test_somebody_of_the_desk_does_until_they_hand_it_on(world: World) -> None:
    whose, ids = world.at[MINE], world.deployment.ids
    said = [
        f"/v1/messages?conversation_id={whose['conversation']}",
        f"/v1/messages?contact_id={whose['contact']}",
        "/v1/messages?source=webchat",
        f"/v1/messages/{whose['message']}",
        f"/v1/conversations/{whose['conversation']}/timeline",
        f"/v1/contacts/{whose['contact']}/timeline",
        f"/v1/inbox?service_id={ids['care']}",
    ]
    for path in said:
        status, answer = world.ask("GET", path)
        assert (status, MINE in json.dumps(answer)) == (200, True), (path, answer)
    recent = world.ask("POST", "/contacts.recent-messages", {"contact_id": whose["contact"]})
    assert MINE in json.dumps(recent)
    seen = [
        f"/v1/threads/{whose['thread']}",
        f"/v1/conversations?service_id={ids['care']}",
        f"/v1/conversations?contact_id={whose['contact']}",
        f"/v1/deliveries?message_id={whose['message']}",
        f"/v1/deliveries?bot_id={ids['bot']}",
        f"/v1/deliveries/{whose['delivery']}",
    ]
    for path in seen:
        status, answer = world.ask("GET", path)
        told = json.dumps(answer)
        assert status == 200 and whose["thread"][3:] in told, (path, answer)
        assert not [words for words in (THEIRS, OVER, BOTS) if world.at[words]["thread"][3:] in told], path
    beat = {
        "service_id": ids["care"],
        "open": whose["conversation"],
        "watch": [one["conversation"] for one in world.at.values()],
    }
    status, answer = world.ask("POST", "/v1/console/beat", beat)
    assert status == 200 and [*answer["versions"]["threads"]] == [whose["conversation"]]
    assert world.ask("POST", f"/v1/conversations/{whose['conversation']}/claim")[0] == 200

    # Who hands a customer on sees them no longer.
    move = {"type": "chat.transferred", "desk_id": ids["theirs"]}
    assert world.ask("POST", f"/v1/conversations/{whose['conversation']}/events", move)[0] == 202
    world.deployment.cloud.pump()
    for path in (f"/v1/conversations/{whose['conversation']}", f"/v1/threads/{whose['thread']}"):
        assert world.ask("GET", path)[1]["code"] == "other_desk"
    # Until the customer comes back to it; and where a bot has them again, it was the last to have had them.
    _does(world.deployment, whose["thread"], "chat.transferred", desk_id=ids["mine"])
    assert world.ask("GET", f"/v1/threads/{whose['thread']}")[0] == 200
    _does(world.deployment, whose["thread"], "chat.returned_to_bot")
    assert world.ask("GET", f"/v1/threads/{whose['thread']}")[0] == 200
