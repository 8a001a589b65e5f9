"""What asks a bot in the background: trigger events, the session they belong to, and what became of each.

A session is the bot's conversation on the trigger's thread; it ends when its last event is older than the trigger
allows. An event that wants to hear of its outcome stands in `Thread.asked` until the bot has answered, could not be
reached, or has kept silent for long enough.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.domain.message import Author, Content
from chalicelib.domain.thread import BOT, NOBODY
from chalicelib.domain.turn import TRIGGER_COMPLETED, TRIGGER_FAILED, Route, Timer, Turn

_MOST_ASKED = 20
"""Events of one session that wait at the same time; the oldest beyond that are told as answered with the next."""
SUCCEEDED, FAILED = "succeeded", "failed"


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
    route = turn.to_bot(bot, mode="BOT")
    asked = body.get("asked", "")
    if asked:
        route["asked"] = asked
    said = turn.say(
        Content.of(body["content"]),
        author=Author(**body.get("author") or {"kind": "event"}),
        direction="in",
        conversation=conversation,
        routes=[route],
    )
    turn.thread = replace(turn.thread, first_at=turn.thread.first_at or event.at, last_at=event.at)
    if asked:
        waiting = (*turn.thread.asked, {"id": asked, "seq": said.seq})
        turn.thread = replace(turn.thread, asked=waiting[-_MOST_ASKED:])
        within = int(body["answer_within_s"])
        task = turn.thread_task("answer.due", asked=asked, bot=bot, answer_within_s=within)
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
    """Routes to who asked, for the bot's message: to that whose delivery it answers, else to the oldest waiting."""
    waiting = turn.thread.asked
    if not waiting:
        return []
    answers = turn.event.body.get("answers", "")
    one = next((one for one in waiting if one["id"] == answers), None)
    if answers and one is None:
        # A second message in answer to the same event.
        return []
    one = one or waiting[0]
    return _outcome(turn, one["id"], SUCCEEDED, reply=reply.text or f"[{reply.type}]")


def bot_gave_up(turn: Turn) -> None:
    """The event could not be delivered to its bot."""
    body = turn.event.body
    if not any(one["id"] == body["asked"] for one in turn.thread.asked):
        turn.ignored = "answered meanwhile"
        return
    _tell(turn, body["bot"], _outcome(turn, body["asked"], FAILED, error=body["error"]), error=body["error"])


def answer_due(turn: Turn) -> None:
    """The bot has the event and has kept silent: it has done what there was to do."""
    body = turn.event.body
    if not any(one["id"] == body["asked"] for one in turn.thread.asked):
        turn.ignored = "answered meanwhile"
        return
    _tell(turn, body["bot"], _outcome(turn, body["asked"], SUCCEEDED))


def no_answer(turn: Turn, *, reason: str) -> list[Route]:
    """Routes for everybody who still waits on a conversation that will not answer any more."""
    routes: list[Route] = []
    for one in turn.thread.asked:
        routes += _outcome(turn, one["id"], SUCCEEDED if reason == "closed_by_bot" else FAILED, reason=reason)
    return routes


def _outcome(turn: Turn, asked: str, outcome: str, **facts: Any) -> list[Route]:
    """The route to the trigger, and to the subscriptions that hear of it."""
    thread, world = turn.thread, turn.world
    turn.thread = replace(thread, asked=tuple(one for one in thread.asked if one["id"] != asked))
    if "reason" in facts:
        reason = facts.pop("reason")
        facts |= {} if outcome == SUCCEEDED else {"error": {"code": reason, "reason": reason.replace("_", " ")}}
    event = TRIGGER_COMPLETED if outcome == SUCCEEDED else TRIGGER_FAILED
    about = {"asked": asked, "outcome": outcome, "event": event} | facts
    routes: list[Route] = [{"to": "trigger", "id": thread.channel, "notify": world.notifies(thread.channel)} | about]
    heard = world.hearers(event, "trigger", lambda: {"message": {"source": "trigger"}, "contact": dict(thread.contact)})
    return routes + [{"to": "subscription", "id": one} | about for one in heard]


def _tell(turn: Turn, bot: str, routes: list[Route], **details: Any) -> None:
    turn.note("trigger_outcome", conversation=turn.thread.bot_conversation(bot), routes=routes, **details)
