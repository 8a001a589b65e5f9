"""What our own code could not do is recorded once, and can be done again."""

from __future__ import annotations

import json

from chalicelib.tables.failures import ALL, Failure
from infra import declared
from tests.journeys.conftest import Deployment


def dead_letter(queue: str, body: object, *, id: str = "m1", sent_at: int = 1) -> dict[str, object]:
    arn = f"arn:aws:sqs:eu-central-1:123456789012:parley-test-{queue}"
    attributes = {"MessageGroupId": "g", "SentTimestamp": str(sent_at)}
    return {"messageId": id, "body": json.dumps(body), "attributes": attributes, "eventSourceARN": arn}


def buried(deployment: Deployment, *letters: dict[str, object]) -> None:
    assert deployment.cloud.invoke("bury", {"Records": list(letters)}) == {"batchItemFailures": []}


def test_a_dead_letter_of_every_queue(deployment: Deployment) -> None:
    """Whatever a Lambda reads, its dead letters name it; the newest stands first."""
    wanted = {queue: one.name for one in declared.lambdas() if one.kind == "queue" for queue in one.sources}
    del wanted[declared.PLACEHOLDER]
    letters = [
        dead_letter(declared.dead(queue), {"thread": "th_x", "nonsense": True}, id=queue, sent_at=sent_at)
        for sent_at, queue in enumerate(wanted, 1_790_000_000_000)
    ]
    for _ in range(2):
        buried(deployment, *letters)
    found = list(Failure.query(ALL))
    assert {failure.queue: failure.step for failure in found} == wanted and len(found) == len(wanted)
    assert all(failure.group == "g" and failure.body["nonsense"] is True for failure in found)
    status, listed = deployment.call("GET", "/v1/failures?limit=100")
    assert status == 200 and [one["queue"] for one in listed["data"]] == list(wanted)[::-1]


def test_a_stream_batch_is_found_and_told_again(deployment: Deployment) -> None:
    deployment.says("hello")
    assert len(deployment.bot.events()) == 1
    streams, tables = deployment.cloud.clients["dynamodbstreams"], deployment.cloud.clients["dynamodb"]
    arn = tables.describe_table(TableName="parley-test-messages")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    first = deployment.cloud._stream_records()[0]["dynamodb"]["SequenceNumber"]
    where = {
        "streamArn": arn,
        "shardId": shard,
        "startSequenceNumber": first,
        "endSequenceNumber": first,
        "batchSize": 1,
    }
    buried(deployment, dead_letter("fan_out-dead", {"DDBStreamBatchInfo": where}))
    (failure,) = Failure.query(ALL)
    assert failure.step == "fan_out" and failure.body["kind"] == "message.again"
    status, _ = deployment.call("POST", f"/v1/failures/{failure.id}/replay")
    assert status in (200, 202)
    deployment.cloud.pump()
    assert [event["Message"] for event in deployment.bot.events()] == ["hello", "hello"]
