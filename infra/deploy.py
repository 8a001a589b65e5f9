"""`make deploy`: the package of `make package` into the AWS account of the environment, as one CloudFormation stack.

Credentials and region are those of boto3's usual chain. The first admin key is put into `.local/<stage>/admin_key`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

import boto3

from infra import bootstrap, cloudformation
from infra.package import BUILD
from infra.reads import ROOT

_PRIVATE = "PARLEY_ALLOW_PRIVATE_TARGETS"


class Refused(Exception):
    """What was asked for must not be deployed."""


def refuse_private_targets(template: dict[str, Any]) -> None:
    """Refuse to deploy with webhook targets inside the network: any bot's URL could then reach AWS's own addresses."""
    if os.environ.get(_PRIVATE):
        raise Refused(f"{_PRIVATE} is set; it is for the local run only")
    if _PRIVATE in json.dumps(template):
        raise Refused(f"the template sets {_PRIVATE}; it is for the local run only")


def deploy(stage: str, parameters: dict[str, str], *, architecture: str = "arm64") -> dict[str, str]:
    """Deploy the package to a stage; gives its addresses and the file of its admin key."""
    package = BUILD / architecture
    template = json.loads((package / "template.json").read_text(encoding="utf-8"))
    refuse_private_targets(template)
    session = boto3.Session()
    account = session.client("sts").get_caller_identity()["Account"]
    outputs = cloudformation.deploy(
        session.client,
        stage=stage,
        bucket=f"parley-artifacts-{account}-{session.region_name}",
        archive=package / "deployment.zip",
        template=template,
        parameters={"Stage": stage, **parameters},
    )
    base_url = outputs["BaseUrl"]
    dynamodb = session.client("dynamodb")
    bootstrap.say_where(dynamodb, outputs["ConfigTable"], base_url)
    key_file = ROOT / ".local" / stage / "admin_key"
    bootstrap.admin_key(dynamodb, outputs["ConfigTable"], key_file, name="first admin")
    return {"base_url": base_url, "console_url": f"{base_url}/console", "admin_key_file": str(key_file)}


def main() -> None:
    """Deploy from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--architecture", default="arm64")
    parser.add_argument("--alarm-email", default="")
    parser.add_argument("--no-alarms", action="store_true", help="CloudWatch charges for each alarm")
    parser.add_argument("--no-reserve", action="store_true", help="for a new account whose concurrency limit is small")
    parser.add_argument("--unprotected", action="store_true", help="tables may be deleted")
    parser.add_argument("--sample-consumer", action="store_true", help="a queue behind the event bus, to look at")
    asked = parser.parse_args()
    parameters = {
        "AlarmEmail": asked.alarm_email,
        "Alarms": "off" if asked.no_alarms else "on",
        "ReserveConcurrency": "off" if asked.no_reserve else "on",
        "Protect": "off" if asked.unprotected else "on",
        "SampleConsumer": "yes" if asked.sample_consumer else "no",
    }
    print(json.dumps(deploy(asked.stage, parameters, architecture=asked.architecture), indent=2))


if __name__ == "__main__":
    try:
        main()
    except (Refused, cloudformation.NotDeployed) as error:
        sys.exit(f"not deployed: {error}")
