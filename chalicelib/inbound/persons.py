"""Whom an event of a channel is about: found or made, told more, moved, heard of their consent, before it is decided.

Each may be done twice, and is void where the event comes to nothing: it is written before the event's messages.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.consent import TRANSACTIONAL, refusal, silenced
from chalicelib.domain.deciding.erasure import back, too_late
from chalicelib.domain.event import ANSWERS, NOTIFICATION, OF_PERSON, Event
from chalicelib.domain.identities import CHANNEL, of_provider
from chalicelib.domain.known import having_heard, says_more
from chalicelib.domain.thread import Thread
from chalicelib.tables import consents, contacts, moving


def known(event: Event, thread: Thread | None) -> Thread:
    """The thread with its contact, and that knowing what the event says of the person; a new thread where this is its
    first event. An event that says nothing new of somebody known reads and writes nothing."""
    if thread is None:
        thread = Thread(event.thread, event.service, event.channel, event.channel_kind, event.address)
    if too_late(event, thread):
        return thread
    thread = back(event, thread)
    if event.kind not in OF_PERSON or _of_another(event, thread):
        return thread
    given = event.body.get("identities", ())
    # Of what the business itself says, the identities are the customer's, the name may be its own.
    name = "" if event.body.get("echo") else event.body.get("name", "")
    if thread.contact and not says_more(thread, given, name):
        return thread
    identities = of_provider(given)
    to = (event.body.get("contact") or {}).get("id", "") if event.kind == NOTIFICATION else ""
    if to and not thread.contact:
        # Written to before they have written: the address is theirs from now on.
        identities.append((CHANNEL, f"{event.channel}:{event.address}"))
        contact = contacts.learn(event.service, to, identities, name=name, now_ms=event.at)
    elif thread.contact:
        contact = contacts.learn(event.service, thread.person, identities, name=name, now_ms=event.at)
    else:
        identities.append((CHANNEL, f"{event.channel}:{event.address}"))
        contact = contacts.find_or_create(event.service, identities, name=name, now_ms=event.at)
    # Nobody, where the person was erased a moment ago: the thread will hear of that.
    return replace(having_heard(thread, given), contact=contact) if contact else thread


def with_refusal(event: Event, thread: Thread) -> Event:
    """What is said to a customer, marked where their contact's consent says no by now: to what the business says first,
    which may have waited for long; and to an answer, where they wanted to hear nothing and were not heard of since. For
    all other answers nothing is read."""
    first = event.kind == NOTIFICATION
    if not first and not (event.kind in ANSWERS and thread.is_silent):
        return event
    row = contacts.resolve(thread.contact["id"]) if thread.contact else None
    consent = contacts.consent_of(row)
    purpose = str(event.body.get("purpose") or TRANSACTIONAL)
    refused = refusal(consent, purpose, event.channel) if first else silenced(consent, event.channel)
    return replace(event, body=event.body | {"refused": refused}) if refused else event


def moved(event: Event, thread: Thread | None) -> Event:
    """An address's move with the contact as it is after it, where anybody is known."""
    identities, gone = (of_provider(event.body.get(name, ())) for name in ("identities", "gone"))
    if event.body["to"] != event.address:
        identities.append((CHANNEL, f"{event.channel}:{event.body['to']}"))
        gone.append((CHANNEL, f"{event.channel}:{event.address}"))
    person = thread.person if thread is not None else ""
    contact = moving.move(event.service, person, gone=gone, new=identities, now_ms=event.at)
    return replace(event, body=event.body | ({"contact": contact} if contact else {}))


def with_consent(event: Event, thread: Thread) -> Event:
    """What somebody said of their consent, kept in their contact; marked where it is nothing new, or nobody's."""
    body = event.body
    said = {"given": body["given"], "scope": body["scope"], "why": body.get("why", ""), "at": event.at}
    if too_late(event, thread) or not thread.contact or _of_another(event, thread):
        return replace(event, body=body | {"known": True})
    new = consents.keep(thread.contact["id"], event.channel, **said)
    return event if new else replace(event, body=body | {"known": True})


def _of_another(event: Event, thread: Thread) -> bool:
    """Whether a refused send was to somebody who has left the address since."""
    contact = event.body.get("contact") or {}
    return bool(contact and thread.left) and contact["id"] not in (thread.contact.get("id"), thread.person)
