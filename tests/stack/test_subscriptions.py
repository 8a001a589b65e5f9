"""What happens is told to who subscribes, and on the event bus, through the whole platform."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.outside import serving
from tests.stack.conftest import Deployment, eventually
from tests.stack.signed import is_signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

STORY = ["conversation.opened", "handover.started", "handover.accepted", "conversation.closed", "handover.ended"]
HEARD = ["message.created", "message.status", "contact.created", "endpoint.enabled", *STORY]


def test_a_hand_over_is_told_from_its_beginning_to_its_end(deployment: Deployment) -> None:
    platform = deployment.platform
    with serving() as crm:
        made = platform.make("subscriptions", service_id=deployment.service, name="crm", url=crm.url, events=HEARD)
        platform.verify("subscriptions", made)
        visitor = deployment.visitor()
        message = visitor.says("hello")
        conversation = deployment.bot_hears("the question", lambda event: event.get("Messageid") == message)[
            "Conversationid"
        ]
        assert deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "hi"}).status == 202
        visitor.sees("hi")
        assert deployment.bot_posts({"eventid": "1002", "conversation_id": conversation}).status == 202
        chat = deployment.desk_hears("the chat", lambda event: event["type"] == "chat.started")["data"][
            "conversation_id"
        ]
        for event in ({"type": "chat.accepted"}, {"type": "chat.closed", "outcome": "solved"}):
            assert deployment.desk_posts(event | {"conversation_id": chat}).status == 202

        def told(type: str) -> list[dict[str, Any]]:
            return [event["data"] for event in crm.events() if event["type"] == type]

        (ended,) = eventually(lambda: told("handover.ended"), "the end")
        assert ended["outcome"] == "solved" and ended["conversation"]["id"] == chat
        assert [event["type"] for event in crm.events() if event["type"] in STORY] == ["conversation.opened", *STORY]
        assert [one["message"]["text"] for one in told("message.created")] == ["hello", "hi"]
        assert eventually(lambda: told("message.status"), "the receipt")[0]["status"] == "delivered"
        assert told("contact.created")[0]["contact"]["id"] == told("message.created")[0]["contact_id"]
        assert all(is_signed(heard, made["signing_secret"]) for heard in crm.heard if heard.json.get("Event") is None)

        came: dict[str, dict[str, Any]] = {}
        sqs, queue = platform.up.client("sqs"), platform.up.queue_url("sample-events")

        def all_came() -> bool:
            for one in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ()):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
                event = json.loads(one["Body"])
                if event["detail"]["source"] == f"/parley/{deployment.service}":
                    came[event["detail"]["id"]] = event
            return {*HEARD} <= {event["detail-type"] for event in came.values()}

        eventually(all_came, "the same on the bus")
        detail = next(event["detail"] for event in came.values() if event["detail-type"] == "handover.ended")
        assert detail["specversion"] == "1.0" and detail["subject"] == chat and detail["data"] == ended
