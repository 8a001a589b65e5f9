"""DynamoDB's request units by AWS's published rules, from the items before and after.

moto reports no capacity for indexes and transactions, so units are computed here; `requests.py --check` compares
them with what the emulator reports. The rules:

- item size: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
- writes: 1 unit per begun KB of the larger of the item before and after, also for a write whose condition fails;
  reads: 1 unit per begun 4 KB, half of it where eventually consistent; a missing item costs as the smallest
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
- indexes: a new or removed entry 1 write of the projected size, a changed index key 2, a changed projected
  attribute 1, else none
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
- transactions: twice that.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from infra import declared

Item = dict[str, dict[str, Any]]
"""As on the wire: attribute -> {type: value}."""
_WRITE, _READ = 1024, 4096


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index."""

    name: str
    keys: tuple[str, ...]
    projection: str
    """ALL, KEYS_ONLY or INCLUDE."""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a table matters for units."""

    keys: tuple[str, ...]
    indexes: tuple[Index, ...]


@cache
def shapes() -> dict[str, Shape]:
    """Full table name -> its keys and indexes, as the models declare them."""
    found = {}
    for model in declared.models().values():
        schema = model._get_schema()
        indexes = tuple(
            Index(
                index["index_name"],
                _names(index),
                index["projection"]["ProjectionType"],
                tuple(index["projection"].get("NonKeyAttributes", ())),
            )
            for index in schema["global_secondary_indexes"]
        )
        found[model.Meta.table_name] = Shape(_names(schema), indexes)
    return found


def _names(schema: Any) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in sorted(schema["key_schema"], key=lambda key: str(key["KeyType"])))


def size(item: Item | None) -> int:
    """Bytes of an item; 0 for none."""
    return sum(len(name.encode()) + _value(value) for name, value in (item or {}).items())


def _value(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return _number(held)
        case "B":
            return len(base64.b64decode(held)) if isinstance(held, str) else len(held)
        case "NULL" | "BOOL":
            return 1
        case "L":
            return 3 + sum(1 + _value(one) for one in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value(one) for name, one in held.items())
        case "SS" | "NS" | "BS":
            return sum(_value({kind[0]: one}) for one in held)
    raise TypeError(f"no such type: {kind}")


def _number(text: str) -> int:
    digits = "".join(str(digit) for digit in Decimal(text).as_tuple().digits).strip("0")
    return 1 + (len(digits) + 1) // 2 + (1 if text.startswith("-") else 0)


def write(table: str, before: Item | None, after: Item | None, *, transaction: bool = False) -> float:
    """Units of a write that turned `before` into `after`; both the same where a condition refused it."""
    base = _begun(max(size(before), size(after)), _WRITE)
    return (base + sum(index_writes(table, before, after).values())) * (2 if transaction else 1)


def index_writes(table: str, before: Item | None, after: Item | None) -> dict[str, int]:
    """Index -> units of the same write; those that cost none are left out."""
    shape = shapes()[table]
    costs = {index.name: _entry(shape, index, before, after) for index in shape.indexes}
    return {name: cost for name, cost in costs.items() if cost}


def _entry(shape: Shape, index: Index, before: Item | None, after: Item | None) -> int:
    old, new = _projected(shape, index, before), _projected(shape, index, after)
    if old == new:
        return 0
    if old is None or new is None:
        return _begun(size(old or new), _WRITE)
    if any(old[key] != new[key] for key in index.keys):
        return _begun(size(old), _WRITE) + _begun(size(new), _WRITE)
    return _begun(max(size(old), size(new)), _WRITE)


def _projected(shape: Shape, index: Index, item: Item | None) -> Item | None:
    if item is None or any(key not in item or "NULL" in item[key] for key in index.keys):
        return None
    if index.projection == "ALL":
        return item
    kept = {*shape.keys, *index.keys, *index.also}
    return {name: value for name, value in item.items() if name in kept}


def read(items: Iterable[Item | None], *, consistent: bool, together: bool = False) -> float:
    """Units of reading items: each rounded up by itself, or, `together` as a query does, their sum."""
    sizes = [size(item) for item in items]
    begun = _begun(sum(sizes), _READ) if together else sum(_begun(one, _READ) for one in sizes)
    return begun if consistent else begun / 2


def _begun(size_: int, unit: int) -> int:
    return max(1, -(-size_ // unit))
