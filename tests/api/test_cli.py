"""The command line, against the API over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

typer = pytest.importorskip("typer")

from chalice.config import Config  # noqa: E402
from chalice.local import LocalDevServer  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

BUNDLE = """
service: {name: Care}
bots:
  - {name: helper, webhook_url: "http://127.0.0.1:1/", verify: true}
desks:
  - {name: people, kind: console}
"""


@pytest.fixture
def parley(api: Any, cloud: Any) -> Iterator[Any]:
    """Runs a command; gives exit code and output."""
    # Not `create_local_server`: that changes the class of the application for good.
    http = LocalDevServer(cloud.app.app, Config(), "127.0.0.1", 0).server
    threading.Thread(target=http.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{http.server_address[1]}"
    from chalicelib.cli.__main__ import app

    def run(*words: str, key: str = api.key) -> Any:
        return CliRunner().invoke(app, ["--base-url", url, "--key", key, *words])

    yield run
    http.shutdown()
    http.server_close()


def test_apply_verify_and_keys(parley: Any, api: Any, tmp_path: Path) -> None:
    file = tmp_path / "care.yaml"
    file.write_text(BUNDLE)
    dry = parley("apply", str(file), "--dry-run")
    assert dry.exit_code == 0, dry.output
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
    replayed = parley("replay", bot, "--since", "2026-01-01T00:00:00Z", "--dry-run")
    assert "0 deliveries would be sent again" in replayed.output


def test_wrong_use(parley: Any, tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({"service": {"name": ""}}))
    bad = parley("apply", str(file))
    assert bad.exit_code == 1
    assert "/service/name" in bad.output
    assert parley("tail", "cv_x").exit_code == 1
    assert "401" in parley("verify", "bt_x", key="nope").output
