"""What customers say, and what the business says to them on a provider's own app."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import notice
from chalicelib.domain.choosing import answered
from chalicelib.domain.deciding.handover import fallbacks, first_usable
from chalicelib.domain.deciding.routing import Rule, first_match
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.event import CUSTOMER_HAPPENED
from chalicelib.domain.message import SENT, Author, Content
from chalicelib.domain.route import Route
from chalicelib.domain.thread import BOT, DESK


def customer_message(turn: Turn) -> None:
    """Who owns the thread hears it; where nobody does, the first rule that matches says who."""
    event = turn.event
    content = Content.of(event.body["content"])
    if event.body.get("echo"):
        _echo(turn, content)
        return
    if event.body.get("automatic"):
        _automatic(turn, content)
        return
    if handle := event.body.get("handle"):
        turn.thread = replace(turn.thread, handle=handle)
    content = _answer(turn, content)
    first_at = turn.thread.first_at or event.at
    _heard(turn, content)
    turn.thread = replace(turn.thread, first_at=first_at, last_at=max(event.at, turn.thread.last_at))


def customer_happened(turn: Turn) -> None:
    """Something that is no speech: who owns the thread hears it, and rules are asked as about a message. It is not the
    customer's last word, by which times are told, yet they may be written to from then on."""
    content = Content.of(turn.event.body["content"])
    if turn.event.body.get("automatic"):
        _automatic(turn, content)
        return
    if turn.event.body.get("ends"):
        _over(turn, content)
    else:
        _heard(turn, content)
    turn.thread = replace(turn.thread, happened_at=max(turn.event.at, turn.thread.happened_at))


def _heard(turn: Turn, content: Content) -> None:
    event = turn.event
    if turn.thread.owner == DESK:
        kind = _notice_kind(turn, content)
        routes = [turn.to_desk(kind), *turn.copy_to_bot(kind)]
        _said_by_customer(turn, content, turn.thread.chat_conversation(), routes)
    else:
        rule = first_match(turn.config, event, turn.thread, content, turn.contact)
        if rule is None or rule.to == "none":
            _said_by_customer(turn, content, "", [], rule=rule.id if rule else "")
        elif rule.to == "desk":
            _straight_to_desk(turn, content, rule)
        else:
            _to_its_bot(turn, content, rule)


def _over(turn: Turn, content: Content) -> None:
    """What went on is over, as a call is: who has the thread hears it and nobody is asked for by it. The bot's
    conversation is closed, so that the next call is another; people close theirs themselves."""
    bot = turn.thread.bot
    if turn.thread.owner == DESK:
        routes = [turn.to_desk(notice.HAPPENED), *turn.copy_to_bot(notice.HAPPENED)]
        _said_by_customer(turn, content, turn.thread.chat_conversation(), routes)
    elif turn.thread.owner == BOT and bot in turn.thread.bots:
        conversation = turn.thread.bot_conversation(bot)
        _said_by_customer(turn, content, conversation, [turn.to_bot(bot, mode="CCSP", kind=notice.HAPPENED)])
        turn.close_bot(bot, outcome="ended_by_customer")
        turn.own("")
    else:
        _said_by_customer(turn, content, "", [])


def _answer(turn: Turn, content: Content) -> Content:
    """What was said, or the postback that it means of what was offered, which is answered thereby.

    `offered` in the event: choices of the message that is asked about, where the thread does not keep them.
    """
    event, kept = turn.event, turn.thread.offered
    of = event.body.get("offered") or kept
    meant = answered(content, of, at=event.at)
    if meant is None:
        return content
    if of["seq"] == kept.get("seq"):
        turn.thread = replace(turn.thread, offered={})
    return meant


def _to_its_bot(turn: Turn, content: Content, rule: Rule) -> None:
    was = turn.thread
    turn.thread = replace(was, bot=rule.bot, desk=rule.desk, patience_s=rule.patience_s)
    conversation = turn.open_bot(rule.bot)
    turn.own(BOT)
    routes = [turn.to_bot(rule.bot, mode="BOT", kind=_notice_kind(turn, content))]
    # Not with every message, each of which would be stored with it.
    anew = (was.owner, was.bot, was.desk) != (BOT, rule.bot, rule.desk)
    _said_by_customer(turn, content, conversation, routes, rule=rule.id if anew else "")


def _straight_to_desk(turn: Turn, content: Content, rule: Rule) -> None:
    turn.thread = replace(turn.thread, desk=rule.desk)
    desk = first_usable(turn, [rule.desk, *fallbacks(turn.config, rule.desk)])
    if desk is None:
        # Nobody is there. The conversation is opened all the same and waits in the desk's lane.
        desk = rule.desk
    conversation = turn.open_chat(desk, reason="rule")
    # The transcript of `chat.started` holds what was said before; the message itself follows in the lane.
    turn.note("handover", conversation=conversation, routes=[turn.to_desk(notice.CHAT_STARTED, reason="rule")], to=desk)
    kind = _notice_kind(turn, content)
    routes = [turn.to_desk(kind), *turn.copy_to_bot(kind)]
    _said_by_customer(turn, content, conversation, routes, rule=rule.id)


def _said_by_customer(turn: Turn, content: Content, conversation: str, routes: list[Route], *, rule: str = "") -> None:
    # In a group it is not the thread's contact, which is the group, that speaks.
    speaker = turn.event.body.get("speaker") or turn.thread.contact
    author = Author("user", speaker.get("id", ""), speaker.get("name", ""))
    turn.say(content, author=author, direction="in", conversation=conversation, routes=routes, rule=rule)


def _automatic(turn: Turn, content: Content) -> None:
    # Of a machine: people who have the chat see it, nobody else hears of it, and it is no word of the customer's.
    if turn.thread.owner == DESK:
        _said_by_customer(turn, content, turn.thread.chat_conversation(), [turn.to_desk(notice.MESSAGE)])
    else:
        _said_by_customer(turn, content, turn.thread.bot_conversation(turn.thread.bot), [])


def _echo(turn: Turn, content: Content) -> None:
    # Said by the business on the provider's own app: part of the story, and nobody's turn to answer.
    conversation = turn.thread.chat_conversation() or turn.thread.bot_conversation(turn.thread.bot)
    turn.say(
        content, author=Author("agent", name="app"), direction="out", conversation=conversation, routes=[], state=SENT
    )


def _notice_kind(turn: Turn, content: Content) -> str:
    if turn.event.kind == CUSTOMER_HAPPENED:
        return notice.HAPPENED
    return notice.POSTBACK if content.type == "postback" else notice.MESSAGE
