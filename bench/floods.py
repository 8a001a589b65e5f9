"""What a flood can cost at most: somebody without a secret calls all that the gateway lets through, for an hour.

Computed, not measured: the rates of `infra/limits.py`, list prices, and what a refused call takes (some reads, no
writes). Only the web chat takes more of a stranger: each post there may be a whole round trip with the bot's
answer. What the gateway refuses costs nothing.
"""

from __future__ import annotations

from typing import Any

from bench import pricing, report
from bench.report import Result
from infra import gateway
from infra.limits import LIMITS, OTHER, RATES

HOUR_S = 3600
_LOOKS = 3
"""Reads of a call before it is refused."""
_ROUND_TRIP = "webchat, first contact"


def measure() -> Result:
    """By edge, and together."""
    costs = {edge: _edge(edge) for edge in RATES}
    rows: list[list[Any]] = [[edge, routes, calls, usd] for edge, (routes, calls, usd) in costs.items()]
    rows.append(["paths that lead nowhere", 1, OTHER.a_second, OTHER.a_second * HOUR_S * _refused("api")])
    total = sum(row[3] for row in rows)
    rows.append(["all at once", sum(row[1] for row in rows), sum(row[2] for row in rows), total])
    notes = [
        "`receive_channel`: each post is a new visitor of a web chat, whom the bot answers at once.",
        "The account's own limit, 10 000 calls a second for all APIs of a region, would come later.",
    ]
    head = ["edge", "routes", "calls a second", "USD an hour"]
    figures = {"usd_hour": {str(row[0]): round(float(row[3]), 2) for row in rows}}
    return Result("floods", "What a flood can cost in an hour", head, rows, notes=notes, figures=figures)


def _edge(edge: str) -> tuple[int, int, float]:
    """(routes, calls a second, USD an hour) of an edge at its limits."""
    routes = sum(1 for key, leads_to in gateway.routes().items() if leads_to == edge and key != gateway.ELSEWHERE)
    calls = routes * RATES[edge].a_second
    usd = calls * HOUR_S * _refused(edge)
    if edge == "receive_channel":
        posts = RATES[edge].a_second * HOUR_S
        usd += posts * report.last("requests")[_ROUND_TRIP]["usd_per_million"] / pricing.MILLION
    if edge == "poll_channel":
        # Polls of sessions that exist wait, as many at once as the edge may have.
        waiting = (LIMITS[edge].reserved or 0) * HOUR_S
        usd += waiting * (
            LIMITS[edge].memory_mb / 1024 * pricing.usd("lambda_gb_s") + pricing.usd("dynamodb_read") / 0.3
        )
    return routes, calls, usd


def _refused(edge: str) -> float:
    """USD of a call that is refused after a look."""
    took_s = _LOOKS * (pricing.assumed("cpu_ms_a_call") + pricing.assumed("dynamodb_ms")) / 1000
    usd = pricing.api_usd() + pricing.usd("lambda_request") + _LOOKS * pricing.usd("dynamodb_read")
    usd += LIMITS[edge].memory_mb / 1024 * took_s * pricing.usd("lambda_gb_s")
    return usd + pricing.assumed("log_line_bytes") * 1e-9 * pricing.usd("logs_gb")


if __name__ == "__main__":
    measure().keep()
