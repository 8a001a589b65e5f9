"""What an event does to a thread: the switchboard itself, as one pure function per kind of event.

A message that is refused (a bot's while a person owns the thread, an agent's after the close) is kept as failed, so
that it is seen; an event that changes nothing says why in `Turn.ignored`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.domain import event as kinds
from chalicelib.domain import notice
from chalicelib.domain.asked import answer_due, answered, answers_late, bot_gave_up, no_answer, trigger_event
from chalicelib.domain.changed import customer_changed
from chalicelib.domain.ending import choose_hearers, settle_conversations
from chalicelib.domain.erased import contact_erased, too_late
from chalicelib.domain.event import Event
from chalicelib.domain.feed import source_event
from chalicelib.domain.message import FAILED, SENT, Author, Content
from chalicelib.domain.moved import customer_moved
from chalicelib.domain.route import BOT as TO_BOT
from chalicelib.domain.route import DESK as TO_DESK
from chalicelib.domain.route import Route
from chalicelib.domain.routing import CLOSED as CLOSED_CONVERSATION
from chalicelib.domain.routing import Rule, World, first_after, first_match
from chalicelib.domain.stored import UnknownKind
from chalicelib.domain.thread import ACCEPTED, BOT, DESK, HELD, TRIGGER, Thread, parse_conversation_id
from chalicelib.domain.turn import Turn, accepted


def decide(event: Event, thread: Thread, world: World, contact: dict[str, Any] | None = None) -> Turn:
    """What comes of an event on a thread; `Turn.thread` is the thread after it.

    `contact` is what conditions may ask about the person beyond the thread: attributes and tags.
    """
    turn = Turn(event, thread, world, contact or {})
    if too_late(event, thread):
        turn.ignored = "its person was erased"
    else:
        if event.kind not in _BY_KIND:
            raise UnknownKind(event.kind)
        _BY_KIND[event.kind](turn)
    settle_conversations(turn)
    choose_hearers(turn)
    turn.thread = turn.thread.after_event(event.id)
    return turn


def _customer_message(turn: Turn) -> None:
    event = turn.event
    content = Content.of(event.body["content"])
    if event.body.get("echo"):
        _echo(turn, content)
        return
    first_at = turn.thread.first_at or event.at
    if turn.thread.owner == DESK:
        routes = [turn.to_desk(_notice_kind(content)), *turn.copy_to_bot()]
        _said_by_customer(turn, content, turn.thread.chat_conversation(), routes)
    else:
        rule = first_match(turn.world, event, turn.thread, content, turn.contact)
        if rule is None or rule.to == "none":
            _said_by_customer(turn, content, "", [])
        elif rule.to == "desk":
            _straight_to_desk(turn, content, rule)
        else:
            _to_its_bot(turn, content, rule)
    turn.thread = replace(turn.thread, first_at=first_at, last_at=max(event.at, turn.thread.last_at))


def _to_its_bot(turn: Turn, content: Content, rule: Rule) -> None:
    turn.thread = replace(turn.thread, bot=rule.bot, desk=rule.desk, patience_s=rule.patience_s)
    conversation = turn.open_bot(rule.bot)
    turn.own(BOT)
    _said_by_customer(turn, content, conversation, [turn.to_bot(rule.bot, mode="BOT", kind=_notice_kind(content))])


def _straight_to_desk(turn: Turn, content: Content, rule: Rule) -> None:
    turn.thread = replace(turn.thread, desk=rule.desk)
    desk = _first_usable(turn, [rule.desk, *_fallbacks(turn.world, rule.desk)])
    if desk is None:
        # Nobody is there. The conversation is opened all the same and waits in the desk's lane.
        desk = rule.desk
    conversation = turn.open_chat(desk, reason="rule")
    # The transcript of `chat.started` holds what was said before; the message itself follows in the lane.
    turn.note("handover", conversation=conversation, routes=[turn.to_desk(notice.CHAT_STARTED, reason="rule")], to=desk)
    _said_by_customer(turn, content, conversation, [turn.to_desk(_notice_kind(content)), *turn.copy_to_bot()])


def _said_by_customer(turn: Turn, content: Content, conversation: str, routes: list[Route]) -> None:
    contact = turn.thread.contact
    author = Author("user", contact.get("id", ""), contact.get("name", ""))
    turn.say(content, author=author, direction="in", conversation=conversation, routes=routes)


def _echo(turn: Turn, content: Content) -> None:
    # Said by the business on the provider's own app: part of the story, and nobody's turn to answer.
    conversation = turn.thread.chat_conversation() or turn.thread.bot_conversation(turn.thread.bot)
    turn.say(
        content, author=Author("agent", name="app"), direction="out", conversation=conversation, routes=[], state=SENT
    )


def _notice_kind(content: Content) -> str:
    return notice.POSTBACK if content.type == "postback" else notice.MESSAGE


def _bot_message(turn: Turn) -> None:
    bot, conversation = turn.event.body["bot"], turn.event.body["conversation"]
    content = Content.of(turn.event.body["content"])
    author = Author("bot", bot, turn.world.bot_name(bot))
    refusal = _not_the_bots_turn(turn, bot, conversation)
    if refusal and not answers_late(turn):
        _kept_unsent(
            turn, content, author, code=refusal, reason="the bot did not own the thread when its message was handled"
        )
        turn.ignored = refusal
        return
    status_to = [Route(TO_BOT, bot, conversation=conversation)]
    if turn.thread.channel_kind == TRIGGER:
        # Nobody fetches it and nothing is sent: who asked reads the outcome, and the message is there.
        answers = answered(turn, reply=content)
        turn.say(content, author=author, direction="out", conversation=conversation, routes=answers, state=SENT)
        return
    turn.say(
        content,
        author=author,
        direction="out",
        conversation=conversation,
        routes=[turn.to_channel()],
        status_to=status_to,
    )


def _kept_unsent(turn: Turn, content: Content, author: Author, *, code: str, reason: str) -> None:
    # Accepted by the edge, but the thread changed hands meanwhile: kept where it can be seen, sent to nobody.
    turn.say(
        content,
        author=author,
        direction="out",
        conversation=turn.event.body["conversation"],
        routes=[],
        state=FAILED,
        error={"code": code, "reason": reason},
        status_to=[],
    )


def _not_the_bots_turn(turn: Turn, bot: str, conversation: str) -> str:
    if turn.thread.bot_conversation(bot) != conversation:
        return "conversation_closed"
    return "" if turn.thread.owner == BOT and turn.thread.bot == bot else "not_owner"


def _bot_handover(turn: Turn) -> None:
    bot, conversation = turn.event.body["bot"], turn.event.body["conversation"]
    refusal = _not_the_bots_turn(turn, bot, conversation)
    if refusal:
        turn.ignored = refusal
        return
    hand_over(turn, reason=turn.event.body.get("reason", "bot"), params=turn.event.body.get("params", {}))


def hand_over(turn: Turn, *, reason: str, params: dict[str, Any], tried: tuple[str, ...] = ()) -> bool:
    """Offer the thread to the first usable desk that did not let it lie; tell the bot where there is none."""
    wanted = turn.thread.desk
    desks = [desk for desk in [wanted, *_fallbacks(turn.world, wanted)] if desk and desk not in tried]
    desk = _first_usable(turn, desks)
    if desk is None:
        _handover_failed(turn, "no desk is available" if wanted else "no desk is configured", no_desk=True)
        return False
    conversation = turn.open_chat(desk, reason=reason, tried=tried)
    started = turn.to_desk(notice.CHAT_STARTED, reason=reason, params=params)
    told = turn.bot_hears(notice.OWNER_CHANGED, owner=DESK, reason=reason)
    turn.note("handover", conversation=conversation, routes=[started, *told], to=desk, reason=reason, params=params)
    return True


def _handover_failed(turn: Turn, reason: str, *, no_desk: bool = False) -> None:
    turn.own(BOT if turn.thread.bot in turn.thread.bots else "")
    routes = turn.bot_hears(notice.HANDOVER_FAILED, reason=reason)
    conversation = turn.thread.bot_conversation(turn.thread.bot)
    turn.note("handover_failed", conversation=conversation, routes=routes, reason=reason, no_desk=no_desk or None)


def _first_usable(turn: Turn, desks: list[str]) -> str | None:
    return next((desk for desk in desks if turn.world.usable(desk)), None)


def _fallbacks(world: World, desk: str) -> tuple[str, ...]:
    party = world.desk(desk)
    return party.fallbacks if party else ()


def _bot_close(turn: Turn) -> None:
    bot, conversation = turn.event.body["bot"], turn.event.body["conversation"]
    if turn.thread.bot_conversation(bot) != conversation:
        turn.ignored = "conversation_closed"
        return
    turn.close_bot(bot, outcome="closed_by_bot")
    if turn.thread.bot == bot and turn.thread.owner == BOT:
        turn.own("")
    told = no_answer(turn, conversation)
    turn.note("conversation_closed", conversation=conversation, routes=told, params=turn.event.body.get("params", {}))


def _of_its_desk(handle: Callable[[Turn], None]) -> Callable[[Turn], None]:
    """Only the desk that holds the conversation may act on it, and only while it is open."""

    def checked(turn: Turn) -> None:
        chat = turn.thread.chat
        named = parse_conversation_id(turn.event.body["conversation"])
        if chat is None or named is None or named[1] != chat.number or turn.event.body["desk"] != chat.desk:
            turn.ignored = "conversation_closed"
            if turn.event.kind == kinds.AGENT_MESSAGE:
                content, author = Content.of(turn.event.body["content"]), _agent(turn)
                reason = "the conversation was closed when the message was handled"
                _kept_unsent(turn, content, author, code="conversation_closed", reason=reason)
            return
        handle(turn)

    return checked


def _chat_state(state: str, name: str) -> Callable[[Turn], None]:
    def change(turn: Turn) -> None:
        agent = turn.event.body.get("agent", {})
        if turn.thread.chat and turn.thread.chat.state == state:
            turn.ignored = f"already {state}"
            return
        turn.change_chat(state=state, **({"agent": agent} if agent else {}))
        turn.note(name, conversation=turn.thread.chat_conversation(), agent=agent)

    return change


def _agent(turn: Turn) -> Author:
    agent = turn.event.body.get("agent", {})
    return Author("agent", agent.get("id", ""), agent.get("name", ""))


def _agent_message(turn: Turn) -> None:
    accepted(turn, turn.event.body.get("agent", {}))
    # A person has written: the thread stays with people even if the bot that failed comes back.
    turn.thread = replace(turn.thread, fallback="")
    status_to = [Route(TO_DESK, turn.chat.desk, conversation=turn.thread.chat_conversation(), mode="CCSP")]
    turn.say(
        Content.of(turn.event.body["content"]),
        author=_agent(turn),
        direction="out",
        conversation=turn.thread.chat_conversation(),
        routes=[turn.to_channel(), *turn.copy_to_bot()],
        status_to=status_to,
    )


def _agent_typing(turn: Turn) -> None:
    turn.ignored = "typing is not kept"


def _chat_closed(turn: Turn) -> None:
    conversation = turn.thread.chat_conversation()
    outcome = turn.event.body.get("outcome", "")
    turn.close_chat(outcome=outcome or turn.event.kind.removeprefix("chat."))
    told = turn.bot_hears(notice.OWNER_CHANGED, owner=turn.thread.owner, reason=turn.event.kind)
    turn.note(
        "handover_ended", conversation=conversation, routes=told, outcome=outcome, agent=turn.event.body.get("agent")
    )
    if turn.event.kind == kinds.CHAT_CLOSED:
        _after_close(turn, conversation, outcome)


def _after_close(turn: Turn, closed: str, outcome: str) -> None:
    """A rule may wait for the close: its bot is told as of a message and may write, as for asking how it was."""
    details = {"name": CLOSED_CONVERSATION, "conversation_id": closed} | ({"outcome": outcome} if outcome else {})
    content = Content(type="event", text=CLOSED_CONVERSATION, details=details)
    rule = first_after(turn.world, turn.event, turn.thread, content, turn.contact)
    if rule is None or "bot" not in rule.to:
        return
    turn.thread = replace(turn.thread, bot=rule.bot, desk=rule.desk, patience_s=rule.patience_s)
    conversation = turn.open_bot(rule.bot)
    turn.own(BOT)
    routes = [turn.to_bot(rule.bot, mode="BOT")]
    turn.say(content, author=Author("system"), direction="in", conversation=conversation, routes=routes)


def _chat_transferred(turn: Turn) -> None:
    desk = turn.event.body["desk_id"]
    if turn.world.desk(desk) is None:
        turn.ignored = "unknown desk"
        return
    _change_desk(turn, desk, reason="transferred", outcome="transferred", tried=())


def _change_desk(turn: Turn, desk: str, *, reason: str, outcome: str, tried: tuple[str, ...]) -> None:
    fallback = turn.thread.fallback
    turn.close_chat(outcome=outcome)
    conversation = turn.open_chat(desk, reason=reason, tried=tried)
    turn.thread = replace(turn.thread, fallback=fallback)
    started = turn.to_desk(notice.CHAT_STARTED, reason=reason)
    turn.note("transferred", conversation=conversation, routes=[started], to=desk, reason=reason)


def _offer_expired(turn: Turn) -> None:
    chat = turn.thread.chat
    if chat is None or chat.number != turn.event.body["number"] or chat.state != "offered":
        turn.ignored = "the offer is no longer open"
        return
    tried = (*chat.tried, chat.desk)
    first = tried[0]
    left = [desk for desk in (first, *_fallbacks(turn.world, first)) if desk not in tried]
    withdrawn = turn.to_desk(notice.CHAT_ENDED, reason="offer expired")
    following = _first_usable(turn, left)
    if following:
        turn.note("offer_expired", conversation=turn.thread.chat_conversation(), routes=[withdrawn], desk=chat.desk)
        _change_desk(turn, following, reason="offer_expired", outcome="not_accepted", tried=tried)
        return
    turn.note("offer_expired", conversation=turn.thread.chat_conversation(), routes=[withdrawn], desk=chat.desk)
    turn.close_chat(outcome="not_accepted")
    _handover_failed(turn, "no desk accepted in time")


def _bot_failing(turn: Turn) -> None:
    thread, body = turn.thread, turn.event.body
    if thread.owner != BOT or thread.bot != body["bot"]:
        turn.ignored = "the thread is not the failing bot's any more"
        return
    if hand_over(turn, reason="bot_failing", params={}):
        turn.thread = replace(turn.thread, fallback=body["bot"])


def _bot_recovered(turn: Turn) -> None:
    if not turn.thread.fallback or turn.thread.fallback != turn.event.body["bot"]:
        turn.ignored = "a person has the thread"
        return
    ended = turn.to_desk(notice.CHAT_ENDED, reason="the bot is back")
    conversation = turn.thread.chat_conversation()
    turn.close_chat(outcome="bot_recovered")
    told = turn.bot_hears(notice.OWNER_CHANGED, owner=BOT, reason="bot_recovered")
    turn.note("handover_ended", conversation=conversation, routes=[ended, *told], outcome="bot_recovered")


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


_BY_KIND: dict[str, Callable[[Turn], None]] = {
    kinds.CUSTOMER_MESSAGE: _customer_message,
    kinds.CUSTOMER_CHANGED: customer_changed,
    kinds.CUSTOMER_MOVED: customer_moved,
    kinds.BOT_MESSAGE: _bot_message,
    kinds.BOT_HANDOVER: _bot_handover,
    kinds.BOT_CLOSE: _bot_close,
    kinds.CHAT_ACCEPTED: _of_its_desk(_chat_state(ACCEPTED, "handover_accepted")),
    kinds.CHAT_HOLD: _of_its_desk(_chat_state(HELD, "hold")),
    kinds.CHAT_RESUMED: _of_its_desk(_chat_state(ACCEPTED, "resumed")),
    kinds.AGENT_MESSAGE: _of_its_desk(_agent_message),
    kinds.AGENT_TYPING: _of_its_desk(_agent_typing),
    kinds.CHAT_TRANSFERRED: _of_its_desk(_chat_transferred),
    kinds.CHAT_RETURNED: _of_its_desk(_chat_closed),
    kinds.CHAT_CLOSED: _of_its_desk(_chat_closed),
    kinds.OFFER_EXPIRED: _offer_expired,
    kinds.BOT_FAILING: _bot_failing,
    kinds.BOT_RECOVERED: _bot_recovered,
    kinds.TRIGGER_EVENT: trigger_event,
    kinds.BOT_GAVE_UP: bot_gave_up,
    kinds.ANSWER_DUE: answer_due,
    kinds.SOURCE_EVENT: source_event,
    kinds.CONTACT_CHANGED: _contact_changed,
    kinds.CONTACT_ERASED: contact_erased,
}
