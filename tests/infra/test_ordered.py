"""Queries that read what they answer say what MiniStack's own say, whatever was written, and read no more."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local import ordered
from infra.local.emulator import executable

TABLE = "things"
PARTITIONS = ["one"] * 4 + ["two"]
TEXTS = ["a", "a#", "ab", "a\uffff", "a\U0001f600", "b"]
NUMBERS = ["-2", "-0.5", "3", "10"]
INDEXES = {
    None: ("pk", "sk"),
    "by_spot": ("pk", "spot"),
    "by_amount": ("pk", "amount"),
    "by_spot_alone": ("spot", None),
}


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """The emulator's module for DynamoDB with its own way to query, `plain`, beside the new one."""
    libraries = str(next(executable().parents[1].glob("lib/python3*/site-packages")))
    sys.path.append(libraries)
    try:
        module = importlib.import_module("ministack.services.dynamodb")
    finally:
        sys.path.remove(libraries)
    module.plain = module._query  # type: ignore[attr-defined]
    ordered.hasten(module)
    yield module
    module.reset()


def _table(dynamodb: Any) -> None:
    dynamodb.reset()
    kinds = {"pk": "S", "sk": "S", "spot": "S", "amount": "N"}
    indexes = [
        {"IndexName": name, "KeySchema": _keys(*keys), "Projection": {"ProjectionType": "ALL"}}
        for name, keys in INDEXES.items()
        if name
    ]
    status, *_, said = dynamodb._create_table(
        {
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": _keys("pk", "sk"),
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
            "GlobalSecondaryIndexes": indexes,
        }
    )
    assert status == 200, said


def _keys(hash: str, sort: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash, "KeyType": "HASH"}]
    return keys + ([{"AttributeName": sort, "KeyType": "RANGE"}] if sort else [])


@st.composite
def writes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation that changes one item."""
    key = {"pk": {"S": draw(st.sampled_from(PARTITIONS))}, "sk": {"S": draw(st.sampled_from(TEXTS))}}
    indexed = {
        "spot": draw(st.sampled_from([None, *({"S": text} for text in TEXTS)])),
        "amount": draw(st.sampled_from([None, *({"N": text} for text in NUMBERS)])),
    }
    there = {name: value for name, value in indexed.items() if value}
    match draw(st.sampled_from(["put", "put", "put", "update", "delete", "batch", "transact", "expire"])):
        case "put":
            return "_put_item", {"TableName": TABLE, "Item": key | there}
        case "update":
            sets = ", ".join(f"{name} = :{name}" for name in there) or "extra = :extra"
            values = {f":{name}": value for name, value in there.items()} or {":extra": {"S": "x"}}
            gone = [name for name in indexed if name not in there]
            text = f"SET {sets}" + (f" REMOVE {', '.join(gone)}" if gone else "")
            asked = {"TableName": TABLE, "Key": key, "UpdateExpression": text, "ExpressionAttributeValues": values}
            return "_update_item", asked
        case "batch":
            return "_batch_write_item", {"RequestItems": {TABLE: [{"PutRequest": {"Item": key | there}}]}}
        case "transact":
            return "_transact_write_items", {"TransactItems": [{"Put": {"TableName": TABLE, "Item": key | there}}]}
        case "expire":
            return "_remove_item", key
    return "_delete_item", {"TableName": TABLE, "Key": key}


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    """A query, now and then one that is refused."""
    index = draw(st.sampled_from([*INDEXES]))
    hash, sort = INDEXES[index]
    values = {":p": {"S": draw(st.sampled_from(TEXTS if hash == "spot" else PARTITIONS))}}
    text, kind = "#p = :p", "N" if sort == "amount" else "S"
    if sort and draw(st.integers(0, 9)):
        form = draw(
            st.sampled_from(
                ["#s = :a", "#s < :a", "#s <= :a", "#s > :a", "#s >= :a", ":a < #s", "#s BETWEEN :a AND :b"]
                + (["begins_with (#s, :a)", "begins_with(#s,:a)"] if kind == "S" else [])
            )
        )
        both = [f"({text} AND {form})", f"{text} AND {form}", f"{form} AND {text}", f"({text}) AND ({form})"]
        text = draw(st.sampled_from(both))
        bounds = [{kind: draw(st.sampled_from(NUMBERS if kind == "N" else TEXTS))} for _ in range(2)]
        values |= {name: bound for name, bound in zip((":a", ":b"), bounds, strict=True) if name in text}
    names = {"#p": hash} | ({"#s": sort} if "#s" in text and sort else {})
    asked: dict[str, Any] = {
        "TableName": TABLE,
        "KeyConditionExpression": text,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ScanIndexForward": draw(st.booleans()),
    }
    optional = {
        "IndexName": index,
        "Limit": draw(st.sampled_from([None, None, 1, 2, 2, 3, 4, 0])),
        "FilterExpression": draw(st.sampled_from([None, None, "attribute_exists(extra)", "size((extra)"])),
        "Select": draw(st.sampled_from([None, None, "COUNT"])),
    }
    return asked | {name: value for name, value in optional.items() if value is not None}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    before=st.lists(writes(), min_size=8, max_size=24),
    after=st.lists(writes(), min_size=3, max_size=20),
    asked=st.lists(queries(), min_size=15, max_size=15),
)
def test_a_query_answers_what_it_did(
    dynamodb: Any, before: list[Any], after: list[Any], asked: list[dict[str, Any]]
) -> None:
    _table(dynamodb)
    _write(dynamodb, before)
    for one in asked:
        # Its partition is kept from here on.
        dynamodb._query(one)
    _write(dynamodb, after)
    for one in asked:
        pages = 0
        while True:
            status, _, said = dynamodb._query(one)
            assert (status, said) == (dynamodb.plain(one)[0], dynamodb.plain(one)[2]), one
            last = dynamodb.json.loads(said).get("LastEvaluatedKey")
            if status != 200 or last is None or pages > 30:
                break
            one, pages = one | {"ExclusiveStartKey": last}, pages + 1


def _write(dynamodb: Any, writes: list[Any]) -> None:
    for operation, data in writes:
        if operation == "_remove_item":
            dynamodb._remove_item(dynamodb._tables.get(TABLE), data["pk"]["S"], data["sk"]["S"])
        else:
            getattr(dynamodb, operation)(data)


@pytest.mark.parametrize("text", ["pk = :p AND begins_with(spot, :a)", "(pk = :p AND begins_with (spot, :a))"])
def test_a_query_looks_at_what_it_answers_alone(dynamodb: Any, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    _table(dynamodb)
    for n in range(100):
        item = {"pk": {"S": "one"}, "sk": {"S": f"{n:03d}"}, "spot": {"S": f"{n % 2}{n:03d}"}}
        dynamodb._put_item({"TableName": TABLE, "Item": item})
    looked = list[str]()
    evaluate = dynamodb._evaluate_condition

    def counted(text: str, item: dict[str, Any], *rest: Any, **more: Any) -> bool:
        looked.append(item["sk"]["S"])
        return bool(evaluate(text, item, *rest, **more))

    monkeypatch.setattr(dynamodb, "_evaluate_condition", counted)
    asked = {
        "TableName": TABLE,
        "IndexName": "by_spot",
        "KeyConditionExpression": text,
        "ExpressionAttributeValues": {":p": {"S": "one"}, ":a": {"S": "1"}},
        "Limit": 3,
    }
    said = dynamodb.json.loads(dynamodb._query(asked)[2])
    assert looked == ["001", "003", "005"] == [item["sk"]["S"] for item in said["Items"]]
    assert said["LastEvaluatedKey"]["spot"] == {"S": "1005"}
