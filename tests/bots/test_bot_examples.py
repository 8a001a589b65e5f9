"""Every example beside the webhook bot's code does what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.bots import webhook
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.notice import Notice

EXAMPLES = sorted((Path(webhook.__file__).parent / "examples").glob("*.json"))


def _exchange(given: dict[str, Any]) -> Exchange:
    return Exchange(given["status"], given["headers"], given["body"].encode(), 1, given.get("error", ""))


def _read(read: webhook.Read[Any]) -> dict[str, Any]:
    events = [
        {
            "kind": event.kind, "conversation": event.conversation, "params": event.params, "id": event.id,
            "at": event.at, "content": event.content.plain() if event.content else None,
        }
        for event in read.events
    ]  # fmt: skip
    return {"events": events, "problems": [list(problem) for problem in read.problems], "too_large": read.too_large}


def _payload(given: dict[str, Any]) -> Any:
    rest = {name: value for name, value in given.items() if name != "notice"}
    return webhook.payload(Notice.of(given["notice"]), **rest)


def _outcome(given: dict[str, Any]) -> Any:
    outcome = webhook.outcome(_exchange(given["exchange"]), token=given["token"])
    return outcome.error if isinstance(outcome, webhook.Failed) else ""


VERBS: dict[str, Callable[[Any], Any]] = {
    "payload": _payload,
    "read": lambda given: _read(webhook.read_events(given)),
    "answers": lambda given: _read(webhook.answers(_exchange(given["exchange"]), conversation=given["conversation"])),
    "outcome": _outcome,
    "verification": lambda given: webhook.verification(given["challenge"], given["at_ms"]),
    "passed": lambda given: webhook.passed(_exchange(given["exchange"]), given["challenge"], given["token"]),
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    example = json.loads(path.read_text())

    assert example["why"]
    assert VERBS[path.stem.partition("__")[0]](example["input"]) == example["gives"]


def test_every_verb_has_examples() -> None:
    assert {path.stem.partition("__")[0] for path in EXAMPLES} == set(VERBS)
