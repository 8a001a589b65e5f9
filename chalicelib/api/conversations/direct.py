"""The direct call: a program opens a conversation with a bot, says something and waits for the answer.

The other side of a trigger: what is said goes the same way, and the caller's request waits at its end. A wait holds
one of the API's places (`reserved` in `infra/limits.py`), so its length is bounded. Ids come from the caller's
Idempotency-Key where there is one: repeated after a cut, nothing is opened or said twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.conversations import conversations
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body, invalid
from chalicelib.api.http.formats import BotId, ServiceId, mail_address, named
from chalicelib.api.http.shapes import Message as MessageShape
from chalicelib.domain.event import TRIGGER_EVENT, Event
from chalicelib.domain.identities import CHANNEL, WrongIdentities, keys_of
from chalicelib.domain.message import FAILED, MAX_TEXT_BYTES, Author, Content, Message
from chalicelib.domain.thread import (
    BOT,
    DESK,
    DIRECT,
    OPEN,
    TRIGGER,
    Conversation,
    conversation_id,
    message_id,
    thread_id,
)
from chalicelib.domain.view import message_view
from chalicelib.ports import clock, ids, queues
from chalicelib.ports.clock import rfc3339
from chalicelib.ports.queues import Entry
from chalicelib.ports.web import Problem
from chalicelib.tables import config, contacts, media_links, messages, threads
from chalicelib.tables.config import Resource

OPENED_WITHIN_S = 10
TIMEOUT_S, MOST_TIMEOUT_S = 20, 25
_READ = 50
"""Messages among which the answer is looked for."""
_SHORT_PAUSE_S, _LONG_PAUSE_S = 0.1, 0.8
Said = Annotated[str, Field(min_length=1, max_length=2**20, json_schema_extra={"maxLength": MAX_TEXT_BYTES})]
"""A message's text: more bytes than it can have are 413."""


class Whom(Fields):
    """Who speaks: found by e-mail or phone, or made."""

    name: Annotated[str, Field(max_length=200)] | None = None
    email: Annotated[str, Field(max_length=320), mail_address(320)] | None = None
    phone: Annotated[str, Field(max_length=60), named("phone")] | None = None


class DirectCall(Fields):
    """A conversation with a bot."""

    service_id: ServiceId
    bot_id: BotId
    contact: Whom | None = None
    text: Said | None = None
    """The first words; without them the bot hears nothing yet."""


class Complete(Fields):
    """Something said, and how long its answer is waited for."""

    text: Said
    timeout_s: Annotated[int, Field(ge=1, le=MOST_TIMEOUT_S)] = TIMEOUT_S


class Completed(Fields):
    """What a bot answered to a direct call."""

    text: str
    messages: list[MessageShape]


def create(call: Call) -> Answer:
    """201 with a new conversation, once it stands."""
    wanted = body(call, DirectCall)
    about = _service(call, wanted)
    address = _cause(call, "direct")[3:] if _key(call) else ids.new("dc")[3:]
    thread = thread_id(wanted.bot_id, address)
    contact = _contact(wanted, about, address)
    said = {"content": Content(text=_short(wanted.text)).plain()} if wanted.text else {}
    event = _event(
        Conversation(thread, 1, wanted.service_id, BOT, wanted.bot_id, OPEN, 0),
        ids.from_cause("ev", "direct", thread),
        address,
        {"author": Author("user", contact.get("id", ""), contact.get("name", "")).plain(), "contact": contact} | said,
    )
    queues.send("threads.fifo", [Entry(event.plain(), group=thread, dedup=event.id)])
    for _ in _waiting(OPENED_WITHIN_S):
        if found := threads.get_conversation(thread, 1):
            return Answer(201, conversations.view(found))
    # It is queued, and so it will stand.
    return Answer(201, {"id": conversation_id(thread, 1), "state": "opening"})


def complete(call: Call) -> Answer:
    """200 `{"text", "messages"}` with what the bot says after this; Problem 504 `bot_timeout` where it says nothing in
    time (its answer is kept when it comes), 410 where the conversation is closed, 409 `not_direct` or `not_owner`."""
    wanted = body(call, Complete)
    found = conversations.find(call, call.id)
    id = _cause(call, call.id) if _key(call) else ids.new("ev")
    mine = message_id(found.thread, id)
    seen = _seen(call, found, mine)
    thread = threads.get(found.thread)
    if thread is None:
        raise Problem(404, "not_found", "there is no such conversation")
    person = Author("user", thread.contact.get("id", ""), thread.contact.get("name", ""))
    said = {"content": Content(text=_short(wanted.text)).plain(), "author": person.plain()}
    event = _event(found, id, thread.address, said)
    queues.send("threads.fifo", [Entry(event.plain(), group=event.thread, dedup=event.id)])
    last = seen - 1 if seen else thread.last_seq
    answers: list[Message] = []
    for _ in _waiting(wanted.timeout_s):
        before, (answers, over) = len(answers), _answers(found.thread, last, mine)
        # What comes in one go is written one by one: what follows the first is waited for once more.
        if over or (answers and len(answers) == before):
            break
    else:
        if not answers:
            raise Problem(504, "bot_timeout", f"the bot has not answered within {wanted.timeout_s} s; it still may")
    shown = [message_view(media_links.public_message(one), at=rfc3339(one.sent_at)) for one in answers]
    return Answer(200, {"text": "\n".join(one["text"] for one in shown if one["text"]), "messages": shown})


