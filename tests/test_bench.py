"""The counting bench runs and says what it should; figures themselves are no matter of a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import json, sys
from dataclasses import replace
from bench.place import moto
from bench.requests import VARIANTS, count, figures
variant = replace(VARIANTS[1], warm=1)
with moto() as new:
    found = figures(variant, count(new, variant))
print(json.dumps(found), file=sys.__stdout__)
"""


@pytest.mark.xdist_group("package")
def test_a_round_trip_is_counted() -> None:
    # A process of its own: the meter stands in botocore, and the product reads its environment once.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PARLEY_", "POWERTOOLS_"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name in ("aws_calls", "lambda_invocations", "sqs_requests", "api_requests", "log_bytes", "bytes_moved"):
        assert isinstance(found[name], int), name
        assert found[name] > 0, name
    for name in ("write_units", "read_units", "lambda_gb_s", "usd_per_million"):
        assert found[name] > 0, name
    assert len(found["calls"]) == found["aws_calls"] == sum(found["by_step"].values())
    assert {"receive_channel", "converse", "fan_out", "deliver", "poll_channel", "push"} == set(found["by_step"])
    assert found["usd_by_service"].keys() >= {"api gateway", "lambda time", "sqs", "dynamodb writes", "logs"}


def test_units_follow_awss_rules() -> None:
    from bench import units

    item: dict[str, dict[str, Any]] = {
        "id": {"S": "a" * 1000},
        "n": {"N": "-100"},
        "m": {"M": {"k": {"BOOL": True}}},
        "l": {"L": [{"NULL": True}]},
    }
    # names 1+2+... : id 2+1000, n 1+(1+1+1), m 1+3+(1+1+1), l 1+3+(1+1)
    assert units.size(item) == 1002 + 4 + 7 + 6
    assert units.read([None], consistent=True) == 1
    assert units.read([item, item], consistent=False) == 1
    assert units.read([item] * 5, consistent=True, together=True) == 2
    table = next(name for name in units.shapes() if name.endswith("-deliveries"))
    key = {"lane": {"S": "l"}, "key": {"S": "k"}}
    told = key | {"destination": {"S": "bt_1"}, "created": {"S": "1"}, "status": {"S": "pending"}}
    assert units.write(table, None, told) == 2, "the row and its index entry"
    assert units.write(table, told, told | {"status": {"S": "delivered"}}) == 1, "keys alone are projected"
    assert units.index_writes(table, told, told | {"created": {"S": "2"}}) == {"by_destination": 2}
    assert units.write(table, told, None) == 2
    assert units.write(table, None, told, transaction=True) == 4
