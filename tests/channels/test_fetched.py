"""A provider that gets a file from where it lies, before it answers, is given the time that it takes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chalicelib import channels
from chalicelib.channels.contract import Channel, Outgoing, Refused, Sent, TryLater
from chalicelib.channels.following import followed
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import Content, Media

SECRETS = {"bot_token": "1:token", "access_token": "token", "app_secret": "secret"}
FILE = Media("https://files.example/film.mp4", "video/mp4")
ANSWER = {"ok": True, "result": {"message_id": 7}, "message_id": "m_1"}


@pytest.mark.parametrize("kind", ["telegram", "messenger", "instagram"])
def test_a_file_is_waited_for(kind: str) -> None:
    """Else the call is made again, and the customer has the file twice."""
    waited: list[float] = []

    async def call(method: str, url: str, *, timeout_s: float = 5.0, **rest: Any) -> Exchange:
        waited.append(timeout_s)
        return Exchange(200, {}, json.dumps(ANSWER).encode(), 1, "")

    channel = Channel("ch_1", {"page_id": "1", "account_id": "2"}, SECRETS)
    said = Content("video", "x" * 3000, (FILE,))
    adapter: Any = channels.load(kind)
    assert isinstance(asyncio.run(adapter.send(Outgoing("dl_1", "42", said), channel, call)), Sent)
    assert waited[0] == 15.0 and {*waited[1:]} == {5.0}


@pytest.mark.parametrize("where", ["http://[", "//[::1"])
def test_a_file_that_leads_on_to_no_address_is_not_to_be_had(where: str) -> None:
    async def call(*_: Any, **__: Any) -> Exchange:
        return Exchange(302, {"location": where}, b"", 1, "")

    assert asyncio.run(followed("https://files.example/1", call)) == Refused(
        "bad_url", "its address leads on to what is none"
    )


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("whatsapp_gupshup", {"app_name": "a"}), ("whatsapp_gupshup", {"user_id": "a"}), ("whatsapp_netcore", {})],
)
@pytest.mark.parametrize("status", [404, 405])
def test_a_message_waits_where_nobody_is_at_the_address_of_the_settings(
    kind: str, settings: dict[str, str], status: int
) -> None:
    """Its owner mends it; refused, the message would be lost."""

    async def call(*_: Any, **__: Any) -> Exchange:
        return Exchange(status, {}, b"<html>nothing here</html>", 1, "")

    channel = Channel("ch_1", {"source": "14155550100", **settings}, {"api_key": "k"})
    adapter: Any = channels.load(kind)
    assert isinstance(asyncio.run(adapter.send(Outgoing("dl_1", "42", Content(text="hi")), channel, call)), TryLater)
