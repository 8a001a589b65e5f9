"""Conditions of rules: what is refused when a rule is saved, and what matches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.deciding import conditions

FACTS: dict[str, Any] = {
    "message": {"type": "text", "text": "Hello there", "source": "custom", "postback": None, "language": None},
    "contact": {
        "id": "co_1",
        "name": "Ann",
        "phone": None,
        "email": None,
        "attributes": {"plan": "gold"},
        "tags": ["vip"],
    },
    "channel": {"id": "ch_1", "kind": "custom"},
    "thread": {"owner": None, "first": True, "last_message_age_s": None},
    "now": {"hour": 10, "minute": 5, "weekday": 6, "date": "2026-11-21"},
}
TEXT = {"var": "message.text"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, True),
        ({}, True),
        (True, True),
        (False, False),
        ({"==": [TEXT, "Hello there"]}, True),
        ({"in": ["Hello", TEXT]}, True),
        ({"==": [{"var": "contact.attributes.plan"}, "gold"]}, True),
        ({"==": [{"var": ["contact.attributes.none", "x"]}, "x"]}, True),
        ({"some": [{"var": "contact.tags"}, {"==": [{"var": ""}, "vip"]}]}, True),
        ({"none": [{"var": "contact.tags"}, {"==": [{"var": ""}, "vip"]}]}, False),
        ({"and": [{"var": "thread.first"}, {">=": [{"var": "now.hour"}, 9]}, {"<": [{"var": "now.hour"}, 17]}]}, True),
        # A fact that is null is there: the engine calls missing only what has no such name.
        ({"missing": ["message.postback"]}, False),
        ({"==": [{"var": "message.postback"}, None]}, True),
        ({"starts_with": [{"lower": TEXT}, "hello"]}, True),
    ],
)
def test_matches(rule: Any, expected: bool) -> None:
    assert conditions.problems(rule) == []
    assert conditions.matches(rule, FACTS) == (expected, "")


@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        ({"vr": "x"}, "", "unknown operator `vr`"),
        ({"and": [TEXT, {"foo": 1}]}, "/and/1", "unknown operator `foo`"),
        ({"a": 1, "b": 2}, "", "2 keys"),
        ({"==": [{"var": "message.tet"}, 1]}, "/==/0/var", "unknown variable `message.tet`"),
        ({"var": "user"}, "/var", "unknown variable"),
        ({"var": ""}, "/var", "unknown variable"),
        ({"var": "contact.tags.0"}, "/var", "unknown variable"),
        ({"var": {"cat": ["message.", "text"]}}, "/var", "as a text"),
        ({"missing": ["message.text", "nope"]}, "/missing", "unknown variable `nope`"),
        ({"val": ["message", "nope"]}, "/val", "unknown variable `message.nope`"),
        ({"if": [{"now": []}, 1, 2]}, "/if/0/now", "not available"),
        ({"throw": "x"}, "/throw", "not available"),
        ("message.text", "", "must be"),
        ([TEXT], "", "must be"),
        (5, "", "must be"),
        ({"==": [TEXT, "x" * 8200]}, "", "8192"),
    ],
)
def test_problems(rule: Any, path: str, message: str) -> None:
    [found, *_] = conditions.problems(rule)
    assert found[0] == path
    assert message in found[1]


def test_too_deep() -> None:
    rule: Any = TEXT
    for _ in range(conditions.MAX_DEPTH + 1):
        rule = {"!": rule}
    [(path, message)] = conditions.problems(rule)
    assert path.startswith("/!/!")
    assert "deeper" in message


def test_what_cannot_be_evaluated_does_not_match() -> None:
    matched, error = conditions.matches({">": ["x", {"var": "now.hour"}]}, FACTS)
    assert not matched
    assert error


def test_a_hostile_rule_costs_little() -> None:
    many = {"var": "contact.tags"}
    for _ in range(5):
        many = {"merge": [many] * 8}  # type: ignore[dict-item]
    facts = FACTS | {"contact": FACTS["contact"] | {"tags": ["x"] * 200}}
    rule = {"some": [many, {"==": [{"var": ""}, "y"]}]}
    matched, error = conditions.matches(rule, facts)
    assert not matched
    assert error == "" or "udget" in error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["message.text", "", "x", "contact.tags"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "var",
                    "val",
                    "and",
                    "or",
                    "!",
                    "==",
                    "in",
                    "some",
                    "filter",
                    "map",
                    "reduce",
                    "missing",
                    "missing_some",
                    "if",
                    "+",
                    "x",
                ]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(rule=JSON)
def test_any_json_is_judged(rule: Any) -> None:
    found = conditions.problems(rule)
    assert all(isinstance(path, str) and message for path, message in found)
    matched, _ = conditions.matches(rule, FACTS)
    assert matched in (True, False)
