"""AWS for tests: moto for the tables, queues and keys, and a pump that moves what is queued and streamed.

The pump implements the event-source rules that moto has not: FIFO groups one at a time and in order, partial
batches, redelivery after a failure and the dead-letter queue after five, stream records in order with retry from
the failed one. Everything that the app does goes through `app.py`, as in a deployment.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.retries import standard
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models.table import StreamShard, Table
from moto.sqs import models as moto_sqs

from infra.limits import MAX_RECEIVES
from infra.sources import FILTERS
from tests import quick  # makes moto quick
from tests.chains import Chains, chain_of

QUEUES = {
    "mails": "receive_mail",
    "trigger-events.fifo": "run_trigger",
    "source-events.fifo": "ingest_source",
    "threads.fifo": "converse",
    "bulk-threads.fifo": "converse",
    "deliveries.fifo": "deliver",
    "bulk-deliveries.fifo": "deliver",
    "sends.fifo": "send",
    "bulk-sends.fifo": "send",
    "retries": "retry_delivery",
    "send-retries": "retry_send",
    "timers": "fire_timer",
    "media": "copy_media",
    "erasures": "erase",
    "replays": "replay_deliveries",
}
DEAD = {queue.replace(".fifo", "-dead.fifo") if ".fifo" in queue else f"{queue}-dead": "bury" for queue in QUEUES}
STREAMS = (
    ("messages", "fan_out"),
    ("messages", "push"),
    ("connections", "push"),
    ("beats", "push"),
    ("threads", "announce"),
    ("threads", "observe"),
    ("deliveries", "observe"),
    ("endpoints", "observe"),
    ("contacts", "announce"),
    ("endpoints", "announce"),
)
"""(table, step): each reads the table's stream by itself."""
STREAM_DEAD = {f"{step}-dead": "bury" for _, step in STREAMS}
STREAM_RETRIES = 5
_ROUNDS = 500


@dataclass
class Context:
    """What Lambda hands a function beside the event."""

    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:test"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


_streams = StreamShard.add


def _only_changes(self: StreamShard, old: Any, new: Any) -> None:
    """As DynamoDB: an item that is written as it was is no change; moto streams it."""
    if old is None or new is None or old.attrs != new.attrs:
        _streams(self, old, new)


StreamShard.add = _only_changes  # type: ignore[method-assign]


_changed: dict[str, int] = {}
"""Message -> the visibility timeout that the step that runs now has asked for."""


def _changes(self: Any, name: str, entries: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, str]]]:
    """The pump hands messages out itself, so moto knows none of them."""
    _changed.update({entry["ReceiptHandle"]: int(entry["VisibilityTimeout"]) for entry in entries})
    return [entry["Id"] for entry in entries], []


moto_sqs.SQSBackend.change_message_visibility_batch = _changes  # type: ignore[method-assign, assignment]


