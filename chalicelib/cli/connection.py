"""Which deployment is spoken to, and how: options, else the environment, else the local run's `.local/stack.json`."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

STACK = Path(".local/stack.json")
_HERE = Path(__file__).resolve().parents[2]
TIMEOUT_S = 35
"""Above the 29 s that API Gateway waits."""


class Refused(Exception):
    """The API said no; `problem` is its RFC 9457 answer."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', '')}")
        self.status, self.problem = status, problem


@dataclass(frozen=True, slots=True)
class Connection:
    """A deployment and a key."""

    base_url: str
    key: str
    local: bool = False
    """Whether it is the local run of this folder."""

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        yaml: bytes | None = None,
    ) -> Any:
        """Call the API; Refused for anything but 2xx, ConnectionError where nobody answers."""
        raw = yaml if yaml is not None else json.dumps(body).encode() if body is not None else None
        kind = "application/yaml" if yaml is not None else "application/json"
        text, _ = self.file(method, path, raw, query=query, kind=kind)
        return json.loads(text) if text else None

    def file(
        self,
        method: str,
        path: str,
        raw: bytes | None = None,
        *,
        query: dict[str, Any] | None = None,
        kind: str = "",
        accept: str = "application/json, */*",
    ) -> tuple[bytes, Message]:
        """As a call, of a body of any kind: what was answered, and its headers."""
        given = {name: str(value) for name, value in (query or {}).items() if value not in (None, "")}
        url = self.base_url + path + (f"?{urllib.parse.urlencode(given)}" if given else "")
        headers = {"Authorization": f"Bearer {self.key}", "Accept": accept}
        headers |= {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(url, data=raw, method=method, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            raise Refused(error.code, _problem(error.read())) from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "reason", None) or str(error) or type(error).__name__
            hint = "; is `make run` still there?" if self.local else ""
            raise ConnectionError(f"no answer from {self.base_url}: {why}{hint}") from None


def connection(base_url: str | None, key: str | None) -> Connection:
    """The connection; ValueError where it is not known where to, or with which key."""
    stack = _local_run()
    url = base_url or os.environ.get("PARLEY_BASE_URL") or stack.get("base_url")
    # The local run's key is for the local run: it is not sent anywhere else.
    local = bool(url) and url == stack.get("base_url")
    own = stack.get("admin_key") if local else None
    key = key or os.environ.get("PARLEY_KEY") or own
    if not url or not key:
        raise ValueError(
            "say --base-url and --key, set PARLEY_BASE_URL and PARLEY_KEY, or start the local run (make run)"
        )
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url} is no http or https URL")
    return Connection(url.rstrip("/"), key, local)


def _local_run() -> dict[str, Any]:
    """What the local run of the folder that we are in, else of the one that this file is in, says of itself."""
    for file in (STACK, _HERE / STACK):
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return found
    return {}


def _problem(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {"detail": raw.decode(errors="replace")[:300]}
    return found if isinstance(found, dict) else {"detail": str(found)[:300]}
