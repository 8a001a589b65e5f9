"""How long each Lambda takes to be ready in a fresh process, against a bare Chalice app with the two clients it needs.

Ready: `app` imported, the step's module imported as its handler does on the first call, what the step imports when it
first works (aiohttp in the pumps), and the clients made that its first AWS call would make. The bare one: a Chalice
app, boto3, a DynamoDB client and an SQS client. Interleaved, so that other work on the machine meets all alike; byte
code is cached, as the package ships it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import Goal, Result
from infra import edges

ROUNDS = 7
ROOT = Path(__file__).parents[1]
_CLOCK = "import time; began = time.perf_counter()\n"
_SAY = "\nprint((time.perf_counter() - began) * 1000)"
BARE = """
from chalice import Chalice
app = Chalice(app_name="bare")
@app.on_sqs_message(queue="q.fifo", batch_size=10)
def handler(event): pass
import boto3
boto3.client("dynamodb"); boto3.client("sqs")
"""
_OURS = "import app\n"
_FRONT = "from chalicelib.api.http import dispatch\n"
_CLIENTS = """
from chalicelib.ports import aws
aws.client("dynamodb"); aws.client("sqs")
import sys
from pynamodb.models import Model
for module in [found for name, found in sys.modules.items() if name.startswith("chalicelib.tables.")]:
    for model in vars(module).values():
        if isinstance(model, type) and issubclass(model, Model) and model is not Model:
            model._get_connection().connection.client
"""
_AIOHTTP = "import aiohttp\n"
_PUMPS = ("deliver", "send", "retry_delivery", "retry_send")
_PATH = ("receive_channel", "converse", "fan_out", "deliver", "send", "poll_channel")


def _lambdas() -> dict[str, str]:
    """Lambda -> what makes it ready."""
    found = {}
    for name in edges.names():
        front = _FRONT if name in edges.present() else ""
        code = _OURS + front + f"import chalicelib.{'api.setup.resources' if name == edges.API else f'steps.{name}'}\n"
        found[name] = code + _CLIENTS + (_AIOHTTP if name in _PUMPS else "")
    return found


def measure() -> Result:
    """All Lambdas, in turns with the bare one."""
    lambdas = {"bare": BARE} | _lambdas()
    times: dict[str, list[float]] = defaultdict(list)
    for code in lambdas.values():
        _run(code)
    for _ in range(ROUNDS):
        for name, code in lambdas.items():
            times[name].append(_run(code))
    bare = median(times["bare"])
    ratios = {name: median(found) / bare for name, found in times.items() if name != "bare"}
    heaviest = {name: _heaviest(lambdas[name]) for name in ("receive_channel", "converse", "deliver", "api")}
    rows: list[list[Any]] = [["bare Chalice and boto3", bare, 1.0, ""]]
    rows += [
        [name, median(times[name]), ratio, ", ".join(f"{m} {ms:.0f}" for m, ms in heaviest.get(name, ())[:3])]
        for name, ratio in ratios.items()
    ]
    path = {name: round(ratios[name], 2) for name in _PATH}
    goals = [Goal("slowest of the message's path", 1.4, max(path.values()), "times bare ", path)]
    notes = ["The last column: the heaviest packages by -X importtime, own modules' time summed, in ms."]
    figures = {
        "bare_ms": round(bare, 1),
        "ratios": {name: round(ratio, 3) for name, ratio in ratios.items()},
        "heaviest_ms": {name: {module: round(ms, 1) for module, ms in top} for name, top in heaviest.items()},
    }
    return Result(
        "imports", "Time until ready", ["Lambda", "ms", "times bare", "heaviest"], rows, goals, notes, figures
    )


def _run(code: str) -> float:
    return float(_python(_CLOCK + code + _SAY).stdout.splitlines()[-1])


def _heaviest(code: str) -> list[tuple[str, float]]:
    """(package, ms of its modules' own time), the five that cost most."""
    costs: dict[str, float] = defaultdict(float)
    for line in _python(code, "-X", "importtime").stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if line.startswith("import time:") and len(parts) == 3 and parts[0].strip().isdigit():
            costs[parts[2].strip().partition(".")[0]] += int(parts[0]) / 1000
    return sorted(costs.items(), key=lambda cost: -cost[1])[:5]


def _python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PARLEY_", "PYTHON"))}
    env |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True)


if __name__ == "__main__":
    measure().keep()
