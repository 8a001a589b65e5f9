"""Records what our own code could not do: the event, the step and the queue, for a person to read and replay."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.domain.chat import CONSOLE
from chalicelib.domain.lane import stream_key
from chalicelib.domain.row_changes import concerns
from chalicelib.domain.tasks import AnnounceAgain, CountAgain, MessageAgain, ObserveAgain
from chalicelib.figures.episodes import episode_of
from chalicelib.figures.facts import facts_of
from chalicelib.ports import aws, clock, ids, log
from chalicelib.ports.lambdas import each_record, table_of_stream
from chalicelib.ports.settings import settings
from chalicelib.tables import schedule
from chalicelib.tables.attributes import PlainAttribute
from chalicelib.tables.failures import Failure

MOST_BYTES = 300_000
"""A row of DynamoDB takes 400 KB; SQS takes 1 MiB."""
_LOOK_AGAIN_MS = 900_000
"""How long after its wake-up is dead a lane is looked after; twice as long each time that follows, up to a day."""
_DAY_MS = 86_400_000
_PAGES = 20
"""Of a stream, read at most for one batch: a page may be empty where a shard is."""


def run(event: dict[str, Any], context: Any, event_sources: Iterable[Any]) -> Any:
    """Handle a batch of dead letters; `event_sources` are those that `app.py` declares."""
    steps = readers(event_sources)

    def handle(record: dict[str, Any]) -> None:
        _bury(record, steps)

    return each_record(event, handle)


def readers(event_sources: Iterable[Any]) -> dict[str, str]:
    """Short name of each queue -> the step that reads it, and could not do what was on it."""
    queues = [(source, getattr(source, "queue", None) or "") for source in event_sources]
    return {queue: str(source.name) for source, names in queues for queue in names.split("+") if queue}


def _bury(record: dict[str, Any], steps: dict[str, str]) -> None:
    """Record one dead letter; ids come from the SQS message's, so that twice is once, and sort by its time."""
    name = record["eventSourceARN"].rpartition(":")[2].removeprefix(settings().queue(""))
    queue = name.replace("-dead.fifo", ".fifo").removesuffix("-dead")
    body = _body(record["body"])
    if "DDBStreamBatchInfo" in body:
        for index, again in enumerate(_of_stream(body["DDBStreamBatchInfo"], step=queue)):
            _keep(record, index, step=queue, queue="timers", body=again)
        return
    _keep(record, 0, step=steps.get(queue, queue), queue=queue, body=body)
    if lane := body.get("lane"):
        # Its messages must not wait for a person, or for the next message, because ours failed for some minutes.
        dead = int(body.get("dead", 0))
        schedule.watch(lane, dead=dead + 1, after_ms=clock.now_ms(), wait_ms=min(_LOOK_AGAIN_MS << dead, _DAY_MS))


def _body(text: str) -> dict[str, Any]:
    """The event; what cannot be kept as it is, which may be why it is here, as text under `unreadable`."""
    try:
        body: dict[str, Any] = json.loads(text)
        PlainAttribute().serialize(body)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        body = {}
    raw = text.encode("utf-8", "replace")
    if body and len(raw) <= MOST_BYTES:
        return body
    return {"unreadable": raw[:MOST_BYTES].decode("utf-8", "ignore")}


def _keep(record: dict[str, Any], index: int, *, step: str, queue: str, body: dict[str, Any]) -> None:
    Failure(
        id=ids.at_from_cause("fa", _sent_at(record), record["messageId"], index),
        step=step,
        queue=queue,
        group=record["attributes"].get("MessageGroupId"),
        body=body,
        at=clock.now_ms(),
    ).save()
    log.step("bury", failed=step, queue=queue, thread=body.get("thread"), lane=body.get("lane"))


def _sent_at(record: dict[str, Any]) -> int:
    """When what is dead was put on its queue, in milliseconds since the epoch."""
    return int(record["attributes"].get("SentTimestamp") or 0)


def _of_stream(batch: dict[str, Any], *, step: str) -> Iterator[dict[str, Any]]:
    """What has to be done again of a stream's batch, whose failure message says only where it lies.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html (within 24 h)
    """
    if step == "push":
        # Whoever was not told asks for it.
        return
    table = table_of_stream(batch["streamArn"])
    for record in _records(batch):
        change = record["dynamodb"]
        verb = record["eventName"]
        if verb == "REMOVE":
            continue
        if step == "observe":
            if table == "endpoints":
                if episode := episode_of(change):
                    yield CountAgain(episode=episode.plain()).plain()
            elif facts := facts_of(table, record):
                yield CountAgain(facts=[fact.plain() for fact in facts]).plain()
        elif step == "announce":
            if table == "threads" and _of_inbox(change):
                yield ObserveAgain(
                    change={name: change[name] for name in ("OldImage", "NewImage") if name in change}
                ).plain()
            if not concerns(table, change["Keys"].get("item", {}).get("S", ""), verb):
                continue
            told = {name: change[name] for name in ("SequenceNumber", "OldImage", "NewImage") if name in change}
            told["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
            yield AnnounceAgain(table=table, name=verb, change=told).plain()
        else:
            thread, seq = change["Keys"]["thread"]["S"], int(change["Keys"]["seq"]["N"])
            position = stream_key(change["SequenceNumber"])
            yield MessageAgain(thread=thread, seq=seq, position=position, status=verb == "MODIFY").plain()


def _of_inbox(change: dict[str, Any]) -> bool:
    """Whether a change of `threads` is of a thread that a console desk has, or had; as the stream's filter."""
    chats = (change.get(name, {}).get("state", {}).get("M", {}).get("chat", {}) for name in ("OldImage", "NewImage"))
    return any(one.get("M", {}).get("kind", {}).get("S") == CONSOLE for one in chats)


def _records(batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The batch's records; where its Lambda has a filter also those between that it was not given."""
    streams = aws.client("dynamodbstreams")
    first, last = batch["startSequenceNumber"], int(batch["endSequenceNumber"])
    iterator = streams.get_shard_iterator(
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=first,
    )["ShardIterator"]
    seen = 0
    for _ in range(_PAGES):
        if not iterator or seen >= last:
            return
        answer = streams.get_records(ShardIterator=iterator, Limit=1000)
        for record in answer["Records"]:
            seen = int(record["dynamodb"]["SequenceNumber"])
            if seen <= last:
                yield record
        iterator = answer.get("NextShardIterator")
