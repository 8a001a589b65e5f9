"""What an owner changes holds for the next message, in processes that have seen it otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.conftest import Town


def _heard(town: Town, text: str) -> list[str]:
    town.bot.forget()
    town.says(text)
    return [event["Message"] for event in town.bot.events() if event.get("Event") == "Incoming message"]


def test_a_services_zone(town: Town, traveller: Any) -> None:
    there = (datetime.now(UTC) + timedelta(hours=5, minutes=45)).hour
    when = {"==": [{"var": "now.hour"}, there]}
    town.make("rules", service_id=town.ids["care"], name="closed in Nepal", position=0, to="none", when=when)
    assert town.call("PATCH", f"/v1/rules/{town.ids['all']}", {"position": 9})[0] == 200
    assert _heard(town, "one") == ["one"]
    assert town.call("PATCH", f"/v1/services/{town.ids['care']}", {"timezone": "Asia/Kathmandu"})[0] == 200
    assert _heard(town, "two") == []
    assert town.call("PATCH", f"/v1/services/{town.ids['care']}", {"timezone": "UTC"})[0] == 200
    assert _heard(town, "three") == ["three"]


def test_a_rule(town: Town) -> None:
    assert _heard(town, "one") == ["one"]
    only = {"when": {"==": [{"var": "message.text"}, "two"]}}
    assert town.call("PATCH", f"/v1/rules/{town.ids['all']}", only)[0] == 200
    assert (_heard(town, "three"), _heard(town, "two")) == ([], ["two"])
