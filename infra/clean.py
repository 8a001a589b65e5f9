"""`make clean` of `.local`: what the local run made goes, keys of stages in AWS stay.

Standard library only, and for any Python 3.7 or later: nothing may be installed when it runs.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from infra import folder_lock

LOCAL = Path(__file__).resolve().parent.parent / ".local"
RUNS = frozenset({"state", "package", "tmp", ".tmp"})
"""Folders of the local run; every other folder is that of a stage. A stage may be called so, too."""
KEY = "admin_key"


def clean(folder: Path) -> list[Path]:
    """Remove what the local run made in a folder; gives what stays of stages.

    Held, with nothing removed, while it runs.
    """
    if not folder.exists():
        return []
    with folder_lock.held(folder, address="make clean"):
        for path in sorted(folder.iterdir()):
            if path.name in RUNS and path.is_dir():
                _emptied(path)
            elif path.name != folder_lock.NAME and (path.is_symlink() or not path.is_dir()):
                path.unlink()
        # Last, so that whoever starts meanwhile is refused.
        (folder / folder_lock.NAME).unlink()
    kept = sorted(path for path in folder.iterdir() if path.is_dir())
    if not kept:
        folder.rmdir()
    return kept


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != KEY:
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def main() -> None:
    """Clean `.local`, and say what stays."""
    try:
        kept = clean(LOCAL)
    except folder_lock.Held as running:
        sys.exit(f"nothing removed: {running}")
    for path in kept:
        print(f"kept: .local/{path.name}, which belongs to the stage {path.name} in AWS")


if __name__ == "__main__":
    main()
