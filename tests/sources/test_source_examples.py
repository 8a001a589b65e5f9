"""Walks the examples of mappings: what each event gives. `PARLEY_UPDATE_EXAMPLES=1` rewrites `expected`; read the
difference."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from chalicelib import sources
from chalicelib.inbound import mapped
from chalicelib.ports import clock
from chalicelib.wire.json_body import mended

EXAMPLES = sorted((Path(sources.__file__).parent / "examples").glob("*.json"))
NOW_MS = clock.from_rfc3339("2026-11-21T01:00:00Z")


def given(example: dict[str, Any]) -> dict[str, Any]:
    event = mended(json.dumps(example["event"]).encode(), exact=True)
    (read,) = mapped.read([event], example["mapping"], system="crm", country=example["country"], now_ms=NOW_MS)
    assert read.mapped is not None, read.errors
    said = asdict(read.mapped) | {"content": read.mapped.content.plain()}
    said["sent_at"] = clock.rfc3339(said["sent_at"])
    return {key: value for key, value in json.loads(json.dumps(said)).items() if value not in ("", [], None)}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    example = json.loads(path.read_text())
    assert example["why"].endswith(".")
    assert mapped.problems(example["mapping"]) == []
    gives = given(example)
    if os.environ.get("PARLEY_UPDATE_EXAMPLES") and gives != example.get("expected"):
        path.write_text(json.dumps(example | {"expected": gives}, indent=2, ensure_ascii=False) + "\n")
    else:
        assert gives == example["expected"]
