"""A bot for the demo: it answers in the response to each delivery, and hands over when somebody asks for a human.

    python examples/demo/bot.py --port 8701

Standard library only, so that it can be read as a recipe for a bot of your own. What it does on the wire is in
docs/bots.md: the verification token in every response, and events in the response instead of a second call.
Say "slow" and it takes 8 seconds (longer than it is given), "fail" and it answers 500: watch the retries.
"""

from __future__ import annotations

import argparse
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "demo-bot-token"


def replies(event: dict[str, Any]) -> list[dict[str, Any]]:
    """What the bot says to an event: events of its own."""
    if event.get("ConversationType") != "BOT" or event.get("Event") not in ("Incoming message", "FB POSTBACK"):
        return []  # a copy for our records, a receipt, or the verification
    conversation = event["Conversationid"]

    def say(text: str, **more: Any) -> dict[str, Any]:
        return {"eventid": "1001", "conversation_id": conversation, "message": text, **more}

    heard = str(event.get("PostbackPayload") or event.get("Message") or "").strip().lower()
    if heard in ("human", "person", "agent"):
        return [say("One moment, I am getting a person."), {"eventid": "1002", "conversation_id": conversation}]
    if heard == "bye":
        return [say("Bye. Write again and we start anew."), {"event": "Close", "conversation_id": conversation}]
    if heard == "menu":
        buttons = [{"title": "A person", "payload": "human"}, {"title": "Good bye", "payload": "bye"}]
        return [say("What would you like?", Messagetype="buttons", Buttons=buttons)]
    return [say(f"You said: {event.get('Message') or heard}")]


class Bot(BaseHTTPRequestHandler):
    """One delivery of Parley's, one response."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a delivery."""
        event = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        said = str(event.get("Message", "")).strip().lower()
        if said == "slow":
            time.sleep(8)
        body = json.dumps({"verification_token": TOKEN, "events": replies(event)}).encode()
        self.send_response(500 if said == "fail" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the stack's own log tells of each delivery."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8701)
    ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Bot).serve_forever()