def _matches(pattern: Any, value: Any) -> bool:
    """Whether a record passes an event source's filter: a member each, one of its values, or a prefix."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(inner, value.get(key)) for key, inner in pattern.items())
    texts = [one["prefix"] for one in pattern if isinstance(one, dict)]
    return value in pattern or (isinstance(value, str) and value.startswith(tuple(texts)))


class CutOff(BaseException):
    """A process that ends in the middle; no `except Exception` of the product sees it."""


class Taps:
    """Hears of every call to AWS, before and after it; whoever listens may cut the caller off, or lose the answer."""

    def __init__(self) -> None:
        self.listen: Callable[[str, str], None] | None = None
        self.asked: str | bytes = b""
        """The body of the call that is under way."""
        self.losing = ""
        """The operation whose next answer is lost on its way, once it was done: the SDK then asks again."""
        self._given: dict[str, AWSResponse] = {}
        """Token of a transaction -> the answer that it had. DynamoDB gives it again; moto does not."""

    def wire(self, stub: Any, event_name: str, request: Any, **more: Any) -> Any:
        """One request, each try of a call its own."""
        token = _token(request) if event_name.endswith(".TransactWriteItems") else ""
        if token in self._given:
            return self._given.pop(token)
        answer = _stub(stub, event_name, request, **more)
        if self.losing and event_name.endswith(f".{self.losing}"):
            self.losing = ""
            if token:
                self._given = {token: answer}
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    def before(self, model: Any, params: Any, **_: Any) -> None:
        if self.listen:
            self.asked = params["body"]
            self.listen("before", model.name)

    def after(self, model: Any, **_: Any) -> None:
        if self.listen:
            self.listen("after", model.name)


def _token(request: Any) -> str:
    return str(json.loads(request.body)["ClientRequestToken"])


taps = Taps()
_stub = BotocoreStubber.__call__
BotocoreStubber.__call__ = lambda *given, **more: taps.wire(*given, **more)  # type: ignore[method-assign]
quick.by_wire.append(lambda: bool(taps.losing))
# The SDK waits between tries, up to a second, and no test sleeps.
standard.ExponentialBackoff.delay_amount = lambda self, context: 0
# As moto does: every client of every session has these handlers, whoever makes it and whenever.
BUILTIN_HANDLERS.append(("before-call", taps.before))
BUILTIN_HANDLERS.append(("after-call", taps.after))


@dataclass
class Cloud:
    """The deployed application, on moto."""

    app: Any
    clients: dict[str, Any]
    duplicate: bool = False
    """Deliver each queue message twice."""
    before: Callable[[str], None] = lambda step: None
    failures: list[tuple[str, str]] = field(default_factory=list)
    """(step, why) of every invocation that failed or was cut off."""
    visibility_s: Callable[[str], float] = lambda step: 0
    """How long a message that a step failed stays invisible, and its group with it."""
    step: str = ""
    """The step that runs now."""
    chains: Chains = field(default_factory=Chains)
    """How often a chain of messages came to each step."""
    _hidden: dict[str, float] = field(default_factory=dict)
    _held: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _receives: dict[str, int] = field(default_factory=dict)
    _streamed: dict[tuple[str, str], int] = field(default_factory=dict)
    """(table, step) -> how much of the table's stream the step has handled."""
    _shards: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    """(table, step) -> parts of the table's stream that are under way, the next one last."""
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def pump(self, *, rounds: int = _ROUNDS) -> None:
        """Move messages until nothing moves any more; raises if it never ends."""
        for _ in range(rounds):
            if not (self._stream_once() | self._queues_once()):
                return
        raise AssertionError(f"still moving after {rounds} rounds: {self.failures[-5:]}")

    def release(self) -> None:
        """The minute's tick, and what follows."""
        self.invoke(
            "release_due",
            {
                "version": "0",
                "id": "tick",
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "account": "1",
                "time": "",
                "region": "",
                "resources": [],
                "detail": {},
            },
        )
        self.pump()

    def invoke(self, step: str, event: dict[str, Any]) -> Any:
        """Run one Lambda; None where it failed or was cut off."""
        self.before(step)
        self.step = step
        try:
            return getattr(self.app, step)(event, Context())
        except CutOff as cut:
            self.failures.append((step, f"cut off: {cut}"))
            return None
        finally:
            self.step = ""

    def hidden(self) -> bool:
        """Whether something waits for its visibility timeout."""
        return bool(self._hidden)

    def _queues_once(self) -> bool:
        moved = False
        for queue, step in (QUEUES | DEAD | STREAM_DEAD).items():
            for batch in self._batches(queue):
                moved = True
                self._run(queue, step, batch)
        return moved

    def _batches(self, queue: str) -> list[list[dict[str, Any]]]:
        """One batch per FIFO group (all that is waiting, in order), or batches of ten."""
        if queue in QUEUES:
            self._receive(queue)
        waiting = self._held.setdefault(queue, [])
        now = time.time()
        self._hidden = {id: until for id, until in self._hidden.items() if until > now}
        if not queue.endswith(".fifo"):
            waiting = [message for message in waiting if message["MessageId"] not in self._hidden]
            return [waiting[at : at + 10] for at in range(0, len(waiting), 10)]
        groups: dict[str, list[dict[str, Any]]] = {}
        for message in waiting:
            groups.setdefault(message["Attributes"]["MessageGroupId"], []).append(message)
        return [
            group[:10]
            for group in groups.values()
            if not any(message["MessageId"] in self._hidden for message in group)
        ]

    def _receive(self, queue: str) -> None:
        """Take what is there and not delayed; from moto's own list, as asking for it is most of a journey's time."""
        moto = _moto_queue(self._queue(queue))
        if not moto._messages:
            return
        for message in [message for message in moto._messages if not message.delayed]:
            moto._messages.remove(message)
            group = {"MessageGroupId": message.group_id} if message.group_id else {}
            taken = {"MessageId": f"m{next(self._ids)}", "Body": message.body, "Attributes": group}
            taken["Chain"] = chain_of(message)
            self._held.setdefault(queue, []).append(taken)

    def _run(self, queue: str, step: str, batch: list[dict[str, Any]]) -> None:
        given = [message for message in batch for _ in range(2 if self.duplicate else 1)]
        records = [self._record(queue, message, at) for at, message in enumerate(given)]
        failures = len(self.failures)
        _changed.clear()
        with self.chains.run(step, batch, self._motos_queues()):
            answer = self.invoke(step, {"Records": records})
        whole = answer is None
        failed = {item["itemIdentifier"].partition("/")[0] for item in (answer or {}).get("batchItemFailures", ())}
        for message in batch:
            if whole or message["MessageId"] in failed:
                if not whole or len(self.failures) == failures:
                    self.failures.append((step, "batch item failure"))
                self._again(queue, step, message)
            else:
                self._held[queue].remove(message)

    def _motos_queues(self) -> list[Any]:
        """What moto holds of each queue."""
        return [_moto_queue(self._queue(name)) for name in QUEUES]

    def _again(self, queue: str, step: str, message: dict[str, Any]) -> None:
        count = self._receives[message["MessageId"]] = self._receives.get(message["MessageId"], 0) + 1
        if wait := self.visibility_s(step):
            # What the step itself asked for, or else the queue's own; a process that died asked for nothing.
            self._hidden[message["MessageId"]] = time.time() + _changed.get(message["MessageId"], wait)
        if count >= MAX_RECEIVES and queue in QUEUES:
            self._held[queue].remove(message)
            self._hidden.pop(message["MessageId"], None)
            dead = queue.replace(".fifo", "-dead.fifo") if queue.endswith(".fifo") else f"{queue}-dead"
            self._held.setdefault(dead, []).append(message)

    def _record(self, queue: str, message: dict[str, Any], at: int) -> dict[str, Any]:
        from chalicelib.ports.settings import settings

        suffix = f"/{at}" if self.duplicate else ""
        return {
            "messageId": message["MessageId"] + suffix,
            "receiptHandle": message["MessageId"],
            "body": message["Body"],
            "attributes": {
                "ApproximateReceiveCount": str(self._receives.get(message["MessageId"], 0) + 1),
                **message.get("Attributes", {}),
            },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "awsRegion": "eu-central-1",
            "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{settings().queue(queue)}",
        }

    def _stream_once(self) -> bool:
        moved = [self._table_once(table, step) for table, step in STREAMS]
        return any(moved)

    def _table_once(self, table: str, step: str) -> bool:
        reader = table, step
        shards, streamed = self._shards.setdefault(reader, []), self._streamed.get(reader, 0)
        if not shards:
            end = len(_moto_table(self._table(table)).stream_shard.items)
            if end <= streamed:
                return False
            shards.append((streamed, min(end, streamed + 100)))
        start, end = shards.pop()
        only = FILTERS.get((step, table), ({},))
        records = [
            record
            for record in self._stream_records(table, start, end)
            if any(_matches(pattern, record) for pattern in only)
        ]
        given = [record for record in records for _ in range(2 if self.duplicate else 1)]
        try:
            # What a filter leaves out wakes nobody.
            answer = self.invoke(step, {"Records": given}) if given else {"batchItemFailures": []}
        except Exception as error:
            answer = None
            self.failures.append((step, repr(error)))
        if answer is None and end - start > 1:
            # BisectBatchOnFunctionError; halving is no retry.
            middle = (start + end) // 2
            shards += [(middle, end), (start, middle)]
            return True
        failed = [item["itemIdentifier"] for item in answer["batchItemFailures"]] if answer else []
        if answer is not None and not failed:
            self._streamed[reader] = end
            return True
        numbers = [record["dynamodb"]["SequenceNumber"] for record in self._stream_records(table, start, end)]
        self.failures.append((step, "batch item failure"))
        at = self._streamed[reader] = start + (numbers.index(failed[0]) if failed else 0)
        count = self._receives[f"{step}{table}{at}"] = self._receives.get(f"{step}{table}{at}", 0) + 1
        if count <= STREAM_RETRIES:
            shards.append((at, end))
            return True
        # Lambda gives up what is left of the batch, all of it, and says no more than where it lay.
        arn = self.clients["dynamodb"].describe_table(TableName=self._table(table))["Table"]["LatestStreamArn"]
        lost = {"startSequenceNumber": numbers[0], "endSequenceNumber": numbers[-1], "batchSize": end - at}
        place = {"streamArn": arn, "shardId": _moto_table(self._table(table)).stream_shard.id}
        body = json.dumps({"version": "1.0", "DDBStreamBatchInfo": place | lost})
        dead = {"MessageId": f"m{next(self._ids)}", "Body": body, "Attributes": {}, "Chain": Counter()}
        self._held.setdefault(f"{step}-dead", []).append(dead)
        self._streamed[reader] = end
        return True

    def _stream_records(self, table: str = "messages", start: int = 0, end: int | None = None) -> list[dict[str, Any]]:
        """What the stream holds; from moto's own list, as asking for it is most of a journey's time."""
        from moto.core.models import DEFAULT_ACCOUNT_ID

        arn = f"arn:aws:dynamodb:eu-central-1:{DEFAULT_ACCOUNT_ID}:table/{self._table(table)}/stream/1"
        items = _moto_table(self._table(table)).stream_shard.items[start:end]
        return [_clean(item.to_json()) | {"eventSourceARN": arn} for item in items]

    def url(self, queue: str) -> str:
        """A queue's URL."""
        from chalicelib.ports import queues

        return queues.url(queue)

    def _queue(self, name: str) -> str:
        from chalicelib.ports.settings import settings

        return settings().queue(name)

    def _table(self, name: str) -> str:
        from chalicelib.ports.settings import settings

        return settings().table(name)


