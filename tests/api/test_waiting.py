"""What waits for a webhook: seen, and tried at once at a person's wish."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from chalicelib.domain.lane import lane_of
from chalicelib.domain.tasks import LanesTry
from chalicelib.lanes import returning
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.tables import attempts, deliveries, endpoints, inbox, lanes
from chalicelib.tables.deliveries import LANE, DeliveryRow
from chalicelib.tables.failures import Failure
from tests.api.test_reading import AT, Said, pages, woken

LATER = 3_600_000


@pytest.fixture
def said(api: Any, service: str) -> Said:
    """A thread, and a bot in use that has not taken what it was told."""
    bot = api.make("bots", service_id=service, name="b", webhook_url="http://127.0.0.1:1/")["id"]
    channel = api.make("channels", service_id=service, kind="custom", name="c", settings={"send_url": "http://a.test/"})
    endpoints.set_status(bot, endpoints.ACTIVE, at=AT)
    return Said(service, channel["id"], bot)


def waits(said: Said, *, due: int | None = 0, behind: int = 1) -> list[str]:
    """A lane whose head waits (0: for an hour; None: for the webhook's return); gives its deliveries."""
    ids = [said.tell(n, f"m{n}", "pending" if n else "waiting") for n in range(1 + behind)]
    lane, head = deliveries.parse_delivery_id(ids[0]) or ("", "")
    due = now_ms() + LATER if due == 0 else due
    lanes.block(lane, head=head, created=f"{AT:013d}.{head[-12:]}", blocked_by=said.bot, attempt=1, due=due)
    return ids


def own(said: Said) -> DeliveryRow:
    """The lane's own row."""
    row = deliveries.get(lane_of(said.thread, said.bot), LANE)
    assert row is not None
    return row


def tries(api: Any, delivery: str) -> tuple[int, str]:
    answer = api("POST", f"/v1/deliveries/{delivery}/try")
    return answer.status, answer.body.get("code", answer.body["status"])


def test_a_delivery_is_tried_now(api: Any, said: Said, service: str) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False):
        head, behind = waits(said)
        assert tries(api, head) == (202, "waiting")
        row = own(said)
        assert row.due == now_ms(), "the retry that it waits for is due"
        order = {"lane": row.lane, "head": row.head, "attempt": 1}
        assert woken("retries") == [order]
        assert tries(api, head) == (202, "waiting"), "who got no answer asks again, and means the same attempt"
        assert woken("retries") == [order]
        refused = api("POST", f"/v1/deliveries/{behind}/try")
        assert (refused.status, refused.body["code"], refused.body["head_id"]) == (409, "behind_another", head)
        assert lanes.lease(str(row.lane), by="me", head=str(row.head), attempt=1, now=now_ms(), until=now_ms() + 1)
        assert tries(api, head) == (409, "under_way")
        endpoints.set_status(said.bot, endpoints.INACTIVE, at=AT)
        assert tries(api, head) == (409, "held")
        assert tries(api, said.tell(7, "m", to=said.channel)) == (409, "not_waiting")
    noted = [one["action"] for one in api("GET", f"/v1/audit?service_id={service}").body["data"]]
    assert noted.count("delivery.tried") == 2


def test_a_sweep_comes_first(api: Any, said: Said) -> None:
    head, _ = waits(said)
    now = now_ms()
    assert lanes.call(str(own(said).lane), by="a sweep", held=False, now=now, until=now + 60_000)
    assert tries(api, head) == (409, "under_way")


def test_nothing_blocks_it(api: Any, said: Said) -> None:
    """Its wake-up is on its way, or died."""
    first = said.tell(1, "m1", "pending")
    lane = lane_of(said.thread, said.bot)
    assert tries(api, first) == (202, "pending")
    assert woken("deliveries.fifo") == [{"lane": lane}]
    sent = said.tell(2, "m1", "pending", to=said.channel)
    assert tries(api, sent) == (202, "pending"), "a channel is never switched off"


def test_held_though_its_webhook_is_in_use(api: Any, said: Said) -> None:
    head, _ = waits(said, due=None)
    assert tries(api, head) == (202, "waiting")
    assert [one["open"] for one in woken("retries")] == ["held"]


