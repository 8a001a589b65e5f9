"""What only the deployed template shows: a function and a role per edge, and what becomes of a poison event."""

from __future__ import annotations

import json
import time

import pytest

from tests.stack.conftest import Deployment, Platform, echo, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

EDGES = {"receive_channel", "poll_channel", "receive_bot", "receive_desk", "fetch_media", "api"}
STEPS = {
    "converse", "fan_out", "deliver", "send", "release_due", "retry_delivery", "retry_send", "fire_timer", "bury",
}  # fmt: skip


def test_every_edge_and_step_is_a_function_with_a_role_of_its_own(platform: Platform) -> None:
    pages = platform.up.client("lambda").get_paginator("list_functions").paginate()
    functions = {one["FunctionName"]: one for page in pages for one in page["Functions"]}
    prefix = f"parley-{platform.up.stage}-"
    assert {name.removeprefix(prefix) for name in functions} >= EDGES | STEPS
    roles = [one["Role"] for one in functions.values()]
    assert len(set(roles)) == len(roles)


def test_paths_lead_to_their_own_edges(platform: Platform) -> None:
    """Asked of what API Gateway was given, not of our own table of edges."""
    gateway, api = platform.up.client("apigatewayv2"), platform.up.base_url.rpartition("/")[2]
    targets = {
        f"integrations/{one['IntegrationId']}": one["IntegrationUri"].rpartition("local-")[2]
        for one in gateway.get_integrations(ApiId=api)["Items"]
    }
    ways = {one["RouteKey"]: targets[one["Target"]] for one in gateway.get_routes(ApiId=api)["Items"]}
    assert ways["ANY /channels/{channel_id}/webhook"] == "receive_channel"
    assert ways["ANY /channels/{channel_id}/messages"] == "poll_channel"
    assert ways["ANY /channels/{channel_id}/call"] == "answer_call"
    assert ways["ANY /webhooks/bots/{token}"] == "receive_bot"
    assert ways["ANY /webhooks/desks/{token}"] == "receive_desk"
    assert ways["ANY /v1/{proxy+}"] == ways["ANY /health"] == ways["$default"] == "api"


def test_a_poison_event_is_set_aside_and_the_others_go_on(deployment: Deployment) -> None:
    platform, sqs = deployment.platform, deployment.platform.up.client("sqs")
    deployment.bot_end.answer = echo
    queue = platform.up.queue_url("threads.fifo")
    kept = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])["Attributes"]
    redrive = json.loads(kept["RedrivePolicy"]) | {"maxReceiveCount": 2}
    soon = {"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(redrive)}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=soon)
    try:
        before = {one["id"] for one in platform.get("/v1/failures?limit=100")["data"]}
        poison = {"thread": "poison", "kind": "no such kind"}
        sqs.send_message(
            QueueUrl=queue,
            MessageBody=json.dumps(poison),
            MessageGroupId="poison",
            MessageDeduplicationId=str(time.time_ns()),
        )
        visitor = deployment.visitor()
        visitor.says("hello")
        visitor.sees("you said hello")

        def buried() -> list[dict[str, object]]:
            rows = platform.get("/v1/failures?limit=100")["data"]
            return [one for one in rows if one["id"] not in before]

        (failure,) = eventually(buried, "the failure", within_s=30, every_s=0.3)
        assert (failure["step"], failure["queue"], failure["thread_id"]) == ("converse", "threads.fifo", "poison")
        assert failure["replayed_at"] is None
        visitor.says("still there")
        visitor.sees("you said still there")
        replayed = platform.call("POST", f"/v1/failures/{failure['id']}/replay")
        assert replayed.status == 202 and replayed.json["replayed_at"]
        before.add(failure["id"])
        (again,) = eventually(buried, "that it failed again", within_s=30, every_s=0.3)
        assert again["id"] != failure["id"] and again["thread_id"] == "poison"
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=kept)
