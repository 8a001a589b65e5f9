"""The widget's script and the stand-alone chat page, with a channel's settings written into them."""

from __future__ import annotations

import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.channels.contract import Channel

LOOK = {
    "title": "Chat",
    "greeting": "",
    "colour": "#2b57d0",
    "position": "right",
    "language": "",
    "theme": "auto",
    "sound": False,
    "ask_email": False,
    "uploads": False,
}
LANGUAGES = ("en", "de", "es", "ar")
"""Languages that the widget has words in: console/webchat/words."""
_PARTS = ("start.js", "wire.js", "live.js", "outbox.js", "rows.js", "extras.js", "widget.js")
"""The script in the order in which it is read; together they are one function's body."""


def page_policy(live_url: str = "", files_url: str = "") -> str:
    """The Content-Security-Policy under which the chat page works, with its socket and where it puts files: styles come
    through constructed style sheets."""
    # The origin alone: a path would have to be the very one, and browsers differ in how they compare it.
    others = "".join(" " + "/".join(url.split("/")[:3]) for url in (live_url, files_url) if url)
    return (
        f"default-src 'none'; script-src 'self'; connect-src 'self'{others}; img-src https: http: data:; "
        "media-src https: http:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def widget_js(channel: Channel, *, live_url: str = "") -> str:
    """The script that puts the chat on a page; text/javascript. It opens its socket at `live_url`, and polls without
    one."""
    given = {key: channel.settings.get(key) or default for key, default in LOOK.items()}
    labels = dict(channel.settings.get("labels") or {})
    options = {"channel": channel.id, "live": live_url, **given, "words": _tables(given["language"]), "labels": labels}
    with_options = _script().replace("__PARLEY_OPTIONS__", _script_json(options | {"css": _file("widget.css")}), 1)
    return f'// Parley web chat: one script tag, no dependencies.\n(() => {{\n"use strict";\n{with_options}}})();\n'


def words(language: str) -> dict[str, str]:
    """The widget's own words in one of `LANGUAGES`, which a channel's `labels` may replace."""
    return dict(json.loads(_file(f"words/{language}.json")))


def chat_page(channel: Channel, script_url: str) -> str:
    """The page that is nothing but the chat, loading the widget from `script_url`; text/html."""
    settings = channel.settings
    page = _file("chat.html")
    for mark, value in (
        ("__PARLEY_LANGUAGE__", settings.get("language") or "en"),
        ("__PARLEY_TITLE__", settings.get("title") or LOOK["title"]),
        ("__PARLEY_SCRIPT__", script_url),
    ):
        page = page.replace(mark, html.escape(str(value), quote=True))
    return page


def _tables(language: object) -> dict[str, dict[str, str]]:
    """The words that a page may need: all where the page's own language decides."""
    wanted = str(language).lower().split("-")[0]
    return {one: words(one) for one in LANGUAGES if not wanted or one in ("en", wanted)}


@cache
def _script() -> str:
    """All parts, without indentation and lines that are comments: an eighth of what a page would fetch. None of the
    script's texts goes over a line's end."""
    lines = (line.strip() for part in _PARTS for line in _file(part).splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _script_json(value: Any) -> str:
    # As ASCII with every `<` escaped it is safe in any script, even one that somebody pastes between script tags.
    return json.dumps(value).replace("<", "\\u003c")


@cache
def _file(name: str) -> str:
    return (Path(__file__).parents[2] / "console" / "webchat" / name).read_text(encoding="utf-8")
