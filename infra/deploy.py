"""`make deploy`: the package of `make package` into the AWS account of the environment, as one CloudFormation stack.

Account and region are those of your AWS configuration, and are said before anything happens. What would change is
shown and asked for (`--yes` where nobody is there to be asked). Whatever goes wrong, the next run goes on from there.
"""

from __future__ import annotations

import argparse
import json

from infra.deploying import account as accounts
from infra.deploying import told
from infra.deploying.deployment import Asked, deploy
from infra.deploying.talk import Hands, asks, refusing
from infra.reads import ROOT

# Nothing is imported here that loads app.py: that would set a region where your configuration has none.


def main() -> None:
    """Deploy from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--architecture", default="arm64")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; it stays as it is said"
    )
    parser.add_argument("--tag", action="append", default=[], metavar="NAME=VALUE", help="a tag on all that is made")
    parser.add_argument("--role-arn", default="", help="the role by which CloudFormation acts")
    parser.add_argument("--bucket", default="", help="another name for the bucket of the packages")
    parser.add_argument("--watch-minutes", type=int, default=5, help="how long an alarm undoes the release; 0 to 180")
    parser.add_argument("--plan", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--accept-data-loss", action="store_true", help="also where tables, files or queues would go")
    given = parser.parse_args()

    def work() -> None:
        where = accounts.told(given.stage, print)
        asked = Asked(
            stage=given.stage,
            package=ROOT / ".build" / given.architecture,
            settings=told.pairs(given.set, "--set"),
            tags=told.pairs(given.tag, "--tag"),
            role=given.role_arn,
            bucket=given.bucket,
            watch_minutes=max(0, min(given.watch_minutes, 180)),
            accept_loss=given.accept_data_loss,
            only_plan=given.plan,
        )
        done = deploy(asked, where, Hands(print, (lambda _: True) if given.yes else asks))
        print(json.dumps(done, indent=2) if done else "only planned: nothing was changed")

    refusing(work, "not deployed")


if __name__ == "__main__":
    main()
