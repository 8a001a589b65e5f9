"""Simulated providers beside a local stack: their process, and channels of the demo whose providers they are."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import processes
from infra.local.demo import kept_ports, wait
from infra.local.emulator import HOST, REGION
from infra.local.stack import Stack
from infra.reads import ROOT

PORT = 8703
"""Where nobody else listens there."""


@dataclass(frozen=True)
class Phones:
    """The page with the phones, and the channels that lead there."""

    url: str
    channels: Sequence[Mapping[str, Any]]
    """As bundles have them."""

    def told(self, up: Stack, service: str) -> dict[str, str]:
        """Tell the providers where the webhooks of the service's channels are, as an owner does in their dashboards;
        gives what `.local/stack.json` shows. A channel that could not be asked about when it was made is once more."""
        if not self.url or not service:
            return {}
        made = _asked(up, f"/v1/channels?limit=100&service_id={service}")["data"]
        for channel in self.channels:
            row = next(one for one in made if one["name"] == channel["name"])
            # Lists show no address that has a token in it.
            url = _asked(up, f"/v1/channels/{row['id']}")["webhook_url"]
            more = {"aws": _mails(up)} if channel["kind"] == "email_ses" else {}
            _call(f"{self.url}phones/accounts", {**channel, "webhook_url": url, **more})
            if row["status"] != "active":
                with _whatever():
                    _asked(up, f"/v1/channels/{row['id']}/verify", b"")
        return {"phones_url": self.url}


NONE = Phones("", ())


def phones_port(folder: Path, *, port: int = PORT) -> int:
    """The port on which it was before in this folder; where somebody else listens there by now, another one."""
    return kept_ports(folder / "demo-phones-port.json", {"phones": port})["phones"]


def phones_url(port: int) -> str:
    """The page's address."""
    return f"http://{HOST}:{port}/"


@contextmanager
def phones(folder: Path, *, port: int = PORT) -> Iterator[Phones]:
    """The simulator running on a port; it keeps people and messages in the folder."""
    keep = folder / "demo-phones.json"
    command = [sys.executable, "-m", "examples.providers", "--port", str(port), "--keep", str(keep)]
    process = processes.start(command, log=folder / "demo-phones.log", cwd=ROOT)
    try:
        wait(process, port)
        url = phones_url(port)
        yield Phones(url, _call(f"{url}phones/channels"))
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def _whatever() -> Iterator[None]:
    """What a provider says no to stands in its channel, and stops nothing here."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()


def _mails(up: Stack) -> dict[str, str]:
    """Where SES would put mails, and tell what became of others."""
    function = up.client("lambda").get_function_configuration(FunctionName=f"parley-{up.stage}-api")
    bucket = function["Environment"]["Variables"]["PARLEY_MEDIA_BUCKET"]
    return {"endpoint": up.endpoint, "region": REGION, "bucket": bucket, "queue_url": up.queue_url("mails")}


def _asked(up: Stack, path: str, body: bytes | None = None) -> Any:
    return _call(up.base_url + path, body, {"Authorization": f"Bearer {up.admin_key}"})


def _call(url: str, given: Any = None, headers: Mapping[str, str] | None = None) -> Any:
    body = given if isinstance(given, bytes) or given is None else json.dumps(given).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})})  # noqa: S310 - of ours
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())
