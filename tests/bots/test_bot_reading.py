"""Reading what bots say survives anything, and bounds everything."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.bots import webhook
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.notice import Notice
from chalicelib.wire.times import imi_time

MESSAGE = {"eventid": "1001", "conversation_id": "cv_1", "message": "a"}

_KEYS = [
    "eventid", "event", "conversation_id", "message", "Messagetype", "Media", "Buttons", "List", "sections",
    "rows", "title", "Location", "latitude", "longitude", "Contacts", "phones", "Template", "parameters", "name", "url",
    "size", "mime_type", "Timestamp", "customparam1", "params", "Messageid", "events", "token",
]  # fmt: skip
_WORDS = [
    "1001",
    "1002",
    "1003",
    "cv_1",
    "image",
    "buttons",
    "list",
    "location",
    "contact",
    "template",
    "https://x.example/a",
]
_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(_WORDS)
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=8,
)
_EVENT = st.dictionaries(st.sampled_from(_KEYS[3:]), _JSON, max_size=5).map(
    lambda more: {"eventid": "1001", "conversation_id": "cv_1"} | more
)


@given(_JSON | _EVENT | st.lists(_EVENT, max_size=3))
def test_any_json_is_read_without_an_exception(given: Any) -> None:
    read = webhook.read_events(given)

    assert read.events or read.problems
    for event in read.events:
        # What is let through can be stored and sent on.
        json.dumps(
            [event.params, event.content and event.content.plain()], allow_nan=False, ensure_ascii=False
        ).encode()
    for pointer, why in read.problems:
        assert pointer == "" or pointer.startswith("/")
        assert why


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_exception(raw: bytes) -> None:
    webhook.read_events(raw)
    webhook.answers(Exchange(200, {}, raw, 1))
    webhook.passed(Exchange(200, {}, raw, 1), "challenge", "token")


@given(_JSON)
def test_any_response_is_searched_for_answers_without_an_exception(given: Any) -> None:
    webhook.answers(Exchange(200, {}, json.dumps(given).encode(), 1))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"NaN", b"\xff", b"[" * 60_000, b'{"eventid":"1002","conversation_id":"cv_1","params":{"a":1e999}}',
        b'{"eventid":"1002","conversation_id":"cv_1","customparam1":' + b"[" * 30 + b"]" * 30 + b"}",
        b'{"eventid":"1001","conversation_id":"cv_1","message":"\\ud800"}', b"1" * 5000,
    ],
    ids=["empty", "cut", "nan", "no_text", "deep", "infinite", "deep_params", "half_a_pair", "long_number"],
)  # fmt: skip
def test_what_cannot_be_kept_is_a_problem(raw: bytes) -> None:
    read = webhook.read_events(raw)

    assert read.problems
    assert (read.events, read.too_large) == ((), False)


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"a": {"b": [1, 10**38]}}, "/params/a/b/1"), ({"a": -(10**40)}, "/params/a"), ({"a": 1e-101}, "/params/a"),
        ({"a": -1e101}, "/params/a"), ({"a~/b": {"": 1}}, "/params/a~0~1b"), ({"a": ["\ud800"]}, "/params/a/0"),
    ],
)  # fmt: skip
def test_what_no_table_can_hold_is_named(params: dict[str, Any], pointer: str) -> None:
    handover = {"eventid": "1002", "conversation_id": "cv_1", "params": params}

    assert [path for path, _ in webhook.read_events(handover).problems] == [pointer]
    kept = {"a": [10**38 - 1, -1e99, 1e-99, 0.0, True, "x"]}
    assert webhook.read_events(handover | {"params": kept}).events[0].params == kept


def test_a_text_of_16_kib_is_taken_and_one_byte_more_is_too_large() -> None:
    taken = webhook.read_events(MESSAGE | {"message": "ü" * 8192})
    refused = webhook.read_events(MESSAGE | {"message": "ü" * 8192 + "a"})

    assert taken.events and not taken.problems
    assert refused.too_large
    assert refused.problems[0][0] == "/message"


def test_a_body_of_64_kib_is_taken_and_one_byte_more_is_too_large() -> None:
    raw = json.dumps(MESSAGE | {"customparam1": ""}).encode()
    full = raw.replace(b'"customparam1": ""', b'"customparam1": "' + b"a" * (65536 - len(raw)) + b'"')

    assert len(full) == 65536
    assert webhook.read_events(full).events
    assert webhook.read_events(full + b" ").too_large


def test_at_most_a_hundred_events_are_taken() -> None:
    assert len(webhook.read_events([MESSAGE] * 100).events) == 100
    assert webhook.read_events([MESSAGE] * 101).problems == (("", "must hold 1 to 100 events"),)


def test_answers_beyond_a_hundred_are_reported() -> None:
    read = webhook.answers(Exchange(200, {}, json.dumps([MESSAGE] * 101).encode(), 1))

    assert len(read.events) == 100
    assert read.problems


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-11-21 01:23:45.678", 1795224225678), ("2026-11-21 01:23:45.67", 1795224225670),
        ("2026-11-21 01:23:45", 1795224225000), ("2026-11-21T02:23:45.678+01:00", 1795224225678),
        ("2026-11-21T01:23:45.678Z", 1795224225678), (1795224225, 1795224225000), (1795224225678, 1795224225678),
        (None, 0), ("", 0), ("1969-01-01 00:00:00", 0),
    ],
)  # fmt: skip
def test_times_of_a_bot(value: Any, at: int) -> None:
    assert webhook.read_events(MESSAGE | {"Timestamp": value}).events[0].at == at


@pytest.mark.parametrize("value", ["soon", True, [], {}, 1e300, 10**400, -(10**30)])
def test_a_time_that_is_none_is_named(value: Any) -> None:
    read = webhook.read_events(MESSAGE | {"Timestamp": value})

    assert [pointer for pointer, _ in read.problems] == ["/Timestamp"]


@given(st.integers(0, 4_102_444_800_000))
def test_times_to_a_bot_have_two_decimals_and_come_back(ms: int) -> None:
    written = imi_time(ms)

    assert len(written) == len("YYYY-MM-DD hh:mm:ss.SS")
    assert webhook.read_events(MESSAGE | {"Timestamp": written}).events[0].at == ms // 10 * 10


_TOKEN = st.text(min_size=1, max_size=40, alphabet=st.characters(codec="utf-8")).filter(
    lambda text: text.strip() == text
)


@given(_TOKEN)
def test_a_token_is_found_wherever_it_may_stand(token: str) -> None:
    bodies = [token, json.dumps(token), *(json.dumps({key: token}) for key in ("token", "verificationToken"))]
    for body in bodies:
        assert webhook.token_in(Exchange(200, {}, body.encode(), 1), token)
        assert not webhook.token_in(Exchange(200, {}, body.encode(), 1), token + "x")
    assert webhook.token_in(Exchange(200, {"x-verification-token": token}, b"", 1), token)


@given(st.binary(max_size=100), st.text(max_size=20), st.text(max_size=20))
def test_a_token_is_looked_for_without_an_exception(body: bytes, header: str, token: str) -> None:
    webhook.token_in(Exchange(200, {"x-verification-token": header}, body, 1), token)


def test_no_token_is_in_no_response() -> None:
    assert not webhook.token_in(Exchange(200, {"x-verification-token": ""}, b"", 1), "")


def test_an_unknown_profile_is_our_fault() -> None:
    with pytest.raises(ValueError, match="unknown profile"):
        webhook.payload(Notice.of({"kind": "message"}), profile="xml", label="SMS")


def test_importing_the_wires_imports_nothing_large() -> None:
    check = (
        "import sys, chalicelib.bots.webhook, chalicelib.desks.webhook;"
        "print(sorted({'aiohttp', 'boto3', 'pydantic', 'pynamodb', 'chalice'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"
