"""The command line, against the API over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typer")

BUNDLE = """
service: {name: Care}
bots:
  - {name: helper, webhook_url: "http://127.0.0.1:1/", verify: true}
desks:
  - {name: people, kind: console}
"""


def test_apply_verify_and_keys(parley: Any, api: Any, tmp_path: Path) -> None:
    file = tmp_path / "care.yaml"
    file.write_text(BUNDLE)
    dry = parley("apply", str(file), "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert json.loads(dry.stdout)["dry_run"] is True
    assert api("GET", "/v1/bots").body["data"] == []
    done = parley("apply", str(file))
    assert done.exit_code == 1, "nobody answers at the bot's URL"
    assert "whsec_" in done.output
    bot = api("GET", "/v1/bots").body["data"][0]["id"]
    refused = parley("verify", bot)
    assert refused.exit_code == 1
    assert "verification_failed" in refused.output
    key = parley("keys", "create", "reader", "--scope", "read").stdout.split()[0]
    assert api.as_key(key)("GET", "/v1/services").status == 200
    assert "3.1.0" in parley("openapi").output
    again = ("replay", bot, "--since", "2026-01-01T00:00:00Z", "--dry-run")
    assert "0 deliveries would be sent again" in parley("--output", "text", *again).output
    assert json.loads(parley(*again).stdout)["count"] == 0
    begun = json.loads(parley(*again[:-1]).stdout)
    assert begun["state"] == "counting" and parley(*again[:-1]).exit_code == 1, "one at a time"
    ended = parley("--output", "text", "replay", begun["id"], "--cancel", "--wait")
    assert "canceled: 0 of 0 sent again; skipped: none" in ended.output
    assert begun["id"] in parley("list", "replays", "--of", bot).output
    assert parley("replay", bot).exit_code == 2


def test_wrong_use(parley: Any, tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({"service": {"name": ""}}))
    bad = parley("apply", str(file))
    assert bad.exit_code == 1
    assert bad.stderr.count("/service/name") == 1, "a wrong field is said once"
    assert bad.stdout == ""
    assert parley("tail", "cv_x").exit_code == 1
    assert "401" in parley("verify", "bt_x", key="nope").output


def test_rules_go_back(parley: Any, api: Any, service: str, tmp_path: Path) -> None:
    made = api.make("rules", service_id=service, name="all", to="none")["id"]
    api("PATCH", f"/v1/rules/{made}", {"name": "everything"})
    listed = [json.loads(one) for one in parley("rules", "versions", service).stdout.splitlines()]
    assert [one["changes"][0]["name"] for one in listed] == ["everything", "all"]
    assert "everything" in parley("--output", "text", "rules", "versions", service).stdout
    first = str(listed[1]["version"])
    assert json.loads(parley("rules", "versions", service, first).stdout)["rules"][0]["name"] == "all"
    assert json.loads(parley("rules", "restore", service, first).stdout)["updated"] == [made]
    said = parley("--output", "text", "rules", "restore", service, first).stdout
    assert said == "0 created, 0 updated, 0 deleted, 1 unchanged\n"
    assert parley("rules", "restore", service, "7").exit_code == 1
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([{"name": "all", "to": "none"}]))
    said = parley("--output", "text", "rules", "compare", service, str(file)).stdout
    assert said.startswith("0 of 0 messages would go elsewhere")


def test_sources_are_tried_and_posted_to(parley: Any, api: Any, service: str, tmp_path: Path) -> None:
    mapping = {"id": "id", "text": "'bought ' & item", "contact": {"email": "email"}}
    files = {
        "mapping": mapping, "source": {"key": "shop", "mapping": mapping}, "bad": mapping | {"text": "a b"},
        "sample": {"id": 1, "item": "lamp"}, "wrong": {"id": 1, "email": "nobody"},
    }  # fmt: skip
    at = {name: tmp_path / f"{name}.json" for name in files}
    for name, content in files.items():
        at[name].write_text(json.dumps(content))
    tried = parley("source", "try", str(at["source"]), str(at["sample"]), "--service", service)
    assert tried.exit_code == 0 and "bought lamp" in tried.output and '"shop"' in tried.output, tried.output
    wrong = parley("source", "try", str(at["mapping"]), str(at["wrong"]))
    assert wrong.exit_code == 1 and "/contact/email: is no e-mail address" in wrong.output
    bad = parley("source", "try", str(at["bad"]), str(at["sample"]))
    assert bad.exit_code == 1 and "/mapping/text: position 3 near 'b'" in bad.output

    source = api.make("sources", service_id=service, key="shop", name="Shop", mapping=mapping)["id"]
    lines = tmp_path / "events.jsonl"
    lines.write_text("\n".join(json.dumps({"id": n % 12, "item": "x"} if n != 7 else {}) for n in range(12)))
    posted = parley("source", "post", source, str(lines))
    assert posted.exit_code == 1 and "event 8: /id: gives nothing" in posted.output
    assert '{"accepted": 11, "rejected": 1}' in posted.stdout
    again = parley("--output", "text", "source", "post", source, str(lines))
    assert "11 events accepted, 1 rejected" in again.stdout
    assert parley("source", "post", source, str(at["sample"])).exit_code == 0
    lines.write_text('{"id": 1}\n{')
    assert parley("source", "post", source, str(lines)).exit_code == 2


def test_a_trigger_is_fired_and_its_events_shown(parley: Any, api: Any, service: str, cloud: Any) -> None:
    bot = api.make("bots", service_id=service, name="b", webhook_url="http://127.0.0.1:1/")
    trigger = api.make("triggers", service_id=service, name="t", bot_id=bot["id"], text="Good [bold]morning")["id"]
    event = parley("trigger", "fire", trigger, "--email", "ana@example.com").stdout.strip()
    assert api("GET", f"/v1/triggers/{trigger}/events/{event}").body["session"] == "ana@example.com"
    waited = parley("trigger", "fire", trigger, "--session", "s", "--wait", "--timeout", "1")
    assert waited.exit_code == 1, "nobody has verified the bot, and nothing moves"
    assert "still accepted" in waited.output
    from chalicelib.tables import config

    row = config.get("bot", bot["id"])
    assert row is not None
    config.remove(row)
    cloud.pump()
    shown = parley("trigger", "events", trigger).output
    assert shown.index(event) < shown.rindex("te_") and shown.count("bot gone") == 2
    assert "422" in parley("trigger", "fire", trigger, "--email", "x").output
    assert "404" in parley("trigger", "events", "tr_x").output
