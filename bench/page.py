"""What the console's page asks for when it opens, as its scripts have it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

LISTS = ("mine", "queue", "mentions")
AT_ONCE = 6
"""Requests that a browser has on their way to one host, without HTTP/2."""
_SETUP = Path(__file__).parents[1] / "chalicelib" / "console" / "app" / "setup.js"
_NAMED = re.compile(r"^const NAMED = (\[.*?\])", re.MULTILINE)


def asked(service: str) -> list[tuple[str, str, Any]]:
    """(method, path, body): who one is, and once that is known all else at the same time."""
    named = _NAMED.search(_SETUP.read_text(encoding="utf-8"))
    assert named, "the page names what it asks of the service in another way"
    lists = [f"/v1/inbox?service_id={service}&limit=50&list={name}" for name in LISTS]
    setup = f"/v1/setup?service_id={service}&kinds={','.join(json.loads(named[1]))}"
    found: list[tuple[str, str, Any]] = [("GET", path, None) for path in ("/console/session", *lists, setup)]
    return [*found, ("POST", "/v1/console/beat", {"service_id": service})]
