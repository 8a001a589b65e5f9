"""A web chat as its visitors meet it: whether it is there, which pages may use it, what a page may ask for."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib import channels
from chalicelib.channels.contract import Channel
from chalicelib.channels.webchat import cors, is_session
from chalicelib.ports.web import Problem
from chalicelib.tables import kept_channels


def chat(channel_id: str) -> tuple[str, Channel]:
    """A chat's service and its channel, as they stood at most ten seconds ago; Problem 404 where there is none.

    A window asks every second or so, and only its page's origin and the service depend on it.
    """
    row = kept_channels.get(channel_id)
    kind = row.body.get("kind", "") if row is not None and row.body else ""
    if row is None or kind not in channels.KINDS or "pull" not in channels.load(kind).CAN:
        raise Problem(404, "unknown_channel", "there is no such web chat")
    return str(row.service), Channel(channel_id, row.body.get("settings") or {}, {})


def allowed(channel: Channel, origin: str, url: str) -> dict[str, str]:
    """The CORS headers for a page of `origin`; Problem 403 where that is neither named by the channel nor our own,
    that of `url`."""
    headers = cors(channel, origin, url)
    if headers is None:
        raise Problem(403, "origin_not_allowed", "the channel's allowed_origins do not name this page's origin")
    return headers


def called(headers: Mapping[str, str]) -> str:
    """The address that was called, as far as its path."""
    return f"{headers.get('x-forwarded-proto') or 'https'}://{headers.get('host') or ''}/"


def session(text: str) -> str:
    """A session's token; Problem 422 where it is malformed."""
    if not is_session(text):
        raise Problem(
            422, "wrong_fields", "session is missing or malformed", errors=[("/session", "must be a session")]
        )
    return text


def cursor(text: str) -> int:
    """Number of the last message that a page has; Problem 400 where that is no cursor of ours."""
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise Problem(400, "bad_cursor", "after is none of our cursors")
    return int(text)


def included(text: str) -> frozenset[str]:
    """What a page asks for beside what was said to the visitor: `all`, `events`."""
    return frozenset(text.split(",")) & {"all", "events"}
