"""Triggers and the direct call (contract section 4) through the whole platform, as an old client has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.outside import serving
from tests.stack.conftest import Deployment, Platform, Reply, echo, eventually, quiet
from tests.stack.signed import is_signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@dataclass
class Trigger:
    """A trigger of a deployment's bot."""

    platform: Platform
    made: dict[str, Any]

    def fires(self, body: Any, query: str = "", *, secret: str | None = "", **headers: str) -> Reply:
        """Post an event with the secret, another, or none."""
        bearer = {} if secret is None else {"Authorization": f"Bearer {secret or self.made['secret']}"}
        return self.platform.call("POST", self.made["event_url"] + query, body, key=None, headers=bearer | headers)

    def takes(self, body: Any, query: str = "", **headers: str) -> dict[str, Any]:
        """Post an event that must be taken."""
        reply = self.fires(body, query, **headers)
        assert reply.status == 202, (reply.status, reply.raw[:400])
        answer: dict[str, Any] = reply.json
        assert answer["status"] == "accepted" and answer["id"] and answer["session"]
        return answer

    def event(self, id: str) -> dict[str, Any]:
        """How far an event has come."""
        found: dict[str, Any] = self.platform.get(f"/v1/triggers/{self.made['id']}/events/{id}")
        return found

    def ends(self, id: str, status: str = "succeeded") -> dict[str, Any]:
        """Wait for the outcome of an event."""
        eventually(lambda: self.event(id)["status"] in ("succeeded", "failed"), f"the outcome of {id}")
        found = self.event(id)
        assert found["status"] == status, found
        return found


@pytest.fixture
def trigger(deployment: Deployment) -> Trigger:
    deployment.bot_end.answer = echo
    fields = {"service_id": deployment.service, "name": "orders", "bot_id": deployment.bot["id"]}
    return Trigger(deployment.platform, deployment.platform.make("triggers", **fields))


def test_the_request_of_the_other_product(deployment: Deployment, trigger: Trigger) -> None:
    assert trigger.made["event_url"].endswith(f"/v1/integration/trigger/{trigger.made['id']}/event")
    first = trigger.takes(json.dumps({"text": "Hello there"}).encode())
    assert trigger.event(first["id"])["status"] in ("accepted", "running", "succeeded")
    done = trigger.ends(first["id"])
    assert done["reply"] == "you said Hello there" and done["attempts"] == 1 and done["conversation_id"]
    heard = deployment.bot_end.events()[0]
    assert (heard["Message"], heard["Channel"], heard["ConversationType"]) == ("Hello there", "Trigger", "BOT")
    assert heard["MessageSource"] == "trigger" and heard["Conversationid"] == done["conversation_id"]
    said = deployment.platform.call("POST", "/messages.list", {"conversation_id": done["conversation_id"]}).json["data"]
    assert [(one["text"], one["source"], one["author"]["kind"]) for one in said] == [
        ("you said Hello there", "trigger", "bot"),
        ("Hello there", "trigger", "event"),
    ]
    history = deployment.platform.get(f"/v1/triggers/{trigger.made['id']}/events")["data"]
    assert [one["id"] for one in history] == [first["id"]]


def test_sessions_and_contacts(deployment: Deployment, trigger: Trigger) -> None:
    conversation = [trigger.ends(trigger.takes({"text": "a", "session": "s1"})["id"])["conversation_id"]]
    conversation.append(trigger.ends(trigger.takes({"text": "b", "session": "s1"})["id"])["conversation_id"])
    conversation.append(trigger.ends(trigger.takes({"text": "c", "session": "s2"})["id"])["conversation_id"])
    conversation.append(trigger.ends(trigger.takes({"text": "d"})["id"])["conversation_id"])
    conversation.append(trigger.ends(trigger.takes({"text": "e"})["id"])["conversation_id"])
    assert conversation[0] == conversation[1] and len(set(conversation)) == 4
    person = {"name": "Ana", "email": "Ana@Example.COM", "phone": "+49 30 901820"}
    one = trigger.takes({"text": "f", "contact": person})
    two = trigger.takes({"order": 7}, "?contact.email=ANA@example.com")
    assert one["session"] == two["session"] == "ana@example.com"
    assert trigger.ends(one["id"])["conversation_id"] == trigger.ends(two["id"])["conversation_id"]
    heard = deployment.bot_end.events()[-1]
    assert json.loads(heard["Message"]) == {"order": 7} and heard["Contact"]["name"] == "Ana"
    found = deployment.platform.get(f"/v1/contacts?service_id={deployment.service}&email=ana@example.com")["data"]
    assert len(found) == 1 and heard["Contact"]["id"] == found[0]["id"]
    assert {"kind": "phone", "value": "+4930901820"} in found[0]["identities"]


