"""A cloud for the API's tests: one moto for the whole run, emptied before each test."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

os.environ.update(
    AWS_DEFAULT_REGION="eu-central-1", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled", PARLEY_STAGE="test", PARLEY_ALLOW_PRIVATE_TARGETS="1",
)  # fmt: skip

import pytest
from chalice.test import Client
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

QUEUES = (
    "threads.fifo", "deliveries.fifo", "sends.fifo", "retries", "send-retries", "timers", "dead-letters",
)  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """What the API answered."""

    status: int
    body: Any
    headers: dict[str, str]

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
        is_json = "json" in found.get("content-type", "") and text
        return Answered(answer.status_code, json.loads(text) if is_json else text, found)

    def make(self, thing: str, **fields: Any) -> dict[str, Any]:
        """Make a resource and give what was answered."""
        answer = self("POST", f"/v1/{thing}", fields)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.body
        return made


@pytest.fixture(scope="session")
def _moto() -> Iterator[None]:
    with mock_aws():
        from chalicelib.ports import aws
        from chalicelib.ports.settings import settings
        from chalicelib.tables import MODEL_NAMES

        for module, name in MODEL_NAMES:
            getattr(import_module(f"chalicelib.tables.{module}"), name).create_table(billing_mode="PAY_PER_REQUEST")
        for queue in QUEUES:
            attributes = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
            aws.client("sqs").create_queue(QueueName=settings().queue(queue), Attributes=attributes)
        key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
        aws.client("kms").create_alias(AliasName=settings().kms_key, TargetKeyId=key)
        yield


@pytest.fixture
def client(_moto: None) -> Iterator[Client]:
    from app import app
    from chalicelib.api import base_url

    base_url.forget()
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].tables
    for table in tables.values():
        table.items.clear()
    for queue in sqs_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].queues.values():
        queue._messages.clear()
    with Client(app) as made:
        yield made


@pytest.fixture
def api(client: Client) -> Api:
    """The API with a new admin key."""
    from chalicelib.api import keys
    from chalicelib.tables import config

    key, row = keys.mint("test", ["admin"])
    config.create(row)
    return Api(client, key)


@pytest.fixture
def service(api: Api) -> str:
    """A service."""
    return str(api.make("services", name="Care")["id"])
