"""Narrowing the list of conversations."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.conversations import narrowing
from chalicelib.domain.thread import Conversation, Thread, thread_id
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import threads

AT = 1_790_000_000_000
DESK, BOT, ANA = f"dk_{'a' * 26}", f"bt_{'a' * 26}", f"pe_{'a' * 26}"
CHANNELS = [f"ch_{letter * 26}" for letter in "ab"]


@pytest.fixture
def kept(service: str) -> list[str]:
    """Conversations, one opened each second: ids, the oldest first."""
    some: list[dict[str, Any]] = [
        {"kind": "bot", "party": BOT, "state": "closed"},
        {"kind": "desk", "party": DESK, "state": "closed", "outcome": "solved", "agent": {"id": ANA, "name": "Ana"}},
        {"kind": "bot", "party": BOT, "state": "open", "channel": CHANNELS[1]},
        {"kind": "desk", "party": DESK, "state": "offered"},
        {"kind": "desk", "party": f"dk_{'b' * 26}", "state": "accepted", "agent": {"id": ANA, "name": "Ana"}},
    ]
    ids = []
    for n, one in enumerate(some):
        channel = one.setdefault("channel", CHANNELS[0])
        thread = thread_id(channel, f"+{n}")
        assert threads.save(Thread(id=thread, service=service, channel=channel, channel_kind="custom", address=f"+{n}"))
        conversation = Conversation(thread=thread, number=1, service=service, opened_at=AT + n * 1000, **one)
        threads.keep_conversation(conversation)
        ids.append(conversation.id)
    return ids


def listed(api: Any, service: str, query: str) -> list[str]:
    found, cursor = [], ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = api("GET", f"/v1/conversations?service_id={service}&{query}{more}")
        assert page.status == 200, page.body
        found += [one["id"] for one in page.body["data"]]
        cursor = page.body["next_cursor"]
        if not cursor:
            return found


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("state=closed", [1, 0]),
        ("owner=bot", [2, 0]),
        ("owner=desk", [4, 1]),
        ("owner=nobody", [3]),
        (f"desk_id={DESK}", [3, 1]),
        (f"agent={ANA}&state=accepted", [4]),
        ("outcome=solved", [1]),
        (f"channel_id={CHANNELS[1]}", [2]),
        (f"from={rfc3339(AT + 1000)}&to={rfc3339(AT + 3000)}", [3, 2, 1]),
        (f"from={rfc3339(AT + 1001)}&owner=desk", [4]),
        ("outcome=none", []),
        ("state=", [4, 3, 2, 1, 0]),
    ],
)
def test_what_is_left(api: Any, service: str, kept: list[str], query: str, meant: list[int]) -> None:
    assert listed(api, service, query) == [kept[n] for n in meant]
    assert listed(api, service, f"{query}&limit=1") == [kept[n] for n in meant], "page by page"


def test_a_page_reads_so_many_and_says_where_to_go_on(
    api: Any, service: str, kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "EXAMINED", 2)
    first = api("GET", f"/v1/conversations?service_id={service}&outcome=solved").body
    assert first["data"] == [] and first["next_cursor"]
    assert listed(api, service, "outcome=solved") == [kept[1]]


def test_what_is_wrong(api: Any, service: str) -> None:
    assert "/from" in api("GET", f"/v1/conversations?service_id={service}&from=monday").wrong
    backwards = "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"
    assert "/to" in api("GET", f"/v1/conversations?service_id={service}&{backwards}").wrong
    assert api("GET", f"/v1/conversations?service_id={service}&to=1960-01-01T00:00:00Z").body["data"] == []
    assert "/state" in api("GET", f"/v1/conversations?service_id={service}&state=lost").wrong
    api.make("services", name="Other")
    assert "/service_id" in api("GET", "/v1/conversations?state=open").wrong
