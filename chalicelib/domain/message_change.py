"""A message that is edited or deleted after it was said: what it says then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.message import Content

EDITED, DELETED, REACTION = "edited", "deleted", "reaction"
_MOST_EDITS = 50


@dataclass(frozen=True, slots=True)
class Change:
    """What a turn does to a message that was said before."""

    seq: int
    kind: str
    text: str = ""
    by: int = 0
    """Number of the message that tells of an edit."""


def after(content: Content, change: Change) -> Content:
    """The content as it is after a change; what an edit does not name stays (its files), a deletion leaves nothing."""
    if content.details.get("deleted"):
        return content
    edits = content.details.get("edits", [])
    if change.kind == DELETED:
        return Content(content.type, details={"deleted": True} | ({"edits": edits} if edits else {}))
    edits = [*(one for one in edits if one != change.by), change.by][-_MOST_EDITS:]
    return replace(content, text=change.text, details=content.details | {"edited": True, "edits": edits})


def emptied(content: Content) -> Content:
    """An edit's own message, once what it says is deleted."""
    return replace(content, text="")


def metadata(content: Content) -> dict[str, Any]:
    """What the API says of it: `edited` or `deleted`."""
    return {name: True for name in (EDITED, DELETED) if content.details.get(name)}
