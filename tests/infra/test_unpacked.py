"""The package unpacked once for the emulator's workers."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from infra.local import unpacked

APP = """
from pathlib import Path
from beside import WORD

def step():
    return f"{WORD} {Path(__file__).with_name('page.html').read_text()} {__name__}"
"""


def package(at: Path, word: str) -> Path:
    """A package with a module and a file beside `app.py`."""
    with zipfile.ZipFile(at / "deployment.zip", "w") as zipped:
        for name, text in (("app.py", APP), ("beside.py", f"WORD = {word!r}"), ("page.html", "<p>")):
            # Of one time, as our packages are: else two of the same are two.
            zipped.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return at / "deployment.zip"


def ran(archive: Path, at: Path) -> str:
    """What a worker that unpacks the archive runs."""
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(at)
    program = f"import sys; sys.path.insert(0, {str(at)!r}); import app; print(app.step())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_a_worker_runs_the_tree_and_older_trees_go(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    first = unpacked.archive(package(tmp_path, "one"), folder)
    code = first.read_bytes()
    (folder / f"{first.stem}.unfinished").mkdir()
    assert ran(first, tmp_path / "first") == "one <p> app"
    again = unpacked.archive(package(tmp_path, "one"), folder)
    assert (again, again.read_bytes()) == (first, code)  # what is deployed already is not deployed anew

    second = unpacked.archive(package(tmp_path, "two"), folder)
    assert ran(second, tmp_path / "second") == "two <p> app"
    assert ran(first, tmp_path / "third") == "one <p> app"  # what runs meanwhile runs on
    unpacked.forget_others(second)
    assert sorted(path.name for path in folder.iterdir()) == sorted([second.name, second.stem])
