"""Whose account it is, in which region, and whether what is reserved fits into it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from infra.deploying.refused import Client, Refused, Say

UNRESERVED = 100
"""Concurrency that AWS keeps for functions which reserve none
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html)."""

_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
"""A stack is asked often how it stands, and AWS answers so often only to the patient."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account and a region of it, as somebody."""

    id: str
    region: str
    caller: str
    client: Client

    @property
    def partition(self) -> str:
        """What ARNs begin with there: `aws`, `aws-cn`, `aws-us-gov`."""
        return self.caller.split(":")[1]


def session() -> Any:
    """The AWS configuration of the environment. AWS_REGION counts, as it does for the AWS CLI; boto3 passes it over."""
    return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)


def told(stage: str, say: Say) -> Account:
    """The account of the environment, told before anything is done in it; Refused as `account` does."""
    where = account(session())
    say(f"account {where.id} as {where.caller}\nregion  {where.region}\nstage   {stage}")
    return where


def account(session: Any) -> Account:
    """The account of a boto3 session; Refused where it says no region or nobody is let in."""
    region = session.region_name
    if not region:
        raise Refused(
            "your AWS configuration names no region, and nobody wants people's messages in a region by chance: "
            "set one in your profile (aws configure set region eu-central-1) or in AWS_REGION"
        )
    try:
        who = session.client("sts", region_name=region).get_caller_identity()
    except NoCredentialsError:
        raise Refused("no AWS credentials were found: aws configure, aws sso login, or AWS_PROFILE=...") from None
    except (ClientError, BotoCoreError) as error:
        raise Refused(
            f"AWS does not know who you are: {error}. Credentials may have ended, and a region that came after 2019 "
            f"knows nobody until the account switches it on: is {region} meant?"
        ) from error
    return Account(
        who["Account"], region, who["Arn"], lambda service: session.client(service, region_name=region, config=_PATIENT)
    )


def reserved(template: dict[str, Any]) -> dict[str, int]:
    """Resource name of each function of a template -> concurrency that it reserves where the condition says so."""
    found = {}
    for name, resource in template["Resources"].items():
        match resource.get("Properties", {}).get("ReservedConcurrentExecutions"):
            case {"Fn::If": [_, int(number), _]}:
                found[name] = number
            case int(number):
                found[name] = number
    return found


def refuse_too_small(functions: Any, template: dict[str, Any], stage: str) -> None:
    """Refuse to reserve more than the account has left, before CloudFormation finds out half-way."""
    wanted = reserved(template)
    limits = functions.get_account_settings()["AccountLimit"]
    own = sum(_own(functions, _name(template["Resources"][name], stage)) for name in wanted)
    most = max(0, int(limits["UnreservedConcurrentExecutions"]) - UNRESERVED + own)
    if sum(wanted.values()) > most:
        raise Refused(
            f"the functions of a stage reserve {sum(wanted.values())} concurrent executions, and this account has "
            f"{most} to reserve in this region (its limit is {limits['ConcurrentExecutions']}, and AWS keeps "
            f"{UNRESERVED} for functions that reserve none). Ask AWS for more (Service Quotas, Lambda, Concurrent "
            "executions), or deploy with --set ReserveConcurrency=off: then nothing keeps a flood from the rest"
        )


def _name(resource: dict[str, Any], stage: str) -> str:
    name = resource["Properties"]["FunctionName"]
    return str(name["Fn::Sub"] if isinstance(name, dict) else name).replace("${Stage}", stage)


def _own(functions: Any, name: str) -> int:
    try:
        return int(functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0))
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return 0
        raise
