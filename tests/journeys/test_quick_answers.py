"""Who hears of a message may answer before `converse` is done with it: at each of its calls to AWS that follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.channels.webchat import address_of
from chalicelib.domain.thread import conversation_id, thread_id
from chalicelib.tables import messages, threads
from tests.cloud import taps
from tests.journeys.conftest import Deployment

CLOSED = {"==": [{"var": "event.type"}, "conversation.closed"]}


@pytest.fixture(autouse=True)
def _nobody_listens() -> Iterator[None]:
    yield
    taps.listen = None


def answered_at_once(deployment: Deployment, thread: str, says: Callable[[], tuple[int, Any]]) -> list[tuple[int, Any]]:
    """What somebody is answered who speaks at each call of `converse` between a message and the end of its event."""
    answers: list[tuple[int, Any]] = []
    speaking, stood = False, threads.get(thread)
    last = stood.last_seq if stood else 0

    def listen(side: str, operation: str) -> None:
        nonlocal speaking
        if speaking or side != "before" or deployment.cloud.step != "converse":
            return
        speaking = True
        now = threads.get(thread)
        if messages.newest(thread, after=last) and (now.last_seq if now else 0) == last:
            answers.append(says())
        speaking = False

    taps.listen = listen
    return answers


def test_a_bot_of_a_customers_first_message(deployment: Deployment) -> None:
    deployment.says("of another visitor")
    deployment.session = "a-visitor-whose-session-has-43-characters-xx"[:43]
    thread = thread_id(deployment.ids["chat"], address_of(deployment.session))
    here = {"conversation_id": conversation_id(thread, 1)}
    # Who speaks while a step runs is a process of their own.
    events = iter({"eventid": "1001", "message": f"quick {n}"} for n in range(99))
    answers = answered_at_once(
        deployment, thread, lambda: deployment.call("POST", deployment.made["bot"]["events_url"], next(events) | here)
    )
    deployment.says("hello")
    taps.listen = None
    deployment.cloud.pump()
    assert answers and [status for status, _ in answers] == [202] * len(answers), answers
    assert deployment.sees() == [f"quick {n}" for n in range(len(answers))]


def test_a_desk_of_a_chat_that_is_handed_to_it(deployment: Deployment) -> None:
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    thread = thread_id(deployment.ids["chat"], address_of(deployment.session))
    event = {"type": "agent.message", "text": "quick", "conversation_id": conversation_id(thread, 2)}
    answers = answered_at_once(
        deployment, thread, lambda: deployment.call("POST", deployment.made["desk"]["events_url"], event)
    )
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})[0] == 202
    taps.listen = None
    deployment.cloud.pump()
    assert answers and [status for status, _ in answers] == [202] * len(answers), answers
    assert deployment.sees() == ["quick"] * len(answers)


def test_a_bot_of_the_close_that_gives_it_the_thread_back(deployment: Deployment) -> None:
    rule = {"service_id": deployment.ids["care"], "to": "bot", "bot_id": deployment.ids["bot"], "position": 0}
    deployment.make("rules", name="after a close", when=CLOSED, **rule)
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})[0] == 202
    thread = thread_id(deployment.ids["chat"], address_of(deployment.session))
    event = {"eventid": "1001", "message": "How was it?", "conversation_id": conversation}
    assert deployment.call("POST", deployment.made["bot"]["events_url"], event)[1]["code"] == "not_owner"
    answers = answered_at_once(
        deployment, thread, lambda: deployment.call("POST", deployment.made["bot"]["events_url"], event)
    )
    chat = conversation_id(thread, 2)
    assert deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "outcome": "solved"})[0] == 202
    taps.listen = None
    deployment.cloud.pump()
    assert answers and [status for status, _ in answers] == [202] * len(answers), answers
    assert deployment.sees() == ["How was it?"] * len(answers)
