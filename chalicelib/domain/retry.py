"""When a failed attempt is made again, and when a webhook is switched off (seed 001; DESIGN section 5)."""

from __future__ import annotations

from collections.abc import Sequence

WAITS_S = (60, 300, 900, 1800)
"""Waits before the four retries: the first is soon, all of them lie within the hour."""
SEND_WAITS_S = (2, 10, 60, 300, 1800)
"""Those before the five retries of what is sent to a customer by a channel's provider, who waits for it: what passes is
over in seconds. A wait that the provider names is kept instead where it is longer, within the hour as well."""
WITHIN_MS = 3_600_000
JITTER = 0.1
"""A wait grows by up to this share, and never shrinks: lanes that failed together do not come back together."""
DISABLE_AFTER = 5
"""Consecutive failed attempts that switch a webhook off."""
SWEEPS_S = (0, 60, 600)
"""A destination that is back is looked after three times: its index of blocked lanes may lag behind a lane that
blocked in the very moment. The first time tries all its lanes, later ones only those that still wait for its return:
a lane that failed anew meanwhile has its own retry. The last is kept in the schedule before it is back at all."""
DISABLE_AFTER_S = 60
"""How long ago the first of them must be, where the owner says nothing else."""
WARN_AT = (1, 3)
"""Consecutive failures that are announced as `endpoint.failing`."""


def due(
    *, failures: int, waits_s: Sequence[int], first_at: int, now: int, jitter: float, retry_after_s: int = 0
) -> int | None:
    """When the next attempt is made, in milliseconds since the epoch; None where there is none left.

    `failures` counts the failed attempts so far, `jitter` is random in [0, 1). Retry-After may lengthen the
    wait, within the hour since `first_at`; jitter is cut at the hour, the wait itself is not.
    """
    if failures > len(waits_s):
        return None
    base = waits_s[failures - 1] * 1000
    latest = max(first_at + WITHIN_MS, now + base)
    wished = max(round(base * (1 + JITTER * jitter)), retry_after_s * 1000)
    return min(now + wished, latest)


def is_down(failures: int, *, first_at: int, now: int, after_s: int) -> bool:
    """Whether a webhook is switched off at this failure: five in a row, and the first of them (`first_at`, milliseconds
    since the epoch) at least `after_s` ago: one second of throttling under many customers switches nobody off."""
    return failures >= DISABLE_AFTER and now - first_at >= after_s * 1000


def poisoned(failed: Sequence[str]) -> bool:
    """Whether all of the failures that would switch a webhook off belong to one delivery."""
    return len(failed) >= DISABLE_AFTER and len(set(failed[-DISABLE_AFTER:])) == 1
