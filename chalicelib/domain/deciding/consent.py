"""Somebody says that they want to hear no more from us, or do again: what is kept of that, and who hears of it."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import notice
from chalicelib.domain.consent import ALL
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.message import Author, Content
from chalicelib.domain.thread import DESK


def customer_consent(turn: Turn) -> None:
    """Keep it, as a message of type event, so that it is seen; who owns the thread hears of it, and a desk's bot too.

    What was said is in the contact's consent by now. Nobody's turn to answer comes of it.
    """
    body, thread = turn.event.body, turn.thread
    if body.get("known"):
        turn.ignored = "known"
        return
    if not thread.contact:
        turn.ignored = "nobody's address by now"
        return
    if body["scope"] == ALL:
        turn.thread = thread = replace(thread, stopped_at=0 if body["given"] else turn.event.at)
    kind = notice.OPTED_IN if body["given"] else notice.OPTED_OUT
    told = turn.bot_hears(kind)
    if thread.owner == DESK and thread.chat:
        told = [turn.to_desk(kind), *told]
    details = {"name": kind, "scope": body["scope"]} | ({"why": body["why"]} if body.get("why") else {})
    contact = thread.contact
    # A refused send is the provider's word on what was said elsewhere.
    by_send = bool(body.get("contact"))
    turn.say(
        Content("event", details=details),
        author=Author("system") if by_send else Author("user", contact.get("id", ""), contact.get("name", "")),
        direction="in",
        conversation=thread.chat_conversation() or thread.bot_conversation(thread.bot),
        routes=told,
    )
