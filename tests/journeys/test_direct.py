"""The direct call: open a conversation with a bot, say something, wait for the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.event import Event
from chalicelib.ports import clock, queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import threads
from tests.cloud import CutOff, taps
from tests.journeys.conftest import TOKEN, Deployment, answers_with_token
from tests.journeys.test_triggers import echoes
from tests.outside import Heard


@pytest.fixture
def caller(deployment: Deployment, traveller: Any, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A deployment whose bot echoes, and where everything else moves while a call waits."""
    deployment.bot.answer = echoes

    def pause(seconds: float) -> None:
        traveller.shift(seconds)
        deployment.cloud.pump()

    monkeypatch.setattr(clock, "pause", pause)
    return deployment


def opens(deployment: Deployment, **fields: Any) -> dict[str, Any]:
    body = {"service_id": deployment.ids["care"], "bot_id": deployment.ids["bot"]} | fields
    status, answer = deployment.call("POST", "/v1/conversations", body)
    assert status == 201, answer
    found: dict[str, Any] = answer
    return found


def says(deployment: Deployment, conversation: str, text: str, key: str = "", **more: Any) -> tuple[int, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/v1/conversations/{conversation}/complete"
    return deployment.call("POST", path, {"text": text} | more, headers=headers)


def test_the_answer_is_in_the_response(caller: Deployment) -> None:
    opened = opens(caller, contact={"name": "Ana", "email": "Ana@example.com"})
    assert (opened["source"], opened["bot_id"], opened["state"]) == ("api", caller.ids["bot"], "open")
    assert caller.bot.events() == [], "nothing was said yet"
    assert caller.call("GET", f"/v1/conversations/{opened['id']}")[1]["thread"]["contact"]["name"] == "Ana"
    status, answer = says(caller, opened["id"], "hello")
    assert (status, answer["text"]) == (200, "re: hello")
    [message] = answer["messages"]
    assert (message["author"]["kind"], message["source"], message["conversation_id"]) == ("bot", "api", opened["id"])
    _, listed = caller.call("GET", f"/v1/messages?conversation_id={opened['id']}")
    assert [(one["text"], one["from_contact"]) for one in listed["data"]] == [("re: hello", False), ("hello", True)]
    assert listed["data"][1]["author"] == {"kind": "user", "id": opened["contact_id"], "name": "Ana"}
    [told] = caller.bot.events()
    assert (told["Conversationid"], told["Contact"]["name"], told["Author"]) == (opened["id"], "Ana", "customer")

    def chatty(heard: Heard) -> tuple[int, Any]:
        events = [{"eventid": "1001", "message": text} for text in ("one", "two")]
        return 200, {"token": TOKEN, "events": events}

    caller.bot.answer = chatty
    assert says(caller, opened["id"], "more")[1]["text"] == "one\ntwo"
    # Said with the opening, and answered before anybody asks for it.
    first = opens(caller, text="hi")
    assert first["id"] != opened["id"] and first["contact_id"] is None
    assert [one["Message"] for one in caller.bot.events()] == ["hello", "more", "hi"]


def test_no_answer_in_time_is_504_and_the_answer_is_kept(caller: Deployment) -> None:
    opened = opens(caller)
    caller.bot.answer = answers_with_token
    before = clock.now_ms()
    status, problem = says(caller, opened["id"], "hello", timeout_s=3, key="k")
    assert (status, problem["code"]) == (504, "bot_timeout")
    assert 3000 <= clock.now_ms() - before < 4000
    caller.bot_posts({"eventid": "1001", "conversation_id": opened["id"], "message": "at last"})
    # The same call again says nothing twice and finds what came meanwhile.
    assert says(caller, opened["id"], "hello", timeout_s=3, key="k")[1]["text"] == "at last"
    assert says(caller, opened["id"], "hello", timeout_s=3, key="k")[1]["text"] == "at last"
    assert [one["Message"] for one in caller.bot.events()] == ["hello"]
    caller.bot.answer = lambda heard: (200, {"token": TOKEN, "events": [{"eventid": "1003"}]})
    assert says(caller, opened["id"], "bye") == (200, {"text": "", "messages": []})
    assert says(caller, opened["id"], "still there?")[1]["code"] == "conversation_closed"


def test_what_a_direct_call_may_not_do(caller: Deployment) -> None:
    opened = opens(caller)
    caller.says("a visitor of the web chat")
    chat = str(caller.bot.events()[-1]["Conversationid"])
    assert says(caller, chat, "x")[1]["code"] == "not_direct"
    for unknown in ("cv_x", opened["id"][:-1] + "7"):
        assert says(caller, unknown, "x")[0] == 404
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({}, 422, "/text"),
        ({"text": ""}, 422, "/text"),
        ({"text": 5}, 422, "/text"),
        ({"text": "x", "timeout_s": 26}, 422, "/timeout_s"),
        ({"text": "x", "more": 1}, 422, "/more"),
        ({"text": "ü" * 8193}, 413, "/text"),
    ]
    for body, status, path in wrong:
        answered, problem = caller.call("POST", f"/v1/conversations/{opened['id']}/complete", body)
        assert (answered, [one["path"] for one in problem["errors"]]) == (status, [path])
    fields = {"service_id": caller.ids["care"], "bot_id": caller.ids["bot"]}
    wrong = [
        ({"bot_id": caller.ids["desk"]}, 422, "/bot_id"),
        ({"bot_id": "bt_" + "a" * 26}, 422, "/bot_id"),
        ({"service_id": "sv_" + "a" * 10}, 422, "/service_id"),
        ({"contact": {"phone": "1"}}, 422, "/contact/phone"),
        ({"contact": {"nick": "x"}}, 422, "/contact/nick"),
        ({"text": "ü" * 8193}, 413, "/text"),
    ]
    for change, status, path in wrong:
        answered, problem = caller.call("POST", "/v1/conversations", fields | change)
        assert (answered, [one["path"] for one in problem["errors"]]) == (status, [path])
    assert len(caller.bot.events()) == 1
    _, other = caller.call("POST", "/v1/services", {"name": "other"})
    _, key = caller.call("POST", "/v1/keys", {"name": "k", "scopes": ["agent"], "service_id": other["id"]})
    headers = {"Authorization": f"Bearer {key['key']}"}
    assert caller.call("POST", "/v1/conversations", fields, headers=headers)[0] == 403
    assert caller.call("POST", f"/v1/conversations/{opened['id']}/complete", {"text": "x"}, headers=headers)[0] == 403


