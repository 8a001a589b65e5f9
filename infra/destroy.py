"""`make destroy`: take a stage out of the AWS account of the environment.

The stack goes; tables, files, backups and the key of the secrets stay, and the next `make deploy` of the stage takes
them up again. With `--data` they go as well, and nothing brings them back.
"""

from __future__ import annotations

import argparse
import shlex
import sys

from infra.deploying import account as accounts
from infra.deploying import removal, told
from infra.deploying.account import Account
from infra.deploying.refused import Refused
from infra.deploying.talk import Hands, line, refusing
from infra.reads import ROOT


def destroy(where: Account, stage: str, packaged: str, hands: Hands, *, data: bool = False, role: str = "") -> None:
    """Take a stage away, with its data or without; Refused where who is asked says no."""
    told.refuse_stage(stage)
    template = removal.template_of(where, stage, packaged)
    found = removal.names(template, where, stage)
    hands.say(f"the stack parley-{stage} goes: its API and functions, and what waits in its queues")
    hands.say(("these go as well, for ever:" if data else "these stay:") if found else "nothing else stands of it")
    for kind, own in found.values():
        hands.say(f"  {kind} {own}")
    if not data and (again := removal.chosen(where, stage, template)):
        hands.say("what was chosen for it goes with the stack; to deploy it again as it is:")
        hands.say(f"  make deploy STAGE={stage} ARGS={shlex.quote(again)}")
    if not hands.ask(stage):
        raise Refused("you did not say the stage's name; nothing was changed")
    if not removal.remove_stack(where, stage, role, hands):
        hands.say(f"there is no stack parley-{stage}")
    if data:
        removal.remove_data(where, stage, found, hands)


def _confirmed(given: str) -> Hands:
    def ask(stage: str) -> bool:
        if given:
            return given == stage
        if not sys.stdin.isatty():
            raise Refused("nobody is here to be asked: --confirm STAGE says yes")
        return line(f"type {stage} to go on: ") == stage

    return Hands(print, ask)


def main() -> None:
    """Destroy from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--architecture", default="arm64")
    parser.add_argument("--data", action="store_true", help="also tables, files and the key of the secrets")
    parser.add_argument("--role-arn", default="", help="the role by which CloudFormation acts")
    parser.add_argument("--confirm", default="", metavar="STAGE", help="the stage's name, where nobody can be asked")
    given = parser.parse_args()

    def work() -> None:
        where = accounts.told(given.stage, print)
        packaged = (ROOT / ".build" / given.architecture / "template.json").read_text(encoding="utf-8")
        destroy(where, given.stage, packaged, _confirmed(given.confirm), data=given.data, role=given.role_arn)

    refusing(work, "not destroyed")


if __name__ == "__main__":
    main()
