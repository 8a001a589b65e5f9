"""A kind of channel that `make new-channel` made passes its tests before anybody wrote a line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.new_channel import wrong_with

ROOT = Path(__file__).parents[2]
NAME = "a_kind_of_24_characters"
"""As long as names get, so that no line of any becomes too long."""
_OF_IT = ("app.py", "pyproject.toml", "chalicelib", "infra", "docs", "tests/channels")
"""What the walker, the rules of the layout and the linter see of the project, beside the files of `tests`."""
_RUN = ("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/test_channels.py", "tests/test_layout.py")
_WHICH = f"{NAME} and not never_raises or test_layout and not nobody_patches"
"""All but the random bodies, as what its own examples are bent to is found sooner, and what is asked of tests alone."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the kind was made."""
    copy = tmp_path_factory.mktemp("copy")
    for name in (*_OF_IT, *(f"tests/{path.name}" for path in (ROOT / "tests").glob("*.py"))):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
        else:
            (copy / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    before = _files(copy)
    done = _python(copy, "-m", "infra.new_channel", NAME)
    assert done.returncode == 0, done.stderr
    after = _files(copy)
    assert before.items() <= after.items(), "it touched what was there"
    assert {path.parent.name for path in after.keys() - before.keys()} == {NAME, "examples"}
    return copy


def test_it_passes_without_another_file_being_touched(project: Path) -> None:
    done = _python(project, *_RUN, "-k", _WHICH)

    assert done.returncode == 0, "\n".join(line[:200] for line in done.stdout.splitlines()[-40:]) + done.stderr
    assert " skipped" not in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("how", [("check",), ("format", "--check")], ids=lambda how: how[0])
def test_the_linter_has_nothing_to_say(project: Path, how: Sequence[str]) -> None:
    done = _python(project, "-m", "ruff", *how, "--no-cache", f"chalicelib/channels/{NAME}")

    assert done.returncode == 0, done.stdout


def test_it_is_made_once(project: Path) -> None:
    before = _files(project)

    done = _python(project, "-m", "infra.new_channel", NAME)

    assert (done.returncode, done.stdout) == (2, "")
    assert "is there already" in done.stderr
    assert _files(project) == before


@pytest.mark.parametrize(
    "name", ["", "x", "Shout", "2go", "shout-box", "shout box", "../shout", "_shout", "é", "class", "s" * 25, "shout\n"]
)
def test_what_is_no_name(name: str) -> None:
    assert wrong_with(name)


@pytest.mark.parametrize("name", ["telegram", "wire", "contract"])
def test_a_name_that_is_taken(name: str) -> None:
    assert "is there already" in wrong_with(name)


def _files(project: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def _python(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
