"""An account of moto's, and a small template that keeps what ours keeps."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends

from infra.deploying.account import Account, account
from infra.deploying.talk import Hands
from infra.local.emulator import Emulator, NotStarted, executable, free_port

REGION = "eu-west-1"


@dataclass
class Desk:
    """Who deploys: what was said and asked, and what is answered."""

    answers: list[bool] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    slept: float = 0

    @property
    def hands(self) -> Hands:
        """As a command has them."""
        return Hands(self.said.append, self._ask, self._sleep, lambda: datetime.date(2026, 1, 31))

    def _ask(self, question: str) -> bool:
        self.asked.append(question)
        return self.answers.pop(0) if self.answers else True

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds


@pytest.fixture(autouse=True)
def _deployable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment as a deployment wants it, without what tests of the product set."""
    monkeypatch.delenv("PARLEY_ALLOW_PRIVATE_TARGETS", raising=False)


@pytest.fixture
def desk() -> Desk:
    """Somebody who says yes, unless told otherwise."""
    return Desk()


@pytest.fixture
def where() -> Iterator[Account]:
    """An empty account of moto's."""
    with mock_aws():
        # Where moto runs for other tests already, it is the same; they are of another region.
        for backends in (dynamodb_backends, kms_backends):
            backends[DEFAULT_ACCOUNT_ID][REGION].reset()
        yield account(boto3.Session(region_name=REGION))


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulator, whose CloudFormation knows change sets and imports."""
    try:
        executable()
    except NotStarted as missing:
        pytest.skip(str(missing))
    started = Emulator(free_port(), tmp_path_factory.mktemp("emulator"), True, {})
    started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def calls() -> set[str]:
    """Every call that was made of the emulator, as policies name it."""
    return set()


_NAMED_OTHERWISE = {
    "monitoring": "cloudwatch",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""What policies call otherwise than the API does (https://docs.aws.amazon.com/service-authorization/latest/reference/)."""


@pytest.fixture
def emulated(emulator: Emulator, calls: set[str]) -> Account:
    """An empty account of the emulator's."""

    def note(model: Any, **_: Any) -> None:
        service = model.service_model.signing_name
        action = f"{_NAMED_OTHERWISE.get(service, service)}:{model.name}"
        calls.add(_NAMED_OTHERWISE.get(action, action))

    requests.post(f"{emulator.endpoint}/_ministack/reset", timeout=30).raise_for_status()

    class Session:
        region_name = "us-east-1"

        def client(self, service: str, **_: Any) -> Any:
            made = emulator.client(service)
            made.meta.events.register("before-call", note)
            return made

    return account(Session())


def table(*indexes: str) -> dict[str, Any]:
    """A table as ours are, with an index for each attribute."""
    properties: dict[str, Any] = {
        "TableName": {"Fn::Sub": "parley-${Stage}-config"},
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": {"Fn::If": ["Keep", True, False]},
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in sorted({"service", "key", *indexes})
        ],
        "KeySchema": [
            {"AttributeName": "service", "KeyType": "HASH"},
            {"AttributeName": "key", "KeyType": "RANGE"},
        ],
    }
    if indexes:
        properties["GlobalSecondaryIndexes"] = [
            {
                "IndexName": f"by_{name}",
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name in indexes
        ]
    return {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": properties}


def template(*indexes: str) -> dict[str, Any]:
    """A template like ours, as small as it can be."""
    choice = {"Type": "String", "AllowedValues": ["on", "off"]}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Stage": {"Type": "String", "AllowedPattern": "[a-z][a-z0-9]{0,15}"},
            "Protect": choice | {"Default": "on"},
            "Alarms": choice | {"Default": "off"},
            "ReserveConcurrency": choice | {"Default": "off"},
            "AlarmEmail": {"Type": "String", "Default": ""},
            "BudgetUsd": {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": 1000},
        },
        "Conditions": {"Keep": {"Fn::Equals": [{"Ref": "Protect"}, "on"]}},
        "Resources": {
            "ConfigTable": table(*indexes),
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "QueueName": {"Fn::Sub": "parley-${Stage}-queue"},
                    "Tags": [{"Key": "budget", "Value": {"Ref": "BudgetUsd"}}],
                },
            },
        },
        "Outputs": {
            "ConfigTable": {"Value": {"Ref": "ConfigTable"}},
            "BaseUrl": {"Value": "https://abc.execute-api.eu-west-1.amazonaws.com/api"},
        },
    }


def packaged(folder: Path, body: dict[str, Any]) -> Path:
    """A package on disk."""
    folder.mkdir(exist_ok=True)
    (folder / "template.json").write_text(json.dumps(body))
    (folder / "deployment.zip").write_bytes(b"PK")
    return folder
