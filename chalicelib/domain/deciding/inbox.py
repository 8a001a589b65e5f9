"""What our own inbox shows of a chat: kept in the chat itself, from what was said in a turn.

Decided here, once, and not by who shows it: then the thread's row alone tells the inbox's, however often and in
whatever order that is made from it.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.chat import CONSOLE, MOST_UNREAD, Chat
from chalicelib.domain.deciding.opening_hours import due_after
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.message import FAILED, Message
from chalicelib.domain.notice import CONSENTS


def follow_chat(turn: Turn) -> None:
    """Bring the open chat up to what the turn's messages said in it."""
    chat = turn.thread.chat
    if chat is None:
        return
    if not chat.in_inbox and _of_console(turn, chat):
        # It was opened a moment ago, or by a version that kept nothing of this.
        before = chat.said or turn.was.last_seq
        chat = replace(chat, kind=CONSOLE, waiting=chat.waiting or chat.since, said=before)
    here = turn.thread.chat_conversation()
    for said in turn.messages:
        if said.conversation == here:
            chat = _after(chat, said)
    was = turn.was.chat
    if chat.in_inbox and (was is None or (was.number, was.waiting) != (chat.number, chat.waiting)):
        chat = replace(chat, due=_due(turn, chat))
    if chat != turn.thread.chat:
        turn.thread = replace(turn.thread, chat=chat)


def carried_on(turn: Turn, before: Chat) -> Chat:
    """The open chat, which follows another that no person ended: who waits goes on waiting, what is unread stays so."""
    chat = turn.chat
    if not before.in_inbox or not _of_console(turn, chat):
        return chat
    return replace(chat, waiting=before.waiting, unread=before.unread, said=before.said)


def _of_console(turn: Turn, chat: Chat) -> bool:
    desk = turn.config.desk(chat.desk)
    return desk is not None and desk.kind == CONSOLE


def _due(turn: Turn, chat: Chat) -> int:
    """By when the desk wants a person's word, who began to wait now, or waits at this desk from now on."""
    desk = turn.config.desk(chat.desk)
    within = (desk.reply_within_s if chat.answered else desk.first_reply_within_s) if desk else 0
    if desk is None or not within or not chat.waiting:
        return 0
    return due_after(chat.waiting, within, desk.week, turn.config.timezone)


def _after(chat: Chat, said: Message) -> Chat:
    if said.author.kind == "user":
        # Whoever is put aside and writes is not put aside any more.
        chat = replace(chat, snoozed=0)
        if not chat.in_inbox:
            return chat
        unread = (*chat.unread, said.seq)[-MOST_UNREAD:]
        # What they want to hear no more is to be seen, and not to be answered.
        waiting = chat.waiting if said.content.details.get("name") in CONSENTS else chat.waiting or said.sent_at
        return replace(chat, waiting=waiting, unread=unread, said=said.seq)
    if said.author.kind == "agent" and not said.is_note and said.state != FAILED:
        # That one has answered is counted of every desk.
        chat = replace(chat, answered=True)
        return replace(chat, waiting=0, due=0, unread=(), said=said.seq) if chat.in_inbox else chat
    return chat
