"""`make lock`: requirements*.txt anew from requirements*.in, every package with all it needs, pinned.

What is deployed is resolved against Lambda's own platforms, not this machine's: Chalice takes the newest version of
a package and leaves it out where Lambda has no wheel of that version.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.reads import ROOT

PYTHON = "3.11"
GLIBC = range(17, 27)
"""Minor versions of glibc 2 whose wheels run on Lambda's python3.11 (Amazon Linux 2 has 2.26)."""
Pins = dict[str, str]


def main() -> None:
    """Write all three files."""
    arm, intel = (_resolve("requirements.in", _lambda(machine)) for machine in ("aarch64", "x86_64"))
    # The older where they differ: not every release has a wheel for both.
    deployed = {name: min((version, intel.get(name, version)), key=_order) for name, version in arm.items()}
    deployed |= {name: version for name, version in intel.items() if name not in deployed}
    _write("requirements", deployed)
    developing = _resolve("requirements-dev.in", [])
    _write("requirements-dev", {name: pin for name, pin in developing.items() if name not in deployed})
    _write("requirements-local", _resolve("requirements-local.in", []))


def _lambda(machine: str) -> list[str]:
    """pip's options for Lambda's platform."""
    wheels = [*(f"manylinux_2_{minor}_{machine}" for minor in GLIBC), f"manylinux2014_{machine}"]
    options = ["--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp"]
    options += [word for abi in (f"cp{PYTHON.replace('.', '')}", "abi3", "none") for word in ("--abi", abi)]
    return options + [word for wheel in wheels for word in ("--platform", wheel)]


def _resolve(source: str, options: list[str]) -> Pins:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--report", str(report), "--target", folder, *options, "-r", source]
        subprocess.run(command, cwd=ROOT, check=True)
        rows = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {row["metadata"]["name"].lower().replace("_", "-"): row["metadata"]["version"] for row in rows}


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else -1 for part in version.split("."))


def _write(name: str, pins: Pins) -> None:
    lines = [f"# Made by `make lock` from {name}.in.", *(f"{package}=={pin}" for package, pin in sorted(pins.items()))]
    (ROOT / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
