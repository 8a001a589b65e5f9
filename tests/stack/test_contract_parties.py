"""What bots and desks are told and may say (contract sections 1 to 3), beyond the plain way of a message."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.outside import Answer, Heard, Outside, serving
from tests.stack.conftest import TOKEN, Platform, Reply, Town, Visitor, eventually, first, quiet
from tests.stack.signed import is_signed, signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

IMI_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d")
SEED = {
    "Conversationid", "ConversationType", "Message", "MessageType", "Messageid", "Media", "Channel", "Event",
    "Timestamp",
}  # fmt: skip
OURS = {"Sequence", "Author", "MessageSource", "Contact"}


def is_type(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("type") == name


def speaks(event: dict[str, Any]) -> bool:
    return event.get("Event") == "Incoming message"


def conversation_of(town: Town, visitor: Visitor, text: str = "hello") -> str:
    """The bot's conversation with a visitor who has just begun it."""
    visitor.says(text)
    heard = town.bot_hears("it", lambda event: event.get("Message") == text)
    return str(heard["Conversationid"])


def state(town: Town, conversation: str) -> dict[str, Any]:
    shown: dict[str, Any] = town.platform.get(f"/v1/conversations/{conversation}")
    return shown


# Bots


@pytest.fixture(scope="module", autouse=True)
def poisoned(platform: Platform) -> Iterator[tuple[str, Outside]]:
    """A working bot that one message makes fail five times: it takes many seconds, so it begins with the first test."""
    with serving() as end:
        end.answer = lambda heard: (500, {}) if heard.json.get("Message") == "poison" else quiet(heard)
        service = platform.service()
        channel = platform.make("channels", service_id=service, kind="webchat", name="chat")
        bot = platform.make("bots", service_id=service, name="b", webhook_url=end.url, retry={"waits_s": [1, 1, 1, 1]})
        platform.verify("bots", bot)
        platform.make("rules", service_id=service, name="r", to="bot", bot_id=bot["id"])
        visitor = Visitor(platform, channel["id"])
        visitor.says("poison")
        visitor.says("after it")
        yield bot["id"], end


