"""What desks and their agents say and do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.domain import event as kinds
from chalicelib.domain import notice
from chalicelib.domain.consent import OPTED_OUT, reason
from chalicelib.domain.deciding.handover import change_desk, fallbacks, first_usable, handover_failed
from chalicelib.domain.deciding.routing import CLOSED as CLOSED_CONVERSATION
from chalicelib.domain.deciding.routing import first_after
from chalicelib.domain.deciding.turn import Timer, Turn, accepted, kept_unsent
from chalicelib.domain.message import Author, Content
from chalicelib.domain.route import DESK as TO_DESK
from chalicelib.domain.route import Route
from chalicelib.domain.tasks import SnoozeOver
from chalicelib.domain.thread import ACCEPTED, BOT, OFFERED, parse_conversation_id


def of_its_desk(handle: Callable[[Turn], None]) -> Callable[[Turn], None]:
    """Only the desk that holds the conversation may act on it, and only while it is open."""

    def checked(turn: Turn) -> None:
        chat = turn.thread.chat
        named = parse_conversation_id(turn.event.body["conversation"])
        if chat is None or named is None or named[1] != chat.number or turn.event.body["desk"] != chat.desk:
            turn.ignored = "conversation_closed"
            if turn.event.kind == kinds.AGENT_MESSAGE:
                content, author = Content.of(turn.event.body["content"]), _agent(turn)
                reason = "the conversation was closed when the message was handled"
                kept_unsent(turn, content, author, code="conversation_closed", reason=reason)
            elif turn.event.kind == kinds.AGENT_NOTE:
                # Nobody was to be sent it, so nothing has come too late.
                agent_note(turn)
            return
        handle(turn)

    return checked


def chat_state(state: str, name: str) -> Callable[[Turn], None]:
    """A function that notes a new state of the desk's conversation, and says so under a name."""

    def change(turn: Turn) -> None:
        agent, has_it = turn.event.body.get("agent", {}), turn.chat.agent.get("id")
        # Who has it may be said after that it is taken; somebody else's is not taken from them, also where a colleague
        # puts it on hold or takes it up again: for that there is `chat.assigned`.
        if turn.chat.state == state and (not agent.get("id") or has_it):
            turn.ignored = f"already {state}"
            return
        theirs = agent and (not has_it or agent.get("id") == has_it)
        turn.change_chat(state=state, **({"agent": agent} if theirs else {}))
        turn.note(name, conversation=turn.thread.chat_conversation(), agent=agent)

    return change


def _agent(turn: Turn) -> Author:
    agent = turn.event.body.get("agent", {})
    return Author("agent", agent.get("id", ""), agent.get("name", ""))


def agent_message(turn: Turn) -> None:
    """Send it to the customer, and a copy to the bot; not to who wants to hear nothing."""
    if refused := turn.event.body.get("refused"):
        content = Content.of(turn.event.body["content"])
        kept_unsent(turn, content, _agent(turn), code=OPTED_OUT, reason=reason(refused))
        turn.ignored = OPTED_OUT
        return
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


def agent_typing(turn: Turn) -> None:
    """Nothing is kept of it."""
    turn.ignored = "typing is not kept"


def agent_note(turn: Turn) -> None:
    """Keep what agents say among themselves: it goes to nobody, takes no chat and answers no customer."""
    conversation = turn.event.body["conversation"]
    content = Content.of(turn.event.body["content"])
    turn.say(content, author=_agent(turn), direction="in", conversation=conversation, routes=[])


def chat_assigned(turn: Turn) -> None:
    """Give the chat to an agent; an offered one is taken thereby."""
    agent, offered = turn.event.body["agent"], turn.chat.state == OFFERED
    if agent == turn.chat.agent and not offered:
        turn.ignored = "they have it"
        return
    turn.change_chat(agent=agent, **({"state": ACCEPTED} if offered else {}))
    name = "handover_accepted" if offered else "assigned"
    turn.note(name, conversation=turn.thread.chat_conversation(), agent=agent, by=turn.event.body.get("by"))


def chat_snoozed(turn: Turn) -> None:
    """Put the chat aside until a time, or until the customer writes; 0 takes that back."""
    until = int(turn.event.body.get("until", 0))
    if until == turn.chat.snoozed:
        turn.ignored = "already so"
        return
    turn.thread = replace(turn.thread, chat=replace(turn.chat, snoozed=until))
    if until:
        task = SnoozeOver(number=turn.chat.number, until=until, **turn.place())
        turn.timers.append(Timer(f"snooze:{turn.thread.id}:{turn.chat.number}:{until}", until, task))
    agent, told = turn.event.body.get("agent"), _rfc3339(until) if until else None
    turn.note("snoozed" if until else "woken", conversation=turn.thread.chat_conversation(), until=told, agent=agent)


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def snooze_over(turn: Turn) -> None:
    """The time has come until which a chat was put aside."""
    chat, body = turn.thread.chat, turn.event.body
    if chat is None or (chat.number, chat.snoozed) != (body["number"], body["until"]):
        turn.ignored = "it is not put aside until then"
        return
    turn.thread = replace(turn.thread, chat=replace(chat, snoozed=0))
    turn.note("woken", conversation=turn.thread.chat_conversation())


def chat_closed(turn: Turn) -> None:
    """End the desk's conversation; the thread is its bot's again, where it has one."""
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
    rule = first_after(turn.config, turn.event, turn.thread, content, turn.contact)
    if rule is None or "bot" not in rule.to:
        return
    turn.thread = replace(turn.thread, bot=rule.bot, desk=rule.desk, patience_s=rule.patience_s)
    conversation = turn.open_bot(rule.bot)
    turn.own(BOT)
    routes = [turn.to_bot(rule.bot, mode="BOT")]
    turn.say(content, author=Author("system"), direction="in", conversation=conversation, routes=routes)


def chat_transferred(turn: Turn) -> None:
    """Give the thread to another desk."""
    desk = turn.event.body["desk_id"]
    if turn.config.desk(desk) is None:
        turn.ignored = "unknown desk"
        return
    change_desk(turn, desk, reason="transferred", outcome="transferred", tried=())


def offer_expired(turn: Turn) -> None:
    """Offer the thread to the next desk that can be used, where nobody accepted it in time."""
    chat = turn.thread.chat
    if chat is None or chat.number != turn.event.body["number"] or chat.state != "offered":
        turn.ignored = "the offer is no longer open"
        return
    tried = (*chat.tried, chat.desk)
    first = tried[0]
    left = [desk for desk in (first, *fallbacks(turn.config, first)) if desk not in tried]
    withdrawn = turn.to_desk(notice.CHAT_ENDED, reason="offer expired")
    following = first_usable(turn, left)
    if following:
        turn.note("offer_expired", conversation=turn.thread.chat_conversation(), routes=[withdrawn], desk=chat.desk)
        change_desk(turn, following, reason="offer_expired", outcome="not_accepted", tried=tried)
        return
    turn.note("offer_expired", conversation=turn.thread.chat_conversation(), routes=[withdrawn], desk=chat.desk)
    turn.close_chat(outcome="not_accepted")
    handover_failed(turn, "no desk accepted in time")
