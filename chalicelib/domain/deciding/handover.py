"""Handing a thread over to people: which desk gets it, and what the bot is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain import notice
from chalicelib.domain.deciding.inbox import carried_on
from chalicelib.domain.deciding.routing import ServiceConfig
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.thread import BOT, DESK


def hand_over(turn: Turn, *, reason: str, params: dict[str, Any], tried: tuple[str, ...] = ()) -> bool:
    """Offer the thread to the first usable desk that did not let it lie; tell the bot where there is none."""
    wanted = turn.thread.desk
    desks = [desk for desk in [wanted, *fallbacks(turn.config, wanted)] if desk and desk not in tried]
    desk = first_usable(turn, desks)
    if desk is None:
        handover_failed(turn, "no desk is available" if wanted else "no desk is configured", no_desk=True)
        return False
    conversation = turn.open_chat(desk, reason=reason, tried=tried)
    started = turn.to_desk(notice.CHAT_STARTED, reason=reason, params=params)
    told = turn.bot_hears(notice.OWNER_CHANGED, owner=DESK, reason=reason)
    turn.note("handover", conversation=conversation, routes=[started, *told], to=desk, reason=reason, params=params)
    return True


def handover_failed(turn: Turn, reason: str, *, no_desk: bool = False) -> None:
    """Leave the thread to its bot, and tell it."""
    turn.own(BOT if turn.thread.bot in turn.thread.bots else "")
    routes = turn.bot_hears(notice.HANDOVER_FAILED, reason=reason)
    conversation = turn.thread.bot_conversation(turn.thread.bot)
    turn.note("handover_failed", conversation=conversation, routes=routes, reason=reason, no_desk=no_desk or None)


def first_usable(turn: Turn, desks: list[str]) -> str | None:
    """The first desk that exists and is active."""
    return next((desk for desk in desks if turn.config.usable(desk)), None)


def fallbacks(config: ServiceConfig, desk: str) -> tuple[str, ...]:
    """The desks that a desk names for when it cannot be used."""
    party = config.desk(desk)
    return party.fallbacks if party else ()


def change_desk(turn: Turn, desk: str, *, reason: str, outcome: str, tried: tuple[str, ...]) -> None:
    """End the desk's conversation and open one at another desk."""
    fallback, before = turn.thread.fallback, turn.chat
    turn.close_chat(outcome=outcome)
    conversation = turn.open_chat(desk, reason=reason, tried=tried)
    turn.thread = replace(turn.thread, fallback=fallback, chat=carried_on(turn, before))
    started = turn.to_desk(notice.CHAT_STARTED, reason=reason)
    turn.note("transferred", conversation=conversation, routes=[started], to=desk, reason=reason)