def test_a_person_who_has_the_thread_is_not_talked_over(caller: Deployment) -> None:
    opened = opens(caller, text="hi")
    thread = caller.call("GET", f"/v1/conversations/{opened['id']}")[1]["thread"]
    # Nothing gives such a thread to a desk today.
    stands = threads.get(thread["id"])
    assert stands is not None
    threads.save(replace(stands, owner="desk"))
    assert says(caller, opened["id"], "x")[1]["code"] == "not_owner"


def test_a_call_that_is_cut_off_is_repeated_under_its_key(caller: Deployment, traveller: Any) -> None:
    for at in range(1, 8):
        seen = 0

        def cut(side: str, operation: str, at: int = at) -> None:
            nonlocal seen
            seen += not caller.cloud.step and side == "after" and operation != "BatchGetItem"
            if seen == at:
                seen += 1
                raise CutOff(operation)

        key = {"Idempotency-Key": f"o{at}"}
        body = {"service_id": caller.ids["care"], "bot_id": caller.ids["bot"], "text": f"n{at}"}
        taps.listen = cut
        try:
            caller.call("POST", "/v1/conversations", body, headers=key)
        except CutOff:
            pass
        finally:
            taps.listen = None
        # By then a call that was cut off no longer counts as being handled (29 s in a deployment).
        traveller.shift(901)
        status, opened = caller.call("POST", "/v1/conversations", body, headers=key)
        assert status == 201, opened
        caller.cloud.pump()
    assert [one["Message"] for one in caller.bot.events()] == [f"n{at}" for at in range(1, 8)]


def test_an_event_that_opens_says_nothing(caller: Deployment) -> None:
    opened = opens(caller)
    thread = caller.call("GET", f"/v1/conversations/{opened['id']}")[1]["thread"]
    again = Event(
        id="ev_again",
        kind="trigger.event",
        service=caller.ids["care"],
        channel=caller.ids["bot"],
        channel_kind="trigger",
        address=thread["address"],
        thread=thread["id"],
        at=clock.now_ms(),
        body={"bot": caller.ids["bot"], "source": "api"},
    )
    queues.send("threads.fifo", [Entry(again.plain(), group=again.thread, dedup="1")])
    caller.cloud.pump()
    assert caller.cloud.failures == [] and caller.bot.events() == []
    assert caller.call("GET", f"/v1/messages?conversation_id={opened['id']}")[1]["data"] == []
