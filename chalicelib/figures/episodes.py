"""Episodes of webhooks that failed, from the stream of `endpoints`: kept when they end, each once by its own key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.episode import Episode
from chalicelib.figures.facts import time_of
from chalicelib.tables import deliveries, endpoints, figures
from chalicelib.tables.endpoints import Endpoint


def episode_of(change: Mapping[str, Any]) -> Episode | None:
    """The episode that a change of a webhook's row ends; None where it ends none. `change` is a stream record's
    `dynamodb`."""
    was, now = (_row(change.get(name)) for name in ("OldImage", "NewImage"))
    if was is None or now is None or not was.failing_since or now.failing_since:
        return None
    return Episode(
        endpoint=str(was.id),
        begun=int(was.failing_since),
        ended=time_of(change),
        attempts=int(was.failures),
        inactive=was.status == endpoints.INACTIVE,
        last=str(was.failed[-1]) if was.failed else "",
    )


def keep(episode: Episode) -> None:
    """Keep an episode, with what its last failed attempt came to; twice is once."""
    place = deliveries.parse_delivery_id(episode.last)
    row = deliveries.get(*place) if place else None
    attempts: list[dict[str, Any]] = list(row.attempts) if row is not None else []
    failed: dict[str, Any] = next((one for one in reversed(attempts) if one.get("error")), {})
    error, status = str(failed.get("error") or ""), int(failed.get("status_code") or 0)
    figures.keep_episode(replace(episode, error=error, status_code=status))


def _row(image: Mapping[str, Any] | None) -> Endpoint | None:
    if not image:
        return None
    row = Endpoint()
    row.deserialize(dict(image))
    return row
