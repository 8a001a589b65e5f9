"""What is made quick is what moto answers by itself: each call is made both ways."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.ports.settings import settings
from tests.cloud import Cloud, _moto_table
from tests.outside import serving
from tests.quick import as_before

TABLE = {"TableName": "things"}
KEY = {"id": {"S": "a"}, "at": {"N": "1"}}
OTHER = {"id": {"S": "a"}, "at": {"N": "2"}}
ITEM = KEY | {
    "text": {"S": "Grüße 🙂"},
    "empty": {"NULL": True},
    "yes": {"BOOL": True},
    "numbers": {"NS": ["1", "2"]},
    "words": {"SS": ["x", "y"]},
    "list": {"L": [{"S": "one"}, {"M": {"two": {"N": "2.5"}}}, {"L": []}]},
    "map": {"M": {"in": {"M": {"deep": {"S": "er"}}}, "flag": {"BOOL": False}}},
    "other": {"S": "k"},
}
INDEX = {"IndexName": "by_other", "KeyConditionExpression": "other = :k"}
NAMED = {"ExpressionAttributeNames": {"#t": "text", "#m": "map"}}
SEALED = b"sealed"
"""For what a key has sealed."""
Call = tuple[str, str, dict[str, Any]]


def table(operation: str, **given: Any) -> Call:
    return "dynamodb", operation, TABLE | given


def update(expression: str, **given: Any) -> Call:
    values = {f":{name}": value for name, value in given.pop("values", {}).items()}
    more = {"ExpressionAttributeValues": values} if values else {}
    return table("update_item", Key=KEY, UpdateExpression=expression, ReturnValues="ALL_NEW", **more, **given)


def together(*items: dict[str, Any]) -> Call:
    return "dynamodb", "transact_write_items", {"TransactItems": list(items)}


def values(**given: dict[str, Any]) -> dict[str, Any]:
    return {"ExpressionAttributeValues": {f":{name}": value for name, value in given.items()}}


CALLS: dict[str, list[Call]] = {
    "put and get": [table("put_item", Item=ITEM), table("get_item", Key=KEY), table("get_item", Key=OTHER)],
    "put over": [
        table("put_item", Item=ITEM),
        table("put_item", Item=KEY, ReturnValues="ALL_OLD"),
        table("put_item", Item=KEY, ConditionExpression="attribute_not_exists(id)"),
    ],
    "bytes": [table("put_item", Item=KEY | {"raw": {"B": b"\x00\xff"}}), table("get_item", Key=KEY)],
    "projection": [
        table("put_item", Item=ITEM),
        table("get_item", Key=KEY, ProjectionExpression="#t, #m.#i", ExpressionAttributeNames=NAMED[
            "ExpressionAttributeNames"] | {"#i": "in"}),
    ],
    "update": [
        table("put_item", Item=ITEM),
        update("SET #t = :t, #m.flag = :y REMOVE empty ADD n :n DELETE words :w", **NAMED, values={
            "t": {"S": "new"}, "y": {"BOOL": True}, "n": {"N": "3"}, "w": {"SS": ["x"]}}),
        update("SET #t = :t, #m.flag = :y REMOVE empty ADD n :n DELETE words :w", **NAMED, values={
            "t": {"S": "again"}, "y": {"BOOL": False}, "n": {"N": "4"}, "w": {"SS": ["z"]}}),
        update("SET list = list_append(list, :l), c = if_not_exists(c, :z) + :z", values={
            "l": {"L": [{"S": "three"}]}, "z": {"N": "1"}}),
    ],
    "update of nothing": [
        update("SET a = :a", values={"a": {"S": "1"}}),
        update("SET a = :a", values={"a": {"S": "2"}}, ConditionExpression="attribute_not_exists(a)"),
        update("SET a = :a", values={"a": {"S": "2"}}, ConditionExpression="attribute_not_exists(a)",
               ReturnValuesOnConditionCheckFailure="ALL_OLD"),
    ],
    "refused": [
        update("SET a = :a, a = :a", values={"a": {"S": "1"}}),
        update("SET a = b", values={}),
        update("SET id = :a", values={"a": {"S": "1"}}),
        update("SET a = :a", values={"a": {"S": "1"}, "unused": {"S": "2"}}),
        update("nonsense"),
        table("put_item", Item={"id": {"S": "a"}}),
        table("put_item", Item=KEY | {"other": {"S": ""}}),
        table("put_item", Item=KEY | {"s": {"SS": []}}),
        table("put_item", Item={"id": {"N": "1"}, "at": {"N": "1"}}),
        table("get_item", Key={"id": {"S": "a"}}),
        ("dynamodb", "get_item", {"TableName": "nothing", "Key": KEY}),
    ],
    "too large": [
        table("put_item", Item=KEY | {"text": {"S": "x" * 390_000}, "more": {"S": "ü" * 7_000}}),
        table("put_item", Item=KEY | {"text": {"S": "x" * 390_000}, "more": {"S": "ü" * 8_000}}),
        update("SET other = :o", values={"o": {"S": "x" * 20_000}}),
    ],
    "delete": [
        table("put_item", Item=ITEM),
        table("delete_item", Key=KEY, ConditionExpression="other = :o", **values(o={"S": "not this"})),
        table("delete_item", Key=KEY, ReturnValues="ALL_OLD"),
        table("delete_item", Key=KEY),
    ],
    "query": [
        *(table("put_item", Item=ITEM | {"at": {"N": str(at)}}) for at in range(4)),
        table("query", KeyConditionExpression="id = :i", Limit=3, **values(i={"S": "a"})),
        table("query", KeyConditionExpression="id = :i", ScanIndexForward=False, **values(i={"S": "a"})),
        table("query", KeyConditionExpression="id = :i AND #a BETWEEN :f AND :u", FilterExpression="yes = :y",
              ExpressionAttributeNames={"#a": "at"},
              **values(i={"S": "a"}, f={"N": "1"}, u={"N": "2"}, y={"BOOL": True})),
        table("query", **INDEX, Select="COUNT", **values(k={"S": "k"})),
        table("query", **INDEX, ReturnConsumedCapacity="INDEXES", **values(k={"S": "k"})),
        table("query", **INDEX, **values(k={"S": "nobody"})),
        table("scan", Limit=2),
    ],
    "batches": [
        ("dynamodb", "batch_write_item", {"RequestItems": {"things": [
            {"PutRequest": {"Item": ITEM}}, {"PutRequest": {"Item": OTHER}}]}}),
        ("dynamodb", "batch_get_item", {"RequestItems": {"things": {"Keys": [KEY, OTHER]}}}),
        ("dynamodb", "batch_get_item", {"RequestItems": {"things": {"Keys": [KEY, KEY]}}}),
        ("dynamodb", "batch_write_item", {"RequestItems": {"things": [{"DeleteRequest": {"Key": KEY}}]}}),
        table("scan"),
    ],
    "transactions": [
        together({"Put": TABLE | {"Item": ITEM}}, {"Put": TABLE | {"Item": OTHER}}),
        together(
            {"Update": TABLE | {"Key": KEY, "UpdateExpression": "SET other = :o"} | values(o={"S": "changed"})},
            {"Put": TABLE | {"Item": OTHER, "ConditionExpression": "attribute_not_exists(id)",
                             "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
        ),
        table("scan"),
        together({"Delete": TABLE | {"Key": KEY}}, {"ConditionCheck": TABLE | {
            "Key": OTHER, "ConditionExpression": "attribute_exists(id)"}}),
        together({"Delete": TABLE | {"Key": OTHER}}, {"Put": TABLE | {"Item": OTHER}}),
        table("scan"),
    ],
    "queue": [
        ("sqs", "send_message_batch", {"QueueUrl": "", "Entries": [
            {"Id": "1", "MessageBody": "ä", "MessageGroupId": "g", "MessageDeduplicationId": "d1"},
            {"Id": "2", "MessageBody": "b", "MessageGroupId": "g", "MessageDeduplicationId": "d2",
             "MessageAttributes": {"a": {"DataType": "String", "StringValue": "x"}}}]}),
        ("sqs", "send_message_batch", {"QueueUrl": "", "Entries": [{"Id": "no id!", "MessageBody": "b"}]}),
        ("sqs", "send_message_batch", {"QueueUrl": "", "Entries": [{"Id": "1", "MessageBody": "no group"}]}),
        ("sqs", "send_message_batch", {"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/none.fifo",
                                       "Entries": [{"Id": "1", "MessageBody": "b", "MessageGroupId": "g"}]}),
        ("sqs", "change_message_visibility_batch", {"QueueUrl": "", "Entries": [
            {"Id": "1", "ReceiptHandle": "m1", "VisibilityTimeout": 2}]}),
    ],
    "secrets": [
        ("kms", "decrypt", {"CiphertextBlob": SEALED, "EncryptionContext": {"of": "a"}}),
        ("kms", "decrypt", {"CiphertextBlob": SEALED, "EncryptionContext": {"of": "b"}}),
        ("kms", "decrypt", {"CiphertextBlob": b"nonsense"}),
    ],
    "events": [
        ("events", "list_rules", {"EventBusName": "things"}),
        ("events", "put_rule", {"Name": "r", "EventBusName": "things", "EventPattern": '{"source": ["a"]}'}),
        ("events", "list_rules", {"EventBusName": "things"}),
        ("events", "list_rules", {"EventBusName": "things", "NamePrefix": "q"}),
        ("events", "put_events", {"Entries": [
            {"Source": "a", "DetailType": "b", "Detail": '{"ü": 1}', "EventBusName": "things"},
            {"Source": "a", "DetailType": "b", "Detail": "no JSON", "EventBusName": "things"}]}),
        ("events", "put_events", {"Entries": []}),
        ("events", "delete_rule", {"Name": "r", "EventBusName": "things"}),
    ],
    "not as the service has it": [
        table("get_item"),
        table("put_item", Item={"id": "a"}),
        ("sqs", "send_message_batch", {"QueueUrl": "", "Entries": [{"Id": 1}]}),
        ("events", "put_events", {}),
    ],
}  # fmt: skip


@contextmanager
def place() -> Iterator[dict[str, Any]]:
    """Clients, with an empty table and queue."""
    clients = {name: boto3.client(name) for name in ("dynamodb", "sqs", "kms", "events")}
    _table(clients["dynamodb"])
    url = clients["sqs"].create_queue(QueueName="things.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sealed = clients["kms"].encrypt(KeyId=settings().kms_key, Plaintext=b"\x00secret", EncryptionContext={"of": "a"})
    clients["events"].create_event_bus(Name="things")
    try:
        yield clients | {"url": url, "sealed": sealed["CiphertextBlob"]}
    finally:
        clients["events"].delete_event_bus(Name="things")
        clients["dynamodb"].delete_table(**TABLE)
        clients["sqs"].delete_queue(QueueUrl=url)


def _table(client: Any) -> Any:
    keys = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
    index = {
        "IndexName": "by_other",
        "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    kinds = {"id": "S", "at": "N", "other": "S"}
    return client.create_table(
        **TABLE,
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


@pytest.mark.parametrize("name", CALLS)
def test_quick_or_not_the_answers_are_the_same(cloud: Cloud, name: str) -> None:
    with as_before(), place() as clients:
        slow = [_answered(call, clients) for call in copy.deepcopy(CALLS[name])]
        streamed = _streamed()
    with place() as clients:
        quick = [_answered(call, clients) for call in copy.deepcopy(CALLS[name])]

        assert _streamed() == streamed
    assert quick == slow
    assert len(slow) == len(CALLS[name]) > 1


def _streamed() -> list[Any]:
    """What the table's stream holds, without what is drawn."""
    records = [copy.deepcopy(record.to_json()) for record in _moto_table("things").stream_shard.items]
    for record in records:
        del record["eventID"], record["dynamodb"]["SizeBytes"], record["dynamodb"]["ApproximateCreationDateTime"]
    return records


