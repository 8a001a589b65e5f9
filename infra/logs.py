"""The Lambdas' logs as a person reads them: one line per structured line, coloured by its step.

`follow` is what `make run` shows; `python -m infra.logs --stage dev` shows the same of a stage in AWS.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra import edges
from infra.deploying import account as accounts
from infra.deploying.refused import Client
from infra.deploying.talk import refusing

_COLOURS = (32, 33, 34, 35, 36, 92, 93, 94, 95, 96)
_RED, _DIM = 91, 2
_BY_PLACE = ("thread_id", "thread", "message_id")
"""Fields known by their look; the others are shown with their names, and the time it took last."""
_HIDDEN = {
    "level",
    "log_level",
    "location",
    "timestamp",
    "service",
    "name",
    "step",
    "message",
    "sampling_rate",
    "xray_trace_id",
    "_aws",
    "stage",
    "took_ms",
    # Of Lambda's own lines.
    "time",
    "requestId",
}
_OVERLAP_MS = 5_000
"""Lines come late and out of order, so each look goes back a little; `seen` keeps them from coming twice."""


def follow(
    client: Client, stage: str, show: Callable[[str], None], *, until: Callable[[], bool], every_s: float = 1.0
) -> None:
    """Show every line from now on until `until()`; a log that cannot be read now is read at the next look."""
    logs = client("logs")
    groups = {name: f"/aws/lambda/parley-{stage}-{name}" for name in edges.names()}
    since = int(time.time() * 1000)
    seen: dict[str, int] = {}
    while not until():
        found: list[tuple[int, str]] = []
        for name, group in groups.items():
            found += [(at, line) for at, line in _new(logs, name, group, since, seen)]
        for _, line in sorted(found, key=lambda pair: pair[0]):
            show(line)
        since = max(since, int(time.time() * 1000) - _OVERLAP_MS)
        for key in [key for key, at in seen.items() if at < since - _OVERLAP_MS]:
            del seen[key]
        time.sleep(every_s)


def _new(logs: Any, name: str, group: str, since: int, seen: dict[str, int]) -> list[tuple[int, str]]:
    try:
        events = logs.filter_log_events(logGroupName=group, startTime=since)["events"]
    except Exception:
        return []
    lines = []
    for event in events:
        # Without the event's id, which the emulator does not give.
        key = f"{event['logStreamName']} {event['timestamp']} {event['message']}"
        if key not in seen:
            seen[key] = event["timestamp"]
            if line := readable(event["message"], name=name, at_ms=event["timestamp"]):
                lines.append((event["timestamp"], line))
    return lines


def readable(text: str, *, name: str, at_ms: int, colour: bool = True) -> str | None:
    """One line for a person; None for what Lambda itself writes of a run that went well."""
    text = text.rstrip()
    if not text or text.startswith(("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")):
        return None
    at = f"{datetime.fromtimestamp(at_ms / 1000):%H:%M:%S}"  # noqa: DTZ006 - the reader's own clock
    fields = _structured(text)
    if fields is None:
        return f"{_paint(at, _DIM, colour)} {_paint(f'{name:<15}', _RED, colour)} {text}"
    step = str(fields.get("step") or name)
    # Of its own Lambda writes only trouble here (`infra/template.py`): how a run ended, what nobody caught.
    bad = fields.get("level") in ("WARNING", "ERROR", "CRITICAL") or "record" in fields or "errorMessage" in fields
    shade = _RED if bad else _COLOURS[zlib.crc32(step.encode()) % len(_COLOURS)]
    parts = [_paint(at, _DIM, colour), _paint(f"{step:<15}", shade, colour)]
    said = str(fields.get("message", ""))
    if said and said != step:
        parts.append(said)
    parts += [str(fields[key]) for key in _BY_PLACE if fields.get(key)]
    parts += [f"{key}={_short(value)}" for key, value in fields.items() if key not in {*_HIDDEN, *_BY_PLACE}]
    if (took := fields.get("took_ms")) is not None:
        parts.append(_paint(f"{took} ms", _DIM, colour))
    return " ".join(parts)


def _structured(text: str) -> dict[str, Any] | None:
    try:
        fields = json.loads(text)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return text if len(text) <= 300 else text[:299] + "…"


def _paint(text: str, code: int, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def main() -> None:
    """Follow the logs of a stage in AWS."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", required=True)
    given = parser.parse_args()
    where = accounts.account(accounts.session())
    try:
        follow(where.client, given.stage, print, until=lambda: False, every_s=3)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    refusing(main, "no logs")
