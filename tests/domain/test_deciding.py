"""Every example beside the deciding code comes to what it says; every kind of event has one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.domain import deciding
from chalicelib.domain.deciding import decide
from tests.domain.deciding import decided

EXAMPLES = sorted((Path(deciding.__file__).parent / "examples").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    example = json.loads(path.read_text(encoding="utf-8"))
    assert example["why"] and example["input"]["event"]["kind"] == path.stem.partition("__")[0]

    assert decided(example) == example["gives"]


def test_every_kind_of_event_has_an_example() -> None:
    assert {path.stem.partition("__")[0] for path in EXAMPLES} == set(decide._BY_KIND)
