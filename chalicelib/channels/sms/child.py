"""What runs in the child process of templates: the engine, and what one of them is to be filled in with."""

from __future__ import annotations

from typing import Any

from chalicelib.channels.sms import filling
from chalicelib.ports import child


def _answer(checked: Any, item: Any) -> Any:
    found = filling.filled({path: tuple(one) for path, one in item["texts"].items()}, item["values"], checked=checked)
    return {"given": found.given, "wrong": found.wrong, "names": found.names}


if __name__ == "__main__":
    child.serve(_answer)
