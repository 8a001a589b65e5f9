"""The part of `make lint` that is ours: what is generated is up to date, and cfn-lint has nothing to say."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra import channel_table, policies
from infra.expand import expanded
from infra.package import BUILD, build, here
from infra.reads import ROOT

RUNTIMES = ("E2531", "E2533", "W2531")
"""Rules by which a Python that AWS is about to end is wrong. That depends on the day, and a deployment says it itself,
a year before (`infra/deploying/runtimes.py`)."""

REGIONS = ("eu-west-1", "ap-southeast-1")
"""Where what SAM makes of the template is to be right, beside cfn-lint's own region."""


def stale() -> list[str]:
    """Generated files that are not what the code would generate now."""
    wanted = policies.files()
    kept = {path: path.read_text(encoding="utf-8") for path in (policies.CHALICE / "policies").glob("*.json")}
    wrong = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    return sorted(str(path.relative_to(ROOT)) for path in {*wrong, *(set(kept) - set(wanted))})


def lint(template: Path) -> str:
    """What cfn-lint says of a template; "" if nothing."""
    # cfn-lint looks for the code beside the template, where SAM has it replaced by its place in S3.
    copy = BUILD / "lint.json"
    body = json.loads(template.read_text(encoding="utf-8"))
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    copy.write_text(json.dumps(body), encoding="utf-8")
    return said_by_cfn_lint(copy)


def lint_made(template: Path) -> str:
    """What cfn-lint says, in `REGIONS`, of what SAM makes of a template, or else SAM says against it; "" if nothing."""
    made = BUILD / "made.json"
    try:
        made.write_text(json.dumps(expanded(json.loads(template.read_text(encoding="utf-8")))), encoding="utf-8")
    except ValueError as refused:
        return str(refused)
    return said_by_cfn_lint(made, *REGIONS)


def lint_both(template: Path) -> str:
    """What is said of a template as it is and as SAM's; "" if nothing. Each takes half a minute, so both at once."""
    with ThreadPoolExecutor() as pool:
        return "\n".join(filter(None, pool.map(lambda one: one(template), (lint, lint_made))))


def said_by_cfn_lint(template: Path, *regions: str) -> str:
    """What cfn-lint says of a template as it stands, in these regions (one of its own where none is named)."""
    tool = Path(sys.executable).with_name("cfn-lint")
    command = [str(tool), "--ignore-checks", *RUNTIMES, *(["--regions", *regions] if regions else [])]
    done = subprocess.run([*command, "--", str(template)], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def main() -> None:
    """Check from the command line."""
    if out_of_date := stale():
        sys.exit(f"run `make policies`; out of date: {', '.join(out_of_date)}")
    if channel_table.PAGE.read_text(encoding="utf-8") != channel_table.page():
        sys.exit("run `make reference`; out of date: docs/channels.md")
    if said := lint_both(build(here()).template):
        sys.exit(said)
    print("policies and template: nothing to say")


if __name__ == "__main__":
    main()
