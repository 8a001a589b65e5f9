"""Messenger and Instagram, with the Graph API played by a server of ours: its webhook bodies in, its send calls out."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.ports import clock
from tests.journeys.conftest import TOKEN, Deployment
from tests.outside import Heard, Outside, serving

OWN, PERSON = "1122334455", "6543217890123456"
PROOF = "?appsecret_proof=e2a1d81d1297cc27ef899063c396018fcebf35297396d5da7009a921f9c18726"
"""Of the secrets below, as Meta's documentation says how to make it."""
SECRETS = {"app_secret": "meta-app-secret", "access_token": "EAAtoken", "verify_token": "our-word"}
AT = 1763683200000


@dataclass
class Meta:
    """A Page or an account, and the Graph API that it is on."""

    deployment: Deployment
    graph: Outside
    kind: str
    row: dict[str, Any]

    def tells(self, *events: dict[str, Any], entry: str = OWN) -> int:
        """Meta posts events of a person; everything moves until quiet."""
        ends = {"sender": {"id": PERSON}, "recipient": {"id": OWN}, "timestamp": AT}
        items = [ends | one for one in events]
        body = {
            "object": "page" if self.kind == "messenger" else "instagram",
            "entry": [{"id": entry, "time": AT, "messaging": items}],
        }
        raw = json.dumps(body).encode()
        signature = "sha256=" + hmac.new(SECRETS["app_secret"].encode(), raw, hashlib.sha256).hexdigest()
        status, _ = self.deployment.call(
            "POST", self.row["webhook_url"], raw, headers={"X-Hub-Signature-256": signature}
        )
        self.deployment.cloud.pump()
        return status

    def says(self, text: str, mid: str = "m_in1", **more: Any) -> int:
        return self.tells({"message": {"mid": mid, "text": text} | more})

    def echoes(self, text: str, mid: str, **more: Any) -> int:
        ends = {"sender": {"id": OWN}, "recipient": {"id": PERSON}}
        return self.tells(ends | {"message": {"mid": mid, "text": text, "is_echo": True} | more})

    def sent(self) -> list[Heard]:
        return [one for one in self.graph.heard if "/messages" in one.path and "message" in one.json]

    def kept(self) -> list[tuple[str, str, str]]:
        """(direction, text, state) of all that was said, the first said first."""
        (person,) = self.deployment.call("GET", f"/v1/contacts?service_id={self.deployment.ids['care']}")[1]["data"]
        listed = self.deployment.call("GET", f"/v1/contacts/{person['id']}/timeline")[1]["data"]
        return sorted(
            [(one["direction"], one["text"], one["state"]) for one in listed if one["type"] != "event"],
        )


@pytest.fixture(params=["messenger", "instagram"])
def meta(request: pytest.FixtureRequest, deployment: Deployment) -> Iterator[Meta]:
    with serving() as graph:

        def answer(heard: Heard) -> tuple[int, Any]:
            if "/messages" in heard.path:
                return 200, {"recipient_id": PERSON, "message_id": f"m_out{len(made.sent())}"}
            if "/subscribed_apps" in heard.path:
                return 200, {"success": True}
            return 200, {"id": OWN, "user_id": OWN, "name": "Lamps & Co", "username": "lamps"}

        graph.answer = answer
        settings: dict[str, Any] = {"page_id" if request.param == "messenger" else "account_id": OWN}
        settings |= {"api_base": graph.url.replace("/hook", "/v25.0"), "typing": True}
        row = deployment.make(
            "channels",
            service_id=deployment.ids["care"], kind=request.param, name="meta", settings=settings, secrets=SECRETS,
        )  # fmt: skip
        made = Meta(deployment, graph, request.param, row)
        yield made


def offers(heard: Heard) -> tuple[int, Any]:
    """A bot that asks back."""
    said: dict[str, Any] = {
        "eventid": "1001",
        "conversation_id": heard.json["Conversationid"],
        "message": "About what?",
    }
    said["Buttons"] = [{"title": "Billing", "payload": "topic-1"}, {"title": "Delivery", "payload": "topic-2"}]
    return 200, {"token": TOKEN, "events": [said] if heard.json.get("Message") == "hi" else []}


