"""A desk for the demo: a page on which a person reads the chats that were handed over, answers and closes them.

    python examples/demo/desk.py --port 8702 --events-url-file .local/demo-desk-url

Standard library only. It keeps its chats in a file, as it stands for somebody else's contact centre; what it does
on the wire is in docs/desks.md.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CHATS: dict[str, dict[str, Any]] = {}
ARGUMENTS = argparse.Namespace()
CHANGING = threading.Lock()
SILENT = "Parley does not answer; try again."


def keep() -> None:
    """Write the chats down: all of them or nothing."""
    if ARGUMENTS.chats_file:
        new = Path(f"{ARGUMENTS.chats_file}.new")
        new.write_text(json.dumps(CHATS), encoding="utf-8")
        os.replace(new, ARGUMENTS.chats_file)


def hear(event: dict[str, Any]) -> None:
    """Note what Parley tells."""
    data = event.get("data") or {}
    conversation = data.get("conversation_id")
    if not conversation:
        return
    who = (data.get("contact") or {}).get("name") or "Visitor"
    chat = CHATS.setdefault(conversation, {"open": True, "said": [], "who": who})
    if event["type"] == "chat.started":
        said = [message for message in data.get("transcript") or [] if message["type"] != "event"]
        chat["said"] = [(message["author"]["kind"], message["text"]) for message in said]
    elif event["type"] == "message.received":
        chat["said"].append(("user", data["message"]["text"]))
    elif event["type"] == "chat.ended_by_customer":
        chat["open"] = False


def take(event: dict[str, Any]) -> None:
    """Note what Parley tells, and keep it."""
    with CHANGING:
        hear(event)
        keep()


def tell(event: dict[str, Any]) -> str:
    """Post an event of the desk's to Parley; gives why it was not taken, empty where it was."""
    url = Path(ARGUMENTS.events_url_file).read_text().strip()
    body = json.dumps(event).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=10).read()
    except urllib.error.HTTPError as error:
        return f"Parley refused it: {error.read().decode(errors='replace')[:300]}"
    except OSError:
        return SILENT
    return ""


def act(form: dict[str, str]) -> None:
    """What the person at the page did."""
    conversation, agent = form["conversation"], {"id": "ana", "name": "Ana"}
    text = form.get("text", "").strip()
    closes = form.get("do") == "close"
    if closes:
        problem = tell({"type": "chat.closed", "conversation_id": conversation, "outcome": "solved"})
    elif text:
        problem = tell({"type": "agent.message", "conversation_id": conversation, "text": text, "agent": agent})
    else:
        return
    with CHANGING:
        chat = CHATS[conversation]
        chat["problem"] = problem
        if closes:
            # One that Parley does not know any more is over, too.
            chat["open"] = problem == SILENT
        elif not problem:
            chat["said"].append(("agent", text))
        keep()


def page() -> str:
    """All chats, the latest first."""
    rows = []
    for conversation, chat in reversed(CHATS.items()):
        said = "".join(f"<li><b>{html.escape(who)}</b> {html.escape(text)}</li>" for who, text in chat["said"])
        form = (
            f"<form method=post><input type=hidden name=conversation value='{html.escape(conversation)}'>"
            "<label>Reply <input name=text autocomplete=off></label> <button name=do value=send>Send</button>"
            " <button name=do value=close>Close the chat</button></form>"
        )
        below = form if chat["open"] else "Closed."
        if problem := chat.get("problem"):
            below = f"<p><strong>{html.escape(problem)}</strong></p>{below}"
        rows.append(f"<article><h2>{html.escape(chat['who'])}</h2><ol>{said}</ol>{below}</article>")
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Demo desk</title>"
        "<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:40rem}article{border:1px solid #bbb;"
        "border-radius:8px;padding:0 1rem 1rem;margin:1rem 0}ol{list-style:none;padding:0}</style>"
        f"<h1>Demo desk</h1>{''.join(rows) or '<p>No chats yet. Say “human” in the web chat.</p>'}"
        "<script>setInterval(()=>{if(!document.activeElement||document.activeElement.tagName!=='INPUT')location.reload()},2000)</script>"
    )


class Desk(BaseHTTPRequestHandler):
    """Parley's deliveries on /hook, the person's page on /."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page."""
        self._answer(200, page(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """A delivery, or what the person did."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path == "/hook":
            take(json.loads(raw))
            self._answer(200, "{}", "application/json")
            return
        act(dict(urllib.parse.parse_qsl(raw)))
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the stack's own log tells of each delivery."""


def listen(words: list[str] | None = None) -> ThreadingHTTPServer:
    """A server for what the command line says, with the chats that were kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8702)
    parser.add_argument("--events-url-file", default=".local/demo-desk-url")
    parser.add_argument("--chats-file", default="", help="where the chats are kept over a restart")
    parser.parse_args(words, namespace=ARGUMENTS)
    if ARGUMENTS.chats_file and Path(ARGUMENTS.chats_file).exists():
        CHATS.update(json.loads(Path(ARGUMENTS.chats_file).read_text(encoding="utf-8")))
    return ThreadingHTTPServer(("127.0.0.1", ARGUMENTS.port), Desk)


if __name__ == "__main__":
    listen().serve_forever()
