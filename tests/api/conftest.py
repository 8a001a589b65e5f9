"""The API over HTTP, on the test cloud."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api import samples
from tests.cloud import Cloud
from tests.http_api import Client


@dataclass(frozen=True)
class Answered:
    """What the API answered."""

    status: int
    body: Any
    headers: dict[str, str]
    cookies: tuple[str, ...] = ()

    @property
    def wrong(self) -> dict[str, str]:
        """JSON pointer -> message of a 422."""
        assert self.status == 422, (self.status, self.body)
        return {one["path"]: one["message"] for one in self.body["errors"]}


class Api:
    """The API over HTTP, with a key."""

    def __init__(self, client: Client, key: str) -> None:
        self._client, self.key = client, key

    def as_key(self, key: str) -> Api:
        return Api(self._client, key)

    def __call__(self, method: str, path: str, body: Any = None, /, **headers: str) -> Answered:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        answer = self._client.http.request(method, path, headers=sent, body=raw)
        found = {name.lower(): value for name, value in answer.headers.items()}
        text = answer.body.decode() if answer.body else ""
        assert answer.status_code < 500, text
        is_json = "json" in found.get("content-type", "").replace("jsonl", "") and text
        return Answered(answer.status_code, json.loads(text) if is_json else text, found, answer.cookies)

    def make(self, plural: str, **fields: Any) -> dict[str, Any]:
        """Make a resource and give what was answered."""
        answer = self("POST", f"/v1/{plural}", fields)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.body
        return made


@pytest.fixture
def client(cloud: Cloud) -> Iterator[Client]:
    from chalicelib.api.http import base_url

    base_url.forget()
    with Client(cloud.app.app) as made:
        yield made


@pytest.fixture
def api(client: Client) -> Api:
    """The API with a new admin key."""
    from chalicelib.api.kinds import keys
    from chalicelib.tables import config

    key, row = keys.mint("test", ["admin"])
    config.create(row)
    return Api(client, key)


@pytest.fixture
def service(api: Api) -> str:
    """A service."""
    return str(api.make("services", name="Care")["id"])


@pytest.fixture
def care(api: Api) -> str:
    """A service with every kind of resource, plain and with everything that can be said of it."""
    return samples.make(api)


@pytest.fixture
def parley(api: Api, cloud: Cloud) -> Iterator[Callable[..., Any]]:
    """The command line against the API over real HTTP; gives exit code and output of a command."""
    pytest.importorskip("typer")
    from chalice.config import Config
    from chalice.local import LocalDevServer
    from typer.testing import CliRunner

    from chalicelib.cli.__main__ import app

    # Not `create_local_server`: that changes the class of the application for good.
    http = LocalDevServer(cloud.app.app, Config(), "127.0.0.1", 0).server
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{http.server_address[1]}"

    def run(*words: str, key: str = api.key, **more: Any) -> Any:
        return CliRunner().invoke(app, ["--base-url", url, "--key", key, *words], prog_name="parley", **more)

    yield run
    http.shutdown()
    http.server_close()