def _answered(call: Call, place: dict[str, Any]) -> Any:
    """What came of a call, without what is drawn."""
    service, operation, given = call
    if "QueueUrl" in given:
        given["QueueUrl"] = given["QueueUrl"] or place["url"]
    if given.get("CiphertextBlob") == SEALED:
        given["CiphertextBlob"] = place["sealed"]
    raised = ""
    try:
        answer = getattr(place[service], operation)(**given)
        status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
    except ClientError as error:
        raised = type(error).__name__
        status = error.response.pop("ResponseMetadata")["HTTPStatusCode"]
        answer = error.response
    except ParamValidationError as error:
        return 0, str(error), type(error).__name__
    for event in answer.get("Entries", ()):
        event.pop("EventId", None)
    for sent in answer.get("Successful", ()):
        sent.pop("MessageId", None)
        sent.pop("SequenceNumber", None)
    return status, answer, raised


def test_what_is_not_of_aws_goes_out_beside_moto(cloud: Cloud) -> None:
    """An emulator has an address of its own, and what is asked of it is not moto's to answer."""
    with serving() as outside:
        outside.answer = lambda heard: (200, {"Table": {"TableName": "theirs"}})
        theirs = boto3.client("dynamodb", region_name="eu-west-1", endpoint_url=outside.url.rstrip("/"))
        assert theirs.describe_table(TableName="theirs")["Table"]["TableName"] == "theirs"
        outside.answer = lambda heard: (200, {"Item": {"id": {"S": "of theirs"}}})
        assert theirs.get_item(TableName="theirs", Key={"id": {"S": "x"}})["Item"] == {"id": {"S": "of theirs"}}
    assert [one.headers["x-amz-target"] for one in outside.heard] == [
        "DynamoDB_20120810.DescribeTable",
        "DynamoDB_20120810.GetItem",
    ]
