"""How much of everything: one line per Lambda, with the reason.

Lambda gives CPU by memory, one core at 1769 MB (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html),
so memory here is chosen for speed; none of these functions comes near using it up. Of those that a message meets it is
chosen by the table of `python -m bench memory`: a million round trips by socket are to cost less than 20 USD, and what
is left of that goes where it saves most milliseconds until the bot hears. Who only waits has little.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.ports.redelivery import MAX_RECEIVES as MAX_RECEIVES


@dataclass(frozen=True, slots=True)
class Limit:
    """Limits of one Lambda and of its event source."""

    timeout_s: int
    memory_mb: int
    why: str
    batch: int = 10
    window_s: int = 0
    """How long the event source may gather a batch."""
    at_once: int = 10
    """Batches of a stream's shard at the same time; records of one thread stay in order (the key decides)."""
    bulk_at_most: int | None = None
    """As `at_most`, of the queue of the same work that nobody waits for."""
    at_most: int | None = None
    """Workers of an SQS source at the same time (2 to 1000); None leaves it to the account."""
    reserved: int | None = None
    """Reserved concurrency; also a ceiling."""
    old_after_s: int = 60
    """Age of the oldest message or stream record that is worth an alarm."""


LIMITS: dict[str, Limit] = {
    "receive_channel": Limit(
        10,
        1024,
        "checks and queues; providers give up after 5 to 20 s and send again. Anybody may post to a web chat: the "
        "ceiling keeps a flood from taking the concurrency of `converse`",
        reserved=50,
    ),
    "poll_channel": Limit(
        29,
        128,
        "waits up to 20 s for messages, so it must be cheap, and must not eat the account's concurrency; uses 50 MB",
        reserved=100,
    ),
    "answer_call": Limit(
        29,
        256,
        "waits up to 8 s for what a call is to speak; what its provider has not signed is refused at once and holds no "
        "place",
    ),
    "live": Limit(
        10,
        256,
        "a handful of reads when a socket opens, one when its page says that it is there; the ceiling keeps a crowd "
        "that comes back at once from the rest",
        reserved=20,
    ),
    "receive_bot": Limit(10, 512, "checks and queues"),
    "receive_desk": Limit(10, 512, "checks and queues"),
    "fetch_media": Limit(29, 1024, "holds a file of up to 100 MB while it takes it from its provider", reserved=20),
    "api": Limit(29, 1024, "API Gateway gives up at 29 s; imports the models of the whole API", reserved=50),
    "receive_mail": Limit(
        60,
        1024,
        "holds a mail of up to 40 MB and what is attached to it; one at a time, and few at once: a newsletter that "
        "is answered by many may wait",
        batch=1,
        at_most=10,
        old_after_s=300,
    ),
    "receive_trigger": Limit(10, 512, "checks and queues"),
    "run_trigger": Limit(
        30,
        512,
        "ten events, a handful of calls each; the ceiling keeps a flood of triggers from slowing chats",
        at_most=10,
        old_after_s=300,
    ),
    "receive_source": Limit(
        20, 1024, "reads up to 500 events by a mapping, for six seconds at most; gone before API Gateway is"
    ),
    "ingest_source": Limit(
        30,
        512,
        "ten events, a handful of calls each; the ceiling keeps an import of a year from slowing chats",
        at_most=10,
        old_after_s=900,
    ),
    "converse": Limit(30, 1024, "ten events of at most ten threads, a handful of calls each", bulk_at_most=5),
    "fan_out": Limit(60, 1024, "queues only; a batch is a hundred messages", batch=100),
    "copy_media": Limit(
        60,
        1024,
        "holds a file of up to 100 MB while it takes it from its provider, which has 45 s for that; the ceiling keeps "
        "a flood of files from slowing chats",
        batch=1,
        at_most=20,
        old_after_s=900,
    ),
    "push": Limit(
        60,
        512,
        "a query for each message of a web chat and each change of an inbox, and a call of three seconds at most for "
        "each open window and console",
        batch=100,
    ),
    "announce": Limit(
        60,
        512,
        "a handful of calls for each conversation opened or closed, a read and two writes for each chat of a console "
        "desk that something was said in",
        batch=100,
    ),
    "observe": Limit(
        60,
        512,
        "a transaction for each service; gathers for a minute, one batch of a shard at a time, as a batch costs the "
        "same whatever is in it and nobody waits for figures",
        batch=1000,
        window_s=60,
        at_once=1,
        old_after_s=900,
    ),
    "deliver": Limit(
        60,
        512,
        "ten lanes at once, 5 s an attempt, and goes on until a lane is empty; most of that it waits for others",
        bulk_at_most=10,
    ),
    "send": Limit(60, 512, "as deliver; providers have rates, hence the ceiling", at_most=50, bulk_at_most=10),
    "release_due": Limit(
        55,
        512,
        "runs each minute and must be over before the next run; in a full account it would be dropped, and all retries "
        "and timers be late",
        reserved=2,
    ),
    "retry_delivery": Limit(
        60,
        512,
        "a due attempt of 5 s; the ceiling keeps dead endpoints away from live ones",
        at_most=10,
        old_after_s=300,
    ),
    "retry_send": Limit(60, 512, "as retry_delivery", at_most=10, old_after_s=300),
    "fire_timer": Limit(60, 512, "turns timers into events", at_most=20),
    "erase": Limit(
        60, 512, "25 transactions of 90 rows a page; nobody waits for it", batch=1, at_most=2, old_after_s=900
    ),
    "replay_deliveries": Limit(
        60, 512, "500 deliveries a run, two writes each; nobody waits for it", batch=1, at_most=2, old_after_s=900
    ),
    "bury": Limit(30, 256, "writes a row per dead letter; nobody waits for it", at_most=2, old_after_s=900),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls a route of API Gateway takes; what is above is answered 429."""

    a_second: int
    burst: int
    """Calls at the same moment beyond the rate, until it has made up for them."""
    why: str


RATES: dict[str, Rate] = {
    "receive_channel": Rate(100, 200, "also the web chat, to which anybody may post; providers repeat what is refused"),
    "poll_channel": Rate(50, 100, "anonymous; a hundred chat windows poll five times a second while nobody writes"),
    "answer_call": Rate(100, 200, "each call asks every few seconds; what is not signed is refused"),
    "receive_bot": Rate(100, 200, "bots repeat"),
    "receive_desk": Rate(100, 200, "desks repeat"),
    "receive_trigger": Rate(100, 200, "behind it is a queue with a ceiling of its own"),
    "receive_source": Rate(20, 40, "a call may hold 500 events and six seconds of work"),
    "fetch_media": Rate(20, 40, "a call may hold a file of 100 MB"),
    "api": Rate(100, 200, "an owner's scripts and the console; all paths of /v1 together"),
}
SOCKETS = Rate(200, 400, "of all sockets together what they send and how many open; AWS lets 500 open a second")
OTHER = Rate(2, 10, "paths that lead nowhere, which are answered 404")

VISIBILITY_TIMES = 6
"""Visibility timeout as a multiple of the function's timeout, as AWS advises for SQS sources
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html)."""
STREAM_RETRIES = 20
STREAM_MAX_AGE_S = 6 * 3600
"""After that a stream batch goes to its failure queue: a day before DynamoDB forgets the records is 24 h, and a
person needs some of it."""
KEEP_S = 14 * 86_400
"""How long queues keep messages: the longest that SQS allows."""
LOG_DAYS = 30
REMOVED_DAYS = 30
"""How long a removed file can be brought back. Not longer than a table (35 days): what was erased is then gone
everywhere."""


BULK = "bulk-"
"""What the names of queues begin with whose work may wait while people talk."""
BULK_OLD_AFTER_S = 3600
"""Age of the oldest message of such a queue that is worth an alarm."""


def is_bulk(queue: str) -> bool:
    """Whether a queue's work may wait while people talk."""
    return queue.startswith(BULK)


def visibility_s(name: str) -> int:
    """Visibility timeout of the queue that a Lambda reads."""
    limit = LIMITS[name]
    return VISIBILITY_TIMES * limit.timeout_s + limit.window_s
