"""What an event does to a thread: the switchboard itself, as one pure function per kind of event.

A message that is refused (a bot's while a person owns the thread, an agent's after the close) is kept as failed, so
that it is seen; an event that changes nothing says why in `Turn.ignored`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.domain import event as kinds
from chalicelib.domain.deciding import bots, customer, desks
from chalicelib.domain.deciding.address_change import customer_moved
from chalicelib.domain.deciding.consent import customer_consent
from chalicelib.domain.deciding.ending import choose_subscribers, keep_what_is_offered, settle_conversations
from chalicelib.domain.deciding.erasure import contact_erased, too_late
from chalicelib.domain.deciding.inbox import follow_chat
from chalicelib.domain.deciding.message_changes import customer_changed
from chalicelib.domain.deciding.notifications import notification, settle_notified
from chalicelib.domain.deciding.routing import ServiceConfig
from chalicelib.domain.deciding.source_events import source_event
from chalicelib.domain.deciding.tally import tally_of
from chalicelib.domain.deciding.trigger_events import answer_due, bot_gave_up, trigger_event
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.event import Event
from chalicelib.domain.stored import UnknownKind
from chalicelib.domain.thread import ACCEPTED, HELD, Thread


def decide(event: Event, thread: Thread, config: ServiceConfig, contact: dict[str, Any] | None = None) -> Turn:
    """What comes of an event on a thread; `Turn.thread` is the thread after it.

    `contact` is what conditions may ask about the person beyond the thread: attributes and tags.
    """
    turn = Turn(event, thread, config, contact or {})
    if too_late(event, thread):
        turn.ignored = "its person was erased"
    else:
        if event.kind not in _BY_KIND:
            raise UnknownKind(event.kind)
        _BY_KIND[event.kind](turn)
    settle_notified(turn)
    follow_chat(turn)
    settle_conversations(turn)
    keep_what_is_offered(turn)
    choose_subscribers(turn)
    turn.thread = replace(turn.thread.after_event(event.id), tally=tally_of(turn))
    return turn


def _contact_changed(turn: Turn) -> None:
    contact = turn.event.body["contact"]
    if turn.thread.contact == contact:
        turn.ignored = "known"
        return
    if turn.thread.left and (contact.get("person") or contact["id"]) != turn.thread.person:
        # Of who went on elsewhere, and still has what was said here.
        turn.ignored = "another person's by now"
        return
    turn.thread = replace(turn.thread, contact=contact)


def _test_begun(turn: Turn) -> None:
    if turn.thread.last_seq:
        turn.ignored = "something was said"
        return
    turn.thread = replace(turn.thread, test=True)


_BY_KIND: dict[str, Callable[[Turn], None]] = {
    kinds.CUSTOMER_MESSAGE: customer.customer_message,
    kinds.CUSTOMER_HAPPENED: customer.customer_happened,
    kinds.CUSTOMER_CHANGED: customer_changed,
    kinds.CUSTOMER_MOVED: customer_moved,
    kinds.CUSTOMER_CONSENT: customer_consent,
    kinds.BOT_MESSAGE: bots.bot_message,
    kinds.BOT_HANDOVER: bots.bot_handover,
    kinds.BOT_CLOSE: bots.bot_close,
    kinds.CHAT_ACCEPTED: desks.of_its_desk(desks.chat_state(ACCEPTED, "handover_accepted")),
    kinds.CHAT_HOLD: desks.of_its_desk(desks.chat_state(HELD, "hold")),
    kinds.CHAT_RESUMED: desks.of_its_desk(desks.chat_state(ACCEPTED, "resumed")),
    kinds.AGENT_MESSAGE: desks.of_its_desk(desks.agent_message),
    kinds.AGENT_TYPING: desks.of_its_desk(desks.agent_typing),
    kinds.CHAT_TRANSFERRED: desks.of_its_desk(desks.chat_transferred),
    kinds.CHAT_RETURNED: desks.of_its_desk(desks.chat_closed),
    kinds.CHAT_CLOSED: desks.of_its_desk(desks.chat_closed),
    kinds.CHAT_ASSIGNED: desks.of_its_desk(desks.chat_assigned),
    kinds.CHAT_SNOOZED: desks.of_its_desk(desks.chat_snoozed),
    kinds.SNOOZE_OVER: desks.snooze_over,
    kinds.AGENT_NOTE: desks.of_its_desk(desks.agent_note),
    kinds.OFFER_EXPIRED: desks.offer_expired,
    kinds.BOT_FAILING: bots.bot_failing,
    kinds.BOT_RECOVERED: bots.bot_recovered,
    kinds.NOTIFICATION: notification,
    kinds.TRIGGER_EVENT: trigger_event,
    kinds.BOT_GAVE_UP: bot_gave_up,
    kinds.ANSWER_DUE: answer_due,
    kinds.SOURCE_EVENT: source_event,
    kinds.CONTACT_CHANGED: _contact_changed,
    kinds.TEST_BEGUN: _test_begun,
    kinds.CONTACT_ERASED: contact_erased,
}
