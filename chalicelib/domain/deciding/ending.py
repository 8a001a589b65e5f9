"""What every turn ends with, whatever the event was: conversations counted, offers kept, subscriptions chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.choosing import offer
from chalicelib.domain.deciding.routing import message_facts
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.event import NOTIFICATION
from chalicelib.domain.message import FAILED, Message
from chalicelib.domain.platform_event import HANDOVER_FAILED, MESSAGE_CREATED, MESSAGE_STATUS
from chalicelib.domain.route import SUBSCRIPTION, Route
from chalicelib.domain.row_changes import never_offered
from chalicelib.domain.thread import CLOSED, SOURCE, TRIGGER


def settle_conversations(turn: Turn) -> None:
    """Give the conversations that are closed after this turn their last message, and their count out of the thread.

    A message that is kept after the close (an agent's that came too late) is theirs, but not of the number they had
    while open: counting it would need a read.
    """
    thread = turn.thread
    is_open = {*thread.bots.values(), *((thread.chat.number,) if thread.chat else ())}
    if thread.notified:
        is_open.add(thread.notified)
    if thread.channel_kind == SOURCE:
        is_open.add(1)
    left = {number: count for number, count in thread.counts.items() if int(number) not in is_open}
    if not left:
        return
    turn.thread = replace(thread, counts={key: value for key, value in thread.counts.items() if key not in left})
    closed = {number for number, changes in turn.conversation_changes if changes.get("state") == CLOSED}
    for number, count in left.items():
        more = {"messages": count} if int(number) in closed else {}
        turn.conversation_changes.append((int(number), {"last": thread.last_seq} | more))


def keep_what_is_offered(turn: Turn) -> None:
    """Keep in the thread the last choices that the customer was given; a close ends what was offered before."""
    thread = turn.thread
    closed = any(changes.get("state") == CLOSED for _, changes in turn.conversation_changes)
    offered = {} if closed and thread.owner != turn.was.owner else thread.offered
    if thread.channel_kind not in (TRIGGER, SOURCE):
        for said in turn.messages:
            if said.direction == "out" and said.state != FAILED:
                offered = offer(said.content, seq=said.seq, at=said.sent_at) or offered
    if offered != thread.offered:
        turn.thread = replace(thread, offered=offered)


def choose_subscribers(turn: Turn) -> None:
    """Add the subscriptions that hear of each message, and of its receipts."""
    for at, said in enumerate(turn.messages):
        if said.is_note:
            continue
        created = MESSAGE_CREATED
        if said.author.kind == "system":
            if not never_offered(said):
                # A note of ours: what it stands for is an event of its own, told from the conversation's row.
                continue
            created = HANDOVER_FAILED
        routes = _subscribed(turn, created, said)
        status_to = _subscribed(turn, MESSAGE_STATUS, said) if said.direction == "out" else []
        if routes or status_to:
            turn.messages[at] = replace(said, routes=(*said.routes, *routes), status_to=(*said.status_to, *status_to))


def _subscribed(turn: Turn, event: str, said: Message) -> list[Route]:
    def facts() -> dict[str, Any]:
        zone = turn.config.timezone
        return message_facts(turn.event, turn.was, said.content, timezone=zone, contact=turn.contact, said=said)

    heard, bulk = turn.config.subscribers(event, said.source, facts), turn.event.kind == NOTIFICATION
    return [Route(SUBSCRIPTION, one, event=event, bulk=bulk) for one in heard]
