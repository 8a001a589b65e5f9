"""Queries of MiniStack 1.5.33 that read what they answer, as DynamoDB's do, and not all of a partition.

Run by the emulator's own Python from `mended.py`. MiniStack knows which items are in an index's partition, but sorts
all of them for each query, and evaluates the key's condition with each, whose text it parses each time: some 50 µs an
item, and a quarter of a second for the inbox of a desk with 5000 chats. Here a partition that was asked for is kept in
its order. What a query may read is cut out of it, and MiniStack's own code answers from that, so that all it refuses,
counts and pages stays its own.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import lru_cache
from types import FunctionType
from typing import Any

Answer = tuple[int, dict[str, Any], bytes]
Table = dict[str, Any]
Token = tuple[str, str]
"""(kind, text)."""
Entry = tuple[tuple[Any, ...], str, str]
"""(values by which items are sorted, partition key and sort key of the item)."""

_ORDERED = "ordered partitions"
"""Beside the names of indexes, of which none has a space, in what MiniStack derives from a table's items: it lets go of
both together where items are replaced as a whole, and stores neither."""
_TEXTS = 2048
_SAID, _WORDS = ("NAME_REF", "IDENT", "VALUE_REF"), ("begins_with", "between", "and")
_FEW = 200
"""Items of which it is cheaper to see that they are in a page of 1 MB than to size each."""


class Orders:
    """Partitions in their order, of the tables of the emulator's module for DynamoDB; kept from the first query on."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        # Items end by TTL on a thread of its own.
        self._lock = threading.Lock()

    def of(self, table: Table, index: str | None, partition: Any) -> list[Entry]:
        """What is in a partition of a table or its index now."""
        members = self._dynamodb._index_members(table)
        kept: list[Entry] | None = members.setdefault(_ORDERED, {}).get((index, partition))
        if kept is None:
            items = table["items"]
            if index is None:
                keys = [(partition, sort) for sort in list(items.get(partition, ()))]
            else:
                keys = list(members[index].get(partition, ()))
            found = [(key, item) for key in keys if (item := items.get(key[0], {}).get(key[1])) is not None]
            kept = sorted((self.place(table, index, item), *key) for key, item in found)
            members[_ORDERED][index, partition] = kept
        return kept

    def place(self, table: Table, index: str | None, item: dict[str, Any]) -> tuple[Any, ...]:
        """By which an item stands where it does in its partition."""
        d = self._dynamodb
        return tuple(d._index_order_value(item, name, kind) for name, kind in self.keys(table, index))

    def keys(self, table: Table, index: str | None) -> list[tuple[str, str]]:
        """Names and types of the attributes that order a partition."""
        d = self._dynamodb
        ranges = d._index_key_lists(d._index_def(table, index))[1] if index else [table["sk_name"]]
        return d._index_order_keys(table, ranges)  # type: ignore[no-any-return]  # it has no types

    def changes(self, index_item: Callable[..., None]) -> Callable[..., None]:
        """What notes in indexes that an item came or goes, and in kept partitions too."""

        def run(table: Table, pk: str, sk: str, item: dict[str, Any], add: bool) -> None:
            with self._lock:
                index_item(table, pk, sk, item, add)
                kept = (table.get(self._dynamodb._INDEX_MEMBERS) or {}).get(_ORDERED) or {}
                for index, partition in self._partitions(table, pk, item) if kept else ():
                    entries = kept.get((index, partition))
                    if entries is not None:
                        _put((self.place(table, index, item), pk, sk), entries, add)

        return run

    def _partitions(self, table: Table, pk: str, item: dict[str, Any]) -> list[tuple[str | None, Any]]:
        d = self._dynamodb
        named = [(name, d._index_partition(item, *keys)) for name, *keys in d._index_key_schemas(table)]
        return [(None, pk), *((name, partition) for name, partition in named if partition is not None)]

    def cut(self, table: Table, data: dict[str, Any]) -> Table | None:
        """A table of nothing but what a query may read; None where it is better asked of the whole.

        KeyError, TypeError or ValueError where the query is none that is made of a key's condition.
        """
        d, index, limit = self._dynamodb, data.get("IndexName"), data.get("Limit")
        hashes, ranges = d._index_key_lists(d._index_def(table, index) if index else table)
        if len(hashes) != 1 or len(ranges) > 1 or data.get("KeyConditions") or (limit is not None and limit < 1):
            return None
        text, values = data["KeyConditionExpression"], data["ExpressionAttributeValues"]
        names, forward = data.get("ExpressionAttributeNames") or {}, data.get("ScanIndexForward", True)
        partition = d._extract_pk_from_condition(text, values, names, hashes[0])
        if partition is None:
            return None
        with self._lock:
            entries = self.of(table, index, partition)
            start, end = 0, len(entries)
            for clause in d._key_condition_clauses(_bare(d._tokenize(text))) if ranges else ():
                if any(names.get(word, word) == ranges[0] for _, word in clause):
                    kind = d._get_attr_type(table, ranges[0])
                    given = [d._sort_key_value(values[word], kind) for name, word in clause if name == "VALUE_REF"]
                    start, end = _between(entries, clause, given)
            if last := data.get("ExclusiveStartKey"):
                at = self.place(table, index, last)
                if forward:
                    start = max(start, bisect_right(entries, at, key=_place))
                else:
                    end = min(end, bisect_left(entries, at, key=_place))
            if limit is not None:
                start, end = (start, min(end, start + limit)) if forward else (max(start, end - limit), end)
            # One that does not match, where none does: what it refuses it finds when it looks at an item.
            picked = entries[start:end] if start < end else entries[:1]
        return self._with_only(table, index, partition, picked)

    def _with_only(self, table: Table, index: str | None, partition: Any, picked: list[Entry]) -> Table:
        items: dict[str, dict[str, Any]] = {}
        for _, pk, sk in picked:
            item = table["items"].get(pk, {}).get(sk)
            if item is not None:
                items.setdefault(pk, {})[sk] = item
        members = {index: {partition: [entry[1:] for entry in picked]}} if index else {}
        return {**table, "items": items, self._dynamodb._INDEX_MEMBERS: members}


