"""converse: one event of one thread at a time, done once however often it comes."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.event import Event
from chalicelib.domain.thread import conversation_id, thread_id
from chalicelib.ports import clock
from chalicelib.tables import config, endpoints, messages, threads
from chalicelib.tables.config import Resource
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.messages import MessageRow
from chalicelib.tables.receipts import Receipt
from chalicelib.tables.schedule import Due
from tests.cloud import Cloud, CutOff, _moto_table, taps

SERVICE, CHANNEL, BOT = "sv_0123456789", "ch_0123456789channelxxxxxxxx", "bt_0123456789botxxxxxxxxxxxx"
DESK = "dk_0123456789deskxxxxxxxxxxx"


@pytest.fixture
def service(cloud: Cloud) -> Cloud:
    """A service whose only rule gives everything to a bot."""
    config.create(
        Resource(config.SERVICES, f"service#{SERVICE}", body={"timezone": "UTC"}, updated_at=1),
        Resource(SERVICE, f"bot#{BOT}", name="b", body={"kind": "webhook", "profile": "generic"}, updated_at=1),
        Resource(SERVICE, "rule#ru_1", body={"to": "bot", "bot_id": BOT, "desk_id": DESK, "position": 1}, updated_at=1),
    )
    return cloud


def said(text: str, id: str, at: int = 1_700_000_000_000) -> dict[str, Any]:
    event = Event(
        id=f"ev_{id:>026}".replace(" ", "0"),
        kind="customer.message",
        service=SERVICE,
        channel=CHANNEL,
        channel_kind="webchat",
        address="a",
        thread=thread_id(CHANNEL, "a"),
        at=at,
        body={"content": {"type": "text", "text": text}},
    )
    return event.plain()


def test_first_message_opens_the_bots_conversation(service: Cloud) -> None:
    from chalicelib.steps import converse

    converse.handle(said("hello", "1"))
    thread = threads.get(thread_id(CHANNEL, "a"))
    assert thread is not None and thread.owner == "bot" and thread.bot == BOT and thread.last_seq == 1
    row = messages.get(thread.id, 1)
    assert row is not None
    message = messages.of_row(row)
    assert message.conversation == thread.bot_conversation(BOT)
    assert message.contact.startswith("ct_")
    (route,) = message.routes
    assert (route.to, route.id, route.mode, route.number) == ("bot", BOT, "BOT", 1)
    conversation = threads.get_conversation(thread.id, 1)
    assert conversation is not None and conversation.party == BOT and conversation.state == "open"


def test_twice_is_once(service: Cloud) -> None:
    from chalicelib.steps import converse

    for _ in range(3):
        converse.handle(said("hello", "1"))
    converse.handle(said("again", "2"))
    assert [message.content.text for message in messages.after(thread_id(CHANNEL, "a"), 0, limit=9)] == [
        "hello",
        "again",
    ]


def test_a_cut_between_message_and_thread_heals(service: Cloud) -> None:
    from chalicelib.steps import converse

    converse.handle(said("one", "1"))
    before = threads.ThreadRow.get(thread_id(CHANNEL, "a"), "thread")
    converse.handle(said("two", "2"))
    before.save()  # as if the write of the thread had not been reached
    converse.handle(said("two", "2"))
    converse.handle(said("three", "3"))
    assert [message.content.text for message in messages.after(thread_id(CHANNEL, "a"), 0, limit=9)] == [
        "one",
        "two",
        "three",
    ]
    thread = threads.get(thread_id(CHANNEL, "a"))
    assert thread is not None and thread.last_seq == 3 and thread.told == {BOT: 3}


def test_another_event_adopts_what_was_cut_off(service: Cloud) -> None:
    from chalicelib.steps import converse

    converse.handle(said("one", "1"))
    before = threads.ThreadRow.get(thread_id(CHANNEL, "a"), "thread")
    converse.handle(said("two", "2"))
    before.save()
    converse.handle(said("three", "3"))
    converse.handle(said("two", "2"))  # its redelivery comes late and finds it done
    assert [message.content.text for message in messages.after(thread_id(CHANNEL, "a"), 0, limit=9)] == [
        "one",
        "two",
        "three",
    ]


TOLD: list[tuple[str, dict[str, Any]]] = [
    (
        "customer.message",
        {"content": {"text": "helo"}, "provider_id": "p1", "identities": [("phone", "+4915112345678")]},
    ),
    ("customer.changed", {"change": "edited", "about": "p1", "text": "hello"}),
    ("customer.changed", {"change": "deleted", "about": "p1"}),
    ("customer.consent", {"given": False, "scope": "all", "why": "STOP"}),
    ("customer.happened", {"content": {"type": "event", "details": {"name": "missed_call"}}, "provider_id": "p3"}),
    ("bot.handover", {"bot": BOT, "conversation": 1}),
    ("agent.message", {"desk": DESK, "conversation": 2, "content": {"text": "hi"}, "agent": {"id": "a"}}),
    ("chat.closed", {"desk": DESK, "conversation": 2, "outcome": "solved"}),
    ("bot.close", {"bot": BOT, "conversation": 1}),
    ("customer.message", {"content": {"text": "once more"}, "provider_id": "p2"}),
    ("customer.moved", {"to": "b", "gone": [("phone", "+4915112345678")], "identities": [("phone", "+4915187654321")]}),
]
"""A thread's story: each of its events does something else beside its messages."""
TABLES = (MessageRow, threads.ThreadRow, ContactRow, Receipt, Due)


