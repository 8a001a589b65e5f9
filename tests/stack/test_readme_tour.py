"""The commands of README.md, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.demo import demo
from infra.reads import ROOT
from tests.stack.conftest import Platform

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

BLOCKS = re.findall(r"^```sh tour\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.skipif(not BLOCKS, reason="README.md has no blocks `sh tour`")
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_tour(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    for name in ("examples", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    with demo(platform.up) as found:
        known = {"base_url": platform.up.base_url, "console_url": platform.up.console_url}
        known |= {"admin_key": platform.up.admin_key, "endpoint": platform.up.endpoint} | found
        (tmp_path / ".local" / "stack.json").write_text(json.dumps(known), encoding="utf-8")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(BLOCKS)],
            cwd=tmp_path,
            env=os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
        )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    for wanted in (
        "You said: hello",
        '"status":"waiting"',
        '"status":"active"',
        "You said: hello, my bot",
        '"status":"succeeded"',
        "Bought a lamp",
        '"dry_run":true',
    ):
        assert wanted in done.stdout.replace(": ", ":").replace("You said:", "You said: "), (wanted, told)
