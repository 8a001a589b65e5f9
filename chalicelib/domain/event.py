"""What `converse` is told: one event of a thread, as it travels on `threads.fifo`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.stored import known

CUSTOMER_MESSAGE, CUSTOMER_CHANGED, CUSTOMER_MOVED = "customer.message", "customer.changed", "customer.moved"
CUSTOMER_CONSENT, CUSTOMER_HAPPENED = "customer.consent", "customer.happened"
BOT_MESSAGE, BOT_HANDOVER, BOT_CLOSE = "bot.message", "bot.handover", "bot.close"
CHAT_ACCEPTED, AGENT_MESSAGE, AGENT_TYPING = "chat.accepted", "agent.message", "agent.typing"
CHAT_HOLD, CHAT_RESUMED, CHAT_TRANSFERRED = "chat.hold", "chat.resumed", "chat.transferred"
CHAT_RETURNED, CHAT_CLOSED = "chat.returned_to_bot", "chat.closed"
CHAT_ASSIGNED, CHAT_SNOOZED, AGENT_NOTE = "chat.assigned", "chat.snoozed", "agent.note"
DESK_KINDS = (
    CHAT_ACCEPTED,
    AGENT_MESSAGE,
    AGENT_TYPING,
    CHAT_HOLD,
    CHAT_RESUMED,
    CHAT_TRANSFERRED,
    CHAT_RETURNED,
    CHAT_CLOSED,
    CHAT_ASSIGNED,
    CHAT_SNOOZED,
    AGENT_NOTE,
)
RECEIPT = "receipt"
"""What became of a message of ours: the provider's statuses, and the outcome of sending it."""
OFFER_EXPIRED, BOT_FAILING, BOT_RECOVERED = "offer.expired", "bot.failing", "bot.recovered"
SNOOZE_OVER = "snooze.over"
TRIGGER_EVENT, SOURCE_EVENT = "trigger.event", "source.event"
BOT_GAVE_UP, ANSWER_DUE = "bot.gave_up", "answer.due"
CONTACT_CHANGED, CONTACT_ERASED = "contact.changed", "contact.erased"
TEST_BEGUN = "test.begun"
NOTIFICATION = "notification"
"""The business speaks first."""
OF_PERSON = (CUSTOMER_MESSAGE, CUSTOMER_CONSENT, CUSTOMER_HAPPENED, NOTIFICATION)
"""Kinds of events that say who somebody is at a channel's address."""
ANSWERS = (BOT_MESSAGE, AGENT_MESSAGE)
"""Kinds of events that say something to the customer of a conversation."""
BEGINNERS = (*OF_PERSON, TRIGGER_EVENT, SOURCE_EVENT, TEST_BEGUN)
"""Kinds of events that may be the first of a thread."""


def event_queue(channel: str) -> str:
    """The queue for an event of a channel's thread: what triggers and sources set off must not hold up people."""
    return "bulk-threads.fifo" if channel.startswith(("tr_", "so_")) else "threads.fifo"


def again(plain: dict[str, Any]) -> dict[str, Any]:
    """An event, as plain data, that is put on its queue after later ones were handled: it is known by a receipt, as its
    place in its lane would say that it was handled before them."""
    body = plain.get("body")
    if not isinstance(body, dict) or "place" not in body:
        return plain
    return plain | {"once": True, "body": {key: value for key, value in body.items() if key != "place"}}


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `body` by kind:

    - customer.message: content, name, identities, provider_id, echo; speaker (id, name) where it is said in a group,
      whose the name is then; handle (with, until) where the provider wants something with an answer
    - customer.changed: change (edited, deleted, reaction), about (a provider's id of the message), message (our id
      of it if it is the customer's own), text, echo; seq and files (keys of copies), where it was found; tries, how
      often it was looked for
    - customer.consent: given, scope (all, marketing), why; identities; contact (id) where a refused send says it, of
      whom; known where the contact says so already
    - customer.happened: content (of type event, its details name what), name, identities, provider_id; ends, where
      what went on is over with it
    - customer.moved: to (the new address), identities, gone ((kind, value) of what identifies them now, and before)
    - bot.*: bot, conversation, content, params; refused as of a notification
    - chat.* and agent.*: desk, conversation, content, agent, outcome, desk_id, refused; of chat.assigned, `agent` is
      who gets it and `by` who gives it; of chat.snoozed, `until` in milliseconds (0: it is woken)
    - receipt: seq, state, error, provider_id
    - offer.expired: number, epoch; snooze.over: number, until; bot.failing: bot, delivery; bot.recovered: bot
    - trigger.event: bot, content (none: nothing is said yet), source, author (plain); contact (as of Thread.contact)
      where one is known; session_s; asked (id of the trigger's event) and answer_within_s where an outcome is wanted
    - source.event: content, source, sent_at (milliseconds); contact where one is known
    - bot.gave_up: bot, asked, error (code, reason); answer.due: asked
    - test.begun: nothing
    - notification: content, author (plain), purpose; identities; contact (id) where it is to somebody and not to an
      address alone; refused (what their consent says no by), as `converse` has read it
    - contact.changed: contact; contact.erased: erasure (id of the erased contact), people (it and all merged into it)
    """

    id: str
    kind: str
    service: str
    channel: str
    channel_kind: str
    address: str
    thread: str
    at: int
    """Milliseconds since the epoch."""
    body: dict[str, Any] = field(default_factory=dict)
    once: bool = False
    """An outsider may repeat it for days: its receipt is kept."""
    trace: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data."""
        return {key: value for key in self.__slots__ if (value := getattr(self, key)) not in ("", False, {})}

    @staticmethod
    def of(plain: dict[str, Any]) -> Event:
        """The reverse of `plain`."""
        return Event(**{"channel": "", "channel_kind": "", "address": "", "service": ""} | known(Event, plain))


def status_event(
    *,
    thread: str,
    seq: int,
    state: str,
    at: int,
    service: str,
    channel: str,
    channel_kind: str,
    error: dict[str, str] | None = None,
    part: bool = False,
    provider_id: str = "",
) -> Event:
    """A provider's or widget's word on a message of ours, or on a `part` of it; the same word again is the same
    event. `provider_id` where it is news."""
    body: dict[str, Any] = {"seq": seq, "state": state} | ({"error": error} if error else {})
    if part:
        body["part"] = True
    if provider_id:
        body["provider_id"] = provider_id
    return Event(
        id=f"ev_{thread[3:]}.{seq}.{state}" + (".part" if part else ""),
        kind=RECEIPT,
        service=service,
        channel=channel,
        channel_kind=channel_kind,
        address="",
        thread=thread,
        at=at,
        body=body,
    )
