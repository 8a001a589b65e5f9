"""Bots that fail in every way: each failure has its name, delays only its own thread, and loses nothing."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from tests.outside import Answer, Heard, Outside, serving
from tests.stack import unruly
from tests.stack.conftest import TOKEN, Deployment, Platform, Visitor, echo, eventually, quiet

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

WAYS = {
    unruly.breaks: ("http_500", 500),
    unruly.drips: ("timeout", None),
    unruly.drops: ("protocol", None),
    unruly.lies: ("token_mismatch", 200),
    unruly.redirects: ("redirect", 302),
    unruly.floods: ("too_large", 200),
    unruly.sleeps: ("timeout", None),
}
"""How a bot misbehaves -> the attempt's error, and its status where one came."""
TIMEOUTS_S = {unruly.drips: 1}
"""Less than the longest, so that the two that time out need not take twice as long."""


def bot_on_a_chat(platform: Platform, service: str, name: str, url: str, **more: Any) -> tuple[dict[str, Any], Visitor]:
    """A verified bot that alone gets what is said in a web chat of its own, and a visitor there."""
    channel = platform.make("channels", service_id=service, kind="webchat", name=name)
    bot = platform.make(
        "bots", service_id=service, kind="webhook", name=name, profile="imi", webhook_url=url,
        verification_token=TOKEN, **more,
    )  # fmt: skip
    platform.make("rules", service_id=service, name=name, to="bot", channel_ids=[channel["id"]], bot_id=bot["id"])
    platform.verify("bots", bot)
    return bot, Visitor(platform, channel["id"])


def messages(end: Outside) -> list[str]:
    """What came at a bot, repeats included."""
    return [event["Message"] for event in end.events() if event["Event"] == "Incoming message"]


def test_every_failure_has_its_name(platform: Platform) -> None:
    service = platform.service()
    with ExitStack() as ends:
        bots = {}
        for way in WAYS:
            end = ends.enter_context(unruly.unruly(way))
            bot, visitor = bot_on_a_chat(
                platform, service, way.__name__, end.url, retry={"waits_s": []}, timeout_s=TIMEOUTS_S.get(way, 5)
            )
            bots[way] = (bot, visitor, end)
        for _, visitor, _ in bots.values():
            visitor.says("hello")
        for way, (bot, _, end) in bots.items():
            error, status = WAYS[way]
            (delivery,) = eventually(
                partial(platform.deliveries, bot_id=bot["id"], status="failed"),
                f"{way.__name__} as failed",
                within_s=40,
                every_s=0.3,
            )
            (attempt,) = delivery["attempts"]
            assert (attempt["error"], attempt["status_code"], attempt["n"]) == (error, status, 1), way.__name__
            assert len(end.came) == 1, way.__name__
            allowed_ms = TIMEOUTS_S.get(way, 5) * 1000
            assert attempt["took_ms"] < allowed_ms + 1000, way.__name__
            if error == "timeout":
                assert attempt["took_ms"] >= allowed_ms - 100, way.__name__


