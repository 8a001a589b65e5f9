"""`parley figures`: its table is what the API counts."""

from __future__ import annotations

from chalicelib.cli.figures import COLUMNS, rows


def test_a_row_is_the_sum_of_a_step() -> None:
    two = {"received": [1, 2], "sent": [3, 4], "failed": [0, 1]}
    hook = {"attempts": [5, 6], "failed": [0, 2], "first_replies": {"p50_s": [None, 7], "p95_s": [None, 9]}}
    found = {
        "times": ["2026-11-29T10:00:00.000Z", "2026-11-29T11:00:00.000Z"],
        "conversations": {"opened": [1, 0], "closed": [0, 1], "handed_over": [0, 0]},
        "channels": [two, two],
        "bots": [hook],
        "desks": [hook],
        "subscriptions": [],
    }
    shown = [dict(zip(COLUMNS, row, strict=True)) for row in rows(found)]
    assert shown[0]["from"] == "2026-11-29 10:00" and shown[0]["first reply"] is None
    assert list(shown[1].values())[1:] == [4, 8, 2, 0, 1, 0, 7, 12, 4]
