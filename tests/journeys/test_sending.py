"""What goes out to a customer through failures: when it is tried again, what of it, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.retry import SEND_WAITS_S
from chalicelib.tables.deliveries import DeliveryRow
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_failing_bot import Clock
from tests.journeys.test_whatsapp import WA_ID, graph, number, post, said
from tests.outside import Outside

__all__ = ["graph", "number"]
TEXTS = ["a" * 4000, "b" * 4000, "c" * 4000]
"""Lines that WhatsApp takes in a message each."""
THROTTLED = (400, {"error": {"code": 130429, "message": "Rate limit hit"}})
UNDELIVERABLE = (400, {"error": {"code": 131026, "message": "Message undeliverable"}})


@pytest.fixture
def clock_(deployment: Deployment, traveller: Any) -> Clock:
    return Clock(traveller, deployment)


@pytest.fixture
def asks(deployment: Deployment, number: dict[str, Any]) -> Callable[[str], None]:
    """A customer says something, and the bot answers with a text."""

    def ask(answer: str, id: str = "wamid.in1") -> None:
        deployment.bot.answer = lambda heard: (200, {"token": TOKEN, "events": [
            {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": answer}
        ] if heard.json["Event"] == "Incoming message" else []})  # fmt: skip
        assert post(deployment, number, said({"type": "text", "text": {"body": "q"}}, id)) == 200

    return ask


def refuses(graph: Outside, *failures: tuple[int, Any] | None) -> None:
    """Have the calls from now on fail like this, one after the other; None and all after them are taken."""
    takes, left = graph.answer, list(failures)
    graph.answer = lambda heard: (left.pop(0) if left else None) or takes(heard)


def bodies(graph: Outside) -> list[str]:
    return [heard.json["text"]["body"] for heard in graph.heard]


def sent_row() -> DeliveryRow:
    (row,) = (row for row in DeliveryRow.scan() if str(row.destination).startswith("ch_"))
    return row


def states(deployment: Deployment) -> list[tuple[str, str | None]]:
    """State and reason of what was said to the customer."""
    conversation = next(one for one in deployment.bot.events())["Conversationid"]
    _, listed = deployment.call("GET", f"/v1/messages?conversation_id={conversation}")
    return [(one["state"], (one["error"] or {}).get("reason")) for one in listed["data"] if one["direction"] == "out"]


def status(deployment: Deployment, number: dict[str, Any], id: str, state: str, *, own_id: str = "") -> None:
    errors = {"errors": [{"code": 131026, "title": "Message undeliverable"}]} if state == "failed" else {}
    one = {"id": id, "status": state, "timestamp": "1763683201", "recipient_id": WA_ID} | errors
    one |= {"biz_opaque_callback_data": own_id} if own_id else {}
    assert post(deployment, number, {"statuses": [one]}) == 200


def test_a_part_that_must_wait_is_all_that_is_sent_again(
    deployment: Deployment, number: dict[str, Any], graph: Outside, clock_: Clock, asks: Callable[[str], None]
) -> None:
    refuses(graph, None, THROTTLED, THROTTLED)
    asks("\n".join(TEXTS))
    assert bodies(graph) == TEXTS[:2]
    row = sent_row()
    assert (row.status, row.done, [one["done"] for one in row.attempts]) == ("waiting", 1, [1])
    status(deployment, number, "wamid.out1", "delivered")
    assert states(deployment) == [("pending", None)], "of the whole that says nothing"
    clock_.passes(3)
    assert (sent_row().done, bodies(graph)) == (1, [*TEXTS[:2], TEXTS[1]])
    clock_.passes(12)
    assert bodies(graph) == [*TEXTS[:2], TEXTS[1], *TEXTS[1:]]
    assert (sent_row().status, states(deployment)) == ("delivered", [("sent", None)])
    for part, state in (("wamid.out4", "read"), ("wamid.out1", "read"), ("wamid.out5", "delivered")):
        status(deployment, number, part, state)
    assert states(deployment) == [("delivered", None)], "of the last part"
    status(deployment, number, "wamid.out1", "failed")
    assert states(deployment) == [("failed", "Message undeliverable")], "also of one that an earlier attempt sent"
    status(deployment, number, "wamid.out5", "read")
    assert states(deployment) == [("failed", "Message undeliverable")]


def test_a_part_that_is_refused_says_what_the_customer_has(
    deployment: Deployment, number: dict[str, Any], graph: Outside, asks: Callable[[str], None]
) -> None:
    refuses(graph, None, None, UNDELIVERABLE)
    asks("\n".join(TEXTS))
    reason = "Message undeliverable (2 parts of the message went out before)"
    assert states(deployment) == [("failed", reason)]
    row = sent_row()
    shown = deployment.call("GET", f"/v1/deliveries/{row.id}")[1]
    assert (shown["status"], shown["attempts"][0]["done"]) == ("failed", 2)
    assert deployment.call("POST", f"/v1/deliveries/{row.id}/replay")[0] == 202
    deployment.cloud.pump()
    assert bodies(graph)[3:] == TEXTS[2:], "who has the first two does not get them again"


def test_it_is_not_sent_again_where_only_the_answer_was_lost(
    deployment: Deployment, number: dict[str, Any], graph: Outside, clock_: Clock, asks: Callable[[str], None]
) -> None:
    refuses(graph, (502, {}))
    asks("hi")
    # The provider is slow, and so is what it tells.
    clock_.passes(20)
    status(deployment, number, "wamid.out1", "sent", own_id=sent_row().id)
    clock_.passes(15)
    assert (bodies(graph), sent_row().status, states(deployment)) == (["hi"], "delivered", [("sent", None)])


def test_the_waits_of_a_customer(
    deployment: Deployment, graph: Outside, clock_: Clock, asks: Callable[[str], None]
) -> None:
    graph.answer = lambda heard: (503, {})
    asks("hi")
    for tried, waited in enumerate(SEND_WAITS_S, 2):
        clock_.passes(waited * 1.1 + 3 + (30 if waited > 90 else 0))
        assert len(sent_row().attempts) == tried, waited
    at = [one["at"] / 1000 for one in sent_row().attempts]
    assert all(then - now >= waited for now, then, waited in zip(at, at[1:], SEND_WAITS_S, strict=False)), at
    assert sent_row().status == "failed"
    assert [state for state, _ in states(deployment)] == ["failed"]


@pytest.mark.parametrize(("asked", "kept"), [("1", 2), ("100", 100), ("36000", 3600)])
def test_the_wait_that_a_provider_names_is_kept_within_the_hour(
    graph: Outside, clock_: Clock, asks: Callable[[str], None], asked: str, kept: int
) -> None:
    graph.answer = lambda heard: (429, {}, {"retry-after": asked})
    asks("hi")
    row = sent_row()
    assert kept * 1000 <= row.next_attempt_at - row.attempts[0]["at"] <= kept * 1100