def test_in_out_and_pressed(deployment: Deployment, meta: Meta) -> None:
    assert (meta.row["status"], meta.row["facts"]["name"]) == ("active", "Lamps & Co")
    assert meta.row["facts"]["webhook"] == "subscribed" and "messaging_postbacks" in meta.graph.heard[-1].path
    query = "?hub.mode=subscribe&hub.verify_token=our-word&hub.challenge=1158201444"
    assert deployment.call("GET", meta.row["webhook_url"] + query) == (200, "1158201444")
    deployment.bot.answer = offers
    assert meta.says("hi") == 200
    event = deployment.bot.events()[0]
    assert (event["Message"], event["Channel"]) == ("hi", "FB" if meta.kind == "messenger" else "Instagram")
    (out,) = meta.sent()
    proof = PROOF if meta.kind == "messenger" else ""
    assert out.path == f"/v25.0/{OWN}/messages{proof}" and out.headers["authorization"] == "Bearer EAAtoken"
    assert out.json["recipient"] == {"id": PERSON} and out.json["messaging_type"] == "RESPONSE"
    replies = out.json["message"]["quick_replies"]
    assert (out.json["message"]["text"], [one["title"] for one in replies]) == ("About what?", ["Billing", "Delivery"])
    meta.says("Delivery", "m_in2", quick_reply={"payload": replies[1]["payload"]})
    meta.says("1", "m_in3")
    told = [(one["Event"], one.get("PostbackPayload") or one.get("Message")) for one in deployment.bot.events()]
    assert told[-2:] == [("FB POSTBACK", "topic-2"), ("Incoming message", "1")], "what was answered is offered no more"
    assert {"recipient": {"id": PERSON}, "sender_action": "typing_on"} in [
        one.json for one in meta.graph.heard if one.raw
    ]
    # What is somebody else's, or a wrong signature's, is nobody's.
    assert meta.tells({"message": {"mid": "m_x", "text": "other"}}, entry="99") == 200
    assert "other" not in json.dumps(deployment.bot.events())


def test_delivered_and_read(deployment: Deployment, meta: Meta) -> None:
    deployment.bot.answer = offers
    meta.says("hi")
    if meta.kind == "messenger":
        more: dict[str, Any] = {"mids": ["m_out1", "m_none"]}
        for what, state in (("delivery", "delivered"), ("read", "read")):
            meta.tells({what: more | {"watermark": clock.now_ms()}})
            assert ("out", "About what?", state) in meta.kept()
            more = {}
    else:
        meta.tells({"read": {"mid": "m_out1"}})
        assert ("out", "About what?", "read") in meta.kept()
    told = [one["DeliveryStatus"] for one in deployment.bot.events() if one["Event"] == "Message Delivery"]
    assert told[-1] == "Read"


def test_what_is_edited_taken_back_and_reacted_to(deployment: Deployment, meta: Meta) -> None:
    deployment.bot.answer = offers
    meta.says("hi")
    meta.says("one lamp", "m_in2")
    deployment.bot.forget()
    meta.tells({"message_edit": {"mid": "m_in2", "text": "two lamps", "num_edit": 1}})
    reaction = {"mid": "m_out1", "reaction": "love", "emoji": "❤"}
    meta.tells({"reaction": reaction | {"action": "react"}}, {"reaction": reaction | {"action": "unreact"}})
    assert ("in", "two lamps", "received") in meta.kept()
    meta.tells({"message": {"mid": "m_in2", "is_deleted": True}})
    told = deployment.bot.events()
    assert [one["Event"] for one in told] == ["Message Edited", "Reaction", "Reaction", "Message Deleted"]
    assert [one.get("Message", "") for one in told] == ["two lamps", "❤", "", ""]
    assert told[0]["Messageid"] == told[3]["Messageid"] != told[1]["Messageid"]
    assert "lamp" not in json.dumps(meta.kept())


@pytest.mark.parametrize("meta", ["messenger"], indirect=True)
def test_an_echo_of_ours_is_told_from_those_of_others(deployment: Deployment, meta: Meta) -> None:
    """Also where it is there before the answer to our call, or that is lost."""
    deployment.bot.answer = offers
    meta.graph.answer = lambda heard: (500, {})
    meta.says("hi")
    assert ("out", "About what?", "pending") in meta.kept()
    mark = meta.sent()[0].json["message"]["metadata"]
    for _ in range(2):
        meta.echoes("About what?", "m_out1", metadata=mark, app_id=7)
    assert ("out", "About what?", "sent") in meta.kept()
    meta.tells({"reaction": {"mid": "m_out1", "action": "react", "emoji": "👍"}})
    assert deployment.bot.events()[-1]["Event"] == "Reaction", "known by Meta's id from then on"
    meta.echoes("We call you.", "m_app", app_id=263902037430900)
    meta.echoes("We call you.", "m_app", app_id=263902037430900)
    assert meta.kept() == [("in", "hi", "received"), ("out", "About what?", "sent"), ("out", "We call you.", "sent")]