def _place(entry: Entry) -> tuple[Any, ...]:
    return entry[0]


def _sorted_by(entry: Entry) -> Any:
    return entry[0][0]


def _put(entry: Entry, entries: list[Entry], add: bool) -> None:
    """Have an entry be there, or not."""
    at = bisect_left(entries, entry)
    there = at < len(entries) and entries[at] == entry
    if add and not there:
        entries.insert(at, entry)
    elif there and not add:
        del entries[at]


def _bare(tokens: list[Token]) -> list[Token]:
    """A condition without the brackets around all of it."""
    tokens = [token for token in tokens if token[0] != "EOF"]
    while len(tokens) > 2 and tokens[0][0] == "LPAREN" and _closes(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def _closes(tokens: list[Token]) -> int:
    """Where the bracket is closed that the first opens."""
    depth = 0
    for at, (kind, _) in enumerate(tokens):
        depth += (kind == "LPAREN") - (kind == "RPAREN")
        if not depth:
            return at
    return -1


def _between(entries: list[Entry], clause: list[Token], given: list[Any]) -> tuple[int, int]:
    """From where to where entries meet a condition of their sort key with given values; ValueError where it is written
    as nobody does."""
    kinds, words = {kind for kind, _ in clause}, {word.lower() for kind, word in clause if kind == "IDENT"}
    named = [kind == "VALUE_REF" for kind, word in clause if kind in _SAID and word.lower() not in _WORDS]
    if named[0] or not all(named[1:]) or isinstance(given[0], bytes):
        raise ValueError("turned round, of two attributes, or of bytes")
    start, stop = (cut(entries, given[0], key=_sorted_by) for cut in (bisect_left, bisect_right))
    match sorted(kinds & {"EQ", "LT", "LE", "GT", "GE"}):
        case [] if "between" in words:
            return start, bisect_right(entries, given[1], key=_sorted_by)
        case [] if "begins_with" in words:
            size = len(given[0])
            return start, bisect_right(entries, given[0], start, key=lambda entry: _sorted_by(entry)[:size])
        case ["EQ"]:
            return start, stop
        case ["LT"]:
            return 0, start
        case ["LE"]:
            return 0, stop
        case ["GT"]:
            return stop, len(entries)
        case ["GE"]:
            return start, len(entries)
    raise ValueError("of no kind that is known")


def paged(page: Callable[..., tuple[list[Any], bool]], most: int) -> Callable[..., tuple[list[Any], bool]]:
    """What takes a page of items, up to a limit and `most` bytes, without sizing each where all are in it."""

    def run(items: list[Any], limit: Any, table: Table, index_name: str | None = None) -> tuple[list[Any], bool]:
        first = items[: int(limit)] if limit is not None else items
        # As JSON an item is longer than DynamoDB counts it: each name and value has quotes, and its type.
        if len(first) > _FEW or len(json.dumps(first)) >= most:
            return page(items, limit, table, index_name)
        return first, limit is not None and len(first) >= int(limit)

    return run


def hasten(dynamodb: Any) -> None:
    """Have the emulator's module for DynamoDB answer queries so, and read each text of a condition once."""
    orders, query, tokenize = Orders(dynamodb), dynamodb._query, dynamodb._tokenize
    tokens = lru_cache(_TEXTS)(lambda text: tuple(tokenize(text)))
    dynamodb._tokenize = lambda text: [*tokens(text)]
    dynamodb._condition_syntax_error = lru_cache(_TEXTS)(dynamodb._condition_syntax_error)
    dynamodb._paginate_evaluated_items = paged(dynamodb._paginate_evaluated_items, dynamodb._DDB_PAGE_SIZE_BYTES)
    dynamodb._index_item = orders.changes(dynamodb._index_item)

    def run(data: dict[str, Any]) -> Answer:
        name = data.get("TableName")
        table = dynamodb._tables.get(name) if isinstance(name, str) else None
        try:
            cut = orders.cut(table, data) if table else None
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            # Whatever is amiss with it, the emulator has words for it.
            cut = None
        if cut is None:
            return query(data)  # type: ignore[no-any-return]  # it has no types
        # Its own code, which finds this table alone.
        return FunctionType(query.__code__, {**vars(dynamodb), "_tables": {name: cut}})(data)  # type: ignore[no-any-return]

    dynamodb._query = run
