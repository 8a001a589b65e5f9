"""The sockets of visitors' pages and of consoles: lets them in, hears what they send, forgets them. What they are told
is `push`'s.

Writes the two rows of a socket one after the other, and so they go; cut off after either, what is left ends by itself
(`tables/connections.py`). A page that was refused polls. A console's ticket goes first: cut off after that, its page
asks for another.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels.webchat import address_of
from chalicelib.domain.thread import thread_id
from chalicelib.inbound import strangers
from chalicelib.ports import aws, clock, log
from chalicelib.ports.web import Problem
from chalicelib.tables import connections, console_sockets, media_links
from chalicelib.tables.connections import SERVICE, THREAD, Connection
from chalicelib.visitors import chats
from chalicelib.wire.json_body import read

MOST_SOCKETS = 10
"""Of one session: windows of one chat; and of one person: browsers in which they have the console open."""
MOST_SENT = 4096
"""Characters of a frame that a page sends."""
_OK: dict[str, Any] = {"statusCode": 200}


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle what API Gateway tells of a socket: that it wants to open, what it sent, that it is closed.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
    """
    about = event["requestContext"]
    kind, connection = about["eventType"], str(about["connectionId"])
    try:
        if kind == "CONNECT":
            return _let_in(event, connection)
        if kind == "MESSAGE":
            return _heard(connection, event.get("body") or "", packed=bool(event.get("isBase64Encoded")))
        _closed(connection)
        return _OK
    except Problem as problem:
        log.step("live", outcome=problem.code, status=problem.status)
        return {"statusCode": problem.status}
    except Exception as error:
        log.crash("live")
        return {"statusCode": 503 if aws.is_busy(error) else 500}


def _let_in(event: dict[str, Any], connection: str) -> dict[str, Any]:
    """Let a page's socket in, where its session has begun: as a poll would answer it, and for as many windows."""
    query = dict(event.get("queryStringParameters") or {})
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    if "ticket" in query:
        return _let_console_in(str(query["ticket"]), headers.get("origin", ""), connection)
    service, channel = chats.chat(query.get("channel", ""))
    # Browsers say where a page is from and let it open sockets anywhere: nobody but us looks.
    chats.allowed(channel, headers.get("origin", ""), media_links.base() + "/")
    session, after = chats.session(query.get("session", "")), chats.cursor(query.get("after", ""))
    thread = thread_id(channel.id, address_of(session))
    if not strangers.is_known(thread):
        raise strangers.unknown()
    topic, now = connections.of_thread(thread), clock.now_ms()
    if len(connections.hearing(topic, now_ms=now)) >= MOST_SOCKETS:
        raise Problem(429, "too_many_sockets", f"a session may have {MOST_SOCKETS} sockets")
    include = chats.included(query.get("include", ""))
    connections.add(Connection(connection, topic, service, channel.id, after, include, now))
    log.step("live", outcome="opened", channel=channel.id, thread=thread, connection=connection)
    return _OK


def _let_console_in(ticket: str, origin: str, connection: str) -> dict[str, Any]:
    """Let a console's socket in, from a page of the origin that the ticket was given to."""
    now = clock.now_ms()
    given = console_sockets.redeem(ticket, origin=origin, now_ms=now)
    if given is None:
        raise Problem(401, "bad_ticket", "this ticket is not good, or not any more")
    if console_sockets.open_of(given.service, given.person, now_ms=now) >= MOST_SOCKETS:
        raise Problem(429, "too_many_sockets", f"a person may have {MOST_SOCKETS} sockets")
    console_sockets.add(connection, given, now_ms=now)
    log.step("live", outcome="opened", service=given.service, connection=connection)
    return _OK


def _heard(connection: str, body: str, *, packed: bool) -> dict[str, Any]:
    """Answer a frame of a page."""
    if packed or len(body) > MOST_SENT:
        return _said(type="error", detail=f"a frame is JSON of {MOST_SENT} characters at most")
    try:
        frame = read(body.encode("utf-8", "replace"))
    except ValueError:
        return _said(type="error", detail="a frame is a JSON object")
    kind = frame.get("type") if isinstance(frame, dict) else None
    if kind not in ("ping", "typing"):
        return _said(type="error", detail="type must be ping or typing")
    topic = connections.topic_of(connection)
    if not topic:
        # It was forgotten and nobody could close it: its page would wait for ever.
        return _said(type="error", code="unknown_connection", detail="this socket is not known any more; open another")
    if kind == "ping":
        # A console's beats name its socket.
        return _said(type="pong", **({"socket": connection} if topic.startswith(SERVICE) else {}))
    if topic.startswith(THREAD):
        connections.visitor_types(connection, topic, now_ms=clock.now_ms())
    return _OK


def _closed(connection: str) -> None:
    if topic := connections.topic_of(connection):
        connections.forget(connection, topic)


def _said(**frame: Any) -> dict[str, Any]:
    return _OK | {"body": json.dumps(frame, separators=(",", ":"))}
