"""converse: one event of one thread at a time, done once however often it comes."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.event import Event
from chalicelib.domain.thread import thread_id
from chalicelib.tables import config, messages, threads
from chalicelib.tables.config import Resource
from tests.cloud import Cloud

SERVICE, CHANNEL, BOT = "sv_0123456789", "ch_0123456789channelxxxxxxxx", "bt_0123456789botxxxxxxxxxxxx"


@pytest.fixture
def service(cloud: Cloud) -> Cloud:
    """A service whose only rule gives everything to a bot."""
    config.create(
        Resource(config.SERVICES, f"service#{SERVICE}", body={"timezone": "UTC"}, updated_at=1),
        Resource(SERVICE, f"bot#{BOT}", name="b", body={"kind": "webhook", "profile": "generic"}, updated_at=1),
        Resource(SERVICE, "rule#ru_1", body={"to": "bot", "bot_id": BOT, "position": 1}, updated_at=1),
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
    assert message.routes[0] | {"to": "bot", "id": BOT, "mode": "BOT", "number": 1} == message.routes[0]
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