def test_all_lanes_are_tried(api: Any, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returning, "_PAGE", 2)
    others = [Said(said.service, said.channel, said.bot, f"+4{n}") for n in range(2)]
    waits(said)
    waits(others[0])
    waits(others[1], due=None)
    path = f"/v1/bots/{said.bot}/lanes:try"
    assert api("POST", path).body == {"count": 3}
    assert woken("timers") == [{"kind": "lanes.try", "endpoint": said.bot, "after": ""}]
    assert returning.try_all(LanesTry(endpoint=said.bot)) == "2 lanes"
    assert returning.try_all(LanesTry(endpoint=said.bot)) == "0 lanes", "both are on their way"
    names = sorted(str(own(one).lane) for one in (said, *others))
    assert returning.try_all(LanesTry(endpoint=said.bot, after=names[1])) == "1 lanes"
    ordered = woken("retries")
    assert sorted(one["lane"] for one in ordered) == names
    assert sorted(one.get("open", "") for one in ordered) == ["", "", "held"]
    endpoints.set_status(said.bot, endpoints.SUSPENDED, at=AT)
    assert returning.try_all(LanesTry(endpoint=said.bot)) == "not in use any more"
    assert api("POST", path).body["code"] == "held"


def test_the_lanes_that_wait(api: Any, said: Said) -> None:
    waits(said, behind=0)
    many = Said(said.service, said.channel, said.bot, "+492", owner="desk")
    waits(many, behind=101)
    held = Said(said.service, said.channel, said.bot, "+493")
    waits(held, due=None)
    path = f"/v1/bots/{said.bot}/lanes"
    found = {one["thread_id"]: one for one in pages(api, path, limit=2)}
    one = found[said.thread]
    row = own(said)
    assert one == one | {
        "lane": row.lane,
        "state": "waiting",
        "conversation_id": said.conversation.id,
        "contact": {"id": "co_1", "name": "Ann"},
        "address": "+491",
        "channel_kind": "custom",
        "owner": "bot",
        "waiting": 1,
        "since": rfc3339(AT),
        "next_attempt_at": rfc3339(int(row.due)),
    }
    assert one["attempts"] == api("GET", f"/v1/deliveries/{one['delivery_id']}").body["attempts"]
    assert (found[many.thread]["waiting"], found[many.thread]["owner"]) == (99, "desk")
    shown = found[held.thread]
    assert (shown["state"], shown["waiting"], shown["next_attempt_at"]) == ("held", 2, None)
    assert lanes.lease_now(str(row.lane), by="me", held=False, now=now_ms(), until=now_ms() + 60_000)
    assert {one["state"] for one in pages(api, path)} == {"under_way", "waiting", "held"}
    assert api("GET", f"{path}?cursor=x").status == 400


def test_what_of_a_service_is_in_trouble(api: Any, said: Said) -> None:
    head, _ = waits(said)
    other = Said(said.service, said.channel, said.bot, "+492")
    lost = {status: other.tell(n, "m", status) for n, status in enumerate(("failed", "poison", "expired"), 5)}
    other.tell(8, "m", "delivered")
    path, of = "/v1/deliveries", {"service_id": said.service}
    assert [one["id"] for one in pages(api, path, **of, limit=2)] == [*reversed(lost.values()), head]
    for status, id in (lost | {"waiting": head}).items():
        assert [one["id"] for one in pages(api, path, **of, status=status)] == [id]
    again = api("POST", f"{path}/{lost['failed']}/replay").body["id"]
    assert pages(api, path, **of, status="failed") == [], "who replays it has looked after it"
    row = deliveries.get(*deliveries.parse_delivery_id(again) or ("", ""))
    assert row is not None
    attempts.record(row, "failed", {"n": 1, "at": AT})
    assert [one["id"] for one in pages(api, path, **of, status="failed")] == [again]
    lanes.unblock(lane_of(said.thread, said.bot))
    assert pages(api, path, **of, status="waiting") == []
    assert "/status" in api("GET", f"{path}?service_id={said.service}&status=pending").wrong
    assert api("GET", f"{path}?service_id=sv_x").status == 404


