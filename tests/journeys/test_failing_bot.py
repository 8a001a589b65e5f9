"""A bot fails, hangs or vanishes: it is retried within the hour, switched off after five, and nothing is lost."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import Any

import pytest

from chalicelib.tables import endpoints
from tests.journeys.conftest import TOKEN, Deployment, answers_with_token
from tests.outside import Heard


class Clock:
    """The time of a test."""

    def __init__(self, traveller: Any, deployment: Deployment) -> None:
        self._traveller, self._town = traveller, deployment

    def passes(self, seconds: float) -> None:
        """Time passes in steps of half a minute, with the minute's tick in between."""
        while seconds > 0:
            self._traveller.shift(min(seconds, 30))
            seconds -= 30
            self._town.cloud.release()


@pytest.fixture
def clock(deployment: Deployment, traveller: Any) -> Clock:
    return Clock(traveller, deployment)


def broken(heard: Heard) -> tuple[int, Any]:
    return 500, {"oops": "access_token=verysecretvalue"}


def only_messages_fail(heard: Heard) -> tuple[int, Any]:
    return (200, {"token": TOKEN}) if heard.json["Event"] == "Verification" else (503, {})


def messages_of(deployment: Deployment) -> list[str]:
    return [event["Message"] for event in deployment.bot.events() if event["Event"] == "Incoming message"]


def _fails(said: dict[str, Any], _: Heard) -> tuple[int, Any]:
    return 500, said


def test_retries_keep_order_and_the_id(deployment: Deployment, clock: Clock) -> None:
    deployment.bot.answer = broken
    deployment.says("one")
    deployment.says("two")
    assert messages_of(deployment) == ["one"]
    clock.passes(59)
    assert messages_of(deployment) == ["one"], "a retry is never early"
    clock.passes(10)
    assert messages_of(deployment) == ["one", "one"]
    assert len({heard.headers["webhook-id"] for heard in deployment.bot.heard}) == 1
    assert [heard.headers["x-parley-attempt"] for heard in deployment.bot.heard] == ["1", "2"]
    deployment.bot.answer = answers_with_token
    clock.passes(340)
    assert messages_of(deployment) == ["one", "one", "one", "two"]
    status, listed = deployment.call("GET", f"/v1/deliveries?bot_id={deployment.ids['bot']}&status=delivered")
    assert status == 200
    first = next(row for row in listed["data"] if len(row["attempts"]) == 3)
    assert [attempt["status_code"] for attempt in first["attempts"]] == [500, 500, 200]
    assert "verysecretvalue" not in str(listed)


def test_a_webhook_that_echoes_everything_shows_no_secret(deployment: Deployment) -> None:
    """Headers that an owner configured are secrets as the tokens are, in whatever form they come back."""
    hidden = {"X-Key": "CustomHeaderSecretX3", "X-Other": "Basic dXNlcjpwYXNzd29yZA=="}
    query = "?code=functionkey-17"
    assert (
        deployment.call(
            "PATCH", f"/v1/bots/{deployment.ids['bot']}", {"headers": hidden, "webhook_url": deployment.bot.url + query}
        )[0]
        == 200
    )
    deployment.verify("bots", "bot")
    secrets = [TOKEN, "bearer-of-ours", "CustomHeaderSecretX3", "dXNlcjpwYXNzd29yZA==", "functionkey-17"]
    packed = b64encode(b"CustomHeaderSecretX3").decode()
    for part in secrets:
        said = {"got": part, "all": " ".join([part, packed])[:90]}
        deployment.bot.answer = partial(_fails, said)
        deployment.says(f"about {len(part)}")
        deployment.session = ""
    deployment.bot.answer = lambda heard: (500, dict(heard.headers) | {"path": heard.path})
    deployment.says("all of it")
    _, reader = deployment.call("POST", "/v1/keys", {"name": "r", "scopes": ["read"]})
    status, listed = deployment.call("GET", f"/v1/deliveries?bot_id={deployment.ids['bot']}&limit=100",
                               headers={"Authorization": f"Bearer {reader['key']}"})  # fmt: skip
    assert status == 200 and "[redacted]" in str(listed)
    assert [one for one in (*secrets, packed) if one in str(listed)] == []


