"""Faults between the Lambdas and AWS: microburst answers a share of the calls wrongly, late, or not at all."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import processes
from infra.local.emulator import HOST, executable, free_port

KINDS: dict[str, tuple[float, dict[str, Any]]] = {
    "500": (0.35, {"error": {"code": "InternalServerError", "status": 500}}),
    "reset": (0.2, {"reset": True}),
    # The call went through, and whoever made it does not learn so.
    "answer lost": (0.3, {"response": {"abort_bytes": 0}}),
    "slow": (0.15, {"latency": {"min": 500, "max": 3000}}),
}
"""Kind of fault -> its part of all faults, and microburst's rule for it."""
OUTAGE: dict[str, Any] = {"service": "dynamodb", "error": {"code": "InternalServerError", "status": 500}}
"""The SDK asks three times, so that single faults seldom reach our code. In a table's outage all three fail."""
_SEEDED = "import random, sys; random.seed(int(sys.argv.pop(1))); from microburst.cli import main; sys.exit(main())"
_START_S = 20
_SERVICES = ("DynamoDB_20120810.GetItem", "AmazonSQS.SendMessageBatch", "TrentService.Decrypt", "AWSEvents.PutEvents")
_WARM_S = 60


@dataclass
class Proxy:
    """A running fault injector; it passes everything on until it is told otherwise."""

    url: str

    def disturb(self, share: float) -> None:
        """Have this share of all calls go wrong."""
        left = 1.0
        rules = []
        for part, rule in KINDS.values():
            # The first rule that fires wins, so each sees what those before it left.
            probability = share * part / left
            rules.append(rule | {"probability": probability})
            left -= share * part
        self._call("POST", "rules", rules)

    def fail_tables(self, seconds: float, share: float) -> None:
        """Have every call to DynamoDB fail for so long; `share` as before and after."""
        self.disturb(share)
        ordinary = self._call("GET", "rules")
        kept = [{key: value for key, value in rule.items() if key != "id"} for rule in ordinary]
        self._call("POST", "rules", [OUTAGE | {"ttl_s": seconds}, *kept])

    def calm(self) -> None:
        """Pass everything on."""
        self._call("POST", "rules", [])

    def figures(self) -> dict[str, Any]:
        """How many calls it saw and disturbed."""
        stats: dict[str, Any] = self._call("GET", "stats")
        return stats

    def warm(self) -> None:
        """Have it read what it knows of each service, which holds up all calls: no fault of AWS's."""
        self._call("POST", "rules", [KINDS["500"][1]])
        for target in _SERVICES:
            headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
            try:
                urllib.request.urlopen(urllib.request.Request(self.url, b"{}", headers), timeout=_WARM_S)
            except urllib.error.HTTPError as answered:
                answered.close()
        self.calm()

    def _call(self, method: str, what: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_microburst/{what}", sent, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


@contextmanager
def proxy(upstream: str, seed: int, folder: Path) -> Iterator[Proxy]:
    """A fault injector before `upstream`; its dice are thrown from `seed`, in the order in which calls come."""
    port = free_port()
    python = executable().with_name("python")
    command = [str(python), "-c", _SEEDED, str(seed), "-u", upstream, "-p", str(port), "--host", HOST, "--no-resign"]
    process = processes.start(command, log=folder / "proxy.log")
    made = Proxy(f"http://{HOST}:{port}")
    try:
        until = time.monotonic() + _START_S
        while True:
            try:
                made.figures()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"no proxy: {(folder / 'proxy.log').read_text()[-500:]}") from error
                time.sleep(0.05)
        made.warm()
        yield made
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
