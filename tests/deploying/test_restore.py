"""Rows come back from a table as it was, without touching what stands and without sending anything again."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from infra import restore as restoring
from infra.deploying.account import Account
from infra.deploying.refused import Refused
from infra.restore import Wanted, restore
from tests.deploying.conftest import Desk

AT = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
BESIDE = "parley-prod-config-20260131120000"


@pytest.fixture
def dynamodb(where: Account) -> Any:
    """The live tables, and one that AWS would have restored: its restoring is not in moto, what follows is."""
    client = where.client("dynamodb")
    for name in ("parley-prod-config", "parley-prod-contacts", BESIDE, "parley-prod-contacts-20260131120000"):
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("service", "key")],
            KeySchema=[{"AttributeName": "service", "KeyType": "HASH"}, {"AttributeName": "key", "KeyType": "RANGE"}],
        )
    return client


def _row(service: str, key: str, **more: Any) -> dict[str, Any]:
    return {"service": {"S": service}, "key": {"S": key}} | more


def _live(dynamodb: Any, table: str = "parley-prod-config") -> dict[tuple[str, str], Any]:
    return {(row["service"]["S"], row["key"]["S"]): row for row in dynamodb.scan(TableName=table)["Items"]}


def test_what_is_missing_comes_back_and_what_stands_stays(dynamodb: Any, desk: Desk) -> None:
    dynamodb.put_item(TableName=BESIDE, Item=_row("sv_1", "bot#1", name={"S": "old"}))
    dynamodb.put_item(TableName=BESIDE, Item=_row("sv_1", "bot#2", name={"S": "gone"}))
    dynamodb.put_item(TableName="parley-prod-config", Item=_row("sv_1", "bot#1", name={"S": "new"}))
    dynamodb.put_item(TableName="parley-prod-config", Item=_row("sv_1", "version", version={"N": "7"}))
    wanted = Wanted("prod", "config", AT)
    assert restore(wanted, dynamodb, desk.hands) == 1
    assert ("sv_1", "bot#2") not in _live(dynamodb), "only looked at"
    desk.answers = [False]
    assert restore(Wanted("prod", "config", AT, copy=True), dynamodb, desk.hands) == 1
    assert ("sv_1", "bot#2") not in _live(dynamodb), "the answer was no"
    assert restore(Wanted("prod", "config", AT, copy=True), dynamodb, desk.hands) == 1
    live = _live(dynamodb)
    assert live["sv_1", "bot#1"]["name"] == {"S": "new"}
    assert live["sv_1", "bot#2"]["name"] == {"S": "gone"}
    assert live["sv_1", "version"]["version"] == {"N": "8"}, "running processes read it anew"
    assert restore(Wanted("prod", "config", AT, copy=True), dynamodb, desk.hands) == 0
    assert any(f"delete-table --table-name {BESIDE}" in line for line in desk.said)


def test_a_key_that_was_taken_back_comes_back_only_by_name(dynamodb: Any, desk: Desk) -> None:
    dynamodb.put_item(TableName=BESIDE, Item=_row("keys", "key#leaked"))
    dynamodb.put_item(TableName=BESIDE, Item=_row("sv_2", "bot#1"))
    assert restore(Wanted("prod", "config", AT, copy=True), dynamodb, desk.hands) == 1
    assert ("keys", "key#leaked") not in _live(dynamodb)
    assert restore(Wanted("prod", "config", AT, only=("keys",), copy=True), dynamodb, desk.hands) == 1
    assert ("keys", "key#leaked") in _live(dynamodb)


def test_of_persons_only_those_come_back_who_are_named(dynamodb: Any, desk: Desk) -> None:
    for person in ("erased", "lost"):
        dynamodb.put_item(TableName="parley-prod-contacts-20260131120000", Item=_row(person, "contact"))
    with pytest.raises(Refused, match="erased is to stay erased"):
        restore(Wanted("prod", "contacts", AT, copy=True), dynamodb, desk.hands)
    restore(Wanted("prod", "contacts", AT, only=("lost",), copy=True), dynamodb, desk.hands)
    assert set(_live(dynamodb, "parley-prod-contacts")) == {("lost", "contact")}


@pytest.mark.parametrize("table", ["messages", "deliveries", "schedule", "receipts"])
def test_what_would_be_sent_again_is_not_copied(dynamodb: Any, desk: Desk, table: str) -> None:
    with pytest.raises(Refused, match="sent out again"):
        restore(Wanted("prod", table, AT, copy=True), dynamodb, desk.hands)


def test_a_table_that_cannot_be_restored_is_told(dynamodb: Any, desk: Desk) -> None:
    with pytest.raises(Refused, match="cannot be restored"):
        restore(Wanted("prod", "nonsense", AT), dynamodb, desk.hands)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-01-31T12:00"])
def test_a_time_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="--at"):
        restoring._time(text)
