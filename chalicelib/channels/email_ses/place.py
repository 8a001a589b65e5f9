"""Where SES is, and how it is called: by AWS's own signature, which whoever makes the call puts in."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.channels.contract import Channel
from chalicelib.channels.wire import SOON_S
from chalicelib.domain.exchange import AWS_SIGNS, Call, Exchange

API_BASE = "https://email.{region}.amazonaws.com"
"""Of the region in which Parley is, where the settings name no other."""


def base(channel: Channel) -> str:
    """What every address of the API begins with."""
    return str(channel.settings.get("api_base") or API_BASE).rstrip("/")


async def called(
    method: str, path: str, body: dict[str, Any] | None, channel: Channel, call: Call, *, timeout_s: float = SOON_S
) -> Exchange:
    """One call of the API, version 2."""
    headers = {"authorization": f"{AWS_SIGNS}ses", "content-type": "application/json"}
    raw = json.dumps(body).encode() if body is not None else b""
    return await call(method, f"{base(channel)}/v2/email/{path}", headers=headers, body=raw, timeout_s=timeout_s)
