"""The visitor's side of web chat: fetch what was said (long poll), the widget's script, the chat page.

A message counts as delivered when it was fetched. A Lambda of its own, because a poll holds its process for up
to 20 s and must not take the place of a webhook; where none is reserved for it, it holds nothing. Who has a socket
(`live`, `push`) polls only where that failed: what is fetched here is the truth.
"""

from __future__ import annotations

import time

from chalice.app import Request as HttpRequest
from chalice.app import Response as HttpResponse

from chalicelib.channels.contract import Channel
from chalicelib.channels.webchat import address_of, pages
from chalicelib.domain.thread import thread_id
from chalicelib.inbound import strangers
from chalicelib.ports import clock, log, media, web
from chalicelib.ports.settings import LONGEST_POLL_S, settings
from chalicelib.ports.web import Problem
from chalicelib.tables import messages
from chalicelib.visitors import chats, shown

_PAGE = 50
_EVERY_S = 0.3


def run(request: HttpRequest, channel_id: str) -> HttpResponse:
    """GET messages of a session after a cursor; waits up to `wait_s` for the first, if the deployment lets it."""
    _, channel = chats.chat(channel_id)
    allowed = _allowed(request, channel)
    query = dict(request.query_params or {})
    session = chats.session(query.get("session", ""))
    after, wait_s = chats.cursor(query.get("after", "")), _wait(query.get("wait_s", "0"))
    include = chats.included(query.get("include", ""))
    thread, until = thread_id(channel.id, address_of(session)), clock.now_ms() + _held_s(wait_s) * 1000
    waits = False
    while True:
        page = messages.after(thread, after, limit=_PAGE)
        found = [message for message in page if shown.is_shown(message, include)]
        if not page and not strangers.is_known(thread):
            # Not held: whoever makes sessions up would take the places of those who wait for an answer.
            break
        after = page[-1].seq if page else after
        if found or (clock.now_ms() >= until and len(page) < _PAGE):
            break
        if len(page) < _PAGE:
            waits = waits or strangers.may_wait(channel.id, web.caller(request))
            if not waits:
                break
            time.sleep(_EVERY_S)
    shown.delivered(found)
    log.step("poll_channel", channel=channel_id, thread=thread, messages=len(found))
    return web.answer(200, {"data": [shown.view(message) for message in found], "next": str(after)}, allowed)


def preflight(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Answer a browser that asks before it posts from another origin."""
    return web.text(204, "", _allowed(request, chats.chat(channel_id)[1]))


def widget(request: HttpRequest, channel_id: str) -> HttpResponse:
    """The script that puts the chat on a page."""
    script = pages.widget_js(chats.chat(channel_id)[1], live_url=settings().live_url)
    return web.text(200, script, {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "max-age=300"})


def chat(request: HttpRequest, channel_id: str) -> HttpResponse:
    """The page that is nothing but the chat."""
    channel = chats.chat(channel_id)[1]
    page = pages.chat_page(channel, "widget.js")
    policy = pages.page_policy(settings().live_url, media.place() if channel.settings.get("uploads") else "")
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    return web.text(200, page, headers | {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})


def _allowed(request: HttpRequest, channel: Channel) -> dict[str, str]:
    return chats.allowed(channel, request.headers.get("origin") or "", chats.called(request.headers))


def _wait(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > LONGEST_POLL_S:
        wrong = f"must be 0 to {LONGEST_POLL_S}"
        raise Problem(422, "wrong_fields", f"wait_s {wrong}", errors=[("/wait_s", wrong)])
    return int(text)


def _held_s(wait_s: int) -> int:
    return min(wait_s, settings().longest_poll_s)
