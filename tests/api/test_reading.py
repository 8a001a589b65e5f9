"""Reading what happened, and sending it again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from chalicelib.api.deliveries import replay
from chalicelib.domain.lane import lane_of, stream_key
from chalicelib.domain.message import Author, Content, Message, position
from chalicelib.domain.notice import Notice
from chalicelib.domain.route import BOT, CHANNEL, Route
from chalicelib.domain.thread import Conversation, Thread, message_id, thread_id
from chalicelib.ports import aws, queues
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import attempts, deliveries, messages, threads
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.failures import Failure
from infra.limits import LIMITS

AT = 1_790_000_000_000


@pytest.fixture
def bot(api: Any, service: str) -> str:
    return str(api.make("bots", service_id=service, name="b", webhook_url="http://127.0.0.1:1/")["id"])


@pytest.fixture
def channel(api: Any, service: str) -> str:
    settings = {"send_url": "http://127.0.0.1:1/"}
    return str(api.make("channels", service_id=service, kind="custom", name="c", settings=settings)["id"])


class Said:
    """A thread with a conversation, messages and deliveries, as converse and fan_out leave them."""

    def __init__(self, service: str, channel: str, bot: str, address: str = "+491", owner: str = "bot") -> None:
        self.service, self.channel, self.bot = service, channel, bot
        self.thread = thread_id(channel, address)
        whose = Thread(
            id=self.thread,
            service=service,
            channel=channel,
            channel_kind="custom",
            address=address,
            owner=owner,
            bot=bot,
            bots={bot: 1},
            conversations=1,
            contact={"id": "co_1", "name": "Ann"},
            last_seq=9,
            counts={"1": 7},
            first_at=AT,
            last_at=AT,
        )
        assert threads.save(whose)
        self.conversation = Conversation(
            thread=self.thread,
            number=1,
            service=service,
            kind="bot",
            party=bot,
            state="open",
            opened_at=AT,
            channel=channel,
            source="custom",
        )
        threads.keep_conversation(self.conversation)

    def say(self, seq: int, text: str, *routes: Route) -> str:
        message = Message(
            id=message_id(self.thread, f"ev{seq}"),
            thread=self.thread,
            seq=seq,
            service=self.service,
            channel=self.channel,
            channel_kind="custom",
            address="+491",
            conversation=self.conversation.id,
            contact="co_1",
            contact_name="Ann",
            source="custom",
            direction="in",
            author=Author("user", "co_1", "Ann"),
            content=Content(text=text),
            state="received",
            sent_at=AT + seq,
            event=f"ev{seq}",
            routes=routes,
        )
        assert position(message.sent_at, seq)
        assert messages.add([messages.row_of(message, after={})])
        return message.id

    def tell(
        self, n: int, message: str, status: str = "delivered", to: str = "", key: int = 0, kind: str = "message"
    ) -> str:
        to = to or self.bot
        lane, key_ = lane_of(self.thread, to), stream_key(str(10**20 + (key or n)))
        notice = Notice(
            kind=kind,
            destination=to,
            service=self.service,
            thread=self.thread,
            conversation=self.conversation.id,
            channel_kind="custom",
            at=AT,
            message=message,
        )
        deliveries.add(lane, key_, notice, created_at=AT + n)
        row = deliveries.get(lane, key_)
        assert row is not None
        attempts.record(row, status, {"n": 1, "at": AT, "took_ms": 5, "status_code": 200})
        return row.id


@pytest.fixture
def said(service: str, channel: str, bot: str) -> Said:
    return Said(service, channel, bot)


def pages(api: Any, path: str, **query: Any) -> list[Any]:
    """Everything in a list, page after page, each full but the last."""
    found, cursor = [], ""
    for _ in range(50):
        text = "&".join(f"{name}={value}" for name, value in query.items())
        page = api("GET", f"{path}?{text}" + (f"&cursor={cursor}" if cursor else ""))
        assert page.status == 200, page.body
        found += page.body["data"]
        cursor = page.body["next_cursor"]
        if not cursor:
            return found
        assert len(page.body["data"]) <= query.get("limit", 20)
    raise AssertionError("no end")


def test_conversations(api: Any, said: Said, service: str, channel: str, bot: str) -> None:
    Said(service, channel, bot, "+492", owner="desk")
    found = pages(api, "/v1/conversations", service_id=service, limit=1)
    assert len(found) == 2
    assert found[0]["opened_at"] == rfc3339(AT)
    one = api("GET", f"/v1/conversations/{said.conversation.id}").body
    assert one["thread"]["owner"] == "bot"
    assert one["bot_id"] == bot
    assert one["thread"]["contact"]["name"] == "Ann"
    thread = api("GET", f"/v1/threads/{said.thread}").body
    assert thread["conversations"][0]["id"] == said.conversation.id
    other = api("POST", "/v1/services", {"name": "other"}).body["id"]
    Said(other, channel, bot, "+493")
    everywhere = pages(api, "/v1/conversations", limit=1)
    assert sorted(one["service_id"] for one in everywhere) == sorted([service, service, other])


def test_messages(api: Any, said: Said) -> None:
    ids = [said.say(seq, f"text {seq}") for seq in range(1, 8)]
    found = pages(api, "/v1/messages", conversation_id=said.conversation.id, limit=3)
    assert [one["id"] for one in found] == ids[::-1]
    assert found[0]["text"] == "text 7"
    assert found[0]["sent_at"] == rfc3339(AT + 7)
    assert found[0]["from_contact"] is True
    assert api("GET", f"/v1/messages/{ids[0]}").body == found[-1]
    messages.set_state(said.thread, 7, "failed", at=AT, error={"code": "x", "reason": "y"})
    first = api("POST", "/messages.list", {"conversation_id": said.conversation.id, "page_size": 5}).body
    assert first["pagination_data"]["total"] == 7
    assert len(first["data"]) == 5
    cursor = first["pagination_data"]["next_cursor"]
    second = api("POST", "/messages.list", {"conversation_id": said.conversation.id, "cursor": cursor}).body
    assert [one["id"] for one in first["data"] + second["data"]] == ids[::-1]
    assert second["pagination_data"]["next_cursor"] is None
    bad = api("POST", "/messages.list", {"conversation_id": said.conversation.id, "cursor": "x"})
    assert (bad.status, bad.body["code"]) == (400, "bad_cursor")
    assert api("POST", "/messages.list", {}).status == 422


def test_deliveries(api: Any, said: Said, bot: str, channel: str) -> None:
    message = said.say(1, "hello")
    ids = [said.tell(n, message, "failed" if n % 2 else "delivered") for n in range(6)]
    sent = said.tell(7, message, to=channel)
    assert [one["id"] for one in pages(api, "/v1/deliveries", bot_id=bot, limit=4)] == ids[::-1]
    assert [one["id"] for one in pages(api, "/v1/deliveries", bot_id=bot, status="failed", limit=2)] == ids[5::-2]
    assert [one["id"] for one in pages(api, "/v1/deliveries", channel_id=channel)] == [sent]
    for query in ({"conversation_id": said.conversation.id}, {"message_id": message}):
        assert [one["id"] for one in pages(api, "/v1/deliveries", **query, limit=3)] == [sent, *ids[::-1]]
    one = api("GET", f"/v1/deliveries/{ids[0]}").body
    assert one["attempts"][0]["at"] == rfc3339(AT)
    assert one["bot_id"] == bot
    assert one["message_id"] == message
    assert api("GET", "/v1/deliveries").status == 422
    assert "/status" in api("GET", f"/v1/deliveries?bot_id={bot}&status=x").wrong


def test_a_conversation_with_its_attempts(api: Any, said: Said, bot: str, channel: str) -> None:
    ids = [said.say(seq, f"text {seq}", Route(BOT, bot), Route(CHANNEL)) for seq in range(1, 8)]
    told = {}
    for n, message in enumerate(ids):
        told[message] = [
            said.tell(3 * n, message, "failed" if n == 2 else "delivered"),
            said.tell(n, message, to=channel),
        ]
        said.tell(3 * n + 1, ids[0], kind="status")
    api("POST", f"/v1/deliveries/{told[ids[2]][0]}/replay")
    path = f"/v1/conversations/{said.conversation.id}/timeline"
    found: list[Any] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = api("GET", f"{path}?limit=3" + (f"&cursor={cursor}" if cursor else "")).body
        found, cursor, pages = page["data"] + found, page["next_cursor"], pages + 1
        assert ("conversation" in page) == (pages == 1)
    assert pages == 3
    assert [one["id"] for one in found] == ids
    for message in found:
        kept = [one for one in message["deliveries"] if not one["replay_of"]]
        assert sorted(one["id"] for one in kept) == sorted(told[message["id"]]), message["sequence"]
    again = [one for one in found[2]["deliveries"] if one["replay_of"]]
    assert [one["replay_of"] for one in again] == [told[ids[2]][0]]
    first = api("GET", path).body
    assert first["conversation"]["thread"]["owner"] == "bot"
    assert [one["id"] for one in first["conversations"]] == [said.conversation.id]
    assert api("GET", f"{path}?cursor=x").status == 400


def test_a_timeline_has_what_was_said_with_the_same_person(api: Any, said: Said) -> None:
    """A thread whose address went to somebody else is two timelines."""
    ids = [said.say(seq, f"text {seq}") for seq in range(1, 6)]
    theirs = replace(said.conversation, number=2)
    threads.keep_conversation(theirs)
    thread = threads.get(said.thread)
    assert thread is not None
    assert threads.save(replace(thread, left={"upto": 3, "conversations": 1}))
    shown = {
        one.id: [message["id"] for message in api("GET", f"/v1/conversations/{one.id}/timeline").body["data"]]
        for one in (said.conversation, theirs)
    }
    assert shown == {said.conversation.id: ids[:3], theirs.id: ids[3:]}


def woken(queue: str) -> list[Any]:
    found = aws.client("sqs").receive_message(QueueUrl=queues.url(queue), MaxNumberOfMessages=10)
    return [json.loads(one["Body"]) for one in found.get("Messages", [])]


def test_replaying_one(api: Any, said: Said, service: str) -> None:
    first = said.tell(1, "m1")
    again = api("POST", f"/v1/deliveries/{first}/replay")
    assert again.status == 202
    assert again.body["replay_of"] == first
    assert again.body["status"] == "pending"
    assert woken("bulk-deliveries.fifo") == [{"lane": again.body["lane"]}]
    assert again.body["lane"].endswith("-r")
    twice = api("POST", f"/v1/deliveries/{again.body['id']}/replay")
    assert twice.body["code"] == "not_finished"
    asked_again = api("POST", f"/v1/deliveries/{first}/replay")
    assert (asked_again.status, asked_again.body) == (202, again.body), "who got no answer asks twice and means one"
    noted = [one["action"] for one in api("GET", f"/v1/audit?service_id={service}").body["data"]]
    assert noted.count("delivery.replayed") == 1
    waiting = said.tell(2, "m2", "waiting")
    assert api("POST", f"/v1/deliveries/{waiting}/replay").status == 409


def test_replaying_one_again_later(api: Any, said: Said) -> None:
    first = said.tell(1, "m1")
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        once = api("POST", f"/v1/deliveries/{first}/replay").body
        row = deliveries.get(*deliveries.parse_delivery_id(once["id"]) or ("", ""))
        assert row is not None
        attempts.record(row, "delivered", None)
        traveller.shift(59)
        at_once = api("POST", f"/v1/deliveries/{first}/replay").body
        assert (at_once["id"], at_once["status"]) == (once["id"], "delivered")
        traveller.shift(2)
        later = api("POST", f"/v1/deliveries/{first}/replay").body
    assert later["id"] > once["id"], "another wish"
    assert later["replay_of"] == first


def test_two_who_ask_at_the_same_moment_get_one_replay(api: Any, said: Said) -> None:
    named = deliveries.parse_delivery_id(said.tell(1, "m1"))
    assert named is not None
    seen_by_both = [deliveries.get(*named) for _ in range(2)]
    keys = [deliveries.name_replay(row, f"re_{n}") for n, row in enumerate(seen_by_both) if row is not None]
    assert keys == ["re_0", "re_0"]


def test_replaying_many_in_order(api: Any, said: Said, service: str, channel: str, bot: str) -> None:
    ids = [said.tell(n, f"m{n}", "failed") for n in range(5)]
    said.tell(6, "m6", "pending")
    held = Said(service, channel, bot, "+493", owner="desk")
    held.tell(3, "m", "failed")
    body = {"bot_id": bot, "since": rfc3339(AT + 1), "until": rfc3339(AT + 60)}
    dry = api("POST", "/v1/deliveries:replay", body | {"dry_run": True})
    assert dry.status == 200
    assert [one["id"] for one in dry.body["deliveries"]] == ids[1:]
    assert dry.body["skipped"] == {"owned_by_desk": 1, "not_finished": 1, "is_replay": 0}
    assert woken("bulk-deliveries.fifo") == []
    done = api("POST", "/v1/deliveries:replay", body)
    assert done.status == 202
    assert [one["replay_of"] for one in done.body["deliveries"]] == ids[1:]
    lane = deliveries.tail(lane_of(said.thread, bot) + "-r")
    assert [row.replay_of for row in lane.undone] == ids[1:]
    assert len(woken("bulk-deliveries.fifo")) == 1


def test_replaying_some_to_anybody(api: Any, said: Said, service: str, channel: str) -> None:
    ear = api.make("subscriptions", service_id=service, name="s", url="http://127.0.0.1:1/", events=["message.created"])
    held = Said(service, channel, said.bot, "+493", owner="desk")
    statuses = ("delivered", "failed", "expired", "poison")
    told = {
        to: [(status, whose.tell(n, "m", status, to=to)) for whose in (said, held) for n, status in enumerate(statuses)]
        for to in (channel, ear["id"])
    }
    body = {"since": rfc3339(AT), "until": rfc3339(AT + 60), "dry_run": True}
    sent = api("POST", "/v1/deliveries:replay", body | {"channel_id": channel, "statuses": ["failed", "poison"]}).body
    assert [one["id"] for one in sent["deliveries"]] == [
        id for status, id in told[channel][:4] if status in ("failed", "poison")
    ]
    assert sent["skipped"] == {"owned_by_desk": 2, "not_finished": 0, "is_replay": 0}, "its customer is spoken with"
    assert (sent["first_at"], sent["last_at"], sent["seconds"]) == (rfc3339(AT + 1), rfc3339(AT + 3), 1)
    heard = api("POST", "/v1/deliveries:replay", body | {"subscription_id": ear["id"]}).body
    assert (heard["count"], sum(heard["skipped"].values())) == (8, 0), "who listens hears all, delivered ones too"
    none = api("POST", "/v1/deliveries:replay", body | {"channel_id": channel, "until": rfc3339(AT)}).body
    assert (none["count"], none["first_at"], none["seconds"]) == (1, rfc3339(AT), 1)
    done = body | {"subscription_id": ear["id"], "statuses": ["expired"], "dry_run": False}
    assert api("POST", "/v1/deliveries:replay", done).body["count"] == 2
    assert api("GET", f"/v1/audit?service_id={service}").body["data"][0]["change"]["statuses"] == ["expired"]


def test_a_replay_that_finds_little_goes_on(api: Any, said: Said, bot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_EXAMINED", 4)
    ids = [said.tell(n, f"m{n}", "failed" if n in (1, 8) else "delivered") for n in range(9)]
    body: dict[str, Any] = {"bot_id": bot, "since": rfc3339(AT), "until": rfc3339(AT + 60), "statuses": ["failed"]}
    found: list[str] = []
    calls = 0
    while body["since"]:
        page = api("POST", "/v1/deliveries:replay", body).body
        found, calls = found + [one["replay_of"] for one in page["deliveries"]], calls + 1
        body["since"] = page["next_since"]
    assert (found, calls) == ([ids[1], ids[8]], 3)


def test_how_long_a_replay_takes() -> None:
    assert LIMITS["deliver"].batch * (LIMITS["deliver"].bulk_at_most or 0) == replay.AT_ONCE

    def rows(lane: str, times: int, **attempt: Any) -> list[DeliveryRow]:
        return [DeliveryRow(lane=lane, key=f"{n}", attempts=[attempt] if attempt else []) for n in range(times)]

    assert replay._seconds([]) == 0
    assert replay._seconds(rows("l", 30, took_ms=500)) == 15, "one after the other"
    assert replay._seconds([row for n in range(200) for row in rows(f"l{n}", 1, took_ms=2000)]) == 4
    assert replay._seconds(rows("l", 3, took_ms=5000, error="timeout")) == 3, "of what went wrong nobody can tell"


def test_replaying_page_by_page(api: Any, said: Said, bot: str) -> None:
    ids = [said.tell(n // 3, f"m{n}", "failed", key=n) for n in range(210)]
    body: dict[str, Any] = {"bot_id": bot, "since": rfc3339(AT), "until": rfc3339(AT + 1000)}
    found, pages = 0, 0
    while body["since"]:
        page = api("POST", "/v1/deliveries:replay", body).body
        found, pages, body["since"] = found + page["count"], pages + 1, page["next_since"]
    assert (found, pages) == (210, 2)
    lane = deliveries.tail(lane_of(said.thread, bot) + "-r")
    assert [row.replay_of for row in lane.undone] == ids


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"since": "yesterday"}, "/since"),
        ({"since": "2026-01-01T00:00:00"}, "/since"),
        ({"until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"bot_id": "x"}, "/bot_id"),
        ({"bot_id": None}, ""),
        ({"desk_id": "dk_" + "a" * 26}, ""),
        ({"statuses": []}, "/statuses"),
        ({"statuses": ["pending"]}, "/statuses/0"),
        ({"dry_run": "yes"}, "/dry_run"),
    ],
)
def test_wrong_ranges(api: Any, bot: str, change: dict[str, Any], path: str) -> None:
    body = {"bot_id": bot, "since": "2026-01-01T00:00:00.000Z"} | change
    assert path in api("POST", "/v1/deliveries:replay", body).wrong


def test_failures(api: Any) -> None:
    for n in range(3):
        body = {"thread": "th_1", "n": n}
        Failure(
            id=f"fa_{'a' * 25}{n}", step="converse", queue="threads.fifo", group="th_1", body=body, at=AT + n
        ).save()
    found = pages(api, "/v1/failures", limit=2)
    assert len(found) == 3
    assert found[0]["step"] == "converse"
    assert api("GET", f"/v1/failures/{found[0]['id']}").body == found[0]
    again = api("POST", f"/v1/failures/{found[0]['id']}/replay")
    assert again.status == 202
    assert again.body["replayed_at"]
    assert woken("threads.fifo") == [{"thread": "th_1", "n": 2}]
    assert api("POST", f"/v1/failures/{found[0]['id']}/replay").body["code"] == "already_replayed"
    assert api("POST", "/v1/failures/fa_x/replay").status == 404

    # What a bot said in a response comes after what it said later: its place must not say that it was handled.
    said = {"thread": "th_2", "kind": "bot.message", "body": {"bot": "bt_1", "place": 15_000}}
    Failure(id=f"fa_{'b' * 26}", step="converse", queue="threads.fifo", group="th_2", body=said, at=AT).save()
    assert api("POST", f"/v1/failures/fa_{'b' * 26}/replay").status == 202
    assert woken("threads.fifo") == [said | {"once": True, "body": {"bot": "bt_1"}}]


def test_audit(api: Any, service: str, bot: str) -> None:
    api("PATCH", f"/v1/bots/{bot}", {"name": "b2", "access_token": "very secret"})
    found = pages(api, "/v1/audit", service_id=service, limit=1)
    assert [one["action"] for one in found] == ["bot.updated", "bot.created", "service.created"]
    assert found[0]["change"]["name"] == "b2"
    assert found[0]["change"]["access_token"] == "***"
    assert "very secret" not in json.dumps(found)
    assert found[0]["actor"] == api.key[3:19]
    assert api("GET", f"/v1/audit/{found[0]['id']}?service_id={service}").body == found[0]
    assert api("GET", f"/v1/audit/{found[0]['id']}").status == 404
    assert {one["id"] for one in pages(api, "/v1/audit", limit=2)} >= {one["id"] for one in found}
