"""The widget's script and the stand-alone chat page, with a channel's settings written into them."""

from __future__ import annotations

import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.channels.contract import Channel

LOOK = {"title": "Chat", "greeting": "", "colour": "#1f5fbf", "position": "right", "language": "en"}
LABELS = {
    "open": "Open chat",
    "close": "Close chat",
    "message": "Message",
    "placeholder": "Write a message",
    "send": "Send",
    "log": "Conversation",
    "you": "You",
    "bot": "Assistant",
    "agent": "Agent",
    "sending": "Sending",
    "sent": "Sent",
    "failed": "Not sent.",
    "retry": "Try again",
    "offline": "No connection. Trying again.",
    "too_long": "This message is too long.",
    "unread": "unread",
    "map": "Open map",
    "file": "File",
}
"""The widget's own words, which a channel's `labels` may replace."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src https: http: data:; media-src https: http:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy under which the chat page works: styles come through constructed style sheets."""


def widget_js(channel: Channel) -> str:
    """The script that puts the chat on a page; text/javascript."""
    given = {key: channel.settings.get(key) or default for key, default in LOOK.items()}
    labels = LABELS | dict(channel.settings.get("labels") or {})
    options = {"channel": channel.id, **given, "labels": labels, "css": _file("widget.css")}
    return _file("widget.js").replace("__PARLEY_OPTIONS__", _script_json(options), 1)


def chat_page(channel: Channel, script_url: str) -> str:
    """The page that is nothing but the chat, loading the widget from `script_url`; text/html."""
    settings = channel.settings
    page = _file("chat.html")
    for mark, value in (
        ("__PARLEY_LANGUAGE__", settings.get("language") or LOOK["language"]),
        ("__PARLEY_TITLE__", settings.get("title") or LOOK["title"]),
        ("__PARLEY_SCRIPT__", script_url),
    ):
        page = page.replace(mark, html.escape(str(value), quote=True))
    return page


def _script_json(value: Any) -> str:
    # As ASCII with every `<` escaped it is safe in any script, even one that somebody pastes between script tags.
    return json.dumps(value).replace("<", "\\u003c")


@cache
def _file(name: str) -> str:
    return (Path(__file__).parents[2] / "console" / "webchat" / name).read_text(encoding="utf-8")
