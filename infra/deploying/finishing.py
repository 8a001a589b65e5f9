"""What is done to a stack that stands: guard it, tell it its address, give it a key."""

from __future__ import annotations

from typing import Any

from infra import bootstrap
from infra.deploying import admin, stacks
from infra.deploying.account import Account
from infra.deploying.refused import Refused
from infra.deploying.talk import Hands


def finish(
    cloudformation: Any, where: Account, name: str, stage: str, values: dict[str, str], hands: Hands
) -> dict[str, str]:
    """Do it, as often as one likes; gives where the deployment is reached and how its key is read."""

    stack = stacks.look(cloudformation, name)
    if stack is None:
        raise Refused(f"{name} is gone, though it was deployed just now: somebody deleted it")
    if values["Protect"] == "on" and not stack.protected:
        cloudformation.update_termination_protection(StackName=stack.id, EnableTerminationProtection=True)
    dynamodb = where.client("dynamodb")
    table = stack.outputs["ConfigTable"]
    base_url = bootstrap.say_where(dynamodb, table, stack.outputs["BaseUrl"])
    if admin.ensure(where.client("ssm"), dynamodb, table, stage):
        hands.say("an admin key was made")
    done = {
        "base_url": base_url,
        "console_url": f"{base_url}/console",
        "admin_key": "aws ssm get-parameter --with-decryption --query Parameter.Value --output text "
        f"--region {where.region} --name {admin.parameter(stage)}",
    }
    if values.get("OidcIssuer"):
        # What is to be entered there.
        done["oidc_redirect_uri"] = f"{base_url}/console/oidc/callback"
    if (target := stack.outputs.get("DomainTarget")) and not values.get("HostedZoneId"):
        done["dns"] = f"{values['DomainName']} CNAME {target}"
    return done
