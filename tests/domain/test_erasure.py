"""A thread whose person is erased: what is left of it, and what comes too late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.chat import Chat
from chalicelib.domain.deciding.decide import decide
from chalicelib.domain.deciding.erasure import back
from chalicelib.domain.event import Event
from chalicelib.domain.part import ALL
from chalicelib.domain.thread import Thread, changing, conversation_id, with_state

ADA, OFFICE, EVE = "ct_ada", "ct_office", "ct_eve"
THREAD = Thread(
    "th_" + "a" * 26, "sv_1", "ch_1", "webchat", "ada's window", version=7, owner="desk", last_seq=5, conversations=2,
    bot="bt_1", bots={"bt_1": 1}, chat=Chat(2, "dk_1", "accepted", 1), contact={"id": ADA, "name": "Ada"}, last_at=9,
    asked=({"id": "te_1", "number": 1},), counts={"1": 3, "2": 2},
)  # fmt: skip


class ServiceConfig:
    """A service without rules."""

    timezone, country, rules = "UTC", "", ()

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: [] if name == "subscribers" else None


def happens(thread: Thread, kind: str, **body: Any) -> Any:
    event = Event("ev_" + kind, kind, "sv_1", thread.channel, thread.channel_kind, "ada's window", thread.id, 100, body)
    return decide(event, thread, ServiceConfig())


def erase(thread: Thread) -> Any:
    return happens(thread, "contact.erased", erasure=OFFICE, people=[OFFICE, ADA])


def test_what_is_left_of_a_thread() -> None:
    turn = erase(THREAD)
    left = turn.thread
    assert (left.address, left.contact, left.bots, left.chat, left.owner, left.asked) == ("", {}, {}, None, "", ())
    assert left.erased == {"by": OFFICE, "people": [ADA, OFFICE], "upto": 5, "conversations": 2}
    assert "ada" not in str(left.plain()).lower().replace(ADA, "")
    closed: dict[int, dict[str, Any]] = {}
    for number, changes in turn.conversation_changes:
        closed.setdefault(number, {}).update(changes)
    assert {number: (one["state"], one["messages"]) for number, one in closed.items()} == {
        1: ("closed", 3), 2: ("closed", 3),
    }  # fmt: skip
    (note,) = turn.messages
    assert (note.seq, note.contact, note.address, note.routes[0].notice) == (6, "", "", "chat_ended")
    # A cut between the note and the thread: who heals it does not bring the address back.
    assert with_state(THREAD, changing(left), event="ev_x").address == ""
    assert erase(replace(THREAD, channel_kind="source", chat=None)).thread.erased["upto"] == ALL
    theirs = erase(replace(THREAD, contact={"id": EVE}))
    assert (theirs.thread.contact, theirs.thread.erased["upto"], theirs.conversation_changes) == ({"id": EVE}, 0, [])


def test_what_comes_too_late() -> None:
    left = erase(THREAD).thread
    late: list[tuple[str, dict[str, Any]]] = [
        ("bot.message", {"bot": "bt_1", "conversation": conversation_id(left.id, 1), "content": {"text": "Dear Ada"}}),
        ("contact.changed", {"contact": {"id": ADA, "name": "Ada"}}),
        ("source.event", {"contact": {"id": EVE, "person": ADA}, "content": {}}),
        ("bot.failing", {"bot": "bt_1"}),
    ]
    for kind, body in late:
        turn = happens(left, kind, **body)
        assert turn.ignored == "its person was erased", kind
        assert (turn.messages, turn.thread.contact) == ([], {})

    again = happens(left, "customer.message", content={"type": "text", "text": "hello"})
    assert [said.seq for said in again.messages] == [7]
    event = Event("ev_2", "customer.message", "sv_1", "ch_1", "webchat", "ada's window", left.id, 1)
    assert back(event, left).address == "ada's window"
    lives = replace(left, contact={"id": EVE}, bots={"bt_1": 3}, bot="bt_1", owner="bot", conversations=3)
    assert happens(lives, *late[0][:1], **late[0][1]).messages == []
    said = {"bot": "bt_1", "conversation": conversation_id(left.id, 3), "content": {"type": "text", "text": "hi"}}
    assert len(happens(lives, "bot.message", **said).messages) == 1
