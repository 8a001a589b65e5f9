"""A run that ends between a provider's yes and our record: the message is never sent twice by itself, and never lost
without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.tables import attempts
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.messages import MessageRow
from tests.cloud import CutOff, taps
from tests.journeys.conftest import Deployment
from tests.journeys.test_sending import asks, bodies, graph, number, sent_row, states, status
from tests.journeys.test_whatsapp import WA_ID, post, said
from tests.outside import Outside

__all__ = ["asks", "graph", "number"]


def ends(deployment: Deployment, side: str, operation: str) -> None:
    """The next run of `send` ends before or after its first call of an operation."""

    def listen(when: str, what: str) -> None:
        if (deployment.cloud.step, when, what) == ("send", side, operation):
            taps.listen = None
            raise CutOff(operation)

    taps.listen = listen


def told(deployment: Deployment) -> list[str]:
    return [one["DeliveryStatus"] for one in deployment.bot.events() if one["Event"] == "Message Delivery"]


@pytest.fixture
def doubted(deployment: Deployment, graph: Outside, asks: Callable[[str], None]) -> DeliveryRow:
    """The run ended when Meta had the message, before it told anybody."""
    ends(deployment, "before", "SendMessageBatch")
    asks("hi")
    assert taps.listen is None
    return sent_row()


def test_it_is_not_sent_again_and_says_so(
    deployment: Deployment, number: dict[str, Any], graph: Outside, doubted: DeliveryRow
) -> None:
    assert bodies(graph) == ["hi"]
    ((state, reason),) = states(deployment)
    assert state == "failed" and reason and "which may have it" in reason
    assert told(deployment) == ["Failed"]
    listed = deployment.call("GET", f"/v1/deliveries?service_id={deployment.ids['care']}&status=unknown")[1]["data"]
    assert [(one["id"], one["status"], one["attempts"][-1]["error"]) for one in listed] == [
        (doubted.id, "unknown", "unknown")
    ]
    needs = deployment.call("GET", f"/v1/attention?service_id={deployment.ids['care']}")[1]["data"]
    # Beside that its connection was never looked at.
    assert [(one["kind"], one["id"], one["count"]) for one in needs] == [
        ("channel_unverified", number["id"], 1),
        ("deliveries_unknown", number["id"], 1),
    ]


@pytest.mark.parametrize(("word", "state"), [("delivered", "delivered"), ("failed", "failed")])
def test_the_providers_word_puts_it_right(
    deployment: Deployment, number: dict[str, Any], doubted: DeliveryRow, word: str, state: str
) -> None:
    status(deployment, number, "wamid.out1", word, own_id=doubted.id)
    assert states(deployment) == [(state, "Message undeliverable" if word == "failed" else None)]
    row = sent_row()
    assert (row.status, bool(row.trouble)) == (state, word == "failed")


def test_meta_names_our_delivery_and_so_its_own_id_too(
    deployment: Deployment, number: dict[str, Any], doubted: DeliveryRow
) -> None:
    one = {"id": "wamid.out1", "status": "delivered", "timestamp": "1763683201", "recipient_id": WA_ID}
    assert post(deployment, number, {"statuses": [one | {"biz_opaque_callback_data": doubted.id}]}) == 200
    assert (states(deployment), sent_row().status) == ([("delivered", None)], "delivered")
    # What is said of it by Meta's id is found from now on.
    assert post(deployment, number, {"statuses": [one | {"status": "read"}]}) == 200
    assert states(deployment) == [("read", None)]
    likes = {"type": "reaction", "reaction": {"message_id": "wamid.out1", "emoji": "x"}}
    assert post(deployment, number, said(likes, "wamid.in9")) == 200
    assert deployment.bot.events()[-1]["Event"] == "Reaction"


def test_another_change_of_it_is_no_word_on_it(deployment: Deployment, doubted: DeliveryRow) -> None:
    (row,) = (row for row in MessageRow.scan() if row.state == "failed")
    row.update(actions=[MessageRow.data.set(dict(row.data) | {"content": {"type": "text", "text": "edited"}})])
    deployment.cloud.pump()
    assert (told(deployment), sent_row().status) == (["Failed"], "unknown")


def test_a_person_sends_it_again(deployment: Deployment, graph: Outside, doubted: DeliveryRow) -> None:
    assert deployment.call("POST", f"/v1/deliveries/{doubted.id}/replay")[0] == 202
    deployment.cloud.pump()
    assert (bodies(graph), states(deployment)) == (["hi", "hi"], [("sent", None)])


def test_many_are_sent_again_only_where_it_is_said(deployment: Deployment, number: dict[str, Any]) -> None:
    asked = {"destination_id": number["id"], "from": "2026-01-01T00:00:00Z"}
    answer = deployment.call("POST", "/v1/replays", asked)
    assert answer[0] == 202 and answer[1]["statuses"] == ["failed", "expired", "poison"]


@pytest.mark.parametrize("operation", ["SendMessageBatch", "PutItem"])
def test_what_it_told_by_then_is_known(
    deployment: Deployment, number: dict[str, Any], graph: Outside, asks: Callable[[str], None], operation: str
) -> None:
    ends(deployment, "after", operation)
    asks("hi")
    assert (bodies(graph), sent_row().status, states(deployment)) == (["hi"], "delivered", [("sent", None)])
    status(deployment, number, "wamid.out1", "read")
    assert states(deployment) == [("read", None)]


def test_a_run_that_meets_another_at_work_leaves_it_alone(
    deployment: Deployment, graph: Outside, asks: Callable[[str], None]
) -> None:
    """It cannot be, as a lane has one run at a time; should it be all the same, one of them sends."""
    met: list[str] = []

    def listen(when: str, what: str) -> None:
        if (deployment.cloud.step, when, what) == ("send", "before", "UpdateItem"):
            taps.listen = None
            assert attempts.begin(sent_row(), by="another")
            met.append(what)

    taps.listen = listen
    asks("hi")
    assert met and bodies(graph) == []
    assert (sent_row().status, [state for state, _ in states(deployment)]) == ("unknown", ["failed"])