@pytest.mark.parametrize("meta", ["instagram"], indirect=True)
@pytest.mark.parametrize("overtakes", [False, True])
def test_an_echo_that_says_nothing_of_ours_is_told_by_its_id(
    deployment: Deployment, meta: Meta, traveller: Any, overtakes: bool
) -> None:
    deployment.bot.answer = offers
    if overtakes:
        # The answer to our call is a while in coming: what went out is pending meanwhile.
        answer = meta.graph.answer
        meta.graph.answer = lambda heard: (500, {})
        meta.says("hi")
        meta.echoes("About what?", "m_out2")
        assert [one for one in meta.kept() if one[0] == "out"] == [("out", "About what?", "pending")]
        meta.graph.answer = answer
        traveller.shift(5)
        deployment.cloud.release()
        deployment.cloud.pump()
        assert meta.sent()[-1].json["message"]["text"] == "About what?"
    else:
        meta.says("hi")
        meta.echoes("About what?", "m_out1")
    meta.echoes("We call you.", "m_app")
    for _ in range(3):
        traveller.shift(15)
        deployment.cloud.release()
        deployment.cloud.pump()
    assert meta.kept() == [("in", "hi", "received"), ("out", "About what?", "sent"), ("out", "We call you.", "sent")]


def test_what_comes_too_late_is_refused(deployment: Deployment, meta: Meta) -> None:
    deployment.bot.answer = offers
    code = 2018278 if meta.kind == "messenger" else 2534022
    error = {"message": "This message is sent outside of allowed window.", "code": 10, "error_subcode": code}
    meta.graph.answer = lambda heard: (400, {"error": error})
    meta.says("hi")
    assert ("out", "About what?", "failed") in meta.kept()
    told = deployment.bot.events()[-1]
    assert told["DeliveryStatus"] == "Failed" and "outside_window" in json.dumps(told)


@pytest.mark.parametrize("meta", ["messenger"], indirect=True)
def test_who_has_only_pressed_get_started_may_be_answered(deployment: Deployment, meta: Meta) -> None:
    to_desk = {"to": "desk", "desk_id": deployment.ids["desk"]}
    assert deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", to_desk)[0] == 200
    meta.tells({"timestamp": clock.now_ms(), "postback": {"mid": "m_in1", "title": "Get Started", "payload": "go"}})
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    answer = {"type": "agent.message", "id": "a1", "text": "How can I help?"}
    assert deployment.call("POST", f"/v1/conversations/{chat}/events", answer)[0] == 202
    deployment.cloud.pump()
    assert meta.kept() == [("out", "How can I help?", "sent")]
    thread = deployment.call("GET", f"/v1/conversations/{chat}")[1]["thread"]
    assert thread["window"]["open_until"] and thread["last_message_at"] is None


@pytest.mark.parametrize("meta", ["messenger"], indirect=True)
@pytest.mark.parametrize("human_agent", [True, False])
def test_people_may_answer_for_seven_days_where_the_owner_says_so(
    deployment: Deployment, meta: Meta, traveller: Any, human_agent: bool
) -> None:
    settings = meta.row["settings"] | {"human_agent": human_agent}
    assert deployment.call("PATCH", f"/v1/channels/{meta.row['id']}", {"settings": settings})[0] == 200
    meta.tells({"timestamp": clock.now_ms(), "message": {"mid": "m_in1", "text": "hi"}})
    conversation = deployment.bot.events()[0]["Conversationid"]
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})[0] == 202
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]

    def late(heard: Heard) -> tuple[int, Any]:
        if heard.json.get("tag") == "HUMAN_AGENT":
            return 200, {"recipient_id": PERSON, "message_id": "m_late"}
        return 400, {"error": {"message": "outside of allowed window", "code": 10, "error_subcode": 2018278}}

    meta.graph.answer = late
    for days, allowed in ((2, human_agent), (6, False)):
        traveller.shift(days * 86_400)
        event = {"type": "agent.message", "id": f"a{days}", "text": f"day {days}"}
        status, problem = deployment.call("POST", f"/v1/conversations/{chat}/events", event)
        assert (status, problem.get("code")) == ((202, None) if allowed else (422, "needs_template")), problem
        deployment.cloud.pump()
    assert [one for one in meta.kept() if one[0] == "out"] == [("out", "day 2", "sent")] * human_agent
    window = deployment.call("GET", f"/v1/conversations/{chat}")[1]["thread"]["window"]
    ends = clock.now_ms() - (8 - (7 if human_agent else 1)) * 86_400_000
    assert abs(clock.from_rfc3339(window["open_until"]) - ends) < 60_000
