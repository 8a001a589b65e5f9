"""Names of lanes: the order in which one party hears of one thread.

A lane is `<thread>-<destination>` and endings: `-<cause>` for what waits for nobody else's news, `-c`, `-b`, `-r`. All
that a lane's queue depends on stands in its name, so that whoever wakes it wakes it on the same queue.
"""

from __future__ import annotations

from chalicelib.domain.message import Message
from chalicelib.domain.route import Route

CONVERSATIONS = "-c"
"""Ending of the lane of a thread's conversation events. They come from another stream than its messages, and places in
two streams do not compare: in one lane, a row could come to stand behind the finished tail and never be found."""
REPLAYS = "-r"
"""Ending of a lane for what is told again, so that it neither waits for nor holds up what is new."""
BULK = "-b"
"""Ending of the lanes of triggers' and sources' threads, of what imports cause, and of what the business says first:
ten thousand at once must not hold up a chat."""
_CAUSE = 10
"""Characters of a cause that tell its lane from others of the same party and thread."""


def lane_of(
    thread: str,
    destination: str,
    *,
    channel: str = "",
    cause: str = "",
    conversations: bool = False,
    bulk: bool = False,
    replay: bool = False,
) -> str:
    """The lane of a destination on a thread, whose channel tells whether it is bulk.

    `cause`: what is told has a lane of its own; `conversations`: it is of the conversations' stream; `replay`: it is
    told again.
    """
    own = CONVERSATIONS if conversations else f"-{cause[:_CAUSE]}" if cause else ""
    ending = BULK if bulk or channel.startswith(("tr_", "so_")) else ""
    return f"{thread[3:]}-{destination}{own}{ending}{REPLAYS if replay else ''}"


def lane_of_route(message: Message, route: Route, *, replay: bool = False) -> str:
    """The lane of what a route of a message tells: that of who is told, on the message's thread.

    What became of a trigger's event has a lane of its own: it waits for nobody else's. So has what is bulk.
    """
    # The end of an id is what tells it from others of the same time.
    cause = route.asked[-_CAUSE:] if route.tells_outcome else ""
    destination = route.id or message.channel
    return lane_of(message.thread, destination, channel=message.channel, cause=cause, bulk=route.bulk, replay=replay)


def replay_of(lane: str) -> str:
    """The lane in which what a lane told is told again."""
    return lane if lane.endswith(REPLAYS) else lane + REPLAYS


def is_of_channel(lane: str) -> bool:
    """Whether the lane's destination is a channel: what it sends goes to a customer."""
    return lane[27:30] == "ch_"


def destination_of(lane: str) -> str:
    """The id of whom a lane leads to; "" where its name names nobody."""
    return lane.partition("-")[2].partition("-")[0]


def queue_of(lane: str) -> str:
    """The queue of a lane's wake-ups. Always the same for a lane: two pumps at once would not keep its order."""
    if is_of_channel(lane):
        return "bulk-sends.fifo" if may_wait(lane) else "sends.fifo"
    return "bulk-deliveries.fifo" if lane.endswith((BULK, REPLAYS)) else "deliveries.fifo"


def may_wait(lane: str) -> bool:
    """Whether a lane to a customer is of what nobody has asked for."""
    return lane.removesuffix(REPLAYS).endswith(BULK)


def retry_queue_of(lane: str) -> str:
    """The queue of a lane's retries, and of whatever else is tried apart from first attempts."""
    return "send-retries" if is_of_channel(lane) else "retries"


def thread_of(lane: str) -> str:
    """The thread that a lane belongs to."""
    return f"th_{lane[:26]}"


def stream_key(sequence_number: str) -> str:
    """What the keys of a stream record's deliveries begin with: sorts as the stream does, the same each time.

    Sequence numbers of DynamoDB have 21 to 40 digits.
    """
    return f"{int(sequence_number):040d}"
