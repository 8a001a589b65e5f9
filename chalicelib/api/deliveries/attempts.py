"""What was said around a conversation, each message with what became of it at whoever was told: who answers people
sees here why a bot is silent.

A page reads the thread's messages once, and then the lanes that their routes name, each once and all at the same
time: 50 messages of a bot and a channel are some 20 read units, however long the thread is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from chalicelib.api.conversations import conversations
from chalicelib.api.conversations.timeline import view
from chalicelib.api.deliveries.deliveries import view as delivery_view
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.routes import AGENT
from chalicelib.domain.lane import lane_of_route, replay_of
from chalicelib.domain.message import Message
from chalicelib.domain.notice import STATUS
from chalicelib.domain.thread import Thread
from chalicelib.tables import batch_get, config, deliveries, history, messages
from chalicelib.tables.config import Resource
from chalicelib.tables.deliveries import DeliveryRow

_RECEIPTS, _BESIDE = 5, 20
"""Rows of a lane that are read for each message, and beyond: receipts of answers (sent, delivered, read) are told in
the lane of who has answered."""
_OWN = slice(26, None)
"""What tells a thread's lanes apart: the name without the thread."""
_MOST_LANES = 40
"""A cursor remembers no more lanes: those of a trigger's outcomes are one each, and are found without."""


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor", "conversation", "conversations"}`: messages of the conversation's thread, the oldest
    first, each with `deliveries`; pages go back in time. What was said before the conversation is part of it, as far as
    it was the same person's."""
    conversation = conversations.find(call, call.id)
    thread = conversations.thread_of(conversation)
    limit, of = cursors.limit_of(call), f"attempts {conversation.id}"
    before, places = _come(cursors.decode(given, of=of) if (given := call.query.get("cursor")) else {})
    after, upto = _own_part(thread, conversation.number)
    upto = min([one for one in (upto, before - 1 if before else None) if one is not None], default=None)
    notes = call.caller.may(AGENT)
    said = messages.last(thread.id, limit=limit + 1, upto=upto, notes=notes) if upto is None or upto > after else []
    said = [one for one in said if one.seq > after]
    shown = said[-limit:]
    told, places = _deliveries(shown, places)
    following = {"seq": shown[0].seq, "lanes": dict([*places.items()][-_MOST_LANES:])} if len(said) > limit else None
    rules = _rules(shown)
    page: dict[str, Any] = {
        "data": [
            view(one) | {"channel_id": one.channel, "deliveries": told.get(one.id, []), "rule": rules.get(one.rule)}
            for one in shown
        ],
        "next_cursor": cursors.encode(following, of=of) if following else None,
    }
    if not before:
        around = conversations.conversations_of(thread.id)
        page |= {
            "conversation": conversations.shown(conversation, thread),
            "conversations": [conversations.view(one) for one in reversed(around)],
        }
    return Answer(200, page)


def _rules(shown: list[Message]) -> dict[str, dict[str, Any]]:
    """The rules by which these messages came to somebody, by their ids."""
    ids = sorted({one.rule for one in shown if one.rule})
    keys: list[batch_get.Key] = [(Resource, config.partition_of("rule", id), f"rule#{id}") for id in ids]
    rows = batch_get.get_all(keys, consistent=False) if keys else []
    return {
        id: {"id": id, "name": (row.body or {}).get("name") if row else None} for id, row in zip(ids, rows, strict=True)
    }


def _come(given: Any) -> tuple[int, dict[str, str]]:
    """(number of the message before which a page goes on or 0, lane -> the delivery before which)."""
    if given == {}:
        return 0, {}
    try:
        seq, lanes = given["seq"], given["lanes"]
        fits = type(seq) is int and 0 < seq < 10**16 and all(type(one) is str for pair in lanes.items() for one in pair)
    except (KeyError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise cursors.bad_cursor()
    return seq, lanes


def _own_part(thread: Thread, number: int) -> tuple[int, int | None]:
    """(after which message, up to which) a thread is that of the person with whom its n-th conversation was."""
    after, upto = 0, None
    for past in (thread.erased, thread.left):
        if not past:
            continue
        if number > past.get("conversations", 0):
            after = max(after, past.get("upto", 0))
        else:
            upto = min(upto or past.get("upto", 0), past.get("upto", 0))
    return after, upto


def _deliveries(
    said: Iterable[Message], places: dict[str, str]
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """(message -> its deliveries as they are answered, the oldest first; how far each lane was gone through)."""
    wanted: dict[str, set[str]] = {}
    for message in said:
        for route in message.routes:
            wanted.setdefault(lane_of_route(message, route), set()).add(message.id)
    calls = [
        partial(deliveries.before, lane, places.get(lane[_OWN]), limit=len(ids) * _RECEIPTS + _BESIDE)
        for lane, ids in wanted.items()
    ]
    rows: list[DeliveryRow] = []
    for (lane, ids), found in zip(wanted.items(), history.at_once(calls), strict=True):
        mine = [row for row in found if _is_of(row, ids)]
        rows += mine
        if mine:
            places = {name: key for name, key in places.items() if name != lane[_OWN]} | {lane[_OWN]: str(mine[-1].key)}
    told: dict[str, list[dict[str, Any]]] = {}
    for row in sorted([*rows, *_replays(rows)], key=lambda row: str(row.created)):
        told.setdefault(str((row.notice or {}).get("message")), []).append(delivery_view(row))
    return told, places


def _is_of(row: DeliveryRow, messages_: set[str]) -> bool:
    notice = row.notice or {}
    return notice.get("message") in messages_ and notice.get("kind") != STATUS


def _replays(rows: list[DeliveryRow]) -> list[DeliveryRow]:
    """The last replay of each delivery that was replayed."""
    keys = [(DeliveryRow, replay_of(str(row.lane)), str(row.replayed_as)) for row in rows if row.replayed_as]
    return [row for row in batch_get.get_all(keys) if row is not None]
