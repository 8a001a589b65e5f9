"""Which rule decides about a message (contract section 1)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.outside import serving
from tests.stack.conftest import TOKEN, Deployment, Platform, eventually, quiet
from tests.stack.signed import signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def test_every_variable_can_decide(platform: Platform) -> None:
    """A rule for each variable catches a message for which it is not as it should be; the bot gets the rest."""
    zone = datetime.now(ZoneInfo("Asia/Kolkata"))
    soon = zone + timedelta(minutes=1)
    text = {"var": "message.text"}

    def equal(name: str, value: Any) -> dict[str, Any]:
        return {"==": [{"var": name}, value]}

    def among(name: str, *values: Any) -> dict[str, Any]:
        return {"in": [{"var": name}, list(values)]}

    at_first: dict[str, Any] = {
        "message.type": equal("message.type", "text"), "message.source": equal("message.source", "custom"),
        "message.postback": equal("message.postback", None), "message.language": equal("message.language", None),
        "contact.id": {"in": ["ct_", {"var": "contact.id"}]}, "contact.name": equal("contact.name", "Uma"),
        "contact.phone": equal("contact.phone", "+4915112345678"),
        "contact.email": equal("contact.email", "uma@example.com"),
        "contact.attributes": equal("contact.attributes.plan", None),
        "contact.tags": {"!": {"in": ["vip", {"var": "contact.tags"}]}},
        "channel.id": {"in": ["ch_", {"var": "channel.id"}]}, "channel.kind": equal("channel.kind", "custom"),
        "thread.owner": equal("thread.owner", None), "thread.first": equal("thread.first", True),
        "thread.last_message_age_s": equal("thread.last_message_age_s", None),
        "now.hour": among("now.hour", zone.hour, soon.hour),
        "now.minute": among("now.minute", zone.minute, soon.minute),
        "now.weekday": among("now.weekday", zone.isoweekday(), soon.isoweekday()),
        "now.date": among("now.date", f"{zone:%Y-%m-%d}", f"{soon:%Y-%m-%d}"),
    }  # fmt: skip
    then: dict[str, Any] = {
        "owner then": equal("thread.owner", "bot"), "first then": equal("thread.first", False),
        "age then": {"<": [-1, {"var": "thread.last_message_age_s"}, 60]},
        "postback then": equal("message.postback", "pressed"), "type then": equal("message.type", "postback"),
    }  # fmt: skip
    with serving() as end, serving() as gateway:
        end.answer = quiet
        rules = [
            {"name": name, "to": "desk", "desk": name, "when": {"and": [{"==": [text, said]}, {"!": condition}]}}
            for said, conditions in (("first", at_first), ("then", then))
            for name, condition in conditions.items()
        ]
        bundle = {
            "service": {"name": platform.service("rules") + " by bundle", "timezone": "Asia/Kolkata"},
            "channels": [{"name": "own", "kind": "custom", "settings": {"send_url": gateway.url}}],
            "bots": [{"name": "helper", "webhook_url": end.url, "verification_token": TOKEN, "verify": True}],
            "desks": [{"name": name, "kind": "console"} for name in (*at_first, *then)],
            "rules": [
                {"name": "unheard", "to": "none", "when": {"==": [text, "unheard"]}},
                *rules,
                {"name": "rest", "to": "bot", "bot": "helper", "when": among("message.text", "first", "then")},
            ],
        }
        applied = platform.call("POST", "/v1/apply", bundle)
        assert applied.status == 200 and applied.json["warnings"] == [], applied.raw[:1000]
        service, secret = (
            applied.json["service_id"],
            applied.json["secrets"]["channels"]["own"]["secrets"]["signing_secret"],
        )
        hook = platform.get(f"/v1/channels?service_id={service}")["data"][0]["webhook_url"]
        end.forget()

        def post(id: str, **more: Any) -> None:
            body = {"type": "message", "id": id, "from": "+4915112345678", "name": "Uma", "email": "uma@example.com",
                    "phone": "+4915112345678"} | more  # fmt: skip
            raw = json.dumps(body).encode()
            assert platform.call("POST", hook, raw, key=None, headers=signed(secret, raw)).status == 202

        def told(text: str) -> dict[str, Any]:
            desks = {
                one["id"]: one["name"] for one in platform.get(f"/v1/desks?service_id={service}&limit=100")["data"]
            }

            def somebody() -> Any:
                caught = platform.get(f"/v1/conversations?service_id={service}")["data"]
                wrong = [desks[one["desk_id"]] for one in caught if one["desk_id"]]
                assert not wrong, f"not as it should be: {wrong}"
                return [event for event in end.events() if event.get("Message", event.get("PostbackPayload")) == text]

            found: dict[str, Any] = eventually(somebody, text)[0]
            return found

        post("m1", text="first")
        told("first")
        post("m2", text="then", postback={"payload": "pressed", "title": "then"})
        told("pressed")
        # Nobody's: by a rule that says so, and by no rule at all. Both are kept, and nobody gets them.
        post("m3", text="unheard")
        post("m4", text="matched by no rule")
        thread = platform.get(f"/v1/conversations?service_id={service}")["data"][0]["thread_id"]
        eventually(lambda: platform.get(f"/v1/threads/{thread}")["messages"] == 4, "all four on the thread")
        assert len(platform.deliveries(bot_id=bots_of(platform, service)[0])) == 2
        # The first rule by position decides: what came last goes first where it says so.
        platform.make("rules", service_id=service, name="before all", to="none", position=0)
        post("m6", text="first")
        eventually(lambda: platform.get(f"/v1/threads/{thread}")["messages"] == 5, "one more")
        assert len(platform.deliveries(bot_id=bots_of(platform, service)[0])) == 2
    for when, path in (
        ({"and": [True, {"frobnicate": [1]}]}, "/when/and/1"), ({"==": [{"var": "contact.shoe_size"}, 1]}, "/when/=="),
        (nested(25), "/when"),
    ):  # fmt: skip
        refused = platform.call("POST", "/v1/rules", {"service_id": service, "name": "r", "to": "none", "when": when})
        assert refused.status == 422 and refused.json["errors"][0]["path"].startswith(path), refused.raw


def test_a_close_and_what_is_known_of_the_contact_can_be_a_rules_trigger(deployment: Deployment) -> None:
    platform, closed = deployment.platform, {"==": [{"var": "event.type"}, "conversation.closed"]}
    rule = {"service_id": deployment.service, "to": "bot", "bot_id": deployment.bot["id"], "position": 0}
    platform.make("rules", name="after a close", when=closed, **rule)
    visitor = deployment.visitor()
    visitor.says("hello")
    mine = deployment.bot_hears("hello", lambda event: event.get("Message") == "hello")["Conversationid"]
    assert deployment.bot_posts({"eventid": 1002, "conversation_id": mine}).status == 202
    chat = deployment.desk_hears("the chat", lambda event: event["type"] == "chat.started")["data"]["conversation_id"]
    assert deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "outcome": "solved"}).status == 202
    told = deployment.bot_hears("the close", lambda event: event.get("Message") == "conversation.closed")
    assert (told["MessageType"], told["ConversationType"], told["Conversationid"]) == ("event", "BOT", mine)
    assert deployment.bot_posts({"eventid": 1001, "conversation_id": mine, "message": "How was it?"}).status == 202
    visitor.sees("How was it?")
    # Attributes and tags that the owner gave decide from the next message on.
    contact = platform.get(f"/v1/conversations/{mine}")["thread"]["contact"]["id"]
    given = {"attributes": {"plan": "gold"}, "tags": ["vip"]}
    assert platform.call("PATCH", f"/v1/contacts/{contact}", given).status == 200
    asked = {"and": [{"==": [{"var": "contact.attributes.plan"}, "gold"]}, {"in": ["vip", {"var": "contact.tags"}]}]}
    to_desk = {"service_id": deployment.service, "to": "desk", "desk_id": deployment.desk["id"], "position": 0}
    platform.make("rules", name="gold", when=asked, **to_desk)
    visitor.says("for people")
    deployment.desk_hears("it", lambda event: event["data"].get("message", {}).get("text") == "for people")


def bots_of(platform: Platform, service: str) -> list[str]:
    return [one["id"] for one in platform.get(f"/v1/bots?service_id={service}")["data"]]


def nested(levels: int) -> Any:
    return {"!": nested(levels - 1)} if levels else True
