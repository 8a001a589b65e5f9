"""Sets up the demo in a running stack: applies the bundle, verifies bot and desk, tells the desk its events URL.

Applying is declarative and verifying is repeatable, so running it again after a restart changes nothing.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def write_secret(file: Path, text: str) -> None:
    """Write a text that opens a door to a file that its owner alone may read, also where it lay open before."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(text)


def set_up(
    base_url: str, admin_key: str, *, bot_port: int, desk_port: int, events_url_file: Path, channels: Iterable[Any] = ()
) -> dict[str, Any]:
    """Set the demo up, with more channels than its chat; gives what `.local/stack.json` shows of it."""

    def call(method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        headers = {"Authorization": f"Bearer {admin_key}", "Content-Type": kind}
        request = urllib.request.Request(base_url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    bundle = (HERE / "bundle.yaml").read_text()
    bundle = bundle.replace("BOT_URL", f"http://127.0.0.1:{bot_port}/hook")
    bundle = bundle.replace("DESK_URL", f"http://127.0.0.1:{desk_port}/hook")
    # JSON is YAML, too.
    more = "".join(f"  - {json.dumps(one)}\n" for one in channels)
    bundle = bundle.replace("channels:\n", f"channels:\n{more}")
    call("POST", "/v1/apply", bundle.encode(), "application/yaml")
    service = next(row for row in call("GET", "/v1/services?limit=100")["data"] if row["name"] == "demo")
    found: dict[str, Any] = {}
    for thing in ("channels", "bots", "desks"):
        every = call("GET", f"/v1/{thing}?service_id={service['id']}")["data"]
        # Nobody calls a desk of the console; the chat is the channel that is the demo's own.
        listed = next(one for one in every if one.get("kind") != "console" and one["name"].startswith("demo "))
        found[thing] = call("GET", f"/v1/{thing}/{listed['id']}")  # lists show no events_url: it is a credential
    for thing in ("bots", "desks"):
        if found[thing]["status"] != "active":
            if found[thing]["status"] == "inactive":  # only an edited webhook may be verified again
                call("PATCH", f"/v1/{thing}/{found[thing]['id']}", b"{}")
            call("POST", f"/v1/{thing}/{found[thing]['id']}/verify", b"{}")
    write_secret(events_url_file, found["desks"]["events_url"])
    channel = found["channels"]["id"]
    return {
        "demo_service_id": service["id"],
        "demo_channel_id": channel,
        "demo_bot_id": found["bots"]["id"],
        "chat_url": f"{base_url}/channels/{channel}/chat",
        "desk_url": f"http://127.0.0.1:{desk_port}/",
        "bot_token_example": found["bots"]["events_url"].rpartition("/")[2],
    }
