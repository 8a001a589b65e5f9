"""What bots say and do, and what their failing does."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain import notice
from chalicelib.domain.consent import OPTED_OUT, reason
from chalicelib.domain.deciding.handover import hand_over
from chalicelib.domain.deciding.trigger_events import answered, answers_late, no_answer
from chalicelib.domain.deciding.turn import Turn, kept_unsent
from chalicelib.domain.message import SENT, Author, Content
from chalicelib.domain.route import BOT as TO_BOT
from chalicelib.domain.route import Route
from chalicelib.domain.thread import BOT, TRIGGER


def bot_message(turn: Turn) -> None:
    """Send it to the customer if the bot owns the thread; keep it as failed if not."""
    bot, conversation = turn.event.body["bot"], turn.event.body["conversation"]
    content = Content.of(turn.event.body["content"])
    author = Author("bot", bot, turn.config.bot_name(bot))
    refusal = _not_the_bots_turn(turn, bot, conversation)
    if refusal and not answers_late(turn):
        kept_unsent(
            turn, content, author, code=refusal, reason="the bot did not own the thread when its message was handled"
        )
        turn.ignored = refusal
        return
    if refused := turn.event.body.get("refused"):
        kept_unsent(turn, content, author, code=OPTED_OUT, reason=reason(refused))
        turn.ignored = OPTED_OUT
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


def _not_the_bots_turn(turn: Turn, bot: str, conversation: str) -> str:
    if turn.thread.bot_conversation(bot) != conversation:
        return "conversation_closed"
    return "" if turn.thread.owner == BOT and turn.thread.bot == bot else "not_owner"


def bot_handover(turn: Turn) -> None:
    """Give the thread to people, at the bot's wish."""
    bot, conversation = turn.event.body["bot"], turn.event.body["conversation"]
    refusal = _not_the_bots_turn(turn, bot, conversation)
    if refusal:
        turn.ignored = refusal
        return
    hand_over(turn, reason=turn.event.body.get("reason", "bot"), params=turn.event.body.get("params", {}))


def bot_close(turn: Turn) -> None:
    """End the bot's conversation; its next message opens another."""
    bot, conversation = turn.event.body["bot"], turn.event.body["conversation"]
    if turn.thread.bot_conversation(bot) != conversation:
        turn.ignored = "conversation_closed"
        return
    turn.close_bot(bot, outcome="closed_by_bot")
    if turn.thread.bot == bot and turn.thread.owner == BOT:
        turn.own("")
    told = no_answer(turn, conversation)
    turn.note("conversation_closed", conversation=conversation, routes=told, params=turn.event.body.get("params", {}))


def bot_failing(turn: Turn) -> None:
    """Give the thread to people because its bot has kept the customer waiting for too long."""
    thread, body = turn.thread, turn.event.body
    if thread.owner != BOT or thread.bot != body["bot"]:
        turn.ignored = "the thread is not the failing bot's any more"
        return
    if hand_over(turn, reason="bot_failing", params={}):
        turn.thread = replace(turn.thread, fallback=body["bot"])


def bot_recovered(turn: Turn) -> None:
    """Take the thread back from a desk that has it only because the bot failed."""
    if not turn.thread.fallback or turn.thread.fallback != turn.event.body["bot"]:
        turn.ignored = "a person has the thread"
        return
    ended = turn.to_desk(notice.CHAT_ENDED, reason="the bot is back")
    conversation = turn.thread.chat_conversation()
    turn.close_chat(outcome="bot_recovered")
    told = turn.bot_hears(notice.OWNER_CHANGED, owner=BOT, reason="bot_recovered")
    turn.note("handover_ended", conversation=conversation, routes=[ended, *told], outcome="bot_recovered")
