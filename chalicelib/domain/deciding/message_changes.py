"""A message is edited, deleted or reacted to after it was said: what is kept of that, and who hears of it."""

from __future__ import annotations

from chalicelib.domain import notice
from chalicelib.domain.deciding.turn import Timer, Turn
from chalicelib.domain.message import SENT, Author, Content
from chalicelib.domain.message_change import DELETED, EDITED, REACTION, Change
from chalicelib.domain.tasks import ForgetFiles
from chalicelib.domain.thread import DESK

NOTICES = {EDITED: notice.EDITED, DELETED: notice.DELETED, REACTION: notice.REACTION}


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