def told(number: int) -> dict[str, Any]:
    """The n-th event of the story."""
    kind, body = TOLD[number]
    thread = thread_id(CHANNEL, "a")
    if "conversation" in body:
        body = body | {"conversation": conversation_id(thread, body["conversation"])}
    return said("", str(number + 1), 1_700_000_000_000 + number) | {"kind": kind, "body": body}


def told_all(upto: int, *, cut: bool) -> dict[str, Any]:
    """What is stored after the story up to an event, which is cut off after its messages and never comes again, and the
    next message."""
    from chalicelib.steps import converse

    for table in TABLES:
        _moto_table(table.Meta.table_name).items.clear()
    for number in range(upto):
        converse.handle(told(number))

    def listen(side: str, operation: str) -> None:
        name = MessageRow.Meta.table_name
        if side == "after" and operation in ("PutItem", "TransactWriteItems") and name in str(taps.asked):
            taps.listen = None
            raise CutOff(operation)

    if cut:
        taps.listen = listen
        with pytest.raises(CutOff):
            converse.handle(told(upto))
    else:
        converse.handle(told(upto))
    converse.handle(said("next", "99", 1_700_000_001_000))
    rows = {f"{row.id} {row.item}": row for row in ContactRow.scan()}
    return {
        "messages": messages.after(thread_id(CHANNEL, "a"), 0, limit=99),
        "threads": {str(row.item): row.state for row in threads.ThreadRow.query(thread_id(CHANNEL, "a"))},
        "contacts": {at: (row.data, row.contact, row.into) for at, row in rows.items()},
    }


@pytest.mark.parametrize("cut", range(len(TOLD)), ids=lambda at: f"{at} {TOLD[at][0]}")
def test_the_next_event_does_all_that_was_left_of_one_that_never_comes_again(service: Cloud, cut: int) -> None:
    from chalicelib.steps import converse

    config.create(Resource(SERVICE, f"desk#{DESK}", name="d", body={"kind": "console"}, updated_at=1))
    endpoints.set_status(DESK, endpoints.ACTIVE, at=clock.now_ms())
    whole, healed = (told_all(cut, cut=cut_off) for cut_off in (False, True))
    assert healed == whole
    assert any(at.startswith("ct_") and " thread#" in at for at in healed["contacts"]), "its person has the thread"
    # Replayed from the dead letters, however much later, it is done.
    for number in range(20):
        converse.handle(said("more", str(200 + number), 1_700_000_002_000 + number))
    converse.handle(told(cut))
    assert len(messages.after(thread_id(CHANNEL, "a"), 0, limit=99)) == len(healed["messages"]) + 20


def test_a_send_that_is_refused_after_its_person_was_erased_brings_nothing_of_them_back(service: Cloud) -> None:
    from chalicelib.steps import converse

    converse.handle(said("hello", "1"))
    thread = threads.get(thread_id(CHANNEL, "a"))
    assert thread is not None
    erased = {"erasure": "er_1", "people": [thread.contact["id"]]}
    converse.handle(said("", "2") | {"kind": "contact.erased", "body": erased})
    refused = {"given": False, "scope": "all", "why": "STOP", "contact": {"id": thread.contact["id"]}}
    converse.handle(said("", "3") | {"kind": "customer.consent", "body": refused})
    after = threads.get(thread.id)
    assert after is not None and (after.address, after.contact) == ("", {})
    assert len([row for row in ContactRow.scan() if row.item == "contact"]) == 1
    # Who says so themselves is somebody again, and their no is kept.
    converse.handle(said("", "4") | {"kind": "customer.consent", "body": {"given": False, "scope": "all"}})
    after = threads.get(thread.id)
    assert after is not None and after.address == "a"
    kept = [row.data["consent"] for row in ContactRow.scan() if row.item == "contact" and row.id == after.contact["id"]]
    assert [one[f"all@{CHANNEL}"]["given"] for one in kept] == [False]
