"""Counts what Parley asks of AWS: every call of every client, by Lambda, with its request units.

All clients, boto3's and PynamoDB's, go through botocore's `BaseClient._make_api_call`; the meter stands there. It
counts only while a Lambda runs, so what the pump that stands for AWS does is not counted.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient

from bench import units

_READS = ("GetItem", "BatchGetItem", "Query", "TransactGetItems")
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")


@dataclass(slots=True)
class Call:
    """One call of AWS."""

    step: str
    service: str
    operation: str
    target: str
    """Tables or queue, by short name."""
    params: dict[str, Any]
    write_units: float = 0
    read_units: float = 0
    bytes_out: int = 0
    bytes_in: int = 0
    rows: int = 0
    """Items that a read gave."""
    refused: bool = False


@dataclass
class Tally:
    """What was counted."""

    calls: list[Call] = field(default_factory=list)
    invocations: list[str] = field(default_factory=list)
    """The Lambda of each invocation."""
    http: int = 0
    frames: int = 0
    """Messages of sockets that pages sent or were answered, beside those that we call API Gateway for. That one opens
    or is closed is none."""
    batches: list[str] = field(default_factory=list)
    """The queue of each batch that woke a Lambda: a receive and a delete by Lambda's poller."""
    log_bytes: Counter[str] = field(default_factory=Counter)
    """Lambda -> bytes that it logged."""

    def of(self, service: str) -> list[Call]:
        """Calls of one service."""
        return [call for call in self.calls if call.service == service]

    @property
    def write_units(self) -> float:
        return sum(call.write_units for call in self.calls)

    @property
    def read_units(self) -> float:
        return sum(call.read_units for call in self.calls)

    @property
    def bytes_moved(self) -> int:
        """Bytes of all requests and answers."""
        return sum(call.bytes_in + call.bytes_out for call in self.calls)


class Meter:
    """Counts while it is installed; `tally` is what was counted since `start`."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.away_s = 0.0
        """CPU seconds within calls, the meter's own included."""
        self.record: list[tuple[str, dict[str, Any], float]] | None = None
        """Where wanted: every DynamoDB call since, with its units, counted or not."""
        self.with_units = True
        self._step = ""
        self._make: Callable[..., Any] = BaseClient._make_api_call

    def start(self) -> Tally:
        """Begin anew."""
        self.tally = Tally()
        return self.tally

    @contextmanager
    def installed(self) -> Iterator[Meter]:
        """Stand in the way of every client."""
        meter = self

        def counted(client: Any, operation: str, params: dict[str, Any]) -> Any:
            began = time.process_time()
            try:
                return meter._call(client, operation, params)
            finally:
                meter.away_s += time.process_time() - began

        BaseClient._make_api_call = counted
        try:
            yield self
        finally:
            BaseClient._make_api_call = self._make

    @contextmanager
    def within(self, step: str) -> Iterator[None]:
        """What happens in the block is of this Lambda."""
        self.tally.invocations.append(step)
        before, self._step = self._step, step
        try:
            yield
        finally:
            self._step = before

    def _call(self, client: Any, operation: str, params: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        dynamodb = service == "dynamodb" and operation in (*_READS, *_WRITES)
        if not self._step and not (dynamodb and self.record is not None):
            return self._make(client, operation, params)
        call = Call(self._step, service, operation, _target(params), params, bytes_out=_bytes(params))
        keys = _written(operation, params) if dynamodb and self.with_units else []
        before = [self._stored(client, table, key) for table, key in keys]
        try:
            answer = self._make(client, operation, params)
        except client.exceptions.ClientError:
            call.refused = True
            raise
        else:
            call.bytes_in = _bytes({key: value for key, value in answer.items() if key != "ResponseMetadata"})
            call.rows = _rows(answer)
            if operation in _READS and self.with_units:
                call.read_units = _read_units(operation, params, answer)
            return answer
        finally:
            for (table, key), old in zip(keys, before, strict=True):
                new = self._stored(client, table, key)
                call.write_units += units.write(table, old, new, transaction=operation == "TransactWriteItems")
            if self._step:
                self.tally.calls.append(call)
            if dynamodb and self.record is not None:
                self.record.append((operation, params, call.write_units or call.read_units))

    def _stored(self, client: Any, table: str, key: units.Item) -> units.Item | None:
        answer = self._make(client, "GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
        item: units.Item | None = answer.get("Item")
        return item


def _written(operation: str, params: dict[str, Any]) -> list[tuple[str, units.Item]]:
    """(table, key) of each item that a call writes."""
    if operation == "TransactWriteItems":
        inside = [next(iter(one.items())) for one in params["TransactItems"]]
        return [(one["TableName"], _key(one)) for kind, one in inside if kind != "ConditionCheck"]
    if operation == "BatchWriteItem":
        return [
            (table, _key({"TableName": table} | next(iter(request.values()))))
            for table, requests in params["RequestItems"].items()
            for request in requests
        ]
    return [(params["TableName"], _key(params))] if operation in _WRITES else []


def _key(params: dict[str, Any]) -> units.Item:
    if "Key" in params:
        key: units.Item = params["Key"]
        return key
    return {name: params["Item"][name] for name in units.shapes()[params["TableName"]].keys}


def _read_units(operation: str, params: dict[str, Any], answer: dict[str, Any]) -> float:
    if operation == "GetItem":
        return units.read([answer.get("Item")], consistent=bool(params.get("ConsistentRead")))
    if operation == "Query":
        return units.read(answer["Items"], consistent=bool(params.get("ConsistentRead")), together=True)
    if operation == "TransactGetItems":
        return 2 * units.read([one.get("Item") for one in answer["Responses"]], consistent=True)
    found = 0.0
    for table, asked in params["RequestItems"].items():
        items = answer["Responses"].get(table, [])
        missing = [None] * (len(asked["Keys"]) - len(items))
        found += units.read([*items, *missing], consistent=bool(asked.get("ConsistentRead")))
    return found


def _rows(answer: dict[str, Any]) -> int:
    responses = answer.get("Responses", ())
    batch = sum(len(items) for items in responses.values()) if isinstance(responses, dict) else len(responses)
    return batch + len(answer.get("Items", ())) + ("Item" in answer)


def _target(params: dict[str, Any]) -> str:
    if url := params.get("QueueUrl"):
        names = [str(url).rpartition("/")[2]]
    elif "RequestItems" in params:
        names = list(params["RequestItems"])
    elif "TransactItems" in params:
        names = [next(iter(one.values()))["TableName"] for one in params["TransactItems"]]
    else:
        names = [str(params.get("TableName", params.get("QueueName", "")))]
    return "+".join(sorted({name.split("-", 2)[-1] for name in names}))


def _bytes(value: Any) -> int:
    return len(json.dumps(value, default=str, separators=(",", ":"), ensure_ascii=False).encode())