def test_retry_after_lengthens_the_wait(deployment: Deployment, clock: Clock) -> None:
    deployment.bot.answer = lambda heard: (429, {}, {"Retry-After": "600"})
    deployment.says("one")
    clock.passes(590)
    assert len(deployment.bot.heard) == 1
    clock.passes(60)
    assert len(deployment.bot.heard) == 2


def test_five_failures_switch_the_webhook_off_and_verification_brings_it_back(
    deployment: Deployment, clock: Clock
) -> None:
    bot = deployment.ids["bot"]
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    deployment.bot.answer = broken
    deployment.says("one")
    clock.passes(3600)
    assert messages_of(deployment) == ["one"] * 5
    assert endpoints.get(bot).status == "inactive"
    deployment.says("two")
    assert messages_of(deployment) == ["one"] * 5
    status, answer = deployment.call("POST", f"/v1/bots/{bot}/verify")
    assert (status, answer["code"]) == (409, "edit_required")
    deployment.bot.answer = answers_with_token
    assert deployment.call("PATCH", f"/v1/bots/{bot}", {})[0] == 200
    deployment.verify("bots", "bot")
    deployment.cloud.pump()
    assert messages_of(deployment) == ["one"] * 5 + ["one", "two"]


def says_as(deployment: Deployment, visitor: int, text: str) -> None:
    """One of several visitors writes."""
    here, deployment.session = (
        deployment.session,
        f"visitor-{visitor}-of-forty-three-characters-in-all"[:43].ljust(43, "x"),
    )
    deployment.says(text)
    deployment.session = here


def test_one_second_of_throttling_under_many_customers_switches_no_bot_off(
    deployment: Deployment, clock: Clock
) -> None:
    bot = deployment.ids["bot"]
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    deployment.bot.answer = lambda heard: (429, {})
    for visitor in range(8):
        says_as(deployment, visitor, f"from {visitor}")
    state = endpoints.get(bot)
    assert (state.status, int(state.failures)) == ("active", 8)
    deployment.bot.answer = answers_with_token
    clock.passes(150)
    assert len(set(messages_of(deployment))) == 8
    state = endpoints.get(bot)
    assert (state.status, int(state.failures), bool(state.failing_since)) == ("active", 0, False)
    _, listed = deployment.call("GET", f"/v1/deliveries?bot_id={bot}&limit=100")
    assert {one["status"] for one in listed["data"]} == {"delivered"}


def test_a_bot_that_still_fails_a_minute_later_is_off(deployment: Deployment, clock: Clock) -> None:
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    deployment.bot.answer = broken
    for visitor in range(6):
        says_as(deployment, visitor, f"from {visitor}")
    clock.passes(59)
    assert endpoints.get(deployment.ids["bot"]).status == "active"
    clock.passes(30)
    assert endpoints.get(deployment.ids["bot"]).status == "inactive"


def test_at_once_where_the_owner_says_so(deployment: Deployment, clock: Clock) -> None:
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    retry = {"waits_s": [60, 300], "inactive_after_s": 0}
    status, patched = deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"retry": retry})
    assert (status, patched["retry"], patched["status"]) == (200, retry, "active")
    deployment.bot.answer = broken
    for visitor in range(5):
        assert endpoints.get(deployment.ids["bot"]).status == "active"
        says_as(deployment, visitor, f"from {visitor}")
    assert endpoints.get(deployment.ids["bot"]).status == "inactive"


