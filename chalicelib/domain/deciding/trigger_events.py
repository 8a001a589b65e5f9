"""What asks a bot in the background: trigger events, the session they belong to, and what became of each.

A session is the bot's conversation on the trigger's thread; it ends when its last event is older than the trigger
allows. An event that wants to hear of its outcome stands in `Thread.asked` until the bot has answered, could not be
reached, or has kept silent for long enough.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.deciding.turn import Timer, Turn
from chalicelib.domain.message import Author, Content
from chalicelib.domain.platform_event import TRIGGER_COMPLETED, TRIGGER_FAILED
from chalicelib.domain.route import SUBSCRIPTION, Route
from chalicelib.domain.route import TRIGGER as TO_TRIGGER
from chalicelib.domain.stored import known
from chalicelib.domain.tasks import AnswerDue
from chalicelib.domain.thread import BOT, NOBODY, conversation_id, parse_conversation_id

MOST_ASKED = 50
"""Events of one trigger's thread that wait at the same time: each is part of every message's row. With one more the
oldest is told as failed; the bot has it or gets it all the same."""
SUCCEEDED, FAILED = "succeeded", "failed"
_TOO_MANY = {"code": "too_many_waiting", "reason": f"more than {MOST_ASKED} events of the session wait for the bot"}


def trigger_event(turn: Turn) -> None:
    """A trigger's event, or a word of the direct call, for its bot."""
    event, body = turn.event, turn.event.body
    bot = body["bot"]
    _session(turn, bot)
    contact = body.get("contact")
    if contact and (not turn.thread.contact or bot not in turn.thread.bots):
        turn.thread = replace(turn.thread, contact=contact)
    conversation = turn.open_bot(bot)
    turn.thread = replace(turn.thread, bot=bot)
    turn.own(BOT)
    if "content" not in body:
        # A conversation that is opened before anything is said.
        return
    asked = body.get("asked", "")
    route = replace(turn.to_bot(bot, mode="BOT"), asked=asked)
    turn.say(
        Content.of(body["content"]),
        author=Author(**known(Author, body.get("author") or {"kind": "event"})),
        direction="in",
        conversation=conversation,
        routes=[route],
    )
    turn.thread = replace(turn.thread, first_at=turn.thread.first_at or event.at, last_at=event.at)
    if asked:
        turn.thread = replace(turn.thread, asked=(*turn.thread.asked, {"id": asked, "number": turn.thread.bots[bot]}))
        while len(turn.thread.asked) > MOST_ASKED:
            _tell(turn, turn.thread.asked[0]["id"], FAILED, error=_TOO_MANY)
        within = int(body["answer_within_s"])
        task = AnswerDue(asked=asked, bot=bot, answer_within_s=within, **turn.place())
        turn.timers.append(Timer(f"answer:{asked}", event.at + within * 1000, task))


def _session(turn: Turn, bot: str) -> None:
    """Close what the bot's conversation was where it ran out, and that of another bot that the trigger had."""
    thread, body = turn.thread, turn.event.body
    if thread.bot and thread.bot != bot and thread.bot in thread.bots:
        turn.close_bot(thread.bot, outcome="bot_changed")
    expired = turn.event.at - thread.last_at > int(body.get("session_s", 0)) * 1000
    if bot in thread.bots and body.get("session_s") and expired:
        turn.close_bot(bot, outcome="session_expired")
    if bot not in turn.thread.bots:
        turn.thread = replace(turn.thread, owner=NOBODY)


def answered(turn: Turn, *, reply: Content) -> list[Route]:
    """Routes to who asked, for the bot's message: to that whose delivery it answers, else to the oldest that waits in
    the conversation; to nobody for a second message in answer to the same event."""
    body = turn.event.body
    if answers := body.get("answers", ""):
        one = _waiting(turn, answers)
    else:
        one = next(iter(_within(turn, body["conversation"])), None)
    return _outcome(turn, one["id"], SUCCEEDED, reply=reply.text or f"[{reply.type}]") if one else []


def answers_late(turn: Turn) -> bool:
    """Whether the bot answers an event that still waits, though its session ran out while the bot was thinking."""
    one = _waiting(turn, turn.event.body.get("answers", ""))
    return one is not None and one in _within(turn, turn.event.body["conversation"])


def _waiting(turn: Turn, asked: str) -> dict[str, Any] | None:
    return next((one for one in turn.thread.asked if one["id"] == asked), None)


def _within(turn: Turn, conversation: str) -> list[dict[str, Any]]:
    """What waits in a conversation, the oldest first."""
    named = parse_conversation_id(conversation)
    return [one for one in turn.thread.asked if named and one["number"] == named[1]]


def bot_gave_up(turn: Turn) -> None:
    """The event could not be delivered to its bot."""
    body = turn.event.body
    if _waiting(turn, body["asked"]) is None:
        turn.ignored = "answered meanwhile"
        return
    _tell(turn, body["asked"], FAILED, error=body["error"])


def answer_due(turn: Turn) -> None:
    """The bot has the event and has kept silent: it has done what there was to do."""
    body = turn.event.body
    if _waiting(turn, body["asked"]) is None:
        turn.ignored = "answered meanwhile"
        return
    _tell(turn, body["asked"], SUCCEEDED)


def no_answer(turn: Turn, conversation: str) -> list[Route]:
    """Routes for everybody who waits in a conversation that its bot closes: it has done what there was to do."""
    return [route for one in _within(turn, conversation) for route in _outcome(turn, one["id"], SUCCEEDED)]


def _outcome(
    turn: Turn, asked: str, outcome: str, *, reply: str = "", error: dict[str, Any] | None = None
) -> list[Route]:
    """The route to the trigger, and to the subscriptions that hear of it."""
    thread, config = turn.thread, turn.config
    turn.thread = replace(thread, asked=tuple(one for one in thread.asked if one["id"] != asked))
    event = TRIGGER_COMPLETED if outcome == SUCCEEDED else TRIGGER_FAILED
    told = Route(TO_TRIGGER, thread.channel, asked=asked, event=event, outcome=outcome, reply=reply, error=error)
    heard = config.subscribers(
        event, "trigger", lambda: {"message": {"source": "trigger"}, "contact": dict(thread.contact)}
    )
    notified = replace(told, notify=config.notifies(thread.channel))
    return [notified, *(replace(told, to=SUBSCRIPTION, id=one) for one in heard)]


def _tell(turn: Turn, asked: str, outcome: str, *, error: dict[str, Any] | None = None) -> None:
    number = next(one["number"] for one in turn.thread.asked if one["id"] == asked)
    conversation = conversation_id(turn.thread.id, number)
    told = _outcome(turn, asked, outcome, error=error)
    turn.note("trigger_outcome", conversation=conversation, routes=told, error=error)
