"""What desks are told and may say, and what time brings (contract sections 1 to 3)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.outside import Outside, serving
from tests.stack.conftest import TOKEN, Deployment, Reply, Visitor, eventually, first, quiet
from tests.stack.signed import is_signed, signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def is_type(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("type") == name


def _is(deployment: Deployment, chat: str, state: str) -> bool:
    return bool(deployment.state(chat)["state"] == state)


def _says_status(status: str, event: dict[str, Any]) -> bool:
    return bool(event["data"].get("status") == status)


def _slowly(_: Any) -> tuple[int, Any]:
    time.sleep(7)
    return 200, {}


def test_a_day_in_the_standard_profile_with_two_desks(deployment: Deployment) -> None:
    platform = deployment.platform
    assert (
        platform.call("PATCH", f"/v1/bots/{deployment.bot['id']}", {"profile": "standard"}).json["status"] == "active"
    )
    with serving() as second_end:
        second = platform.make(
            "desks", service_id=deployment.service, kind="webhook", name="second", webhook_url=second_end.url,
            verification_token=TOKEN,
        )  # fmt: skip
        refused = platform.call("POST", f"/v1/desks/{second['id']}/verify")
        assert (refused.status, refused.code) == (422, "verification_failed"), "a desk's token counts as a bot's"
        second_end.answer = quiet
        platform.verify("desks", second)
        second_end.forget()
        visitor = deployment.visitor()
        visitor.says("hello")
        told = deployment.bot_hears("the message", is_type("message.received"))
        assert told.keys() == {"type", "timestamp", "data"} and told["timestamp"].endswith("Z")
        data = told["data"]
        assert data.keys() == {
            "conversation_id", "conversation_type", "thread_id", "channel", "contact", "message_source", "message",
            "message_type", "message_id", "media", "sequence", "author",
        }  # fmt: skip
        assert (data["conversation_type"], data["message"], data["author"]) == ("BOT", "hello", "customer")
        conversation = data["conversation_id"]
        visitor.says("Yes", postback="y")
        pressed = deployment.bot_hears("the postback", lambda event: "postback_payload" in event["data"])["data"]
        assert (pressed["message_type"], pressed["postback_payload"], pressed["message"]) == ("postback", "y", "Yes")
        said = deployment.bot_posts({"eventid": 1001, "conversation_id": conversation, "message": "hi"}).json[
            "message_id"
        ]
        visitor.sees("hi")
        status = deployment.bot_hears("the receipt", is_type("message.status"))["data"]
        assert (status["message_id"], status["status"]) == (said, "delivered")

        deployment.bot_posts(
            {"eventid": 1002, "conversation_id": conversation, "customparam1": "a", "customparam2": {"b": 1}}
        )
        started = deployment.desk_hears("the chat", is_type("chat.started"))["data"]
        assert started["custom_params"] == {"customparam1": "a", "customparam2": {"b": 1}}
        assert started["reason"] == "bot" and started["contact"].keys() == {"id", "name"}
        assert started["thread_id"] == data["thread_id"] and started["channel"]["kind"] == "webchat"
        spoken = [(one["author"]["kind"], one["text"]) for one in started["transcript"] if one["type"] != "event"]
        assert spoken == [("user", "hello"), ("user", "Yes"), ("bot", "hi")]
        changed = deployment.bot_hears("the change", is_type("conversation.updated"))["data"]
        assert (changed["change"], changed["owner"], changed["conversation_type"]) == ("owner_changed", "desk", "CCSP")

        chat, agent = started["conversation_id"], {"id": "7", "name": "Ana"}

        def desk_says(kind: str, **more: Any) -> Reply:
            reply = deployment.desk_posts({"type": kind, "conversation_id": chat, "agent": agent} | more)
            assert reply.status == 202, (kind, reply.raw)
            return reply

        for kind, then in (("accepted", "accepted"), ("hold", "held"), ("resumed", "accepted")):
            desk_says("agent.typing")
            desk_says(f"chat.{kind}")
            eventually(partial(_is, deployment, chat, then), kind)
        assert (deployment.state(chat)["agent"], deployment.state(chat)["reason"]) == (agent, "bot")
        media = {"url": "https://files.example/1.png", "mime_type": "image/png"}
        sent = desk_says("agent.message", text="look", media=media).json["message_id"]
        shown = visitor.sees("look")
        assert (shown["type"], shown["media"], shown["author"]) == ("image", [media], {"kind": "agent"} | agent)
        copy = deployment.bot_hears("the copy", lambda event: event["data"].get("author") == "agent")["data"]
        assert (copy["conversation_type"], copy["message"], copy["media"][0]["url"]) == ("CCSP", "look", media["url"])
        platform.call(
            "POST",
            f"/channels/{deployment.channel['id']}/webhook",
            {"session": visitor.session, "read": sent},
            key=None,
        )
        for word in ("delivered", "read"):
            status = deployment.desk_hears(word, partial(_says_status, word))["data"]
            assert status["message"] == {"id": sent} and status["conversation_id"] == chat
        # Replays leave out what a person has taken over.
        replay = {"bot_id": deployment.bot["id"], "since": "2026-01-01T00:00:00Z", "dry_run": True}
        dry = platform.call("POST", "/v1/deliveries:replay", replay).json
        assert dry["count"] == 0 and dry["skipped"]["owned_by_desk"] >= 3

        desk_says("chat.transferred", desk_id=second["id"])
        again = first(second_end, "the chat", is_type("chat.started"))["data"]
        assert again["reason"] == "transferred" and again["conversation_id"] != chat
        assert [one["text"] for one in again["transcript"] if one["type"] == "image"] == ["look"]
        assert (deployment.state(chat)["state"], deployment.state(chat)["outcome"]) == ("closed", "transferred")
        late = {"type": "agent.message", "conversation_id": chat, "text": "x"}
        assert deployment.desk_posts(late).code == "conversation_closed"
        assert (
            deployment.desk_posts(late | {"conversation_id": again["conversation_id"]}).code == "unknown_conversation"
        )

        back = {"type": "chat.returned_to_bot", "conversation_id": again["conversation_id"], "outcome": "the bot can"}
        assert platform.call("POST", second["events_url"], back, key=None).status == 202
        deployment.bot_hears("the thread", lambda event: event["data"].get("owner") == "bot")
        shown = deployment.state(again["conversation_id"])
        assert (shown["state"], shown["outcome"]) == ("closed", "the bot can")
        assert (shown["thread"]["owner"], shown["thread"]["bot_conversation_id"]) == ("bot", conversation)
        visitor.says("thanks")
        last = deployment.bot_hears("it", lambda event: event["data"].get("message") == "thanks")["data"]
        assert (last["conversation_type"], last["conversation_id"]) == ("BOT", conversation)
        numbers = [event["data"]["sequence"] for event in deployment.bot_end.events() if "sequence" in event["data"]]
        assert numbers == list(range(1, len(numbers) + 1)), "without gaps, copies included"

        # Nobody there: the bot hears it and keeps the thread.
        for desk in (deployment.desk, second):
            platform.call("PATCH", f"/v1/desks/{desk['id']}", {"suspended": True})
        deployment.bot_posts({"eventid": 1002, "conversation_id": conversation})
        failed = deployment.bot_hears("that nobody is there", lambda e: e["data"].get("change") == "handover_failed")[
            "data"
        ]
        assert failed["description"] and failed["conversation_type"] == "BOT"


def test_what_time_brings(deployment: Deployment) -> None:
    """Offers that lapse, a bot's patience, the end of an overlap, age, a bot too slow to be verified: all at once."""
    platform = deployment.platform
    with ExitStack() as ends:
        second_end, failing, aging, turning, gateway = (ends.enter_context(serving()) for _ in range(5))
        second = platform.make(
            "desks",
            service_id=deployment.service,
            kind="webhook",
            name="second",
            webhook_url=second_end.url,
            accept_within_s=1,
        )
        platform.verify("desks", second)
        offers = {"accept_within_s": 1, "fallback_desk_ids": [second["id"]]}
        assert platform.call("PATCH", f"/v1/desks/{deployment.desk['id']}", offers).json["status"] == "active"

        def bot_with(end: Outside, **more: Any) -> tuple[dict[str, Any], Visitor]:
            end.answer = quiet
            channel = platform.make("channels", service_id=deployment.service, kind="webchat", name=end.url)
            fields = {
                "service_id": deployment.service,
                "name": end.url,
                "webhook_url": end.url,
                "verification_token": TOKEN,
            }
            bot = platform.make("bots", **fields, **more)
            platform.verify("bots", bot)
            end.forget()
            rule = {"name": end.url, "to": "bot", "bot_id": bot["id"], "channel_ids": [channel["id"]], "position": 0}
            if end is failing:
                rule |= {"to": "bot+desk", "desk_id": console["id"], "bot_patience_s": 1}
            platform.make("rules", service_id=deployment.service, **rule)
            return bot, Visitor(platform, channel["id"])

        console = platform.make("desks", service_id=deployment.service, kind="console", name="people")
        failing_bot, at_failing = bot_with(failing)
        aging_bot, at_aging = bot_with(aging, retry={"waits_s": [2]}, max_age_s=1)
        turning_bot, at_turning = bot_with(turning)
        own = platform.make(
            "channels", service_id=deployment.service, kind="custom", name="own", settings={"send_url": gateway.url}
        )

        slow = ends.enter_context(serving())
        slow.answer = _slowly
        slow_bot = platform.make("bots", service_id=deployment.service, name="slow", webhook_url=slow.url)["id"]

        def verified() -> tuple[Reply, float]:
            began = time.monotonic()
            return platform.call("POST", f"/v1/bots/{slow_bot}/verify"), time.monotonic() - began

        verifying = ends.enter_context(ThreadPoolExecutor(1)).submit(verified)
        for end in (failing, aging):
            end.answer = lambda heard: (500, {})
        gateway.answer = lambda heard: (429, {}, {"Retry-After": "120"})
        conversation = deployment.conversation_with(deployment.visitor())
        assert deployment.bot_posts({"eventid": 1002, "conversation_id": conversation}).status == 202
        for visitor, text in ((at_failing, "help"), (at_aging, "old")):
            visitor.says(text)
        rotated = platform.call("POST", f"/v1/bots/{turning_bot['id']}/rotate-secret", {"overlap_s": 3}).json
        at_turning.says("while both are valid")
        raw = json.dumps({"type": "message", "id": "1", "from": "u", "text": "throttled"}).encode()
        headers = signed(own["secrets"]["signing_secret"], raw)
        assert platform.call("POST", own["webhook_url"], raw, key=None, headers=headers).status == 202
        throttled = deployment.bot_hears("it", lambda event: event.get("Message") == "throttled")["Conversationid"]
        deployment.bot_posts({"eventid": 1001, "conversation_id": throttled, "message": "not now"})

        # The stream's filter wakes `announce` for console desks, and `observe` counts whatever is said.
        inbox = f"/v1/inbox?desk_id={console['id']}"
        (row,) = eventually(lambda: platform.call("GET", inbox).json["data"], "the inbox")
        assert (row["reason"], row["last"]["text"], row["state"]) == ("bot_failing", "help", "offered")
        counted = f"/v1/figures?service_id={deployment.service}"
        figures = eventually(lambda: platform.call("GET", counted).json["bots"], "figures")
        assert sum(sum(bot["attempts"]) for bot in figures) > 0
        # Two signatures until the end of the overlap, then the new one's alone.
        secrets = (rotated["signing_secret"], turning_bot["signing_secret"])
        assert rotated["signing_secret"] != turning_bot["signing_secret"]
        both = eventually(lambda: turning.heard, "the delivery")[0]
        assert [is_signed(both, secret) for secret in secrets] == [True, True]
        assert len(both.headers["webhook-signature"].split()) == 2

        # An offer goes on to the next desk, then back to the bot.
        chat = deployment.desk_hears("the offer", is_type("chat.started"))["data"]["conversation_id"]
        withdrawn = deployment.desk_hears("its end", is_type("chat.ended_by_customer"))["data"]
        assert (withdrawn["conversation_id"], withdrawn["reason"]) == (chat, "offer expired")
        offered = first(second_end, "the next offer", is_type("chat.started"))["data"]
        assert offered["reason"] == "offer_expired" and offered["conversation_id"] != chat
        first(second_end, "its end", is_type("chat.ended_by_customer"))
        failed = deployment.bot_hears("that nobody accepted", lambda event: event["Event"] == "Handover failed")
        assert (failed["Conversationid"], failed["ConversationType"]) == (conversation, "BOT") and failed["Description"]
        assert (
            deployment.state(chat)["outcome"]
            == deployment.state(offered["conversation_id"])["outcome"]
            == "not_accepted"
        )
        assert (
            deployment.bot_posts({"eventid": 1001, "conversation_id": conversation, "message": "sorry"}).status == 202
        )

        # A customer who waits for a failing bot gets a person, and the bot back once it is verified again.
        def waits() -> list[dict[str, Any]]:
            found = platform.get(f"/v1/conversations?service_id={deployment.service}&limit=100")["data"]
            return [one for one in found if one["desk_id"] == console["id"]]

        (person,) = eventually(waits, "a person")
        assert (person["reason"], person["state"]) == ("bot_failing", "offered")
        failing.answer = quiet
        platform.verify("bots", failing_bot)
        eventually(lambda: deployment.state(person["id"])["outcome"] == "bot_recovered", "the bot again")
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

        # Whoever takes more than five seconds is not verified.
        refused, took = verifying.result()
        assert (refused.status, refused.code) == (422, "verification_failed") and 4.9 < took < 10
