"""What anybody may do at a web chat, and where it ends: made-up sessions, posts without pause, many sessions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
import time_machine
from chalice.app import Request

from chalicelib.inbound import strangers
from chalicelib.ports import ids
from chalicelib.ports.settings import LONGEST_POLL_S, settings
from chalicelib.ports.web import Problem
from chalicelib.steps import poll_channel
from infra.limits import LIMITS
from tests.http_api import HTTPResponse
from tests.journeys.conftest import Deployment

ORIGIN = {"Content-Type": "application/json", "Origin": "https://shop.example"}


@pytest.fixture(autouse=True)
def _another_process() -> Iterator[None]:
    strangers.forget()
    yield
    strangers.forget()


def posts(deployment: Deployment, **body: object) -> HTTPResponse:
    path = f"/channels/{deployment.ids['chat']}/webhook"
    return deployment.client.http.request("POST", path, headers=ORIGIN, body=json.dumps(body).encode())


def polls(deployment: Deployment, session: str, wait_s: int = 20) -> HTTPResponse:
    path = f"/channels/{deployment.ids['chat']}/messages?session={session}&after=7&wait_s={wait_s}"
    return deployment.client.http.request("GET", path, headers=ORIGIN)


def test_a_session_that_never_was_is_not_held(deployment: Deployment) -> None:
    started = time.monotonic()
    answer = polls(deployment, ids.token(32))
    assert time.monotonic() - started < 2
    assert (answer.status_code, json.loads(answer.body)) == (200, {"data": [], "next": "7"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*", "a page of another origin reads why"
    read = posts(deployment, session=ids.token(32), read="ms_x")
    assert (read.status_code, json.loads(read.body)["code"]) == (404, "unknown_session")


@pytest.mark.parametrize("own", [True, False], ids=["made by the page", "made by us"])
def test_a_session_is_known_before_its_first_message_is_handled(deployment: Deployment, own: bool) -> None:
    posted = posts(deployment, text="hello", **({"session": ids.token(32)} if own else {}))
    assert posted.status_code == 202
    session = json.loads(posted.body)["session"]
    strangers.forget()
    assert polls(deployment, session, wait_s=0).status_code == 200
    deployment.cloud.pump()
    strangers.forget()
    assert polls(deployment, session, wait_s=0).status_code == 200


def test_no_poll_is_held_where_no_concurrency_is_reserved(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten open chats would take all of an account whose limit is ten."""
    session = json.loads(posts(deployment, text="hello").body)["session"]
    deployment.cloud.pump()
    monkeypatch.setenv("PARLEY_LONGEST_POLL_S", "0")
    settings.cache_clear()
    try:
        started = time.monotonic()
        answer = polls(deployment, session)
        assert time.monotonic() - started < 5, "20 s are taken as a wish"
        assert (answer.status_code, json.loads(answer.body)["data"]) == (200, [])
        assert polls(deployment, session, wait_s=21).status_code == 422
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert settings().longest_poll_s == LONGEST_POLL_S


def test_a_session_posts_so_often_and_then_waits(deployment: Deployment, traveller: time_machine.Traveller) -> None:
    session, other = ids.token(32), ids.token(32)
    window_ms = strangers.WINDOW_S * 1000
    traveller.move_to((int(time.time() * 1000) // window_ms + 1) * window_ms / 1000)
    for _ in range(strangers.MOST_POSTS):
        assert posts(deployment, session=session, text="x").status_code == 202
    refused = posts(deployment, session=session, text="x")
    assert (refused.status_code, json.loads(refused.body)["code"]) == (429, "too_many_posts")
    assert refused.headers["Retry-After"] == str(strangers.WINDOW_S)
    assert refused.headers["Access-Control-Expose-Headers"] == "Retry-After", "for a page of another origin"
    # Another process counts by itself for a few posts, and then knows.
    strangers.forget()
    seen = [posts(deployment, session=session, text="x").status_code for _ in range(strangers.FREE_POSTS + 1)]
    assert seen == [202] * strangers.FREE_POSTS + [429]
    assert posts(deployment, session=other, text="x").status_code == 202, "it is that session's limit alone"
    traveller.shift(strangers.WINDOW_S)
    assert posts(deployment, session=session, text="x").status_code == 202


def test_one_address_does_not_take_all_places_of_those_who_wait(
    deployment: Deployment, traveller: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        traveller.shift(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    window_ms = strangers.WAIT_WINDOW_S * 1000
    traveller.move_to((int(time.time() * 1000) // window_ms + 1) * window_ms / 1000)
    session, chat = json.loads(posts(deployment, text="hello").body)["session"], deployment.ids["chat"]
    deployment.cloud.pump()

    def fetch(address: str, wait_s: int) -> int:
        context = {
            "identity": {"sourceIp": address},
            "domainName": "localhost",
            "stage": "",
            "httpMethod": "GET",
            "resourcePath": "/",
        }
        query = {"session": [session], "after": ["7"], "wait_s": [str(wait_s)]}
        event = {"headers": {}, "multiValueQueryStringParameters": query, "requestContext": context}
        asked = Request(event | {"pathParameters": {}, "stageVariables": {}, "isBase64Encoded": False, "body": None})
        return poll_channel.run(asked, chat).status_code

    for _ in range(strangers.MOST_WAITING - 1):
        assert strangers.may_wait(chat, "203.0.113.9")
    assert fetch("203.0.113.9", 1) == 200
    assert sum(slept) >= 1
    assert not strangers.may_wait(chat, "203.0.113.9"), "that one was counted"
    slept.clear()
    assert fetch("203.0.113.9", 20) == 200
    assert slept == [], "answered at once"
    assert strangers.may_wait(chat, "203.0.113.10"), "it is that address's limit alone"
    assert (LIMITS["poll_channel"].reserved or 0) > 2 * strangers.MOST_WAITING, "others find a place"
    assert strangers.WAIT_WINDOW_S >= LONGEST_POLL_S, "none waits longer than it is counted"
    assert all(strangers.may_wait(chat, "127.0.0.1") for _ in range(2 * strangers.MOST_WAITING))
    traveller.shift(strangers.WAIT_WINDOW_S)
    assert strangers.may_wait(chat, "203.0.113.9")


def test_made_up_sessions_are_no_way_round(deployment: Deployment, traveller: time_machine.Traveller) -> None:
    window_ms = strangers.NEW_WINDOW_S * 1000
    traveller.move_to((int(time.time() * 1000) // window_ms + 1) * window_ms / 1000)

    def begins(address: str) -> None:
        strangers.admit(deployment.ids["chat"], f"th_{ids.token(9)}", address=address, begins=True)

    for _ in range(strangers.MOST_NEW):
        begins("203.0.113.9")
        strangers.forget()
    with pytest.raises(Problem) as refused:
        begins("203.0.113.9")
    assert (refused.value.status, refused.value.code) == (429, "too_many_sessions")
    assert refused.value.headers == {"Retry-After": str(strangers.NEW_WINDOW_S)}
    begins("203.0.113.10")
    traveller.shift(strangers.NEW_WINDOW_S)
    begins("203.0.113.9")
