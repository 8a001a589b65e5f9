"""The adapter in docs/adding-a-channel.md does what the page says."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chalicelib.channels.contract import Channel, Outgoing, Received, Refused, Request, Said, Sent, TryLater
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import Content

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-channel.md").read_text()
EXAMPLE = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
CHANNEL = Channel("chn_1", **EXAMPLE["call"]["channel"])


@pytest.fixture
def adapter() -> Any:
    module = ModuleType("telegram")
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], vars(module))
    return module


def test_it_receives_what_the_example_says(adapter: Any) -> None:
    request = EXAMPLE["call"]["request"]
    body = json.dumps(request["body"]).encode()
    received = adapter.receive(Request("POST", request["headers"], {}, body, 1), CHANNEL)
    assert isinstance(received, Received)
    said = EXAMPLE["gives"]["events"][0]["said"]
    [event] = received.events
    assert isinstance(event, Said)
    assert {name: getattr(event, name) for name in ("address", "provider_id", "name")} | {
        "content": event.content.plain()
    } == said
    assert adapter.receive(Request("POST", {}, {}, body, 1), CHANNEL).status == 401


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"ok": True, "result": {"message_id": 9}}, Sent("42.9")),
        (403, {"error_code": 403, "description": "bot was blocked"}, Refused("403", "bot was blocked")),
        (401, {}, TryLater("bad_token")),
        (500, {}, TryLater("http_500")),
    ],
)
def test_it_sends(adapter: Any, status: int, body: dict[str, Any], outcome: object) -> None:
    async def call(method: str, url: str, **_: Any) -> Exchange:
        assert (method, url) == ("POST", "https://api.telegram.org/bot1:a/sendMessage")
        return Exchange(status, {}, json.dumps(body).encode(), 5)

    assert asyncio.run(adapter.send(Outgoing("dlv_1", "42", Content(text="Hi")), CHANNEL, call)) == outcome
