"""Sockets of visitors' pages: what they are told, who may open one, and that nothing is lost or told wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.inbound import strangers
from chalicelib.ports import ids
from chalicelib.steps import push
from chalicelib.tables import connections, kept_channels
from chalicelib.tables.connections import ConnectionRow
from tests.cloud import Cloud
from tests.journeys.conftest import Deployment
from tests.outside import Heard
from tests.sockets import Gateway, gateway

ANA = {"id": "7", "name": "Ana"}
EVERYTHING = {"include": "all,events"}


@pytest.fixture
def sockets(cloud: Cloud) -> Iterator[Gateway]:
    strangers.forget()
    kept_channels.forget()
    with gateway(cloud) as made:
        yield made


def opened(deployment: Deployment, sockets: Gateway, **query: str) -> str:
    """The id of a socket that the visitor's page opens; what it has missed is told."""
    given = {"channel": deployment.ids["chat"], "session": deployment.session} | query
    status, connection = sockets.connect(**given)
    assert status == 200
    deployment.cloud.pump()
    return connection


def polled(deployment: Deployment, query: str = "") -> dict[str, Any]:
    path = f"/channels/{deployment.ids['chat']}/messages?session={deployment.session}{query}"
    status, answer = deployment.call("GET", path)
    assert status == 200, answer
    return dict(answer)


def answers(deployment: Deployment, text: str) -> None:
    """The bot says something of its own accord."""
    conversation = deployment.bot.events()[0]["Conversationid"]
    status, _ = deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": text})
    assert status == 202


def states(deployment: Deployment) -> list[str]:
    """The state of each message of the thread, in order."""
    thread = polled(deployment, "&include=all")["data"][0]["thread_id"]
    from chalicelib.tables import messages

    return [message.state for message in messages.after(thread, 0, limit=100)]


def kept(sockets: Gateway) -> set[str]:
    """The sockets that have rows."""
    return {str(row.connection) for row in ConnectionRow.scan()}


