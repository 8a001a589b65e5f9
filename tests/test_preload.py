"""What is made ready while a function starts: its own step and clients, and never a reason not to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import edges

ROOT = Path(__file__).parents[1]
PUMPS = {"deliver", "send", "retry_delivery", "retry_send"}
PROGRAM = """
import json, sys
import app
aws = sys.modules.get("chalicelib.ports.aws")
print(json.dumps({"modules": sorted(sys.modules), "clients": aws.client.cache_info().currsize if aws else 0}))
"""


def started(function: str, **more: str) -> dict[str, Any]:
    """What a fresh process has once `app` is imported."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PARLEY_"))}
    env = kept | {"AWS_DEFAULT_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": function} | more
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["deliver", "converse", "poll_channel", "api"])
def test_a_functions_step_and_clients_are_there_when_it_is_called(name: str) -> None:
    found = started(f"parley-my-stage-{name}")
    assert found["clients"] == 2
    assert ("chalicelib.api.http.dispatch" if name == edges.API else f"chalicelib.steps.{name}") in found["modules"]
    assert ("aiohttp" in found["modules"]) == (name in PUMPS)
    others = {f"chalicelib.steps.{other}" for other in edges.names()} - {f"chalicelib.steps.{name}"}
    assert others.isdisjoint(found["modules"])


@pytest.mark.parametrize(
    "function", ["", "parley-dev-no_such_step", "somebody-elses", "parley-dev-../x", "parley-dev-"]
)
def test_what_is_no_function_of_ours_starts_as_it_is(function: str) -> None:
    found = started(function)
    assert found["clients"] == 0
    assert not any(name.startswith("chalicelib.steps.") for name in found["modules"])


def test_what_cannot_be_made_ready_stops_no_start() -> None:
    found = started("parley-dev-deliver", AWS_DEFAULT_REGION="")
    assert found["clients"] == 0
    assert "chalicelib.steps.deliver" in found["modules"]
