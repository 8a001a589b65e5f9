"""What is posted to a trigger is read or refused by name, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.inbound.trigger import MAX_SESSION, Ask, read
from chalicelib.ports.web import Problem

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("\ud800")
ANY = st.recursive(
    LEAVES | st.emails() | st.from_regex(r"\+?[0-9 ]{3,16}", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "session", "contact", "name", "email", "phone", "x"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
CONTACT = st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "email", "phone"), ANY))
OURS = st.fixed_dictionaries({}, optional={"text": ANY, "session": ANY, "contact": ANY | CONTACT})
BODIES = st.binary(max_size=60) | (ANY | OURS).map(lambda value: json.dumps(value).encode())
QUERIES = st.dictionaries(
    st.sampled_from(["session", "contact.name", "contact.email", "contact.phone", "other"]), st.text(max_size=12)
)


def tried(body: bytes, query: dict[str, str], default: str) -> Ask | Problem:
    try:
        return read(body, query, default_text=default, country="DE")
    except Problem as problem:
        return problem


FOREIGN: list[dict[str, Any]] = [
    {"event": "deal.won", "contact": "Ana"},
    {"contact": ["ana@example.com"], "id": 7},
    {"contact": {"id": 17, "first": "Ana"}},
    {"text": {"html": "<p>Hello</p>", "plain": "Hello"}, "contact": {"email": "ana@example.com"}},
    {"text": ["a", "b"]},
    {"session": {"id": "s-1", "started": 1}, "text": "hello"},
    {"text": 5},
    {"session": 5, "text": "hello"},
    {"session": True},
    {"contact": {"email": {"work": "ana@example.com"}}},
    {"contact": {"email": "ana@example.com", "phone": ["+4915112345678"]}, "text": "hello"},
    {"contact": {"name": {"first": "Ana"}, "email": "nope"}},
    {"contact": {"phone": 4915112345678}},
]


@pytest.mark.parametrize("body", FOREIGN, ids=json.dumps)
def test_a_payload_of_somebody_elses_with_members_called_as_ours(body: dict[str, Any]) -> None:
    ask = read(json.dumps(body).encode(), {"session": "s", "contact.name": "Ada"}, default_text="", country="DE")
    assert json.loads(ask.text) == body
    assert (ask.session, ask.name, ask.identities) == ("s", "Ada", ())


def test_what_stands_beside_our_own_members_is_kept() -> None:
    body = {"text": "late", "contact": {"email": "Ana@Example.com", "vip": True}, "order": 1044}
    ask = read(json.dumps(body).encode(), {}, default_text="", country="DE")
    assert (ask.text, ask.identities) == ("late", (("email", "ana@example.com"),))
    assert json.loads(ask.payload) == body
    plain = read(b'{"text": "late", "session": null}', {}, default_text="", country="DE")
    assert plain == Ask("late")


@pytest.mark.parametrize("beside", [{"order": 1044}, {"contact": {"email": "ana@example.com", "vip": True}}], ids=str)
@pytest.mark.parametrize("default", ["", "Good morning"])
def test_a_body_in_our_words_that_says_more_is_kept_whatever_is_asked(beside: dict[str, Any], default: str) -> None:
    body = {"session": "s", **beside}
    ask = read(json.dumps(body).encode(), {}, default_text=default, country="")
    assert (ask.text, ask.session, json.loads(ask.payload)) == (default, "s", body)
    long = body | {"notes": "n" * 9000}
    ask = read(json.dumps(long).encode(), {}, default_text="", country="")
    assert (json.loads(ask.text), ask.session, ask.payload) == (long, "s", "")


@pytest.mark.parametrize("wrong", [{"contact": {"email": "no"}}, {"text": "x", "contact": {"phone": "12"}}])
def test_ours_and_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        read(json.dumps(wrong).encode(), {}, default_text="", country="DE")
    assert refused.value.status == 422


def is_foreign(body: Any) -> bool:
    """Whether a body has no member of ours, or one of another type than ours: what docs/triggers.md says."""
    types = {"text": str | None, "session": str | None, "contact": dict | None}
    if not isinstance(body, dict) or not body.keys() & types.keys():
        return True
    contact = body.get("contact") or {}
    return not all(isinstance(body.get(name), type) for name, type in types.items()) or (
        bool(contact)
        and (
            not contact.keys() & {"name", "email", "phone"}
            or any(not isinstance(contact.get(name), str | None) for name in ("name", "email", "phone"))
        )
    )


@settings(max_examples=300, deadline=None)
@given(body=ANY | OURS)
@example({"contact": {"email": {"work": "ana@example.com"}}})
@example({"session": 5})
def test_what_is_shaped_otherwise_is_kept_as_it_came_and_never_blamed(body: Any) -> None:
    raw = json.dumps(body)
    asked = tried(raw.encode(), {}, "")
    if not is_foreign(body):
        # In our words: taken, or told which value is wrong.
        assert not isinstance(asked, Problem) or (asked.status == 422 and asked.errors)
    elif isinstance(asked, Problem):
        # What is no JSON is no payload either; Python writes it all the same.
        assert asked.status == 400 and ("NaN" in raw or "Infinity" in raw)
    else:
        assert asked == Ask("" if body is None else raw)


@settings(max_examples=300, deadline=None)
@given(body=BODIES, query=QUERIES, default=st.sampled_from(["", "Good morning"]))
@example(b"[" * 200_000, {}, "")
@example(b'{"a":' * 5_000, {}, "")
@example(b"9" * 5_000, {}, "")
@example(b'{"text": 1e999}', {}, "")
@example(b'"\\ud800"', {}, "")
@example(b"\xef\xbb\xbf{}", {}, "")
def test_anything_is_read_or_refused(body: bytes, query: dict[str, str], default: str) -> None:
    ask = tried(body, query, default)
    if isinstance(ask, Problem):
        assert ask.status in (400, 413, 422)
        assert ask.status != 422 or ask.errors
        return
    assert len(ask.text.encode()) <= MAX_TEXT_BYTES and len(ask.session) <= MAX_SESSION
    assert not default or ask.text == default
    json.dumps([ask.text, ask.session, ask.name, ask.payload, ask.identities], ensure_ascii=False).encode()
    # Said again in its own words it is the same.
    contact = {"name": ask.name} | dict(ask.identities)
    said = {"text": ask.text, "session": ask.session, "contact": contact}
    again = read(json.dumps(said).encode(), {}, default_text="", country="")
    assert (again.key, again.identities) == (ask.key, ask.identities)
