"""Whether `units.py` computes what a DynamoDB reports: every call of some round trips, made again on the emulator.

The calls of a service's making and of round trips of several kinds are recorded on moto with the units computed, then
replayed in their order on the emulator's empty tables with ReturnConsumedCapacity=TOTAL, index by index.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import ClientError

from bench.place import moto
from bench.report import Goal, Result
from bench.requests import VARIANTS

_CHECKED = (1, 2, 4, 5)
"""Variants that between them make every kind of call."""


def measure() -> Result:
    """Record, replay, compare."""
    recorded: list[tuple[str, dict[str, Any], float]] = []
    with moto() as new:
        for at in _CHECKED:
            with new() as place:
                # A place is furnished before its meter can record: its calls are made again from its rows.
                recorded += [("PutItem", params, -1) for params in _rows(place.cloud.clients["dynamodb"])]
                place.cloud.meter.record, place.cloud.meter.with_units = [], True
                VARIANTS[at].before(place)
                for _ in range(2):
                    VARIANTS[at].run(place)
                    place.cloud.pump()
                recorded += place.cloud.meter.record
                place.cloud.meter.record = None
        tables = _tables(place.cloud.clients["dynamodb"])
    same: Counter[str] = Counter()
    differing: list[dict[str, Any]] = []
    for operation, params, computed, reported in _replayed(tables, recorded):
        if computed == reported:
            same[operation] += 1
        else:
            differing.append({"call": operation, "table": _table(params), "computed": computed, "reported": reported})
    different = Counter(str(one["call"]) for one in differing)
    rows: list[list[Any]] = [[name, same[name], different[name]] for name in sorted({*same, *different})]
    goals = [Goal("share of calls whose units differ", 0.02, len(differing) / sum([*same.values(), len(differing)]))]
    note = (
        "AWS says of a number's size only `approximately`, so an item within a few bytes of a full KB may differ by "
        "one unit. The emulator reports nothing for BatchGetItem and for refused writes; those rest on the rules alone."
    )
    figures = {"same": dict(same), "differing": differing[:50]}
    return Result(
        "capacity", "Units computed and units reported", ["call", "same", "differ"], rows, goals, [note], figures
    )


def _rows(dynamodb: Any) -> list[dict[str, Any]]:
    tables = dynamodb.list_tables()["TableNames"]
    return [{"TableName": name, "Item": item} for name in tables for item in dynamodb.scan(TableName=name)["Items"]]


def _tables(dynamodb: Any) -> list[dict[str, Any]]:
    found = []
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        made = {key: table[key] for key in ("TableName", "AttributeDefinitions", "KeySchema")}
        indexes = [
            {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
            for index in table.get("GlobalSecondaryIndexes", ())
        ]
        found.append(
            made | {"BillingMode": "PAY_PER_REQUEST"} | ({"GlobalSecondaryIndexes": indexes} if indexes else {})
        )
    return found


def _replayed(
    tables: list[dict[str, Any]], recorded: list[tuple[str, dict[str, Any], float]]
) -> list[tuple[str, dict[str, Any], float, float]]:
    # Late, as it imports the product, which reads its environment once.
    from infra.local.emulator import Emulator, free_port

    found = []
    with TemporaryDirectory(prefix="parley-bench-") as folder:
        emulator = Emulator(free_port(), Path(folder), auth=False)
        emulator.start()
        try:
            dynamodb = emulator.client("dynamodb")
            for table in tables:
                dynamodb.create_table(**table)
            for operation, params, computed in recorded:
                try:
                    answer = dynamodb._make_api_call(operation, params | {"ReturnConsumedCapacity": "INDEXES"})
                except ClientError:
                    # A refused write reports nothing.
                    continue
                if computed >= 0 and (capacity := answer.get("ConsumedCapacity")):
                    parts = capacity if isinstance(capacity, list) else [capacity]
                    found.append((operation, params, computed, sum(part["CapacityUnits"] for part in parts)))
        finally:
            emulator.kill()
    return found


def _table(params: dict[str, Any]) -> str:
    return str(params.get("TableName") or list(params.get("RequestItems", params)))


if __name__ == "__main__":
    measure().keep()