def test_what_failed_five_times_before_the_bot_counts_as_down_is_not_lost(deployment: Deployment, clock: Clock) -> None:
    bot = deployment.ids["bot"]
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    deployment.call("PATCH", f"/v1/bots/{bot}", {"retry": {"waits_s": [1, 1, 1, 1]}})
    deployment.bot.answer = broken
    deployment.says("one")
    for _ in range(6):
        clock.passes(2)
    assert messages_of(deployment) == ["one"] * 5 and endpoints.get(bot).status == "active"
    clock.passes(60)
    assert messages_of(deployment) == ["one"] * 6 and endpoints.get(bot).status == "inactive"
    deployment.bot.answer = answers_with_token
    deployment.call("PATCH", f"/v1/bots/{bot}", {})
    deployment.verify("bots", "bot")
    deployment.cloud.pump()
    clock.passes(30)
    assert messages_of(deployment)[-1] == "one" and len(messages_of(deployment)) == 7


def test_a_poison_message_does_not_take_the_bot_down(deployment: Deployment, clock: Clock) -> None:
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    deployment.bot.answer = only_messages_fail
    deployment.says("poison")
    clock.passes(3400)
    assert endpoints.get(deployment.ids["bot"]).status == "active"
    _, listed = deployment.call("GET", f"/v1/deliveries?bot_id={deployment.ids['bot']}&status=poison")
    assert len(listed["data"]) == 1
    deployment.bot.answer = answers_with_token
    deployment.says("fine")
    assert messages_of(deployment)[-1] == "fine"


def test_the_customer_gets_a_person_while_the_bot_is_down_and_the_bot_when_it_is_back(
    deployment: Deployment, clock: Clock
) -> None:
    bot = deployment.ids["bot"]
    deployment.bot.answer = broken
    deployment.says("help")
    clock.passes(90)
    (started,) = [event for event in deployment.desk.events() if event["type"] == "chat.started"]
    assert started["data"]["reason"] == "bot_failing"
    clock.passes(3600)
    assert endpoints.get(bot).status == "inactive"
    deployment.bot.answer = answers_with_token
    deployment.call("PATCH", f"/v1/bots/{bot}", {})
    deployment.verify("bots", "bot")
    deployment.cloud.pump()
    deployment.says("anyone?")
    last = deployment.bot.events()[-1]
    assert last["Message"] == "anyone?" and last["ConversationType"] == "BOT"


def test_a_person_who_has_written_keeps_the_thread(deployment: Deployment, clock: Clock) -> None:
    bot = deployment.ids["bot"]
    deployment.bot.answer = broken
    deployment.says("help")
    clock.passes(90)
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    deployment.desk_posts(
        {"type": "agent.message", "conversation_id": chat, "text": "here I am", "agent": {"id": "1", "name": "A"}}
    )
    clock.passes(3600)
    deployment.bot.answer = answers_with_token
    deployment.call("PATCH", f"/v1/bots/{bot}", {})
    deployment.verify("bots", "bot")
    deployment.cloud.pump()
    deployment.says("thanks")
    assert deployment.desk.events()[-1]["data"]["message"]["text"] == "thanks"


def test_too_old_is_given_up(deployment: Deployment, clock: Clock) -> None:
    bot = deployment.ids["bot"]
    deployment.call("PATCH", f"/v1/bots/{bot}", {"max_age_s": 30})
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"on_bot_failure": "wait"})
    deployment.bot.answer = broken
    deployment.says("one")
    deployment.bot.answer = answers_with_token
    clock.passes(90)
    _, listed = deployment.call("GET", f"/v1/deliveries?bot_id={bot}&status=expired")
    assert len(listed["data"]) == 1
    deployment.says("two")
    assert messages_of(deployment) == ["one", "two"]


def test_an_offer_that_nobody_accepts_comes_back(deployment: Deployment, clock: Clock) -> None:
    deployment.call("PATCH", f"/v1/desks/{deployment.ids['desk']}", {"accept_within_s": 45})
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    clock.passes(30)
    assert len(deployment.desk.events()) == 1
    clock.passes(30)
    assert deployment.desk.events()[-1]["type"] == "chat.ended_by_customer"
    failed = deployment.bot.events()[-1]
    assert failed["Event"] == "Handover failed" and failed["ConversationType"] == "BOT"
    deployment.says("still there?")
    assert deployment.bot.events()[-1]["Message"] == "still there?"
