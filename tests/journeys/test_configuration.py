"""What an owner changes holds for the next message, in processes that have seen it otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.conftest import Deployment


def _heard(deployment: Deployment, text: str) -> list[str]:
    deployment.bot.forget()
    deployment.says(text)
    return [event["Message"] for event in deployment.bot.events() if event.get("Event") == "Incoming message"]


def test_a_services_zone(deployment: Deployment, traveller: Any) -> None:
    there = (datetime.now(UTC) + timedelta(hours=5, minutes=45)).hour
    when = {"==": [{"var": "now.hour"}, there]}
    deployment.make(
        "rules", service_id=deployment.ids["care"], name="closed in Nepal", position=0, to="none", when=when
    )
    assert deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"position": 9})[0] == 200
    assert _heard(deployment, "one") == ["one"]
    assert deployment.call("PATCH", f"/v1/services/{deployment.ids['care']}", {"timezone": "Asia/Kathmandu"})[0] == 200
    assert _heard(deployment, "two") == []
    assert deployment.call("PATCH", f"/v1/services/{deployment.ids['care']}", {"timezone": "UTC"})[0] == 200
    assert _heard(deployment, "three") == ["three"]


def test_a_service_that_is_gone(deployment: Deployment) -> None:
    assert _heard(deployment, "one") == ["one"]
    service = deployment.ids["care"]
    assert deployment.call("DELETE", f"/v1/services/{service}?cascade=true")[0] == 204
    # Its channel is known to the edge for some seconds more; nobody hears of what is said there.
    assert _heard(deployment, "two") == []


def test_a_rule(deployment: Deployment) -> None:
    assert _heard(deployment, "one") == ["one"]
    only = {"when": {"==": [{"var": "message.text"}, "two"]}}
    assert deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", only)[0] == 200
    assert (_heard(deployment, "three"), _heard(deployment, "two")) == ([], ["two"])
