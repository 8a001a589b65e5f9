"""The scenario of the inbox: a chat comes to a console desk, is claimed, answered, put aside and closed."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.event import AGENT_MESSAGE, CHAT_CLOSED, CHAT_SNOOZED, Event
from chalicelib.ports import queues
from chalicelib.ports.queues import Entry
from chalicelib.tables import threads
from chalicelib.tables.threads import ThreadRow
from tests.crash.scenarios import Scenario, a_visitor_writes, c_bot_hands_over, patch
from tests.crash.stage import ANA, Stage


def y_desk(stage: Stage) -> None:
    desk = stage.deployment.make("desks", service_id=stage.deployment.ids["care"], kind="console", name="people")
    patch(stage, "rules", "all", {"desk_id": desk["id"]})
    a_visitor_writes(stage)


def y_somebody_claims(stage: Stage) -> None:
    c_bot_hands_over(stage)
    chat = _thread(stage).chat_conversation()
    status, answer = stage.edge("claim", f"/v1/conversations/{chat}/claim", None)
    assert status == 200, answer
    stage.settle()


def y_agent_and_visitor_talk(stage: Stage) -> None:
    does(stage, AGENT_MESSAGE, content={"type": "text", "text": "I am Ana"})
    stage.visitor_says("thanks", "w2")
    stage.settle()


def y_it_is_put_aside(stage: Stage) -> None:
    does(stage, CHAT_SNOOZED, until=int(stage.now() * 1000) + 100_000)
    stage.settle()
    stage.passes(120)


def y_it_is_closed(stage: Stage) -> None:
    does(stage, CHAT_CLOSED, outcome="solved")
    stage.settle()


def _thread(stage: Stage) -> Any:
    return threads.from_row(next(row for row in ThreadRow.scan() if row.item == threads.THREAD))


def does(stage: Stage, kind: str, **more: Any) -> None:
    """An agent does something; as an edge puts it."""
    thread = _thread(stage)
    body = {"desk": thread.chat.desk, "conversation": thread.chat_conversation(), "agent": ANA} | more
    place = (thread.service, thread.channel, thread.channel_kind, thread.address, thread.id)
    event = Event(f"ev_{kind}", kind, *place, int(stage.now() * 1000), body)
    queues.send("threads.fifo", [Entry(event.plain(), group=thread.id, dedup=event.id)])


INBOX = {
    "inbox": Scenario(
        (y_somebody_claims, y_agent_and_visitor_talk, y_it_is_put_aside, y_it_is_closed),
        ("claim", "announce"),
        y_desk,
        ("receive_bot", "receive_channel", "converse", "fan_out", "deliver", "release_due", "fire_timer"),
    )
}
