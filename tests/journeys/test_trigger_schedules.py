"""Triggers by the clock: fired when due, once for what was missed, and by no schedule that was replaced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from chalicelib.ports import clock
from chalicelib.tables import config
from chalicelib.tables.schedule import Due
from tests.cloud import CutOff, taps
from tests.journeys.conftest import Deployment
from tests.journeys.test_triggers import echoes

START = datetime(2026, 10, 24, 12, 0, 7, tzinfo=UTC)


@pytest.fixture
def traveller() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def asker(traveller: Any, deployment: Deployment) -> Deployment:
    """A deployment whose bot echoes; it is made at the moment at which the clock stands."""
    deployment.bot.answer = echoes
    return deployment


def trigger(deployment: Deployment, **fields: Any) -> dict[str, Any]:
    return deployment.make(
        "triggers", service_id=deployment.ids["care"], name="t", bot_id=deployment.ids["bot"], text="tick", **fields
    )


def change(deployment: Deployment, expect: int = 200, **fields: Any) -> dict[str, Any]:
    status, answer = deployment.call("PATCH", f"/v1/triggers/{deployment.ids['t']}", fields)
    assert status == expect, answer
    found: dict[str, Any] = answer
    return found


def lives(deployment: Deployment, traveller: Any, seconds: float, *, tick: int = 60) -> None:
    """Time passes, as `release_due` and the queues see it: a look each five seconds, a release each minute."""
    for second in range(5, int(seconds) + 1, 5):
        traveller.shift(5)
        if second % tick == 0:
            deployment.cloud.release()
        else:
            deployment.cloud.pump()


def fired(deployment: Deployment) -> list[str]:
    """When events were accepted, the oldest first."""
    _, listed = deployment.call("GET", f"/v1/triggers/{deployment.ids['t']}/events?limit=100")
    return [one["accepted_at"][8:19] for one in listed["data"]][::-1]


def test_an_interval_is_kept_within_five_seconds(asker: Deployment, traveller: Any) -> None:
    made = trigger(asker, schedule="every 1m")
    assert made["next_at"] == "2026-10-24T12:01:07.000Z"
    lives(asker, traveller, 190)
    assert fired(asker) == ["24T12:01:07", "24T12:02:07", "24T12:03:07"]
    _, listed = asker.call("GET", f"/v1/triggers/{made['id']}/events")
    assert {(one["status"], one["reply"]) for one in listed["data"]} == {("succeeded", "re: tick")}
    assert len({one["conversation_id"] for one in listed["data"]}) == 3


def test_cron_follows_the_clocks_of_its_zone(asker: Deployment, traveller: Any) -> None:
    asker.call("PATCH", f"/v1/services/{asker.ids['care']}", {"timezone": "Europe/Berlin"})
    made = trigger(asker, schedule="30 2 * * *")
    # 02:30 comes twice in the night of 25 October 2026; and once, an hour later by UTC, in the next.
    assert (made["next_at"], made["timezone"]) == ("2026-10-25T00:30:00.000Z", "Europe/Berlin")
    assert change(asker, timezone="America/New_York")["next_at"] == "2026-10-25T06:30:00.000Z"
    assert change(asker, timezone=None)["next_at"] == "2026-10-25T00:30:00.000Z"
    for moment in ("2026-10-25T00:29:30", "2026-10-25T01:29:30", "2026-10-26T01:29:30"):
        traveller.move_to(datetime.fromisoformat(moment + "+00:00"))
        asker.cloud.release()
        lives(asker, traveller, 60)
    assert fired(asker) == ["25T00:30:00", "26T01:30:00"]


def test_what_was_missed_is_made_up_for_once(asker: Deployment, traveller: Any) -> None:
    trigger(asker, schedule="every 15m")
    traveller.shift(3 * 3600 + 60)
    lives(asker, traveller, 65)
    assert fired(asker) == ["24T15:02:07"]
    assert asker.call("GET", f"/v1/triggers/{asker.ids['t']}")[1]["next_at"] == "2026-10-24T15:15:07.000Z"
    lives(asker, traveller, 900)
    assert len(fired(asker)) == 2


def test_only_the_schedule_that_stands_fires(asker: Deployment, traveller: Any) -> None:
    trigger(asker, schedule="every 1m")
    change(asker, schedule="2026-10-24T14:05:07+02:00")
    lives(asker, traveller, 240)
    assert fired(asker) == []
    lives(asker, traveller, 120)
    assert fired(asker) == ["24T12:05:07"]
    assert change(asker, name="t")["next_at"] is None
    # Passed over while suspended, not made up for.
    change(asker, schedule="every 2m")
    change(asker, suspended=True)
    lives(asker, traveller, 240)
    assert change(asker, suspended=False)["next_at"] == "2026-10-24T12:12:07.000Z"
    lives(asker, traveller, 120)
    assert fired(asker)[1:] == ["24T12:12:07"]
    assert change(asker, schedule=None)["next_at"] is None
    assert change(asker, schedule="never")["next_at"] is None
    lives(asker, traveller, 180)
    assert len(fired(asker)) == 2
    change(asker, schedule="every 1m")
    assert asker.call("DELETE", f"/v1/triggers/{asker.ids['t']}")[0] == 204
    lives(asker, traveller, 120)
    assert len(asker.bot.events()) == 2


def test_a_bundle_sets_schedules_and_applied_twice_changes_nothing(asker: Deployment, traveller: Any) -> None:
    bundle = {
        "service": {"name": "clinic", "timezone": "America/New_York"},
        "bots": [{"name": "helper", "webhook_url": asker.bot.url}],
        "triggers": [{"name": "t", "bot": "helper", "schedule": "0 9 * * *", "notify_url": asker.bot.url}],
    }
    assert asker.call("POST", "/v1/apply?dry_run=true", bundle)[0] == 200
    assert not list(Due.scan(Due.due_id.contains("trigger")))
    status, done = asker.call("POST", "/v1/apply", bundle)
    assert status == 200 and set(done["secrets"]["triggers"]["t"]) == {"secret", "signing_secret"}
    [row] = Due.scan(Due.due_id.contains("trigger"))
    assert clock.rfc3339(int(row.due_id[:13])) == "2026-10-24T13:00:00.000Z"
    traveller.shift(60)
    again = asker.call("POST", "/v1/apply", bundle)[1]
    assert [len(again[verb]) for verb in ("created", "updated", "deleted", "unchanged")] == [0, 0, 0, 3]
    bundle["service"]["timezone"] = "UTC"  # type: ignore[index]
    again = asker.call("POST", "/v1/apply", bundle)[1]
    assert {one["kind"] for one in again["updated"]} == {"service", "trigger"}


def test_what_is_no_schedule_is_refused(asker: Deployment) -> None:
    fields = {"service_id": asker.ids["care"], "name": "t", "bot_id": asker.ids["bot"]}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"schedule": "every 30s"}, "/schedule"),
        ({"schedule": "* * * *"}, "/schedule"),
        ({"schedule": "2026-10-24T12:00:00Z"}, "/schedule"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../UTC"}, "/timezone"),
        ({"answer_within_s": 9}, "/answer_within_s"),
        ({"session_duration_s": 0}, "/session_duration_s"),
        ({"text": "ü" * 8193}, "/text"),
        ({"notify_url": "ftp://example.com"}, "/notify_url"),
        ({"bot_id": "bt_" + "a" * 26}, "/bot_id"),
        ({"bot_id": asker.ids["desk"]}, "/bot_id"),
        ({"secret": "trg_x"}, "/secret"),
    ]
    for change_, path in wrong:
        status, problem = asker.call("POST", "/v1/triggers", fields | change_)
        assert (status, [one["path"] for one in problem["errors"]]) == (422, [path]), change_
    assert not list(Due.scan(Due.due_id.contains("trigger")))


def test_no_time_is_lost_or_doubled_wherever_it_is_cut_off(asker: Deployment, traveller: Any) -> None:
    trigger(asker, schedule="every 1m")
    for at in range(1, 14):
        seen = 0

        def cut(side: str, operation: str, at: int = at) -> None:
            nonlocal seen
            seen += asker.cloud.step in ("fire_timer", "run_trigger") and side == "after"
            if seen == at:
                seen += 1
                raise CutOff(operation)

        taps.listen = cut
        try:
            lives(asker, traveller, 60)
        finally:
            taps.listen = None
    lives(asker, traveller, 30)
    assert sum("cut off" in why for _, why in asker.cloud.failures) >= 6
    assert fired(asker) == [f"24T12:{minute:02d}:07" for minute in range(1, 14)]
    assert [event["Message"] for event in asker.bot.events()] == ["tick"] * 13
    assert len(list(Due.scan(Due.due_id.contains("trigger.due")))) <= 1


def test_a_row_that_was_stored_and_not_handed_over_is_found_by_the_minute(asker: Deployment, traveller: Any) -> None:
    def cut(side: str, operation: str) -> None:
        if side == "after" and operation == "TransactWriteItems":
            raise CutOff(operation)

    fields = {"service_id": asker.ids["care"], "name": "t", "bot_id": asker.ids["bot"], "schedule": "every 1m"}
    taps.listen = cut
    try:
        with pytest.raises(CutOff):
            asker.call("POST", "/v1/triggers", fields)
    finally:
        taps.listen = None
    [row] = config.of_kind(asker.ids["care"], "trigger")
    asker.ids["t"] = row.id
    lives(asker, traveller, 125)
    assert fired(asker) == ["24T12:01:07", "24T12:02:07"]
