"""What was counted of a service, by quarters of an hour, hours or days of UTC.

A step in which nothing was counted has no row, and costs nothing: a day by quarters is at most 96 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.services import needed_service
from chalicelib.api.http.times import times_of_query
from chalicelib.domain.figures import ALL, DAY_MS, HOUR_MS, STEP_MS, Figures, add, counted, percentile, step_of, total
from chalicelib.domain.resource_id import service_of
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import figures

STEPS = {"15m": STEP_MS, "1h": HOUR_MS, "1d": DAY_MS}
MOST_STEPS = 500
_P50, _P95 = 0.5, 0.95


def listing(call: Call) -> Answer:
    """Figures from a time to another; without `from` those of a day, by days of thirty."""
    service = needed_service(call)
    step = call.query.get("step") or "15m"
    since, before = _times(call, STEPS[step], span=30 * DAY_MS if step == "1d" else DAY_MS)
    times = [*range(since, before, STEPS[step])]
    found = by_step(service, times, STEPS[step])
    shown = {"from": rfc3339(since), "to": rfc3339(before), "step": step, "times": [rfc3339(at) for at in times]}
    return Answer(200, shown | _view(found))


def by_step(service: str, times: Iterable[int], length: int) -> list[Figures]:
    """The figures of each of a row of steps of one length, one after the other."""
    found: dict[int, Figures] = {at: {} for at in times}
    if found:
        read = figures.read_days if length == DAY_MS else figures.read
        for at, data in read(service, since=min(found), before=max(found) + length):
            add(found[step_of(at, length)], data)
    return [*found.values()]


def last_day(id: str) -> dict[str, Any]:
    """Attempts at a destination in the last 24 hours, and those that failed: `times`, `attempts`, `failed`, and
    `duration`, how long they took."""
    before = step_of(now_ms(), HOUR_MS) + HOUR_MS
    times = [*range(before - DAY_MS, before, HOUR_MS)]
    of = [one.get(id, {}) for one in by_step(service_of(id), times, HOUR_MS)]
    took = {"duration": _together([one.get("ms", {}) for one in of], "ms")}
    return {"times": [rfc3339(at) for at in times]} | _attempts(of) | took


def _times(call: Call, length: int, *, span: int) -> tuple[int, int]:
    """From the beginning of the step that `from` lies in to the end of that before `to`, or of the present one."""
    since, before = times_of_query(call, "from", "to")
    if before is None:
        before = now_ms() + 1
    before = step_of(before + length - 1, length)
    since = before - span if since is None else step_of(since, length)
    if since > before:
        raise invalid([("/from", "must not lie behind to")])
    if before - since > MOST_STEPS * length:
        raise invalid([("/from", f"must lie at most {MOST_STEPS} steps before to")])
    return since, before


def _view(found: list[Figures]) -> dict[str, Any]:
    ids = sorted({id for one in found for id in one})

    def of(prefix: str, view: Callable[[str, list[Mapping[str, Any]]], dict[str, Any]]) -> list[dict[str, Any]]:
        return [view(id, [one.get(id, {}) for one in found]) for id in ids if id.startswith(prefix)]

    whole = [one.get(ALL, {}) for one in found]
    waited: list[Mapping[str, Any]] = [
        total(desk.get("first", {}) for id, desk in one.items() if id.startswith("dk_")) for one in found
    ]
    return {
        "conversations": {
            "opened": _numbers(whole, "opened"),
            "closed": _numbers(whole, "closed"),
            "handed_over": _numbers(whole, "handed"),
        },
        "first_reply": _together(waited, "s"),
        "first_replies": _apart(waited, "s"),
        "channels": of("ch_", _channel),
        "sources": of("so_", _received),
        "triggers": of("tr_", _received),
        "bots": of("bt_", _webhook),
        "desks": of("dk_", _desk),
        "subscriptions": of("sb_", _webhook),
    }


def _channel(id: str, by_time: list[Mapping[str, Any]]) -> dict[str, Any]:
    return _received(id, by_time) | {"sent": _numbers(by_time, "out"), "failed": _numbers(by_time, "lost")}


def _received(id: str, by_time: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {"id": id, "received": _numbers(by_time, "in")}


def _webhook(id: str, by_time: list[Mapping[str, Any]]) -> dict[str, Any]:
    took = [one.get("ms", {}) for one in by_time]
    return {
        "id": id,
        **_attempts(by_time),
        "duration": _together(took, "ms"),
        "durations": _apart(took, "ms"),
    }


def _desk(id: str, by_time: list[Mapping[str, Any]]) -> dict[str, Any]:
    waited = [one.get("first", {}) for one in by_time]
    return {
        "id": id,
        "opened": _numbers(by_time, "opened"),
        "closed": _numbers(by_time, "closed"),
        "first_reply": _together(waited, "s"),
        "first_replies": _apart(waited, "s"),
        "outcomes": total(one.get("ends", {}) for one in by_time),
        **_attempts(by_time),
    }


def _attempts(by_time: list[Mapping[str, Any]]) -> dict[str, list[int]]:
    return {"attempts": _numbers(by_time, "tries"), "failed": _numbers(by_time, "bad")}


def _numbers(by_time: list[Mapping[str, Any]], name: str) -> list[int]:
    return [int(one.get(name, 0)) for one in by_time]


def _together(histograms: list[Mapping[str, int]], unit: str) -> dict[str, Any]:
    whole = total(histograms)
    shares = {f"p50_{unit}": percentile(whole, _P50), f"p95_{unit}": percentile(whole, _P95)}
    return {"count": counted(whole)} | shares


def _apart(histograms: list[Mapping[str, int]], unit: str) -> dict[str, Any]:
    return {
        f"{name}_{unit}": [percentile(one, share) for one in histograms]
        for name, share in (("p50", _P50), ("p95", _P95))
    }