def test_a_frame_is_what_a_poll_gives(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("hello", id="m-1")
    plain, full = opened(deployment, sockets), opened(deployment, sockets, **EVERYTHING)
    assert sockets.frames(plain, "state") == [{"type": "state", "owner": "bot"}]
    answers(deployment, "how are you?")
    deployment.says("well", id="m-2")
    answers(deployment, "good")
    for connection, include in ((plain, ""), (full, "&include=all,events")):
        truth = polled(deployment, include)
        volatile = {"state": "", "delivery_state": ""}
        assert [row | volatile for row in sockets.rows(connection)] == [row | volatile for row in truth["data"]]
        assert sockets.frames(connection, "messages")[-1]["next"] == truth["next"]
    assert [row.get("client_id") for row in sockets.rows(full)] == ["m-1", None, "m-2", None]


def test_frames_cover_every_row_without_a_gap(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("hello")
    page = opened(deployment, sockets, **EVERYTHING)
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    for kind in ("chat.accepted", "chat.hold", "chat.resumed", "agent.message", "chat.closed"):
        said = {"text": "I am Ana"} if kind == "agent.message" else {}
        status, _ = deployment.desk_posts({"type": kind, "conversation_id": chat, "agent": ANA} | said)
        assert status == 202
    frames = sockets.frames(page, "messages")
    assert [frame["after"] for frame in frames] == ["0", *(frame["next"] for frame in frames[:-1])]
    assert frames[-1]["next"] == polled(deployment, "&include=all,events")["next"]
    # On hold is none of the visitor's business, and counted all the same.
    assert any(frame["data"] == [] for frame in frames)
    assert [(state["owner"], state.get("notice")) for state in sockets.frames(page, "state")] == [
        ("bot", None), ("desk", "handover"), ("desk", "handover_accepted"), ("desk", None), ("desk", None),
        ("bot", "handover_ended"),
    ]  # fmt: skip


def test_a_page_that_counts_its_own_posts_is_told_of_all_else(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("hello")
    page = opened(deployment, sockets, include="events", after="1")
    deployment.says("hello?")
    assert sockets.frames(page, "messages") == [], "its own words"
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    for kind in ("chat.accepted", "chat.hold"):
        deployment.desk_posts({"type": kind, "conversation_id": chat, "agent": ANA})
    frames = sockets.frames(page, "messages")
    assert [(frame["after"], frame["next"]) for frame in frames] == [("2", "3"), ("3", "4"), ("4", "5")]
    assert [row["content"]["name"] for row in sockets.rows(page)] == ["handover", "handover_accepted"]


def test_what_was_missed_is_told_first(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    answers(deployment, "two")
    cursor = polled(deployment)["next"]
    assert sockets.rows(opened(deployment, sockets, after=cursor)) == []
    answers(deployment, "three")
    assert sockets.texts(opened(deployment, sockets, after=cursor)) == ["three"]
    assert sockets.texts(opened(deployment, sockets)) == ["two", "three"]


def test_a_record_that_comes_late_is_not_told_to_who_has_it(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    answers(deployment, "two")
    records = deployment.cloud._stream_records("messages")
    cursor = polled(deployment)["next"]
    page = opened(deployment, sockets, after=cursor, **EVERYTHING)
    assert deployment.cloud.invoke("push", {"Records": records}) == {"batchItemFailures": []}
    assert sockets.rows(page) == []
    early = opened(deployment, sockets, after="1", **EVERYTHING)
    assert sockets.texts(early) == ["two"]
    deployment.cloud.invoke("push", {"Records": records})
    assert sockets.texts(early) == ["two", "two"], "a page knows it by its id"
    assert len({row["id"] for row in sockets.rows(early)}) == 1


def test_told_is_delivered_once(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    opened(deployment, sockets)
    opened(deployment, sockets)
    answers(deployment, "two")
    assert states(deployment)[1] == "delivered"
    polled(deployment)
    deployment.cloud.pump()
    assert states(deployment)[1] == "delivered"
    receipts = [event for event in deployment.bot.events() if event["Event"] == "Message Delivery"]
    assert len(receipts) <= 1


def test_only_what_was_taken_counts_as_delivered(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    page = opened(deployment, sockets)
    sockets.failing[page] = 500, {}
    answers(deployment, "two")
    from chalicelib.domain.thread import parse_conversation_id
    from chalicelib.tables import messages

    named = parse_conversation_id(deployment.bot.events()[0]["Conversationid"])
    assert named and messages.after(named[0], 1, limit=1)[0].state == "pending"


@pytest.mark.parametrize("answer", [(500, {}), (403, {"message": "no"}), (429, {"message": "slowly"})])
def test_a_socket_that_cannot_be_told_is_closed_and_the_others_are_told(
    deployment: Deployment, sockets: Gateway, answer: Any
) -> None:
    deployment.says("one")
    bad, good = opened(deployment, sockets), opened(deployment, sockets)
    sockets.failing[bad] = answer
    before = sockets.calls
    answers(deployment, "two")
    assert sockets.texts(good) == ["two"]
    assert kept(sockets) == {good}
    assert sockets.calls - before == 3, "told once each, and closed"
    assert deployment.cloud.failures == []
    del sockets.failing[bad]
    assert sockets.send(bad, {"type": "ping"})["code"] == "unknown_connection"


def test_a_socket_that_is_gone_is_forgotten(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    gone, left = opened(deployment, sockets), opened(deployment, sockets)
    del sockets.open[gone]
    for row in ConnectionRow.scan():
        if row.since:
            row.update(actions=[ConnectionRow.since.set(1)])
    before = sockets.calls
    answers(deployment, "two")
    assert kept(sockets) == {left} and sockets.calls - before == 2, "nobody closes what is gone"
    sockets.disconnect(left)
    assert kept(sockets) == set()


def test_a_socket_that_still_opens_is_waited_for(
    deployment: Deployment, sockets: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.ports import clock

    waited: list[float] = []
    monkeypatch.setattr(clock, "pause", waited.append)
    deployment.says("one")
    status, page = sockets.connect(channel=deployment.ids["chat"], session=deployment.session)
    sockets.opening[page] = 2
    deployment.cloud.pump()
    assert (status, len(sockets.frames(page, "state")), len(waited)) == (200, 1, 2)
    _, page = sockets.connect(channel=deployment.ids["chat"], session=deployment.session)
    sockets.opening[page] = 100
    deployment.cloud.pump()
    assert page not in kept(sockets) and len(waited) == 5, "and not for long"


def test_who_may_not_is_refused(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    chat = deployment.ids["chat"]
    mine = {"channel": chat, "session": deployment.session}
    refused = {
        404: ({"channel": "ch_nothing"}, {"session": ids.token(32)}, {"channel": deployment.ids["bot"]}),
        422: ({"session": "short"}, {"session": ""}),
        400: ({"after": "x"}, {"after": "-1"}),
    }
    for status, wrong in refused.items():
        for one in wrong:
            assert sockets.connect(**mine | one)[0] == status, one
    assert sockets.connect()[0] == 404
    assert kept(sockets) == set()


def test_a_page_of_another_origin_is_refused(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    where = f"/v1/channels/{deployment.ids['chat']}"
    settings = {"allowed_origins": ["https://shop.example"]}
    assert deployment.call("PATCH", where, {"settings": settings})[0] == 200
    kept_channels.forget()
    mine = {"channel": deployment.ids["chat"], "session": deployment.session}
    assert sockets.connect(origin="https://else.example", **mine)[0] == 403
    assert sockets.connect(origin="null", **mine)[0] == 403
    assert sockets.connect(origin="https://shop.example", **mine)[0] == 200
    assert sockets.connect(**mine)[0] == 200, "no browser"


def test_a_session_has_so_many_sockets(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    pages = [opened(deployment, sockets) for _ in range(10)]
    mine = {"channel": deployment.ids["chat"], "session": deployment.session}
    assert sockets.connect(**mine)[0] == 429
    sockets.disconnect(pages[0])
    assert sockets.connect(**mine)[0] == 200


def test_rows_that_have_expired_count_for_nothing(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    opened(deployment, sockets)
    (row,) = (row for row in ConnectionRow.scan() if row.topic.startswith("thread#"))
    now = int(row.since)
    assert int(row.expires) == now // 1000 + 2 * 3600 + 600
    assert len(connections.hearing(row.topic, now_ms=now + 7_700_000)) == 1
    assert connections.hearing(row.topic, now_ms=now + 7_900_000) == []


def test_what_a_page_sends_is_understood_or_said_not_to_be(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    page = opened(deployment, sockets)
    assert sockets.send(page, {"type": "ping", "new": 1}) == {"type": "pong"}
    for wrong in (
        "",
        "x",
        "[]",
        "1",
        "null",
        '{"type":1}',
        '{"type":"$connect"}',
        "[" * 5000,
        '"' + "x" * 5000,
        "\ud800",
    ):
        assert sockets.send(page, wrong)["type"] == "error", wrong[:20]
    assert sockets.send(page, {"type": "ping"}, isBase64Encoded=True)["type"] == "error"
    assert sockets.send("nobody", {"type": "typing"})["code"] == "unknown_connection"


def test_that_a_visitor_types_is_noted_seldom_and_tells_no_page(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    page = opened(deployment, sockets)
    before, calls = len(deployment.cloud._stream_records("connections")), sockets.calls
    assert sockets.send(page, {"type": "typing"}) == {}
    assert sockets.send(page, {"type": "typing"}) == {}
    changes = deployment.cloud._stream_records("connections")[before:]
    assert [one["dynamodb"]["NewImage"]["news"]["S"] for one in changes] == ["visitor.typing"]
    deployment.cloud.pump()
    assert sockets.calls == calls


def test_that_an_agent_types_is_told_and_kept_nowhere(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    page = opened(deployment, sockets)
    deployment.bot_posts({"eventid": "1002", "conversation_id": deployment.bot.events()[0]["Conversationid"]})
    chat = deployment.desk.events()[-1]["data"]["conversation_id"]
    before = deployment.cloud._stream_records("threads"), deployment.cloud._stream_records("messages")
    for _ in range(2):
        status, answer = deployment.desk_posts({"type": "agent.typing", "conversation_id": chat, "agent": ANA})
        assert (status, answer["status"]) == (202, "accepted")
    typing = [state for state in sockets.frames(page, "state") if "typing" in state]
    assert typing == [{"type": "state", "owner": "desk", "typing": {"name": "Ana"}}], "at most each three seconds"
    assert (deployment.cloud._stream_records("threads"), deployment.cloud._stream_records("messages")) == before
    status, _ = deployment.call("POST", f"/v1/conversations/{chat}/events", {"type": "agent.typing"})
    assert status == 202
    status, answer = deployment.desk_posts({"type": "agent.typing", "conversation_id": "cv_" + "a" * 26 + "_1"})
    assert status == 404, answer


def test_other_channels_wake_nobody(deployment: Deployment, sockets: Gateway) -> None:
    ran: list[str] = []
    deployment.cloud.before = ran.append
    deployment.make(
        "sources", service_id=deployment.ids["care"], key="shop", name="shop",
        mapping={"id": "id", "sent_at": "at", "text": "text"},
    )  # fmt: skip
    shop = deployment.made["shop"]
    posted = [{"id": 1, "at": 1_795_000_000, "text": "order"}]
    key = {"Authorization": f"Bearer {shop['secret']}"}
    assert deployment.call("POST", shop["events_url"], posted, headers=key)[0] == 202
    deployment.cloud.pump()
    assert "fan_out" in ran and "push" not in ran


def test_a_thread_without_sockets_costs_one_query(deployment: Deployment, sockets: Gateway) -> None:
    from tests.cloud import taps

    deployment.says("one")
    asked: list[str] = []
    records = deployment.cloud._stream_records("messages")
    try:
        taps.listen = lambda side, operation: asked.append(operation) if side == "before" else None
        deployment.cloud.invoke("push", {"Records": records})
    finally:
        taps.listen = None
    assert (asked, sockets.calls) == (["Query"], 0)


def test_large_messages_go_in_frames_that_are_taken(deployment: Deployment, sockets: Gateway) -> None:
    deployment.says("one")
    page = opened(deployment, sockets, **EVERYTHING)
    conversation = deployment.bot.events()[0]["Conversationid"]
    long = [letter * 9000 for letter in "abcdef"]
    status, _ = deployment.bot_posts(
        *({"eventid": "1001", "conversation_id": conversation, "message": text} for text in long)
    )
    assert status == 202
    again = opened(deployment, sockets, after="1", **EVERYTHING)
    for connection in (page, again):
        frames = sockets.frames(connection, "messages")
        assert sockets.texts(connection)[-6:] == long
        assert all(len(json.dumps(frame)) < 33_000 for frame in frames)
        assert [frame["after"] for frame in frames[1:]] == [frame["next"] for frame in frames[:-1]]
    # As JSON each of these letters takes six bytes.
    answers(deployment, "\u00e4" * 8000)
    assert sockets.open[page][-1] == {"type": "more", "after": "7"}
    answers(deployment, "short")
    assert sockets.frames(page, "messages")[-1]["after"] == "8", "who has not asked sees the gap"


def test_who_has_missed_much_asks(deployment: Deployment, sockets: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "_PAGE", 3)
    deployment.says("one")
    conversation = deployment.bot.events()[0]["Conversationid"]
    texts = [{"eventid": "1001", "conversation_id": conversation, "message": str(n)} for n in range(13)]
    assert deployment.bot_posts(*texts)[0] == 202
    page = opened(deployment, sockets, **EVERYTHING)
    assert len(sockets.rows(page)) == 12
    assert sockets.open[page][-2:] == [{"type": "more", "after": "12"}, {"type": "state", "owner": "bot"}]


def test_a_failure_of_ours_has_the_records_come_again(deployment: Deployment, sockets: Gateway) -> None:
    from tests.cloud import taps

    deployment.says("one")
    page = opened(deployment, sockets)
    answers(deployment, "two")
    records = [one for one in deployment.cloud._stream_records("messages") if one["eventName"] == "INSERT"][-1:]
    number = records[0]["dynamodb"]["SequenceNumber"]

    def broken(side: str, operation: str) -> None:
        raise RuntimeError("out of order")

    try:
        taps.listen = broken
        answer = deployment.cloud.invoke("push", {"Records": records})
    finally:
        taps.listen = None
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert deployment.cloud.invoke("push", {"Records": records}) == {"batchItemFailures": []}
    assert sockets.texts(page) == ["two", "two"]


def test_where_sockets_are_is_said_of_web_chats(deployment: Deployment, sockets: Gateway) -> None:
    for method, body in (("GET", None), ("PATCH", {"name": "chat"})):
        status, channel = deployment.call(method, f"/v1/channels/{deployment.ids['chat']}", body)
        assert (status, channel["live_url"]) == (200, "wss://live.example/live")
    own = deployment.make(
        "channels",
        service_id=deployment.ids["care"],
        kind="custom",
        name="own",
        settings={"send_url": "http://127.0.0.1:1/"},
    )
    assert "live_url" not in own
    answer = deployment.client.http.get(f"/channels/{deployment.ids['chat']}/chat")
    policy = answer.headers["Content-Security-Policy"]
    assert "connect-src 'self' wss://live.example;" in policy
    script = deployment.client.http.get(f"/channels/{deployment.ids['chat']}/widget.js").body.decode()
    assert '"live": "wss://live.example/live"' in script


def test_a_bot_that_answers_in_its_response_is_heard_by_the_socket(deployment: Deployment, sockets: Gateway) -> None:
    def echo(heard: Heard) -> tuple[int, Any]:
        said = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "you said so"}
        asked = heard.json.get("Event") == "Incoming message"
        return 200, {"token": "the-bots-own-token", "events": [said] if asked else []}

    deployment.bot.answer = echo
    deployment.says("one")
    page = opened(deployment, sockets, after="2", **EVERYTHING)
    deployment.says("two")
    assert sockets.texts(page) == ["two", "you said so"]
