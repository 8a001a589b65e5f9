"""The scenario of what the business says first: to who is known, to an address of nobody, and what is answered."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.event import NOTIFICATION, Event
from chalicelib.domain.thread import message_id, thread_id
from chalicelib.ports import queues
from chalicelib.ports.queues import Entry
from tests.crash.scenarios import Scenario, takes
from tests.crash.stage import Stage

ADA = "+4915112345678"


def x_known(stage: Stage) -> None:
    stage.provider.answer = takes
    made = {"service_id": stage.deployment.ids["care"], "name": "Ada", "phone": ADA}
    status, answer = stage.deployment.call("POST", "/v1/contacts", made)
    assert status == 201, answer
    stage.deployment.ids["ada"] = answer["id"]
    stage.settle()


def x_to_who_is_known(stage: Stage) -> None:
    speaks_first(stage, "user-7", "n1", contact={"id": stage.deployment.ids["ada"]})
    stage.settle()


def x_once_more(stage: Stage) -> None:
    speaks_first(stage, "user-7", "n2", contact={"id": stage.deployment.ids["ada"]})
    stage.settle()


def x_to_an_address(stage: Stage) -> None:
    speaks_first(stage, "user-8", "n3", identities=[["phone", "+4915112345679"]])
    stage.settle()


def x_is_answered(stage: Stage) -> None:
    stage.gateway_posts({"type": "message", "id": "c1", "from": "user-7", "phone": ADA, "text": "thanks"})
    stage.settle()


def speaks_first(stage: Stage, address: str, id: str, **more: Any) -> None:
    """The business speaks first; as the API puts it."""
    channel, service = stage.deployment.ids["own"], stage.deployment.ids["care"]
    thread = thread_id(channel, address)
    said = {"content": {"text": id}, "message_id": message_id(thread, id), "author": {"kind": "event", "id": "k"}}
    place = (service, channel, "custom", address, thread)
    event = Event(id, NOTIFICATION, *place, int(stage.now() * 1000), said | more, once=True)
    queues.send("bulk-threads.fifo", [Entry(event.plain(), group=thread, dedup=event.id)])


NOTIFIED = {
    "notified": Scenario(
        (x_to_who_is_known, x_once_more, x_to_an_address, x_is_answered),
        ("converse",),
        x_known,
        ("receive_channel", "fan_out", "send", "deliver"),
    ),
}
