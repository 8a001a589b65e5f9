"""`parley send` against the API over real HTTP: to whom, what is said, and what is said of a refusal."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

pytest.importorskip("typer")

ADA, URL = "+4915112345678", "http://127.0.0.1:1/"


def test_it_is_sent_to_who_is_named(
    parley: Any, api: Any, service: str, cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = api.make("channels", service_id=service, kind="custom", name="gw", settings={"send_url": URL})["id"]
    given = {"phone_number_id": "1", "api_base": URL}
    secrets = {"app_secret": "a", "access_token": "b", "verify_token": "c"}
    whatsapp = api.make("channels", service_id=service, kind="whatsapp", name="wa", settings=given, secrets=secrets)
    ada = api.make("contacts", service_id=service, name="Ada", email="ada@example.com", phone=ADA)["id"]

    def runs(*words: str, text: bool = False) -> Any:
        return parley(*(("--output", "text") if text else ()), "send", *words)

    told = runs("--to", "ada@example.com", "--service", service, "--dry-run", text=True)
    assert told.exit_code == 0 and "only a template may be sent" in told.stdout and ada in told.stdout
    refused = runs("--to", ada, "--text", "hello")
    assert refused.exit_code == 1 and "needs_template" in refused.stderr
    assert f"parley list templates --of {whatsapp['id']}" in refused.stderr
    sent = runs("--to", ada, "--template", "parcel:en", "--param", "Ada", "--param", "A-1")
    assert sent.exit_code == 0, sent.output
    cloud.pump()
    said = api("GET", f"/v1/messages/{sent.stdout.strip()}").body
    assert said["content"] == {"name": "parcel", "language": "en", "parameters": ["Ada", "A-1"]}

    monkeypatch.setattr(time, "sleep", lambda _: cloud.pump())
    waited = runs(
        "--to", ADA, "--channel", gateway, "--text", "hi", "--file", f"{URL}a.pdf", "--wait", "--timeout", "1"
    )
    assert waited.exit_code == 1 and json.loads(waited.stdout)["state"] == "pending", "nobody answers there"
    named = runs("--to", ada, "--channel", whatsapp["id"], "--template", "x", "--param", "name=Ada")
    cloud.pump()
    assert api("GET", f"/v1/messages/{named.stdout.strip()}").body["content"]["parameters"] == {"name": "Ada"}
    assert api("PATCH", f"/v1/contacts/{ada}", {"consent": {"all": False}}).status == 200
    assert "no_address" in runs("--to", ada, "--channel", gateway, "--text", "x").stderr
    stopped = runs("--to", ada, "--dry-run", text=True)
    assert stopped.exit_code == 1 and "does not want it: all" in stopped.stdout
    nobody = runs("--to", "+4915100000009", "--service", service, "--text", "x")
    assert nobody.exit_code == 1 and "say on which --channel" in nobody.stderr
    for wrong in ((), ("--text", "x", "--template", "y")):
        assert runs("--to", ada, *wrong).exit_code == 2
