"""What runs in the child process of mappings: the engine, and nothing that it could take along when it ends."""

from __future__ import annotations

from typing import Any

from chalicelib.ports import child
from chalicelib.sources import expressions


def _answer(texts: dict[str, str] | None, item: Any) -> Any:
    """What is wrong with an expression; where expressions are given, what they give over an event."""
    if texts is None:
        return expressions.problem(item)
    found = expressions.gave(texts, item)
    return {"given": found.given, "wrong": found.wrong}


if __name__ == "__main__":
    child.serve(_answer)
