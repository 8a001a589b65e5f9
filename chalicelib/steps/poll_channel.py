"""The visitor's side of web chat: fetch what was said (long poll), the widget's script, the chat page.

A message counts as delivered when it was fetched. A Lambda of its own, because a poll holds its process for up
to 20 s and must not take the place of a webhook; where none is reserved for it, it holds nothing.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib import channels
from chalicelib.channels import fallback
from chalicelib.channels.contract import Channel
from chalicelib.channels.webchat import address_of, cors, is_session, pages
from chalicelib.domain.event import status_event
from chalicelib.domain.message import DELIVERED, FAILED, PENDING, SENT, Content, Message
from chalicelib.domain.thread import thread_id
from chalicelib.domain.view import message_view
from chalicelib.inbound import strangers
from chalicelib.ports import clock, log, queues, web
from chalicelib.ports.queues import Entry
from chalicelib.ports.settings import LONGEST_POLL_S, settings
from chalicelib.ports.web import Problem
from chalicelib.tables import kept_channels, media_links, messages

_PAGE = 50
_EVERY_S = 0.3
_EVENTS = ("handover", "transferred", "handover_accepted", "handover_ended")
"""What a visitor may hear of their conversation."""


def run(request: HttpRequest, channel_id: str) -> HttpResponse:
    """GET messages of a session after a cursor; waits up to `wait_s` for the first, if the deployment lets it."""
    service, channel = _channel(channel_id)
    allowed = _allowed(request, channel)
    query = dict(request.query_params or {})
    session = query.get("session", "")
    if not is_session(session):
        raise Problem(
            422, "wrong_fields", "session is missing or malformed", errors=[("/session", "must be a session")]
        )
    after, wait_s = _cursor(query.get("after", "")), _wait(query.get("wait_s", "0"))
    include = frozenset(query.get("include", "").split(","))
    thread, until = thread_id(channel.id, address_of(session)), clock.now_ms() + _held_s(wait_s) * 1000
    waits = False
    while True:
        page = messages.after(thread, after, limit=_PAGE)
        shown = [message for message in page if _shown(message, include)]
        if not page and not strangers.is_known(thread):
            # Not held: whoever makes sessions up would take the places of those who wait for an answer.
            break
        after = page[-1].seq if page else after
        if shown or (clock.now_ms() >= until and len(page) < _PAGE):
            break
        if len(page) < _PAGE:
            waits = waits or strangers.may_wait(channel.id, web.caller(request))
            if not waits:
                break
            time.sleep(_EVERY_S)
    _delivered(shown, service, channel)
    views = [_view(message, channels.load("webchat").CAN) for message in shown]
    log.step("poll_channel", channel=channel_id, thread=thread, messages=len(shown))
    return web.answer(200, {"data": views, "next": str(after)}, allowed)


def preflight(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Answer a browser that asks before it posts from another origin."""
    return web.text(204, "", _allowed(request, _channel(channel_id)[1]))


def widget(request: HttpRequest, channel_id: str) -> HttpResponse:
    """The script that puts the chat on a page."""
    script = pages.widget_js(_channel(channel_id)[1])
    return web.text(200, script, {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "max-age=300"})


def chat(request: HttpRequest, channel_id: str) -> HttpResponse:
    """The page that is nothing but the chat."""
    page = pages.chat_page(_channel(channel_id)[1], "widget.js")
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": pages.PAGE_POLICY}
    return web.text(200, page, headers | {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})


def _channel(channel_id: str) -> tuple[str, Channel]:
    """The channel as it stood at most ten seconds ago, and its service: a window asks every second or so, and only its
    page's origin and the service depend on it."""
    row = kept_channels.get(channel_id)
    kind = row.body.get("kind", "") if row is not None and row.body else ""
    if row is None or kind not in channels.KINDS or "pull" not in channels.load(kind).CAN:
        raise Problem(404, "unknown_channel", "there is no such web chat")
    return str(row.service), Channel(channel_id, row.body.get("settings") or {}, {})


def _allowed(request: HttpRequest, channel: Channel) -> dict[str, str]:
    headers = cors(channel, request.headers.get("origin") or "", _url(request))
    if headers is None:
        raise Problem(403, "origin_not_allowed", "the channel's allowed_origins do not name this page's origin")
    return headers


def _url(request: HttpRequest) -> str:
    scheme = request.headers.get("x-forwarded-proto") or "https"
    return f"{scheme}://{request.headers.get('host') or ''}/"


def _cursor(text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise Problem(400, "bad_cursor", "after is none of our cursors")
    return int(text)


def _wait(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > LONGEST_POLL_S:
        wrong = f"must be 0 to {LONGEST_POLL_S}"
        raise Problem(422, "wrong_fields", f"wait_s {wrong}", errors=[("/wait_s", wrong)])
    return int(text)


def _held_s(wait_s: int) -> int:
    return min(wait_s, settings().longest_poll_s)


def _shown(message: Message, include: frozenset[str]) -> bool:
    if message.direction == "out":
        return message.state != FAILED
    if message.author.kind == "system" and message.content.type == "event":
        return "events" in include and message.content.details.get("name") in _EVENTS
    return "all" in include and message.author.kind == "user"


def _view(message: Message, can: frozenset[str]) -> dict[str, Any]:
    """As the widget gets it; what it cannot show comes as text.

    `client_id` is the id that the page gave to what the visitor said. Of an event the visitor hears what happened and
    the agent's name: not to which desk, why, or under which id.
    """
    at = clock.rfc3339(message.sent_at)
    if message.content.type == "event" and message.direction == "in":
        return message_view(replace(message, content=_told(message.content.details)), at=at)
    public = media_links.public_message(message)
    view = message_view(replace(public, content=fallback.adapted(public.content, can)), at=at)
    given = message.provider_id.removeprefix(f"{message.address}.")
    return view | ({"client_id": given} if message.direction == "in" and given else {})


def _told(details: dict[str, Any]) -> Content:
    agent = details.get("agent")
    name = str(agent.get("name") or "") if isinstance(agent, dict) else ""
    return Content("event", details={"name": details.get("name")} | ({"agent": {"name": name}} if name else {}))


def _delivered(shown: list[Message], service: str, channel: Channel) -> None:
    entries: list[Entry] = []
    for message in shown:
        if message.direction == "out" and message.state in (PENDING, SENT):
            event: Any = status_event(
                thread=message.thread,
                seq=message.seq,
                state=DELIVERED,
                at=clock.now_ms(),
                service=service,
                channel=channel.id,
                channel_kind=message.channel_kind,
            )
            entries.append(Entry(event.plain(), group=event.thread, dedup=event.id))
    queues.send("threads.fifo", entries)
