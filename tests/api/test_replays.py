"""Replays of many deliveries, which go on by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.lane import lane_of
from chalicelib.ports.clock import rfc3339
from chalicelib.steps import replay_deliveries
from chalicelib.tables import deliveries, replaying, replays
from chalicelib.tables.replays import ReplayRow
from chalicelib.tables.schedule import Due
from tests.api.test_reading import AT, Said
from tests.cloud import Cloud

LATER = rfc3339(AT + 60)


@pytest.fixture
def bot(api: Any, service: str) -> str:
    return str(api.make("bots", service_id=service, name="b", webhook_url="http://127.0.0.1:1/")["id"])


@pytest.fixture
def channel(api: Any, service: str) -> str:
    return str(api.make("channels", service_id=service, kind="webchat", name="c")["id"])


@pytest.fixture
def said(service: str, channel: str, bot: str) -> Said:
    return Said(service, channel, bot)


def asked(api: Any, destination: str, **more: Any) -> Any:
    wanted = {"destination_id": destination, "from": rfc3339(AT), "to": LATER}
    return api("POST", "/v1/replays", wanted | more)


def goes_on(service: str, id: str, runs: int = 1) -> ReplayRow:
    """The replay after some of its runs, as `release_due` would begin them."""
    for _ in range(runs):
        row = replays.get(service, id)
        assert row is not None
        replay_deliveries.handle({"service": service, "id": id, "run": int(row.run)})
    row = replays.get(service, id)
    assert row is not None
    return row


def told_again(said: Said, to: str) -> list[str | None]:
    return [row.replay_of for row in deliveries.tail(lane_of(said.thread, to) + "-r").undone]


def test_it_counts_and_then_sends_page_by_page(
    api: Any, said: Said, service: str, bot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_deliveries, "_PAGES", 2)
    monkeypatch.setattr(replay_deliveries, "_MOST", 2)
    ids = [said.tell(n, f"m{n}", "failed" if n < 5 else "delivered") for n in range(7)]
    begun = asked(api, bot)
    assert (begun.status, begun.body["state"]) == (202, "counting")
    row = goes_on(service, begun.body["id"])
    assert (row.state, row.counted, row.done) == ("counting", 4, 0), "two pages a run"
    assert goes_on(service, str(row.id)).state == "running"
    assert goes_on(service, str(row.id)).state == "done"
    shown = api("GET", f"/v1/replays/{row.id}").body
    assert [shown[name] for name in ("counted", "done", "failed", "statuses")] == [
        5, 5, 0, ["failed", "expired", "poison"],
    ]  # fmt: skip
    assert told_again(said, bot) == ids[:5], "what was delivered is not sent again unless it is asked for"
    # What comes late, or twice, finds nothing to do.
    replay_deliveries.handle({"service": service, "id": str(row.id), "run": 99})
    assert told_again(said, bot) == ids[:5]
    assert api("GET", f"/v1/replays?service_id={service}&destination_id={bot}").body["data"] == [shown]
    assert api("GET", f"/v1/audit?service_id={service}").body["data"][0]["action"] == "replay.begun"


def test_of_two_runs_at_once_one_counts(api: Any, said: Said, service: str, bot: str) -> None:
    said.tell(1, "m", "failed")
    id = asked(api, bot).body["id"]
    row = replays.get(service, id)
    assert row is not None and replay_deliveries._do_page(row)
    assert not replay_deliveries._do_page(row), "it was noted by the other"
    sending = replays.get(service, id)
    assert sending is not None and replay_deliveries._do_page(sending)
    assert not replay_deliveries._do_page(sending)
    done = goes_on(service, id)
    assert (done.counted, done.done, len(told_again(said, bot))) == (1, 1, 1)


def test_a_task_that_comes_twice_begins_one_run(
    api: Any, said: Said, service: str, bot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that fails before its first page is noted comes again, and so does the next by `schedule`."""
    said.tell(1, "m", "failed")
    id = asked(api, bot).body["id"]
    monkeypatch.setattr(replay_deliveries, "_MOST_IDLE", 3)

    def fails(*_: Any, **__: Any) -> bool:
        raise RuntimeError("a row that cannot be read")

    with monkeypatch.context() as broken:
        broken.setattr(replay_deliveries, "_do_page", fails)
        for run in range(3):
            with pytest.raises(RuntimeError):
                replay_deliveries.handle({"service": service, "id": id, "run": run})
            replay_deliveries.handle({"service": service, "id": id, "run": run})
        waits = [row for row in Due.scan() if str(row.due_id).endswith(f"replay:{id}")]
        assert len(waits) <= 4, "one for each run, however often a run's task comes"
        assert goes_on(service, id).state == "failed"
    assert api("GET", f"/v1/replays/{id}").body["error"] == "no_progress"


def test_nobody_is_told_of_what_was_erased_meanwhile(api: Any, said: Said, service: str, bot: str) -> None:
    named = deliveries.parse_delivery_id(said.tell(1, "m", "failed"))
    row = deliveries.get(*named) if named else None
    assert row is not None
    row.delete()
    assert replaying.again(row, since_ms=0) is None
    assert deliveries.get(str(row.lane), str(row.key)) is None and told_again(said, bot) == []


def test_one_at_a_time_and_canceled(api: Any, said: Said, service: str, bot: str, channel: str) -> None:
    said.tell(1, "m", "failed")
    first = asked(api, bot).body
    busy = asked(api, bot)
    assert (busy.status, busy.body["code"], busy.body["replay_id"]) == (409, "already_running", first["id"])
    assert asked(api, channel).status == 202, "another destination"
    for _ in range(2):
        ended = api("POST", f"/v1/replays/{first['id']}/cancel", {})
        assert (ended.status, ended.body["state"]) == (200, "canceled") and ended.body["finished_at"]
    assert goes_on(service, first["id"]).done == 0 and told_again(said, bot) == []
    assert asked(api, bot).status == 202


def test_the_destination_goes(api: Any, said: Said, service: str, bot: str) -> None:
    id = asked(api, bot).body["id"]
    assert api("DELETE", f"/v1/bots/{bot}").status == 204
    goes_on(service, id)
    shown = api("GET", f"/v1/replays/{id}").body
    assert (shown["state"], shown["error"]) == ("failed", "destination_gone")


def test_it_goes_on_by_itself(api: Any, said: Said, service: str, bot: str, cloud: Cloud) -> None:
    said.tell(1, "m", "failed")
    id = asked(api, bot).body["id"]
    cloud.pump()
    assert api("GET", f"/v1/replays/{id}").body["state"] == "done"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"to": rfc3339(AT - 1)}, "/to"),
        ({"from": "yesterday"}, "/from"),
        ({"destination_id": f"bt_{'a' * 26}"}, "/destination_id"),
        ({"statuses": []}, "/statuses"),
        ({"statuses": ["pending"]}, "/statuses/0"),
        ({"service_id": "sv_aaaaaaaaaa"}, "/service_id"),
    ],
)
def test_what_is_wrong(api: Any, bot: str, wrong: dict[str, Any], path: str) -> None:
    assert path in asked(api, bot, **wrong).wrong


def test_who_is_no_replay(api: Any, service: str) -> None:
    for id in ("rd_x", f"rd_{service[3:]}{'0' * 26}"):
        assert api("GET", f"/v1/replays/{id}").status == api("POST", f"/v1/replays/{id}/cancel", {}).status == 404
