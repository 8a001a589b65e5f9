"""What our own code could not do is recorded once, and can be done again."""

from __future__ import annotations

import json

from chalicelib.steps import bury
from chalicelib.tables.failures import ALL, Failure
from tests.journeys.conftest import Town


def dead_letter(queue: str, body: object) -> dict[str, object]:
    arn = f"arn:aws:sqs:eu-central-1:123456789012:parley-test-{queue}"
    return {"messageId": "m1", "body": json.dumps(body), "attributes": {"MessageGroupId": "g"}, "eventSourceARN": arn}


def test_a_queues_dead_letter(town: Town) -> None:
    letter = dead_letter("threads-dead.fifo", {"thread": "th_x", "nonsense": True})
    for _ in range(2):
        assert bury.run({"Records": [letter]}, None) == {"batchItemFailures": []}
    (failure,) = Failure.query(ALL)
    assert (failure.step, failure.queue, failure.group, failure.body["nonsense"]) == (
        "converse",
        "threads.fifo",
        "g",
        True,
    )


def test_a_stream_batch_is_found_and_told_again(town: Town) -> None:
    town.says("hello")
    assert len(town.bot.events()) == 1
    streams, tables = town.cloud.clients["dynamodbstreams"], town.cloud.clients["dynamodb"]
    arn = tables.describe_table(TableName="parley-test-messages")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    first = town.cloud._stream_records()[0]["dynamodb"]["SequenceNumber"]
    where = {
        "streamArn": arn,
        "shardId": shard,
        "startSequenceNumber": first,
        "endSequenceNumber": first,
        "batchSize": 1,
    }
    bury.handle(dead_letter("fan_out-dead", {"DDBStreamBatchInfo": where}))
    (failure,) = Failure.query(ALL)
    assert failure.step == "fan_out" and failure.body["kind"] == "message.again"
    status, _ = town.call("POST", f"/v1/failures/{failure.id}/replay")
    assert status in (200, 202)
    town.cloud.pump()
    assert [event["Message"] for event in town.bot.events()] == ["hello", "hello"]
