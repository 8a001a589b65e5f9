"""Webhooks as they are told first, with what the customer is shown meanwhile (`lanes.signals`): that a bot is at it,
from when it is called; that the message was read, when a bot or a desk has it. What is told later is late for that.
"""

from __future__ import annotations

from chalicelib.domain import notice as notices
from chalicelib.domain.exchange import Call
from chalicelib.domain.notice import Notice
from chalicelib.lanes import signals, webhooks
from chalicelib.lanes.transport import Delivered, Outcome, Target
from chalicelib.tables.deliveries import DeliveryRow

retry_queue, target, turn, probe = webhooks.retry_queue, webhooks.target, webhooks.turn, webhooks.probe
delivered, given_up = webhooks.delivered, webhooks.given_up
beside = signals.Beside()


async def attempt(call: Call, row: DeliveryRow, notice: Notice, target: Target) -> Outcome:
    """Tell the notice once."""
    said = notice.kind in (notices.MESSAGE, notices.POSTBACK) and notice.author.get("kind") == "user"
    shown = said and not row.attempts and not row.replay_of and notice.destination.startswith(("bt_", "dk_"))
    is_bots = notice.destination.startswith("bt_") and notice.mode == "BOT"
    if shown and is_bots:
        beside.begin(call, signals.TYPING, notice)
    outcome = await webhooks.attempt(call, row, notice, target)
    if shown and isinstance(outcome, Delivered) and (is_bots or notice.destination.startswith("dk_")):
        beside.begin(call, signals.SEEN, notice)
    return outcome
