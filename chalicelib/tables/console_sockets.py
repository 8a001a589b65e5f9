"""Sockets of consoles, in the table `connections`: tickets that open one, and how long each is told of what happens.

A ticket is 256 random bits, kept as a hash, good once and for a minute. A socket is told nothing until its page says in
a beat that it is open, and from then on for a minute: beats are asked with the session, so what ends that, or changes
whose desks these are, ends or changes what the socket is told (`lasts`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from chalicelib.tables.connections import CONNECTION, KEEP_S, SERVICE, ConnectionRow
from chalicelib.tables.tokens import digest
from chalicelib.tables.writes import deleted, same_by_whomever, updated

TICKET_MS = 60_000
LEASE_MS = 60_000
"""How long a socket is told of what happens after its page was last known to be somebody's."""
_TICKET, _DESKS = "ticket#", ","


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may open a socket."""

    service: str
    person: str
    desks: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Console:
    """An open socket of a console that is to be told of what happens."""

    id: str
    topic: str
    person: str
    desks: frozenset[str] | None

    def sees(self, desk: str) -> bool:
        """Whether its person is shown a desk's chats."""
        return self.desks is None or desk in self.desks


def issue(one: Ticket, *, origin: str, now_ms: int) -> tuple[str, int]:
    """(a new ticket for a page of an origin, until when it is good, in milliseconds)."""
    ticket, until = secrets.token_urlsafe(32), now_ms + TICKET_MS
    ConnectionRow(
        f"{_TICKET}{digest(ticket)}",
        _TICKET,
        service=one.service,
        person=one.person,
        desks=_joined(one.desks),
        origin=origin or None,
        until=until,
        expires=until // 1000 + 1,
    ).save()
    return ticket, until


def redeem(ticket: str, *, origin: str, now_ms: int) -> Ticket | None:
    """Who may open a socket with a ticket, from a page of an origin; None for any other text, and from then on.

    A call whose answer was lost finds its ticket used: its page asks for another.
    """
    key = f"{_TICKET}{digest(ticket)}"
    try:
        row = ConnectionRow.get(key, _TICKET, consistent_read=True)
    except ConnectionRow.DoesNotExist:
        return None
    if now_ms >= int(row.until or 0) or origin != (row.origin or ""):
        return None
    if not deleted(ConnectionRow(key, _TICKET), ConnectionRow.until.exists(), ours=same_by_whomever):
        return None
    return Ticket(str(row.service), str(row.person), _split(row.desks))


def add(connection: str, one: Ticket, *, now_ms: int) -> None:
    """Note a socket that opens, as `connections.add` does. It is told nothing yet."""
    expires = now_ms // 1000 + KEEP_S
    topic = f"{SERVICE}{one.service}"
    ConnectionRow(f"{CONNECTION}{connection}", connection, hears=topic, expires=expires).save()
    ConnectionRow(
        topic, connection, service=one.service, person=one.person, desks=_joined(one.desks), since=now_ms,
        expires=expires,
    ).save()  # fmt: skip


def lasts(connection: str, one: Ticket, *, now_ms: int) -> bool:
    """Have a socket be told of what happens for the next minute, as who its person is now; False where it is not known,
    or somebody else's."""
    row, desks = ConnectionRow(f"{SERVICE}{one.service}", connection), _joined(one.desks)
    actions = [
        ConnectionRow.until.set(now_ms + LEASE_MS),
        ConnectionRow.desks.remove() if desks is None else ConnectionRow.desks.set(desks),
    ]
    return updated(row, actions, ConnectionRow.person == one.person, ours=same_by_whomever)


def open_of(service: str, person: str, *, now_ms: int) -> int:
    """How many sockets somebody has that are told of what happens, or were opened within the last minute."""
    rows = ConnectionRow.query(f"{SERVICE}{service}", consistent_read=True)
    mine = (max(int(row.until or 0), int(row.since or 0) + LEASE_MS) for row in rows if row.person == person)
    return sum(until > now_ms for until in mine)


def hearing(service: str, *, now_ms: int) -> list[Console]:
    """The consoles that are to be told of what happens in a service."""
    return [
        Console(str(row.connection), str(row.topic), str(row.person), _split(row.desks))
        for row in ConnectionRow.query(f"{SERVICE}{service}")
        if int(row.until or 0) > now_ms
    ]


def _joined(desks: frozenset[str] | None) -> str | None:
    return None if desks is None else _DESKS.join(sorted(desks))


def _split(desks: str | None) -> frozenset[str] | None:
    return None if desks is None else frozenset(str(desks).split(_DESKS)) - {""}
