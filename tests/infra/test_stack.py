"""The whole platform in the emulator: the packaged Lambdas, wired as deployed, with only their own permissions."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from infra import edges
from infra.local import Stack
from infra.local.demo import demo

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

T = TypeVar("T")
_PATIENCE_S = 60


def call(up: Stack, method: str, path: str, body: Any = None, *, key: str | None = None) -> tuple[int, Any]:
    """(status, body) of a call of the API; `key` "" sends none."""
    key = up.admin_key if key is None else key
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(up.base_url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def soon(look: Callable[[], T | None]) -> T:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"nothing within {_PATIENCE_S} s")


@pytest.fixture(scope="module")
def chat(up: Stack) -> Iterator[dict[str, Any]]:
    """The demo: a web chat, a bot and a desk."""
    with demo(up) as found:
        yield found


def write(up: Stack, chat: dict[str, Any], text: str, session: str | None = None) -> str:
    """Write as a visitor; gives the session."""
    body = {"id": uuid.uuid4().hex, "text": text} | ({"session": session} if session else {})
    status, answer = call(up, "POST", f"/channels/{chat['demo_channel_id']}/webhook", body, key="")
    assert status == 202, answer
    return str(answer["session"])


def heard(up: Stack, chat: dict[str, Any], session: str) -> list[str]:
    """What the visitor was told."""
    path = f"/channels/{chat['demo_channel_id']}/messages?session={session}&wait_s=2"
    status, answer = call(up, "GET", path, key="")
    assert status == 200, answer
    return [str(row.get("text")) for row in answer["data"]]


def test_it_is_up_and_wants_a_key(up: Stack) -> None:
    assert call(up, "GET", "/health", key="") == (200, {"status": "ok"})
    assert call(up, "GET", "/v1/services")[0] == 200
    assert call(up, "GET", "/v1/services", key="")[0] == 401
    assert call(up, "GET", "/v1/services", key="pk_" + "a" * 16 + "_wrong")[0] == 401


def test_a_visitor_gets_an_answer_from_the_bot(up: Stack, chat: dict[str, Any]) -> None:
    session = write(up, chat, "good morning")
    soon(lambda: "You said: good morning" in heard(up, chat, session))
    write(up, chat, "and again", session)
    told = soon(
        lambda: [text for text in heard(up, chat, session) if "You said" in text][1:] and heard(up, chat, session)
    )
    assert [text for text in told if "You said" in text] == ["You said: good morning", "You said: and again"]


def test_what_our_code_could_not_do_is_recorded(up: Stack, chat: dict[str, Any]) -> None:
    thread = f"th_{uuid.uuid4().hex}"
    up.client("sqs").send_message(
        QueueUrl=up.queue_url("threads-dead.fifo"),
        MessageBody=json.dumps({"thread": thread}),
        MessageGroupId=thread,
        MessageDeduplicationId=thread,
    )
    failures = soon(lambda: [row for row in call(up, "GET", "/v1/failures")[1]["data"] if row["thread_id"] == thread])
    assert failures[0]["step"] == "converse"


def test_each_edge_and_step_ran_in_its_own_lambda(up: Stack, chat: dict[str, Any]) -> None:
    logs = up.client("logs")
    write(up, chat, "who runs?")

    def ran(name: str) -> bool:
        group = f"/aws/lambda/parley-{up.stage}-{name}"
        events = logs.filter_log_events(logGroupName=group)["events"]
        return any(f'"step":"{name}"' in event["message"].replace('": "', '":"') for event in events)

    for name in ("receive_channel", "poll_channel", "converse", "fan_out", "deliver"):
        soon(lambda name=name: ran(name))  # type: ignore[misc]


def test_what_was_set_up_and_said_survives_an_orderly_stop(up: Stack, chat: dict[str, Any]) -> None:
    session = write(up, chat, "remember me")
    soon(lambda: "You said: remember me" in heard(up, chat, session))
    up.restart()
    assert call(up, "GET", "/v1/services")[0] == 200
    assert "You said: remember me" in heard(up, chat, session)
    write(up, chat, "still there?", session)
    soon(lambda: "You said: still there?" in heard(up, chat, session))


def test_no_lambda_lacked_a_permission(up: Stack, chat: dict[str, Any]) -> None:
    denied = re.compile(r"AccessDenied|not authorized to perform")
    logs = up.client("logs")
    for name in edges.names():
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/parley-{up.stage}-{name}")["events"]
        found = [event["message"] for event in events if denied.search(event["message"])]
        assert not found, f"{name}: {found[0][:2000]}"
