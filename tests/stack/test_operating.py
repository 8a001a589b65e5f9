"""What an operator relies on: each step in its own Lambda and log, no right too few, nothing lost by a restart."""

from __future__ import annotations

import re

import pytest

from infra import edges
from tests.stack.conftest import Deployment, Platform, echo, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

DENIED = re.compile(r"AccessDenied|not authorized to perform")
STEPS = {"receive_channel", "poll_channel", "converse", "fan_out", "deliver"}
"""Those that one message and its answer meet."""


def lines(platform: Platform, name: str) -> list[str]:
    """What a Lambda has written."""
    group = f"/aws/lambda/parley-{platform.up.stage}-{name}"
    return [event["message"] for event in platform.up.client("logs").filter_log_events(logGroupName=group)["events"]]


def test_each_step_writes_its_line_into_its_own_log(deployment: Deployment) -> None:
    deployment.bot_end.answer = echo
    visitor = deployment.visitor()
    visitor.says("who runs?")
    visitor.sees("you said who runs?")
    silent = set(STEPS)

    def all_wrote() -> bool:
        silent.difference_update(
            {
                name
                for name in silent
                if any(re.search(rf'"step": ?"{name}"', line) for line in lines(deployment.platform, name))
            }
        )
        return not silent

    eventually(all_wrote, f"a line of each step; none of {silent}", within_s=30, every_s=0.5)


def test_what_was_set_up_and_said_survives_an_orderly_stop(deployment: Deployment) -> None:
    deployment.bot_end.answer = echo
    visitor = deployment.visitor()
    visitor.says("remember me")
    visitor.sees("you said remember me")
    deployment.platform.up.restart()
    again = deployment.visitor()
    again.session = visitor.session
    again.sees("you said remember me", within_s=30)
    again.says("still there?")
    again.sees("you said still there?", within_s=60)


def test_no_lambda_lacked_a_right(platform: Platform) -> None:
    for name in edges.names():
        found = [line for line in lines(platform, name) if DENIED.search(line)]
        assert not found, f"{name}: {found[0][:2000]}"