def test_what_a_bot_is_posted_word_for_word(town: Town) -> None:
    platform = town.platform
    changed = {"headers": {"X-Tenant": "t1"}, "profile": "generic"}
    assert platform.call("PATCH", f"/v1/bots/{town.bot['id']}", changed).json["status"] == "unverified"
    visitor, other = town.visitor(), town.visitor()
    visitor.says("hello")
    held = eventually(lambda: platform.deliveries(bot_id=town.bot["id"], status="pending"), "it as pending")
    assert held[0]["attempts"] == [] and town.bot_end.heard == [], "an unverified bot is not used"
    platform.verify("bots", town.bot)
    event = town.bot_hears("what waited", speaks)
    assert event.keys() == SEED | OURS and IMI_TIME.fullmatch(event["Timestamp"])
    told = datetime.strptime(event["Timestamp"] + "0000", "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
    assert event["MessageSource"] == "webchat" and event["Contact"]["id"].startswith("ct_")
    assert all(heard.headers["x-tenant"] == "t1" for heard in town.bot_end.heard)
    visitor.says(postback="p1")
    pressed = town.bot_hears("the postback", lambda event: "PostbackPayload" in event)
    assert pressed.keys() == {"Conversationid", "ConversationType", "PostbackPayload", "Messageid", "Channel", "Event",
                              "Timestamp"} | OURS  # fmt: skip
    assert (pressed["Channel"], pressed["Event"], pressed["Sequence"]) == ("Webchat", "FB POSTBACK", 2)
    said = {"eventid": 1001, "conversation_id": event["Conversationid"], "message": "hi"}
    message = town.bot_posts(said).json["message_id"]
    visitor.sees("hi")
    receipt = town.bot_hears("the receipt", lambda event: "DeliveryStatus" in event)
    assert receipt.keys() == {"Conversationid", "ConversationType", "Messageid", "Channel", "Event", "Timestamp",
                              "DeliveryStatus", "MessageSource", "Contact"}  # fmt: skip
    assert (receipt["Messageid"], receipt["DeliveryStatus"]) == (message, "Delivered")
    conversation = conversation_of(town, other, "another visitor")
    assert conversation != event["Conversationid"], "one for each user"
    # Changing any of these makes the verification worthless.
    for change in (
        {"access_token": "a2"},
        {"verification_token": TOKEN + "2"},
        {"webhook_url": town.bot_end.url + "2"},
    ):
        platform.call("PATCH", f"/v1/bots/{town.bot['id']}", {"verification_token": TOKEN})
        platform.verify("bots", town.bot)
        assert platform.call("PATCH", f"/v1/bots/{town.bot['id']}", change).json["status"] == "unverified", change
    suspended = platform.call("PATCH", f"/v1/bots/{town.bot['id']}", {"suspended": True})
    assert suspended.json["status"] == "suspended"
    assert platform.call("POST", f"/v1/bots/{town.bot['id']}/verify").code == "suspended"


def test_what_a_bot_may_post(town: Town) -> None:
    visitor = town.visitor()
    conversation = conversation_of(town, visitor)
    for n, (kind, names) in enumerate({
        1001: ("eventid", "conversation_id", "message"), "1001": ("EVENTID", "CONVERSATION_ID", "MESSAGE"),
        "Message": ("EventId", "Conversation_Id", "Message"), "MESSAGE": ("event", "conversationId", "message"),
        "message": ("Event", "ConversationID", "Message"),
    }.items()):  # fmt: skip
        assert town.bot_posts(dict(zip(names, (kind, conversation, f"m{n}"), strict=True))).status == 202, kind
    said = {"eventid": "1001", "conversation_id": conversation, "Timestamp": "2026-11-21 01:23:45.678"}
    several = town.bot_posts([said | {"message": f"a{n}", "customparam1": n} for n in range(3)])
    assert several.status == 202 and [one["status"] for one in several.json["events"]] == ["accepted"] * 3
    mixed = town.bot_posts([said | {"message": "never"}, said | {"Timestamp": "soon"}])
    assert mixed.status == 422
    assert {one["path"] for one in mixed.json["errors"]} == {"/1/message", "/1/Timestamp"}
    file = {"url": "https://files.example/1.pdf", "mime_type": "application/pdf", "size": 3, "name": "1.pdf"}
    assert town.bot_posts(said | {"Messagetype": "file", "message": "a file", "Media": file}).status == 202
    shown = visitor.sees("a file")
    assert (shown["type"], shown["media"]) == ("file", [file])
    assert visitor.texts() == ["m0", "m1", "m2", "m3", "m4", "a0", "a1", "a2", "a file"]
    assert [one["metadata"] for one in visitor.seen[5:8]] == [{"params": {"customparam1": n}} for n in range(3)]
    # A token opens its own bot's conversations alone.
    with serving() as end:
        end.answer = quiet
        other = town.platform.make("bots", service_id=town.service, name="other", webhook_url=end.url)
        refused = town.platform.call("POST", other["events_url"], said | {"message": "x"}, key=None)
        assert (refused.status, refused.code) == (404, "unknown_conversation")
    # The conversation is the bot's until it closes it; `Close` says so too, in any case.
    assert town.bot_posts({"EVENT": "CLOSE", "conversation_id": conversation, "Messageid": "c1"}).status == 202
    eventually(lambda: state(town, conversation)["state"] == "closed", "it as closed")
    gone = town.bot_posts(said | {"message": "x"})
    assert (gone.status, gone.code) == (410, "conversation_closed")
    assert town.bot_posts({"EVENT": "CLOSE", "conversation_id": conversation, "Messageid": "c1"}).status == 202


def test_what_a_response_may_carry(town: Town) -> None:
    def said(text: str, **more: Any) -> dict[str, Any]:
        return {"eventid": "1001", "message": text} | more

    responses: dict[str, Any] = {
        "one": said("1") | {"verification_token": TOKEN},
        "array": ([said("2"), said("3", conversation_id=None)], {"X-Verification-Token": TOKEN}),
        "events": {"token": TOKEN, "events": [said("4"), {"eventid": "1001"}, said("5"), {"event": "Handover"}]},
    }
    seen: list[str] = []

    def answer(heard: Heard) -> Answer:
        event = heard.json
        body = responses.get(event.get("Message", "")) if event.get("ConversationType") == "BOT" else None
        if body is None:
            return quiet(heard)
        seen.append(event["Message"])
        # The first time it says no after it has said all: what counts is said by the attempt that succeeds.
        status = 503 if seen.count(event["Message"]) == 1 and event["Message"] == "one" else 200
        return (status, *body) if isinstance(body, tuple) else (status, body)

    town.platform.call("PATCH", f"/v1/bots/{town.bot['id']}", {"retry": {"waits_s": [1]}})
    town.bot_end.answer = answer
    visitor = town.visitor()
    for text in responses:
        visitor.says(text)
    visitor.sees("5")
    assert visitor.texts() == ["1", "2", "3", "4", "5"] and seen == ["one", "one", "array", "events"]
    town.desk_hears("the hand-over", is_type("chat.started"))


def test_a_day_in_the_standard_profile_with_two_desks(town: Town) -> None:
    platform = town.platform
    assert platform.call("PATCH", f"/v1/bots/{town.bot['id']}", {"profile": "standard"}).json["status"] == "active"
    with serving() as second_end:
        second = platform.make(
            "desks", service_id=town.service, kind="webhook", name="second", webhook_url=second_end.url,
            verification_token=TOKEN,
        )  # fmt: skip
        refused = platform.call("POST", f"/v1/desks/{second['id']}/verify")
        assert (refused.status, refused.code) == (422, "verification_failed"), "a desk's token counts as a bot's"
        second_end.answer = quiet
        platform.verify("desks", second)
        second_end.forget()
        visitor = town.visitor()
        visitor.says("hello")
        told = town.bot_hears("the message", is_type("message.received"))
        assert told.keys() == {"type", "timestamp", "data"} and told["timestamp"].endswith("Z")
        data = told["data"]
        assert data.keys() == {
            "conversation_id", "conversation_type", "thread_id", "channel", "contact", "message_source", "message",
            "message_type", "message_id", "media", "sequence", "author",
        }  # fmt: skip
        assert (data["conversation_type"], data["message"], data["author"]) == ("BOT", "hello", "customer")
        conversation = data["conversation_id"]
        visitor.says("Yes", postback="y")
        pressed = town.bot_hears("the postback", lambda event: "postback_payload" in event["data"])["data"]
        assert (pressed["message_type"], pressed["postback_payload"], pressed["message"]) == ("postback", "y", "Yes")
        said = town.bot_posts({"eventid": 1001, "conversation_id": conversation, "message": "hi"}).json["message_id"]
        visitor.sees("hi")
        status = town.bot_hears("the receipt", is_type("message.status"))["data"]
        assert (status["message_id"], status["status"]) == (said, "delivered")

        town.bot_posts(
            {"eventid": 1002, "conversation_id": conversation, "customparam1": "a", "customparam2": {"b": 1}}
        )
        started = town.desk_hears("the chat", is_type("chat.started"))["data"]
        assert started["custom_params"] == {"customparam1": "a", "customparam2": {"b": 1}}
        assert started["reason"] == "bot" and started["contact"].keys() == {"id", "name"}
        assert started["thread_id"] == data["thread_id"] and started["channel"]["kind"] == "webchat"
        spoken = [(one["author"]["kind"], one["text"]) for one in started["transcript"] if one["type"] != "event"]
        assert spoken == [("user", "hello"), ("user", "Yes"), ("bot", "hi")]
        changed = town.bot_hears("the change", is_type("conversation.updated"))["data"]
        assert (changed["change"], changed["owner"], changed["conversation_type"]) == ("owner_changed", "desk", "CCSP")

        chat, agent = started["conversation_id"], {"id": "7", "name": "Ana"}

        def desk_says(kind: str, **more: Any) -> Reply:
            reply = town.desk_posts({"type": kind, "conversation_id": chat, "agent": agent} | more)
            assert reply.status == 202, (kind, reply.raw)
            return reply

        for kind, then in (("accepted", "accepted"), ("hold", "held"), ("resumed", "accepted")):
            desk_says("agent.typing")
            desk_says(f"chat.{kind}")
            eventually(lambda then=then: state(town, chat)["state"] == then, kind)
        assert (state(town, chat)["agent"], state(town, chat)["reason"]) == (agent, "bot")
        media = {"url": "https://files.example/1.png", "mime_type": "image/png"}
        sent = desk_says("agent.message", text="look", media=media).json["message_id"]
        shown = visitor.sees("look")
        assert (shown["type"], shown["media"], shown["author"]) == ("image", [media], {"kind": "agent"} | agent)
        copy = town.bot_hears("the copy", lambda event: event["data"].get("author") == "agent")["data"]
        assert (copy["conversation_type"], copy["message"], copy["media"][0]["url"]) == ("CCSP", "look", media["url"])
        platform.call(
            "POST", f"/channels/{town.channel['id']}/webhook", {"session": visitor.session, "read": sent}, key=None
        )
        for word in ("delivered", "read"):
            status = town.desk_hears(word, lambda event, word=word: event["data"].get("status") == word)["data"]
            assert status["message"] == {"id": sent} and status["conversation_id"] == chat
        # Replays leave out what a person has taken over.
        replay = {"bot_id": town.bot["id"], "since": "2026-01-01T00:00:00Z", "dry_run": True}
        dry = platform.call("POST", "/v1/deliveries:replay", replay).json
        assert dry["count"] == 0 and dry["skipped"]["owned_by_desk"] >= 3

        desk_says("chat.transferred", desk_id=second["id"])
        again = first(second_end, "the chat", is_type("chat.started"))["data"]
        assert again["reason"] == "transferred" and again["conversation_id"] != chat
        assert [one["text"] for one in again["transcript"] if one["type"] == "image"] == ["look"]
        assert (state(town, chat)["state"], state(town, chat)["outcome"]) == ("closed", "transferred")
        late = {"type": "agent.message", "conversation_id": chat, "text": "x"}
        assert town.desk_posts(late).code == "conversation_closed"
        assert town.desk_posts(late | {"conversation_id": again["conversation_id"]}).code == "unknown_conversation"

        back = {"type": "chat.returned_to_bot", "conversation_id": again["conversation_id"], "outcome": "the bot can"}
        assert platform.call("POST", second["events_url"], back, key=None).status == 202
        town.bot_hears("the thread", lambda event: event["data"].get("owner") == "bot")
        shown = state(town, again["conversation_id"])
        assert (shown["state"], shown["outcome"]) == ("closed", "the bot can")
        assert (shown["thread"]["owner"], shown["thread"]["bot_conversation_id"]) == ("bot", conversation)
        visitor.says("thanks")
        last = town.bot_hears("it", lambda event: event["data"].get("message") == "thanks")["data"]
        assert (last["conversation_type"], last["conversation_id"]) == ("BOT", conversation)
        numbers = [event["data"]["sequence"] for event in town.bot_end.events() if "sequence" in event["data"]]
        assert numbers == list(range(1, len(numbers) + 1)), "without gaps, copies included"

        # Nobody there: the bot hears it and keeps the thread.
        for desk in (town.desk, second):
            platform.call("PATCH", f"/v1/desks/{desk['id']}", {"suspended": True})
        town.bot_posts({"eventid": 1002, "conversation_id": conversation})
        failed = town.bot_hears("that nobody is there", lambda e: e["data"].get("change") == "handover_failed")["data"]
        assert failed["description"] and failed["conversation_type"] == "BOT"


def test_what_time_brings(town: Town) -> None:
    """Offers that lapse, a bot's patience, the end of an overlap, age: all at once, as each takes seconds."""
    platform = town.platform
    with ExitStack() as ends:
        second_end, failing, aging, turning, gateway = (ends.enter_context(serving()) for _ in range(5))
        second = platform.make(
            "desks",
            service_id=town.service,
            kind="webhook",
            name="second",
            webhook_url=second_end.url,
            accept_within_s=1,
        )
        platform.verify("desks", second)
        offers = {"accept_within_s": 1, "fallback_desk_ids": [second["id"]]}
        assert platform.call("PATCH", f"/v1/desks/{town.desk['id']}", offers).json["status"] == "active"

        def bot_with(end: Outside, **more: Any) -> tuple[dict[str, Any], Visitor]:
            end.answer = quiet
            channel = platform.make("channels", service_id=town.service, kind="webchat", name=end.url)
            fields = {"service_id": town.service, "name": end.url, "webhook_url": end.url, "verification_token": TOKEN}
            bot = platform.make("bots", **fields, **more)
            platform.verify("bots", bot)
            end.forget()
            rule = {"name": end.url, "to": "bot", "bot_id": bot["id"], "channel_ids": [channel["id"]], "position": 0}
            if end is failing:
                rule |= {"to": "bot+desk", "desk_id": console["id"], "bot_patience_s": 1}
            platform.make("rules", service_id=town.service, **rule)
            return bot, Visitor(platform, channel["id"])

        console = platform.make("desks", service_id=town.service, kind="console", name="people")
        failing_bot, at_failing = bot_with(failing)
        aging_bot, at_aging = bot_with(aging, retry={"waits_s": [2]}, max_age_s=1)
        turning_bot, at_turning = bot_with(turning)
        own = platform.make(
            "channels", service_id=town.service, kind="custom", name="own", settings={"send_url": gateway.url}
        )

        for end in (failing, aging):
            end.answer = lambda heard: (500, {})
        gateway.answer = lambda heard: (429, {}, {"Retry-After": "120"})
        conversation = conversation_of(town, town.visitor())
        assert town.bot_posts({"eventid": 1002, "conversation_id": conversation}).status == 202
        for visitor, text in ((at_failing, "help"), (at_aging, "old")):
            visitor.says(text)
        rotated = platform.call("POST", f"/v1/bots/{turning_bot['id']}/rotate-secret", {"overlap_s": 3}).json
        at_turning.says("while both are valid")
        raw = json.dumps({"type": "message", "id": "1", "from": "u", "text": "throttled"}).encode()
        headers = signed(own["secrets"]["signing_secret"], raw)
        assert platform.call("POST", own["webhook_url"], raw, key=None, headers=headers).status == 202
        throttled = town.bot_hears("it", lambda event: event.get("Message") == "throttled")["Conversationid"]
        town.bot_posts({"eventid": 1001, "conversation_id": throttled, "message": "not now"})

        # Two signatures until the end of the overlap, then the new one's alone.
        secrets = (rotated["signing_secret"], turning_bot["signing_secret"])
        assert rotated["signing_secret"] != turning_bot["signing_secret"]
        both = eventually(lambda: turning.heard, "the delivery")[0]
        assert [is_signed(both, secret) for secret in secrets] == [True, True]
        assert len(both.headers["webhook-signature"].split()) == 2

        # An offer goes on to the next desk, then back to the bot.
        chat = town.desk_hears("the offer", is_type("chat.started"))["data"]["conversation_id"]
        withdrawn = town.desk_hears("its end", is_type("chat.ended_by_customer"))["data"]
        assert (withdrawn["conversation_id"], withdrawn["reason"]) == (chat, "offer expired")
        offered = first(second_end, "the next offer", is_type("chat.started"))["data"]
        assert offered["reason"] == "offer_expired" and offered["conversation_id"] != chat
        first(second_end, "its end", is_type("chat.ended_by_customer"))
        failed = town.bot_hears("that nobody accepted", lambda event: event["Event"] == "Handover failed")
        assert (failed["Conversationid"], failed["ConversationType"]) == (conversation, "BOT") and failed["Description"]
        assert state(town, chat)["outcome"] == state(town, offered["conversation_id"])["outcome"] == "not_accepted"
        assert town.bot_posts({"eventid": 1001, "conversation_id": conversation, "message": "sorry"}).status == 202

        # A customer who waits for a failing bot gets a person, and the bot back once it is verified again.
        def waits() -> list[dict[str, Any]]:
            found = platform.get(f"/v1/conversations?service_id={town.service}&limit=100")["data"]
            return [one for one in found if one["desk_id"] == console["id"]]

        (person,) = eventually(waits, "a person")
        assert (person["reason"], person["state"]) == ("bot_failing", "offered")
        failing.answer = quiet
        platform.verify("bots", failing_bot)
        eventually(lambda: state(town, person["id"])["outcome"] == "bot_recovered", "the bot again")
        eventually(lambda: any(heard.json.get("Message") == "help" for heard in failing.heard), "what it missed")

        # A message that is too old is given up.
        (old,) = eventually(lambda: platform.deliveries(bot_id=aging_bot["id"], status="expired"), "it as expired")
        assert [one["error"] for one in old["attempts"]] == ["http_500"]
        (later,) = eventually(lambda: platform.deliveries(channel_id=own["id"], status="waiting"), "it as waiting")
        due = datetime.fromisoformat(later["next_attempt_at"]) - datetime.fromisoformat(later["attempts"][0]["at"])
        assert timedelta(seconds=119) <= due < timedelta(seconds=140) and later["attempts"][0]["status_code"] in (
            429,
            None,
        )

        over = datetime.fromisoformat(rotated["old_valid_until"]).timestamp()
        time.sleep(max(0.0, over - time.time()))
        turning.forget()
        at_turning.says("after the overlap")
        alone = eventually(lambda: turning.heard, "the delivery")[0]
        assert [is_signed(alone, secret) for secret in secrets] == [True, False]
        assert len(alone.headers["webhook-signature"].split()) == 1


def test_a_message_that_a_working_bot_cannot_take_is_set_aside(
    platform: Platform, poisoned: tuple[str, Outside]
) -> None:
    bot, end = poisoned
    eventually(lambda: [one for one in end.events() if one.get("Message") == "after it"], "the next")
    assert [len(one["attempts"]) for one in platform.deliveries(bot_id=bot, status="poison")] == [5]
    assert platform.get(f"/v1/bots/{bot}")["status"] == "active"


# Rules


def test_every_variable_can_decide(platform: Platform) -> None:
    """A rule for each variable catches a message for which it is not as it should be; the bot gets the rest."""
    zone = timezone_now("Asia/Kolkata")
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


def bots_of(platform: Platform, service: str) -> list[str]:
    return [one["id"] for one in platform.get(f"/v1/bots?service_id={service}")["data"]]


def nested(levels: int) -> Any:
    return {"!": nested(levels - 1)} if levels else True


def timezone_now(name: str) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo(name))
