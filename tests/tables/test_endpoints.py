"""Webhooks in their table: what is counted of their failures."""

from __future__ import annotations

from chalicelib.tables import batch_get, endpoints
from tests.cloud import Cloud


def test_of_many_failures_all_are_counted_and_the_last_are_kept(cloud: Cloud) -> None:
    for at in range(70):
        endpoints.count_failure("bt_1", f"dl_{at}", at=1_000 + at)
        kept = endpoints.get("bt_1")
        assert (int(kept.failures), int(kept.failing_since)) == (at + 1, 1_000)
        assert list(kept.failed)[-1] == f"dl_{at}" and len(kept.failed) <= 60 and len(kept.counted or ()) <= 60

    assert list(kept.failed) == [f"dl_{at}" for at in range(70 - len(kept.failed), 70)] and len(kept.failed) >= 5

    endpoints.recovered("bt_1")
    state = endpoints.get("bt_1")
    assert (int(state.failures), list(state.failed)) == (0, []) and state.failing_since is None


def test_more_are_read_than_one_call_takes(cloud: Cloud) -> None:
    known = [f"bt_{at}" for at in range(0, 230, 2)]
    for id in known:
        endpoints.count_failure(id, "dl_1", at=1_000)

    rows = batch_get.get_all([(endpoints.Endpoint, f"bt_{at}", None) for at in range(230)])

    assert [None if row is None else str(row.id) for row in rows] == [
        None if at % 2 else f"bt_{at}" for at in range(230)
    ]