def _moto_queue(name: str) -> Any:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.sqs.models import sqs_backends

    return sqs_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].queues[name]


def _moto_table(name: str) -> Any:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].tables[name]


def _clean(value: Any) -> Any:
    """As Lambda hands it over: JSON, not Python's own types."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    # What moto says without a zone is UTC.
    return value.replace(tzinfo=UTC).timestamp() if isinstance(value, datetime) else value


def set_environment() -> None:
    """What a Lambda's environment would say; before anything of the product is imported."""
    os.environ.update(
        AWS_DEFAULT_REGION="eu-central-1",
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
        PARLEY_STAGE="test",
        PARLEY_ALLOW_PRIVATE_TARGETS="1",
        POWERTOOLS_LOG_LEVEL="INFO",
        POWERTOOLS_METRICS_DISABLED="false",
    )


@contextmanager
def running() -> Iterator[Callable[[], Cloud]]:
    """moto for a whole session, with tables, queues and key made once; the function given empties it for a test."""
    from chalicelib.ports import aws
    from chalicelib.ports.settings import settings
    from chalicelib.tables import MODEL_NAMES, writes

    writes.LONGEST_S = 0  # as of the SDK's waits
    with mock_aws():
        clients = {name: aws.client(name) for name in ("dynamodb", "dynamodbstreams", "sqs", "kms", "s3", "events")}
        for module, name in MODEL_NAMES:
            getattr(import_module(f"chalicelib.tables.{module}"), name).create_table(billing_mode="PAY_PER_REQUEST")
        for queue in QUEUES:
            fifo = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
            clients["sqs"].create_queue(QueueName=settings().queue(queue), Attributes=fifo)
        clients["events"].create_event_bus(Name=settings().bus)
        key = clients["kms"].create_key()["KeyMetadata"]["KeyId"]
        clients["kms"].create_alias(AliasName=settings().kms_key, TargetKeyId=key)
        yield lambda: _empty(clients)


def tables() -> dict[str, Table]:
    """moto's tables by name."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    return dict(dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].tables)


def _empty(clients: dict[str, Any]) -> Cloud:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.events.models import events_backends
    from moto.s3.models import s3_backends
    from moto.sqs.models import sqs_backends

    import app
    from chalicelib.ports import bus
    from chalicelib.ports.settings import settings
    from chalicelib.tables import config, service_config

    for table in tables().values():
        table.items.clear()
        if table.stream_shard is not None:
            table.stream_shard.items.clear()
    for queue in sqs_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].queues.values():
        queue._messages.clear()
    for event_bus in events_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].event_buses.values():
        event_bus.rules.clear()
    files, bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"], settings().media_bucket
    if bucket not in files.buckets or len(files.buckets[bucket].keys):
        files.reset()
        files.create_bucket(bucket, "eu-central-1")
    config._snapshots.clear()
    service_config._kept.clear()
    bus.forget()
    return Cloud(app, clients)


def json_of(text: str | bytes) -> Any:
    """JSON, for brevity in tests."""
    return json.loads(text)