def _service(call: Call, wanted: DirectCall) -> dict[str, Any]:
    """The service's fields; Problem 403, or 422 where there is no such service or bot."""
    call.caller.need_service(wanted.service_id)
    row = config.get("service", wanted.service_id)
    if row is None:
        raise invalid([("/service_id", f"there is no service {wanted.service_id}")])
    bot: Resource | None = None
    if wanted.bot_id.startswith("bt_") and config.service_of(wanted.bot_id) == wanted.service_id:
        bot = config.get("bot", wanted.bot_id)
    if bot is None:
        raise invalid([("/bot_id", f"there is no bot {wanted.bot_id} in this service")])
    return dict(row.body or {})


def _contact(wanted: DirectCall, about: dict[str, Any], address: str) -> dict[str, str]:
    """Whom the conversation is with, as a thread keeps it; {} where nobody is named."""
    given = {name: value for name, value in (wanted.contact or Whom()).model_dump().items() if value}
    if not given:
        return {}
    try:
        identities = keys_of(given, str(about.get("country") or ""))
    except WrongIdentities as wrong:
        raise invalid([(f"/contact/{name}", why) for name, why in wrong.errors]) from None
    identities = identities or [(CHANNEL, f"{wanted.bot_id}:{address}")]
    name = str(given.get("name") or "").strip()
    return contacts.find_or_create(wanted.service_id, identities, name=name, now_ms=clock.now_ms())


def _seen(call: Call, found: Conversation, mine: str) -> int:
    """Number of the message where a call under the same key said it, else 0; Problem where nobody may say it."""
    if found.source != DIRECT or found.kind != BOT:
        raise Problem(409, "not_direct", "only a conversation that was opened by a direct call is spoken in so")
    if _key(call) and (before := messages.find(found.thread, mine, within=_READ)):
        return before.seq
    if found.state != OPEN:
        raise Problem(410, "conversation_closed", "the conversation is closed")
    thread = threads.get(found.thread)
    if thread is not None and thread.owner == DESK:
        raise Problem(409, "not_owner", "a person has the thread", owner=thread.owner)
    return 0


def _answers(thread: str, last: int, mine: str) -> tuple[list[Message], bool]:
    """(the bot's messages after ours, whether the bot has closed the conversation since)."""
    said = messages.after(thread, last, limit=_READ)
    at = next((n for n, one in enumerate(said) if one.id == mine), None)
    after = said[at + 1 :] if at is not None else []
    following = next((n for n, one in enumerate(after) if one.author.kind == "user"), len(after))
    after = after[:following]
    answers = [one for one in after if one.author.kind == "bot" and one.state != FAILED]
    over = any(one.content.details.get("name") == "conversation_closed" for one in after)
    return answers, over


def _event(found: Conversation, id: str, address: str, about: dict[str, Any]) -> Event:
    return Event(
        id=id,
        kind=TRIGGER_EVENT,
        service=found.service,
        channel=found.party,
        channel_kind=TRIGGER,
        address=address,
        thread=found.thread,
        at=clock.now_ms(),
        body={"bot": found.party, "source": DIRECT} | {key: value for key, value in about.items() if value},
        # The caller may repeat it under its key.
        once=True,
        trace=ids.new("tc"),
    )


def _short(text: str) -> str:
    """The text; Problem 413 where no message can be so long."""
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise Problem(413, "too_large", f"a message's text has at most {MAX_TEXT_BYTES} bytes", errors=[("/text", "")])
    return text


def _key(call: Call) -> str:
    return str(call.headers.get("idempotency-key") or "")


def _cause(call: Call, about: str) -> str:
    """An event's id by what the caller's key stands for."""
    return ids.from_cause("ev", "key", call.caller.id, about, _key(call), call.raw.hex())


def _waiting(seconds: float) -> Iterator[None]:
    """Looks until the time is over, first close together."""
    until, pause = clock.now_ms() + int(seconds * 1000), _SHORT_PAUSE_S
    while clock.now_ms() < until:
        clock.pause(pause)
        pause = min(_LONG_PAUSE_S, pause * 1.3)
        yield
