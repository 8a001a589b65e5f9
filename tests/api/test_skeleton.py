"""Making, reading, changing and removing each kind of resource."""

from __future__ import annotations

from typing import Any


def test_services(api: Any) -> None:
    made = api.make("services", name="Care", timezone="Europe/Berlin", country="DE", language="de")
    assert made["id"].startswith("sv_")
    assert made["created_at"].endswith("Z")
    assert api("GET", f"/v1/services/{made['id']}").body == made
    changed = api("PATCH", f"/v1/services/{made['id']}", {"timezone": "Asia/Kolkata"}).body
    assert changed["timezone"] == "Asia/Kolkata"
    assert changed["name"] == "Care"
    assert api("DELETE", f"/v1/services/{made['id']}").status == 204
    assert api("GET", f"/v1/services/{made['id']}").status == 404


def test_bot_desk_channel_rule(api: Any, service: str) -> None:
    bot = api.make(
        "bots",
        service_id=service,
        kind="webhook",
        name="b",
        profile="generic",
        webhook_url="http://127.0.0.1:1/x",
        verification_token="t",
    )
    assert bot["status"] == "unverified"
    assert bot["signing_secret"].startswith("whsec_")
    assert "/webhooks/bots/" in bot["events_url"]
    assert "verification_token" not in bot
    again = api("GET", f"/v1/bots/{bot['id']}").body
    assert "signing_secret" not in again
    assert again["events_url"] == bot["events_url"]
    desk = api.make("desks", service_id=service, kind="console", name="d")
    assert desk["status"] == "active"
    channel = api.make(
        "channels", service_id=service, kind="custom", name="c", settings={"send_url": "http://127.0.0.1:1/s"}
    )
    assert channel["secrets"]["signing_secret"].startswith("whsec_")
    assert channel["webhook_url"].endswith("/webhook")
    rule = api.make(
        "rules",
        service_id=service,
        name="r",
        to="bot+desk",
        bot_id=bot["id"],
        desk_id=desk["id"],
        channel_ids=[channel["id"]],
        when={"==": [{"var": "message.type"}, "text"]},
    )
    assert rule["position"] == 1
    assert rule["bot_patience_s"] == 60
    assert api("DELETE", f"/v1/bots/{bot['id']}").body["code"] == "in_use"
    assert api("GET", f"/v1/bots?service_id={service}").body["data"][0]["id"] == bot["id"]
    assert api("GET", "/v1/bots").body["data"][0]["id"] == bot["id"]
    assert api("DELETE", f"/v1/services/{service}").status == 409
    assert api("DELETE", f"/v1/services/{service}?cascade=true").status == 204
    assert api("GET", f"/v1/bots/{bot['id']}").status == 404


def test_apply(api: Any) -> None:
    bundle = {
        "service": {"name": "Care"},
        "channels": [{"name": "web", "kind": "custom", "settings": {"send_url": "http://127.0.0.1:1/s"}}],
        "bots": [{"name": "b", "kind": "webhook", "webhook_url": "http://127.0.0.1:1/x"}],
        "desks": [{"name": "d", "kind": "console"}],
        "rules": [{"name": "r", "to": "bot+desk", "bot": "b", "desk": "d", "channels": ["web"]}],
    }
    dry = api("POST", "/v1/apply?dry_run=true", bundle)
    assert dry.status == 200, dry.body
    assert [one["kind"] for one in dry.body["created"]] == ["service", "channel", "bot", "desk", "rule"]
    assert api("GET", "/v1/services").body["data"] == []
    first = api("POST", "/v1/apply", bundle)
    assert first.status == 200
    assert len(first.body["created"]) == 5
    assert first.body["secrets"]["bots"]["b"]["signing_secret"]
    second = api("POST", "/v1/apply", bundle).body
    assert [second[name] for name in ("created", "updated", "deleted")] == [[], [], []]
    assert len(second["unchanged"]) == 5
    third = api("POST", "/v1/apply", {"service_id": first.body["service_id"], "rules": [], "bots": []}).body
    assert {one["name"] for one in third["deleted"]} == {"r", "b"}
