"""docs/operating.md says what the template can be told and what the rates come to, as the code has it."""

from __future__ import annotations

import re
from pathlib import Path

from bench import floods
from chalicelib.tables.erasing import LEFT
from infra.limits import REMOVED_DAYS
from infra.parameters import PARAMETERS

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")


def test_every_parameter_is_explained_with_its_default() -> None:
    section = PAGE.partition("## Options")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.MULTILINE)
    said = {name: value.strip().strip("`") for name, value in rows}
    wanted = {
        name: str(one.get("Default", "")) or ("none" if "Default" in one else "") for name, one in PARAMETERS.items()
    }
    assert said == wanted


def test_what_a_flood_costs_is_what_the_rates_come_to() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", PAGE.partition("## Floods")[2], re.MULTILINE)
    said = [(name.strip("`"), int(methods), int(calls), usd) for name, methods, calls, usd in rows]
    assert said == [(edge, methods, calls, f"{usd:.2f}") for edge, methods, calls, usd in floods.measure().rows]


def test_the_proof_of_an_erasure_says_how_long_removed_files_can_be_brought_back() -> None:
    [backups] = [one["why"] for one in LEFT if one["what"] == "backups"]
    assert f"old versions of files after {REMOVED_DAYS};" in backups
    assert REMOVED_DAYS < 35, "as long as a table"
