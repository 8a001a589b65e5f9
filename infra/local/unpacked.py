"""The package unpacked once for all of the emulator's workers, which it would unpack for each of them.

That is thousands of files and most of a second of the emulator's own time: twenty calls at once would wait a quarter
of a minute for their workers. What is deployed here leads to the unpacked tree, which is the package as it is.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from pathlib import Path

_LEADS_THERE = '''"""Runs the package where it lies unpacked."""

import sys

__file__ = {file!r}
sys.path.insert(0, {tree!r})
with open(__file__, encoding="utf-8") as source:
    exec(compile(source.read(), __file__, "exec"))
'''
_KEPT = 12
"""Characters of the package's digest that name its tree."""
_TREE = re.compile(rf"[0-9a-f]{{{_KEPT}}}(\.zip|\.unfinished)?")


def archive(package: Path, folder: Path) -> Path:
    """A zip to deploy in the place of `package`, which is unpacked below `folder`; trees of other packages stay."""
    tree = folder / hashlib.sha256(package.read_bytes()).hexdigest()[:_KEPT]
    if not tree.exists():
        # Under its name only once it is whole: it is found again by the next start, also after one that was cut off.
        unfinished = tree.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        with zipfile.ZipFile(package) as zipped:
            zipped.extractall(unfinished)
        unfinished.rename(tree)
    small = tree.with_suffix(".zip")
    with zipfile.ZipFile(small, "w", zipfile.ZIP_DEFLATED) as zipped:
        # Of a fixed time, so that the same package is the same code.
        zipped.writestr(zipfile.ZipInfo("app.py"), _LEADS_THERE.format(file=str(tree / "app.py"), tree=str(tree)))
    return small


def forget_others(kept: Path) -> None:
    """Remove the trees of packages that are not deployed any more; `kept` is what `archive` gave."""
    for path in kept.parent.iterdir():
        # Whatever else lies there is not ours.
        if not _TREE.fullmatch(path.name) or (path.stem == kept.stem and path.suffix in ("", ".zip")):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
