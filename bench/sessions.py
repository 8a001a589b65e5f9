"""What it costs that a chat window is open: a session of ten minutes with five round trips, by poll and by socket.

Computed from list prices, the assumed waits and the widget's own rhythm (docs/webchat.md); the round trips themselves
are those of `requests`, whose own wait for the answer is left out here, as the window's waiting holds it.
"""

from __future__ import annotations

from typing import Any

from bench import pricing, report
from bench.report import Goal, Result
from bench.requests import VARIANTS
from infra.limits import LIMITS

MINUTES, TRIPS = 10, 5
LONG_POLL_S, CALM_S, QUIET_S, QUIET_AFTER_S = 20, 2.5, 30, 300
"""How the widget asks: held at the server for 20 s after each word, then each 2.5 s, and each 30 s once nobody said
anything for five minutes."""
PING_S = 480
"""How often a page says on its socket that it is there; API Gateway closes one that was silent for ten minutes."""
_PLAIN, _TOLD = VARIANTS[0].name, VARIANTS[1].name
_BY_SOCKET, _OPENED, _THERE = (variant.name for variant in VARIANTS[-3:])


def measure() -> Result:
    """Windows and sessions."""
    windows = {
        "waits at the server all the time": held_usd(LONG_POLL_S) * 3600 / LONG_POLL_S,
        f"asks each {CALM_S} s": held_usd(0) * 3600 / CALM_S,
        "polls, and nobody writes": _silent_usd(),
        "has a socket, and nobody writes": _socket_usd(60),
    }
    rows: list[list[Any]] = [[f"an hour of a window that {name}", usd * 100, ""] for name, usd in windows.items()]
    between_s = MINUTES * 60 / TRIPS
    ways = {
        "held polls all the time": held_usd(LONG_POLL_S) * MINUTES * 60 / LONG_POLL_S,
        "polls, as the widget does": TRIPS * (held_usd(LONG_POLL_S) + held_usd(0) * (between_s - LONG_POLL_S) / CALM_S),
        "socket": _socket_usd(MINUTES, TRIPS),
    }
    open_ = {way: usd / TRIPS * pricing.MILLION for way, usd in ways.items()}
    # The receipt is no part of a round trip, and the poll of one is part of how the window is held open.
    receipt, plain = _usd(_TOLD) - _usd(_PLAIN), _usd(_PLAIN)
    polled = (plain - held_usd(pricing.assumed("answer_s"))) * pricing.MILLION
    trips = dict.fromkeys(ways, polled) | {"socket": (_usd(_BY_SOCKET) - receipt) * pricing.MILLION}
    for way in ways:
        name = f"a million round trips, five in {MINUTES} minutes, {way}"
        rows.append([name, (trips[way] + open_[way]) * 100, f"{open_[way]:.2f} of it USD for the open window"])
    rows = [[name, usd if usd < 100 else round(usd), more] for name, usd, more in rows]
    share = "what a round trip has to bear of an open socket, a million"
    goals = [
        Goal(share, 2, open_["socket"], "USD ", _socket_parts()),
        Goal("a million round trips by socket, without that", 20, trips["socket"], "USD "),
    ]
    notes = [
        f"After {PING_S} s of silence a page says on its socket that it is there. Of both messages we look who hears.",
        "Held polls all the time is how pages of before asked; such a window also holds a Lambda of its own.",
    ]
    figures = {"usd_window_hour": windows, "usd_open_per_million": open_, "usd_trip_per_million": trips}
    title = "An open window, and ten minutes of talk"
    return Result("sessions", title, ["what", "cents", ""], rows, goals, notes, figures)


def held_usd(held_s: float) -> float:
    """USD of one poll that finds nothing and is held for so long."""
    queries = int(held_s / _every_s()) + 1
    ms = held_s * 1000 or pricing.assumed("dynamodb_ms")
    return pricing.api_usd() + _run_usd("poll_channel", ms, cpu_ms=_cpu_ms("poll_channel"), reads=queries)


def _silent_usd() -> float:
    """USD of an hour of a window in which nobody writes after a first word."""
    asked = (QUIET_AFTER_S - LONG_POLL_S) / CALM_S + (3600 - QUIET_AFTER_S) / QUIET_S
    return held_usd(LONG_POLL_S) + held_usd(0) * asked


def _socket_usd(minutes: float, trips: int = 0) -> float:
    """USD of a socket that is open for so long and hears of so many round trips, without what is pushed."""
    return sum(_socket(minutes, trips).values())


def _socket_parts() -> dict[str, float]:
    return {name: round(usd / TRIPS * pricing.MILLION, 3) for name, usd in _socket(MINUTES, TRIPS).items()}


def _socket(minutes: float, trips: int) -> dict[str, float]:
    """What an open socket costs, by `requests` but for its minutes. Whatever a page is told it knows by that that its
    socket lives, so it says that it is there only where a silence is longer."""
    silences = max(1, trips)
    pings = silences * ((minutes * 60 / silences - 1) // PING_S)
    return {
        "minutes": minutes * pricing.usd("socket_minute"),
        "opening, what was missed, closing": _usd(_OPENED),
        "being there": pings * _usd(_THERE),
    }


def _usd(variant: str) -> float:
    """USD of one of these, as `requests` counted it."""
    return float(report.last("requests")[variant]["usd_per_million"]) / pricing.MILLION


def _run_usd(step: str, wait_ms: float, *, cpu_ms: float = 0, reads: float = 0, writes: float = 0) -> float:
    """USD of a run with what it reads and writes."""
    memory_mb = LIMITS[step].memory_mb
    took_ms = wait_ms + (cpu_ms or pricing.assumed("cpu_ms_a_call")) / pricing.share(memory_mb)
    usd = pricing.usd("lambda_request") + memory_mb / 1024 * took_ms / 1000 * pricing.usd("lambda_gb_s")
    usd += reads * pricing.usd("dynamodb_read") + writes * pricing.usd("dynamodb_write")
    return usd + pricing.assumed("log_line_bytes") / 1e9 * pricing.usd("logs_gb")


def _cpu_ms(step: str) -> float:
    return float(report.last("cpu").get("ms_per_invocation", {}).get(step, 0))


def _every_s() -> float:
    from chalicelib.steps import poll_channel

    return poll_channel._EVERY_S


if __name__ == "__main__":
    measure().keep()