def test_a_dead_bot_delays_nobody_else(platform: Platform) -> None:
    service = platform.service()
    with serving() as healthy_end, unruly.unruly(unruly.sleeps) as dead:
        healthy_end.answer = quiet
        dead_bot, at_dead = bot_on_a_chat(
            platform, service, "dead", dead.url, retry={"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}, timeout_s=2
        )
        healthy_end.answer = echo
        _, at_healthy = bot_on_a_chat(platform, service, "healthy", healthy_end.url)
        at_healthy.says("warm")
        at_healthy.sees("you said warm")
        at_dead.says("hello")
        eventually(lambda: len(dead.came) == 2, "the dead bot's first retry", within_s=25)
        for number in range(3):
            began = time.monotonic()
            at_healthy.says(f"m{number}")
            at_healthy.sees(f"you said m{number}")
            assert time.monotonic() - began < 4
        (waiting,) = platform.deliveries(bot_id=dead_bot["id"])
        assert waiting["status"] == "waiting" and waiting["attempts"][0]["error"] == "timeout"
        platform.call("PATCH", f"/v1/bots/{dead_bot['id']}", {"suspended": True})


def test_retries_keep_order_and_the_id(platform: Platform) -> None:
    with serving() as end:
        end.answer = quiet
        bot, visitor = bot_on_a_chat(
            platform, platform.service(), "b", end.url, retry={"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}
        )
        end.forget()
        came: list[float] = []

        def fails_twice(heard: Heard) -> Answer:
            came.append(time.monotonic())
            return (503, {}) if len(came) <= 2 else quiet(heard)

        end.answer = fails_twice
        for text in ("one", "two", "three"):
            visitor.says(text)
        eventually(lambda: len(messages(end)) == 5, "five attempts")
        assert messages(end) == ["one", "one", "one", "two", "three"]
        assert [heard.headers["x-parley-attempt"] for heard in end.heard] == ["1", "2", "3", "1", "1"]
        assert len({heard.headers["webhook-id"] for heard in end.heard}) == 3
        assert len({heard.headers["webhook-id"] for heard in end.heard[:3]}) == 1
        assert came[1] - came[0] >= 0.99 and came[2] - came[1] >= 0.99, "a retry is never early"
        done = eventually(
            lambda: len(rows := platform.deliveries(bot_id=bot["id"], status="delivered")) == 3 and rows, "delivered"
        )
        assert [one["status_code"] for one in done[0]["attempts"]] == [503, 503, 200]
        assert [one["n"] for one in done[0]["attempts"]] == [1, 2, 3]
        assert platform.get(f"/v1/bots/{bot['id']}")["status"] == "active"


def test_tried_at_once(platform: Platform) -> None:
    with serving() as end:
        end.answer = quiet
        bot, visitor = bot_on_a_chat(platform, platform.service(), "b", end.url, retry={"waits_s": [1800]})
        end.forget()
        end.answer = lambda heard: (503, {})
        visitor.says("one")
        visitor.says("two")
        path = f"/v1/bots/{bot['id']}/lanes"
        lane = eventually(lambda: next(iter(platform.get(path)["data"]), None), "a lane that waits")
        end.answer = quiet
        assert platform.call("POST", f"/v1/deliveries/{lane['delivery_id']}/try").status == 202
        eventually(lambda: messages(end) == ["one", "one", "two"], "what waited")
        eventually(lambda: platform.get(path)["data"] == [], "nothing waits")


def test_switched_off_and_back_and_replayed(deployment: Deployment) -> None:
    platform, bot = deployment.platform, deployment.bot["id"]
    platform.call("PATCH", f"/v1/rules/{deployment.rule['id']}", {"on_bot_failure": "wait"})
    platform.call("PATCH", f"/v1/bots/{bot}", {"retry": {"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}})
    assert platform.get(f"/v1/bots/{bot}")["status"] == "active", "a schedule is nothing that has to be verified"
    deployment.bot_end.answer = lambda heard: (500, {"oops": "access_token=verysecretvalue"})
    visitor = deployment.visitor()
    visitor.says("one")
    eventually(
        lambda: platform.get(f"/v1/bots/{bot}")["status"] == "inactive", "five failures", within_s=25, every_s=0.3
    )
    assert messages(deployment.bot_end) == ["one"] * 5
    visitor.says("two")
    visitor.says("three")
    eventually(lambda: len(platform.deliveries(bot_id=bot)) == 3, "three deliveries that wait")
    (lane,) = platform.get(f"/v1/bots/{bot}/lanes")["data"]
    assert (lane["state"], lane["waiting"], len(lane["attempts"])) == ("held", 3, 5)
    service = platform.get(f"/v1/bots/{bot}")["service_id"]
    (first,) = platform.get(f"/v1/deliveries?service_id={service}&status=waiting")["data"]
    assert first["id"] == lane["delivery_id"]
    needs = platform.get(f"/v1/attention?service_id={service}")["data"]
    assert ("bot_inactive", bot, 1) in [(one["kind"], one["id"], one["count"]) for one in needs]
    assert platform.call("POST", f"/v1/deliveries/{first['id']}/try").code == "held"
    refused = platform.call("POST", f"/v1/bots/{bot}/verify")
    assert (refused.status, refused.code) == (409, "edit_required")
    deployment.bot_end.answer = quiet
    edited = platform.call("PATCH", f"/v1/bots/{bot}", {})
    assert (edited.status, edited.json["status"]) == (200, "inactive")
    assert messages(deployment.bot_end) == ["one"] * 5, "not before it is verified"
    platform.verify("bots", deployment.bot)
    eventually(lambda: len(messages(deployment.bot_end)) >= 8, "what was held")
    assert messages(deployment.bot_end) == ["one"] * 5 + ["one", "two", "three"]
    done = eventually(
        lambda: len(rows := platform.deliveries(bot_id=bot, status="delivered")) == 3 and rows, "all delivered"
    )
    assert [one["error"] for one in done[0]["attempts"]] == ["http_500"] * 5 + [None]
    assert "verysecretvalue" not in str(done)

    deployment.bot_end.forget()
    asked = {"bot_id": bot, "since": "2020-01-01T00:00:00.000Z"}
    dry = platform.call("POST", "/v1/deliveries:replay", asked | {"dry_run": True})
    assert dry.status == 200 and dry.json["count"] == 3
    assert [one["id"] for one in dry.json["deliveries"]] == [one["id"] for one in done]
    one = platform.call("POST", f"/v1/deliveries/{done[1]['id']}/replay")
    assert one.status == 202 and one.json["replay_of"] == done[1]["id"]
    eventually(lambda: messages(deployment.bot_end) == ["two"], "the replay alone: the dry run sent nothing")
    assert deployment.bot_end.heard[0].headers["webhook-id"] == done[1]["id"]
    eventually(
        lambda: platform.get(f"/v1/deliveries/{one.json['id']}")["status"] == "delivered", "the replay as delivered"
    )
    deployment.bot_end.forget()
    assert platform.call("POST", "/v1/deliveries:replay", asked).status == 202
    eventually(lambda: len(messages(deployment.bot_end)) >= 3, "the replay of all")
    assert messages(deployment.bot_end) == ["one", "two", "three"]
