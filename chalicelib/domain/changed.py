"""What becomes of a message that is edited or deleted after it was said, and who hears of that, or of a reaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain import notice
from chalicelib.domain.message import SENT, Author, Content
from chalicelib.domain.tasks import ForgetFiles
from chalicelib.domain.thread import DESK
from chalicelib.domain.turn import Timer, Turn

EDITED, DELETED, REACTION = "edited", "deleted", "reaction"
NOTICES = {EDITED: notice.EDITED, DELETED: notice.DELETED, REACTION: notice.REACTION}
_MOST_EDITS = 50


@dataclass(frozen=True, slots=True)
class Change:
    """What a turn does to a message that was said before."""

    seq: int
    kind: str
    text: str = ""
    by: int = 0
    """Number of the message that tells of an edit."""


def customer_changed(turn: Turn) -> None:
    """Keep that it happened, as a message of type event; who owns the thread hears of it, and a desk's bot too."""
    body, thread = turn.event.body, turn.thread
    kind, text = body["change"], body.get("text", "")
    if body.get("deleted") and kind == EDITED:
        # Came late: what it says is to be kept nowhere.
        turn.ignored = "its message was deleted"
        return
    details = {"name": NOTICES[kind], "message_id": body.get("message", ""), "in_reply_to": body["about"]}
    told = turn.bot_hears(NOTICES[kind])
    if thread.owner == DESK and thread.chat:
        told = [turn.to_desk(NOTICES[kind]), *told]
    conversation = thread.chat_conversation() or thread.bot_conversation(thread.bot)
    contact = thread.contact
    author, direction = Author("user", contact.get("id", ""), contact.get("name", "")), "in"
    if body.get("echo"):
        author, direction = Author("agent", name="app"), "out"
    said = turn.say(
        Content("event", text, details=details),
        author=author,
        direction=direction,
        conversation=conversation,
        routes=told,
        state=SENT if body.get("echo") else "",
    )
    if kind != REACTION and body.get("seq"):
        turn.changes.append(Change(body["seq"], kind, text, said.seq))
    if kind == DELETED and body.get("seq") and body.get("files"):
        task = ForgetFiles(thread=thread.id, message=body["message"], files=body["files"])
        turn.timers.append(Timer(f"forget:{body['message']}", turn.event.at, task))


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