def test_what_needs_somebody(api: Any, said: Said) -> None:
    asked = f"/v1/attention?service_id={said.service}"
    with time_machine.travel(datetime.fromtimestamp(AT / 1000 + 60, UTC), tick=False):
        assert api("GET", asked).body == {"data": [], "next_cursor": None}
        waits(said)
        desk = api.make("desks", service_id=said.service, kind="console", name="people")["id"]
        ear = api.make("subscriptions", service_id=said.service, name="ear", url="http://127.0.0.1:1/",
                       events=["message.created"])["id"]  # fmt: skip
        for n in range(2):
            said.tell(10 + n, "m", "failed", to=said.channel)
        said.tell(12, "m", "poison", to=ear)
        lanes.block("a" * 26 + f"-{said.channel}", head="1", created=f"{AT - 9:013d}.1", blocked_by=said.channel)
        endpoints.count_failure(said.bot, "dl_1", at=AT + 5)
        endpoints.set_status(ear, endpoints.INACTIVE, at=AT + 6)
        for n, replayed in enumerate((None, AT)):
            Failure(id=f"fa_{n}", step="converse", queue="threads.fifo", body={}, at=AT, replayed_at=replayed).save()
        late = inbox.Shown("offered", AT, said.channel, "custom", due=AT - 1, waiting=AT - 2)
        for number, shown in enumerate((late, replace(late, due=AT + 90_000), replace(late, due=0))):
            inbox.observe(desk, f"cv_{number}", shown, version=1, now_ms=AT)
        found = api("GET", asked).body["data"]
        assert [(one["kind"], one["id"], one["count"], one["since"]) for one in found] == [
            ("failures", None, 1, rfc3339(AT)),
            ("overdue", None, 1, rfc3339(AT - 1)),
            ("deliveries_poison", ear, 1, rfc3339(AT + 12)),
            ("deliveries_failed", said.channel, 2, rfc3339(AT + 10)),
            ("bot_failing", said.bot, 1, rfc3339(AT + 5)),
            ("deliveries_waiting", said.channel, 1, rfc3339(AT - 9)),
            ("subscription_inactive", ear, 0, rfc3339(AT + 6)),
        ]
        assert [one["name"] for one in found] == [None, None, "ear", "c", "b", "c", "ear"]
        assert endpoints.disable(said.bot, at=AT + 7)
        worst = api("GET", asked).body["data"][0]
        assert (worst["kind"], worst["count"], worst["since"]) == ("bot_inactive", 1, rfc3339(AT + 7))
        endpoints.set_status(said.bot, endpoints.UNVERIFIED, at=AT + 8)
        reader = api.make("keys", name="r", scopes=["read"], service_id=said.service)["key"]
        kinds = [one["kind"] for one in api.as_key(reader)("GET", "/v1/attention").body["data"]]
        assert kinds[:2] == ["overdue", "bot_unverified"] and "failures" not in kinds
    with time_machine.travel(datetime.fromtimestamp(AT / 1000 + 90_000, UTC), tick=False):
        kinds = [one["kind"] for one in api("GET", asked).body["data"]]
        assert "deliveries_failed" not in kinds and "deliveries_waiting" in kinds, "only what is given up grows old"
    assert "/service_id" in api("GET", "/v1/attention").wrong


def test_how_a_webhook_fares(api: Any, said: Said) -> None:
    path = f"/v1/bots/{said.bot}/health"
    well = {"status": "active", "edited": False, "failures": 0, "limit": 5, "failing_since": None}
    well |= {"inactive_since": None, "waiting": {"lanes": 0, "more": False, "oldest_at": None}, "last_failed": []}
    found = api("GET", path).body
    day = found.pop("attempts_24h")
    assert found == well | {"episodes": []} and day["attempts"] == day["failed"] == [0] * 24
    (failed,) = waits(said, behind=0)
    row = deliveries.get(*deliveries.parse_delivery_id(failed) or ("", ""))
    assert row is not None
    for n in range(2):
        attempt = {"n": n + 2, "at": AT + n, "took_ms": 7, "status_code": 500, "error": "http_500"}
        row.attempts = [*row.attempts, attempt]
        endpoints.count_failure(said.bot, failed, at=AT + n)
    row.save()
    ill = api("GET", path).body
    assert (ill["failures"], ill["failing_since"]) == (2, rfc3339(AT))
    assert ill["waiting"] == {"lanes": 1, "more": False, "oldest_at": rfc3339(AT)}
    assert [one["at"] for one in ill["last_failed"]] == [rfc3339(AT + 1), rfc3339(AT)]
    told = {"took_ms": 7, "status_code": 500, "error": "http_500", "conversation_id": said.conversation.id}
    assert ill["last_failed"][0] == told | {"at": rfc3339(AT + 1), "delivery_id": failed}
    assert endpoints.disable(said.bot, at=AT + 9)
    assert api("GET", path).body["inactive_since"] == rfc3339(AT + 9)
    assert api("PATCH", f"/v1/bots/{said.bot}", {}).status == 200
    edited = api("GET", path).body
    assert (edited["status"], edited["edited"], edited["inactive_since"]) == ("inactive", True, None)
