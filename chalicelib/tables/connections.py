"""Table `connections`: who is to be told of something at once, by an open socket.

A socket has two rows: `thread#<thread>` finds all who hear of a thread, `service#<service>` the consoles that hear of
an inbox, `connection#<id>` what one hears of. Both end by themselves a little after API Gateway ends the socket; `push`
forgets one sooner, when it finds it closed. The stream tells `push` of a new socket of a thread, and who types. What
only consoles need of it stands in `console_sockets.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.writes import same_by_whomever, updated

THREAD, SERVICE, CONNECTION = "thread#", "service#", "connection#"
"""What topics begin with."""
KEEP_S = 130 * 60
"""API Gateway ends a socket after two hours
(https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html); ten minutes are for clocks."""
TYPING_EVERY_MS = 3000
"""How often at most it is written down that one side types."""
AGENT_TYPES, VISITOR_TYPES = "agent.typing", "visitor.typing"


class ConnectionRow(Model):
    """An open socket, or where to find its row."""

    class Meta:
        table_name = settings().table("connections")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_IMAGE"

    topic = UnicodeAttribute(hash_key=True)
    connection = UnicodeAttribute(range_key=True)
    hears = UnicodeAttribute(null=True)
    """Of a `connection#` row: the topic."""
    service = UnicodeAttribute(null=True)
    channel = UnicodeAttribute(null=True)
    cursor = NumberAttribute(null=True)
    """Number of the last message that its page has when it connects."""
    include = UnicodeAttribute(null=True)
    """What it is shown beside what was said to the visitor, as a poll asks for it."""
    since = NumberAttribute(null=True)
    news = UnicodeAttribute(null=True)
    """What the last change of the row tells: `AGENT_TYPES` or `VISITOR_TYPES`; absent while it is new."""
    visitor_typed = NumberAttribute(null=True)
    agent_typed = NumberAttribute(null=True)
    """When they last did, in milliseconds."""
    agent = UnicodeAttribute(null=True)
    """Name of the agent who types."""
    person = UnicodeAttribute(null=True)
    """Of a console, and of a ticket: whose it is."""
    desks = UnicodeAttribute(null=True)
    """The only desks of which they are shown anything; absent: all."""
    origin = UnicodeAttribute(null=True)
    """Of a ticket: the origin of the page that asked for it."""
    until = NumberAttribute(null=True)
    """When a ticket is void, or a console is told no more; in milliseconds."""
    expires = NumberAttribute(null=True)
    """TTL, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Connection:
    """An open socket; `since` in milliseconds."""

    id: str
    topic: str
    service: str
    channel: str
    cursor: int
    include: frozenset[str]
    since: int
    agent: str = ""
    """Name of the agent who types, where the row tells of that."""


def of_thread(thread: str) -> str:
    """The topic of a thread."""
    return f"{THREAD}{thread}"


def of_row(row: ConnectionRow) -> Connection:
    """The socket that a topic's row holds."""
    return Connection(
        str(row.connection),
        str(row.topic),
        str(row.service or ""),
        str(row.channel or ""),
        int(row.cursor or 0),
        frozenset(str(row.include or "").split(",")) - {""},
        int(row.since or 0),
        str(row.agent or ""),
    )


def add(one: Connection) -> None:
    """Note a socket that opens; a repeat writes the same.

    Its own row comes first, and the one by which it is told of anything last: cut off in between, the socket is refused
    and its row ends by itself. A transaction would cost twice as much.
    """
    expires = one.since // 1000 + KEEP_S
    ConnectionRow(f"{CONNECTION}{one.id}", one.id, hears=one.topic, expires=expires).save()
    ConnectionRow(
        one.topic,
        one.id,
        service=one.service,
        channel=one.channel,
        cursor=one.cursor,
        include=",".join(sorted(one.include)) or None,
        since=one.since,
        expires=expires,
    ).save()


def hearing(topic: str, *, now_ms: int) -> list[Connection]:
    """The sockets that hear of a topic, read consistently: who is not yet among them reads what came before."""
    rows = ConnectionRow.query(topic, consistent_read=True)
    # DynamoDB removes what has expired within days.
    return [of_row(row) for row in rows if int(row.expires or 0) * 1000 > now_ms]


def topic_of(connection: str) -> str:
    """What a socket hears of, read consistently; "" where it is forgotten."""
    try:
        return str(ConnectionRow.get(f"{CONNECTION}{connection}", connection, consistent_read=True).hears)
    except ConnectionRow.DoesNotExist:
        return ""


def forget(connection: str, topic: str) -> None:
    """Forget a socket. Its own row goes first: cut off in between it is still told what happens, and finds at its next
    ping that it is not known."""
    ConnectionRow(f"{CONNECTION}{connection}", connection).delete()
    ConnectionRow(topic, connection).delete()


def visitor_types(connection: str, topic: str, *, now_ms: int) -> bool:
    """Note that a visitor types; False where that was noted a moment ago, or the socket is forgotten."""
    lately = ConnectionRow.visitor_typed
    actions: list[Action] = [lately.set(now_ms), ConnectionRow.news.set(VISITOR_TYPES)]
    return _types(connection, topic, actions, lately, now_ms)


def agent_types(thread: str, agent: str, *, now_ms: int) -> int:
    """Note for the sockets of a thread that an agent types; for how many."""
    lately = ConnectionRow.agent_typed
    actions: list[Action] = [
        lately.set(now_ms), ConnectionRow.news.set(AGENT_TYPES),
        ConnectionRow.agent.set(agent) if agent else ConnectionRow.agent.remove(),
    ]  # fmt: skip
    open_now = hearing(of_thread(thread), now_ms=now_ms)
    return sum(_types(one.id, one.topic, actions, lately, now_ms) for one in open_now)


def visitor_types_now(thread: str, service: str, *, now_ms: int) -> bool:
    """Whether the visitor of a service's thread typed a moment ago; what their socket's row said lately."""
    rows = ConnectionRow.query(of_thread(thread), limit=50)
    return any(row.service == service and int(row.visitor_typed or 0) > now_ms - 2 * TYPING_EVERY_MS for row in rows)


def _types(connection: str, topic: str, actions: list[Action], lately: Any, now_ms: int) -> bool:
    rarely = lately.does_not_exist() | (lately <= now_ms - TYPING_EVERY_MS)
    there = ConnectionRow.since.exists()
    # Told once more or not at all: in a few seconds nobody remembers.
    return updated(ConnectionRow(topic, connection), actions, there & rarely, ours=same_by_whomever)