def test_what_is_refused_and_what_is_repeated(deployment: Deployment, trigger: Trigger) -> None:
    assert trigger.fires({"text": "x"}, secret="wrong").status == 401
    assert trigger.fires({"text": "x"}, secret=None).status == 401
    gone = trigger.made["event_url"].replace(trigger.made["id"], "tr_" + "a" * 26)
    assert deployment.platform.call("POST", gone, {}, key=None, headers={"Authorization": "Bearer x"}).status == 404
    assert trigger.fires(b'{"text"').code == "malformed_json"
    wrong = trigger.fires({"text": "x", "contact": {"email": "no address"}})
    assert wrong.status == 422 and [one["path"] for one in wrong.json["errors"]] == ["/contact/email"]
    assert trigger.fires({"text": "x" * 17_000}).status == 413
    key = {"Idempotency-Key": "order-7"}
    assert trigger.takes({"text": "once"}, **key)["id"] == trigger.takes({"text": "once"}, **key)["id"]
    assert trigger.fires({"text": "other"}, **key).status == 409
    assert deployment.platform.get(f"/v1/triggers/{trigger.made['id']}").keys().isdisjoint({"secret", "secret_hash"})


def test_a_default_text_a_callback_and_a_failure(deployment: Deployment) -> None:
    with serving() as told:
        fields = {
            "service_id": deployment.service,
            "bot_id": deployment.bot["id"],
            "notify_url": told.url,
            "text": "tick",
        }
        trigger = Trigger(deployment.platform, deployment.platform.make("triggers", name="told", **fields))
        deployment.bot_end.answer = echo
        done = trigger.ends(trigger.takes({"text": "ignored"})["id"])
        assert done["reply"] == "you said tick"
        invoked = deployment.platform.call("POST", f"/v1/triggers/{trigger.made['id']}/invoke")
        assert invoked.status in (200, 202) and trigger.ends(invoked.json["id"])["reply"] == "you said tick"
        events = eventually(lambda: told.events() if len(told.events()) == 2 else None, "both callbacks")
        assert [event["type"] for event in events] == ["trigger.completed"] * 2
        assert events[0]["data"]["reply"] == "you said tick"
        assert is_signed(told.heard[0], trigger.made["signing_secret"])


def test_the_direct_call_waits_for_the_answer(deployment: Deployment) -> None:
    deployment.bot_end.answer = echo
    made = deployment.platform.call(
        "POST",
        "/v1/conversations",
        {"service_id": deployment.service, "bot_id": deployment.bot["id"], "contact": {"name": "Uma"}},
    )
    assert made.status == 201, made.raw
    where = f"/v1/conversations/{made.json['id']}"
    assert deployment.platform.get(where)["id"] == made.json["id"]
    answer = deployment.platform.call("POST", f"{where}/complete", {"text": "hi", "timeout_s": 20})
    assert answer.status == 200 and answer.json["text"] == "you said hi", answer.raw
    assert [one["text"] for one in answer.json["messages"]] == ["you said hi"]
    deployment.bot_end.answer = quiet
    late = deployment.platform.call("POST", f"{where}/complete", {"text": "and?", "timeout_s": 1})
    assert (late.status, late.code) == (504, "bot_timeout")


def test_a_schedule_fires(deployment: Deployment) -> None:
    deployment.bot_end.answer = echo
    fields = {"service_id": deployment.service, "bot_id": deployment.bot["id"], "text": "good morning", "name": "daily"}
    made = deployment.platform.make("triggers", schedule="0 9 * * *", timezone="Europe/Berlin", **fields)
    assert made["next_at"].endswith("Z") and made["next_at"][11:16] in ("07:00", "08:00")
    assert deployment.platform.call("POST", "/v1/triggers", fields | {"schedule": "0 25 * * *"}).status == 422
