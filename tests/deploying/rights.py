"""What the policies of examples/deploy allow."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples" / "deploy"


def actions(name: str) -> list[str]:
    """Patterns of the actions that a policy allows."""
    statements = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["Statement"]
    return [action for statement in statements for action in statement["Action"]]


def allows(granted: Iterable[str], action: str) -> bool:
    """Whether one of the patterns takes an action in."""
    return any(fnmatch.fnmatchcase(action, pattern) for pattern in granted)


def allowed(policies: Iterable[str], action: str) -> bool:
    """Whether one of the policies allows an action."""
    return any(allows(actions(name), action) for name in policies)
