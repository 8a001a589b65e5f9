"""Every example beside the webhook desk's code does what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.desks import webhook
from chalicelib.domain.notice import Notice

EXAMPLES = sorted((Path(webhook.__file__).parent / "examples").glob("*.json"))


def _payload(given: dict[str, Any]) -> Any:
    rest = {name: value for name, value in given.items() if name != "notice"}
    return webhook.payload(Notice.of(given["notice"]), **rest)


def _read(given: Any) -> dict[str, Any]:
    read = webhook.read_events(given)
    events = [
        {
            "kind": event.kind, "conversation": event.conversation, "agent": event.agent, "outcome": event.outcome,
            "desk": event.desk, "id": event.id, "at": event.at,
            "content": event.content.plain() if event.content else None,
        }
        | ({"until": event.until} if event.until else {})
        for event in read.events
    ]  # fmt: skip
    return {"events": events, "problems": [list(problem) for problem in read.problems], "too_large": read.too_large}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    example = json.loads(path.read_text())

    assert example["why"]
    verb = {"payload": _payload, "read": _read}[path.stem.partition("__")[0]]
    assert verb(example["input"]) == example["gives"]


def test_every_type_of_event_has_an_example() -> None:
    seen = {
        event.kind
        for path in EXAMPLES
        if path.stem.startswith("read__")
        for event in webhook.read_events(json.loads(path.read_text())["input"]).events
    }

    assert seen == set(webhook.TYPES)


_KEYS = [
    "until",
    "mentions",
    "type",
    "conversation_id",
    "text",
    "media",
    "agent",
    "desk_id",
    "outcome",
    "timestamp",
    "id",
    "Message_Type",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(webhook.TYPES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(), inner, max_size=8),
    max_leaves=30,
)


@given(_JSON)
def test_any_json_is_read_without_an_exception(given: Any) -> None:
    read = webhook.read_events(given)

    assert read.events or read.problems
