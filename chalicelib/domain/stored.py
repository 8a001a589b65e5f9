"""Reading what another version of this code has stored or queued: both run side by side during a deploy, and a rollback
leaves what the newer one wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any


class UnknownKind(Exception):
    """A kind of event or task that this version does not know; it is tried again, and in the end kept as a dead letter,
    which a version that knows it can do."""

    def __init__(self, kind: object) -> None:
        super().__init__(f"this version knows no {str(kind)[:100]!r}")


def known(shape: type, plain: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a plain value that a dataclass has; what a newer version added is passed over."""
    return {name: plain[name] for name in _names(shape) if name in plain}


@cache
def _names(shape: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(shape))
