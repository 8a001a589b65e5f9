"""Where somebody is written to first: a contact at the address that they used last, or an address on a channel.

The same address as when they write themselves, and so the same thread and contact: it is looked for as it was given, as
its channel spells it, as a group's, and, where it says who they are, among the addresses that they have written from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.channels import addresses
from chalicelib.domain import group
from chalicelib.domain.contact import identities_of
from chalicelib.domain.identities import CHANNEL, normalised
from chalicelib.domain.thread import Thread, thread_id
from chalicelib.ports.web import Problem
from chalicelib.tables import batch_get, config, contacts, kept_channels, links, threads
from chalicelib.tables.config import Resource
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.links import THREAD
from chalicelib.tables.threads import ThreadRow

MOST_ADDRESS = 1000
"""Characters."""
_MOST_THREADS = 100
"""Threads of one person that are looked through for the last."""
_OF_CHANNELS = "ch_"


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom a message goes to, and where."""

    channel: Resource
    address: str
    """As the channel has it."""
    thread: Thread | None
    """None where nothing was ever said there."""
    contact: str = ""
    """Whom it is known to be; empty where the address is nobody's yet."""
    consent: Mapping[str, Any] = field(default_factory=dict)
    identities: tuple[tuple[str, str], ...] = ()
    """(kind, value) that the address says of whose it is."""

    @property
    def kind(self) -> str:
        """The channel's."""
        return str((self.channel.body or {}).get("kind"))

    @property
    def known_as(self) -> str:
        """Whom the thread knows, which hears of a merge a moment later; else the contact."""
        return (self.thread.contact.get("id", "") if self.thread else "") or self.contact

    @property
    def thread_id(self) -> str:
        """Of the thread, whether there is one or not."""
        return thread_id(self.channel.id, self.address)


def of_address(channel: Resource, given: str, *, country: str) -> Reached:
    """Whom an address on a channel is of; Problem 422 `no_address` where nobody can be there."""
    kind, given = str((channel.body or {}).get("kind")), given.strip()
    address, said, wrong = "", tuple[tuple[str, str], ...](), ""
    try:
        address, said = addresses.spelled(kind, given, country)
    except ValueError as error:
        wrong = str(error)
    likely = dict.fromkeys(one for one in (given, address, group.address_of(given)) if one)
    found = _threads([thread_id(channel.id, one) for one in likely])
    if thread := next((one for id in (thread_id(channel.id, one) for one in likely) if (one := found.get(id))), None):
        row = contacts.resolve(thread.contact["id"]) if thread.contact else None
        return _reached(channel, thread.address, thread, row)
    if wrong:
        raise no_address("/to/address", wrong)
    if not addresses.begins(kind) or group.is_group(given):
        raise no_address("/to/address", "nobody has written from this address, and there it is they who begin")
    people = contacts.look(str(channel.service), [*said, (CHANNEL, f"{channel.id}:{address}")]).standing()
    row = people[0] if people else None
    if row is not None and said and (own := _spelled_otherwise(channel, row, said[0], country)):
        return _reached(channel, own.address, own, row)
    return _reached(channel, address, None, row, said)


def of_contact(row: ContactRow, *, channel: str = "") -> Reached:
    """Where a contact was last heard of, or else where one of their identities leads, on one channel or on any; Problem
    422 `no_address` where that is nowhere."""
    for thread in _own_threads(row, channel):
        if (on := kept_channels.get(thread.channel)) is not None:
            return _reached(on, thread.address, thread, row)
    own = identities_of(dict(row.data or {}))
    for on in _channels(str(row.service), channel):
        prefix = f"{on.id}:"
        kept = [value.removeprefix(prefix) for kind, value in own if kind == CHANNEL and value.startswith(prefix)]
        kind = str((on.body or {}).get("kind"))
        address, said = (kept[0], ()) if kept else addresses.first_of(kind, own)
        if address and addresses.begins(kind) and not group.is_group(address):
            return _reached(on, address, threads.get(thread_id(on.id, address)), row, said)
    where = "on this channel" if channel else "that a channel of the service leads to"
    raise no_address("/to/contact_id", f"the contact has no address {where}")


def no_address(at: str, why: str) -> Problem:
    """What is answered where a message could go nowhere."""
    return Problem(422, "no_address", f"{at}: {why}", errors=[(at, why)])


def _reached(
    channel: Resource,
    address: str,
    thread: Thread | None,
    row: ContactRow | None,
    said: tuple[tuple[str, str], ...] = (),
) -> Reached:
    contact = str(row.id) if row is not None else ""
    return Reached(channel, address, thread, contact, contacts.consent_of(row), said)


def _own_threads(row: ContactRow, channel: str) -> list[Thread]:
    """The contact's threads that are theirs still, the last used first."""
    whole = {str(row.id), *(row.absorbed or ())}
    linked = [one for own in sorted(whole) for one in links.within(own, THREAD)]
    mine = [one for one in linked if one.channel.startswith(channel or _OF_CHANNELS)]
    wanted = [one.thread for one in mine if any(part.is_open for part in one.parts)]
    found = [one for one in _threads(wanted[-_MOST_THREADS:]).values() if _is_theirs(one, whole)]
    return sorted(found, key=lambda one: (one.heard_at, one.notified_at), reverse=True)


def _is_theirs(thread: Thread, whole: Collection[str]) -> bool:
    here = {thread.contact.get("id", ""), thread.person}
    return bool(thread.address) and not thread.test and not here.isdisjoint(whole)


def _spelled_otherwise(channel: Resource, row: ContactRow, said: tuple[str, str], country: str) -> Thread | None:
    """The thread on a channel from which somebody has written, whose address is another spelling of what they are known
    by: a provider goes on with the number that an account was made with."""
    for thread in _own_threads(row, channel.id):
        try:
            _, own = addresses.spelled(str((channel.body or {}).get("kind")), thread.address, country)
        except ValueError:
            continue
        if said in own or (said[0], normalised(*said)) in own:
            return thread
    return None


def _channels(service: str, only: str) -> list[Resource]:
    """A channel, or all of a service, the oldest first."""
    if only:
        return [row] if (row := kept_channels.get(only)) is not None else []
    return config.snapshot(service, config.version(service)).of_kind("channel")


def _threads(ids: Iterable[str]) -> dict[str, Thread]:
    keys: list[batch_get.Key] = [(ThreadRow, id, threads.THREAD) for id in dict.fromkeys(ids)]
    rows = batch_get.get_all(keys) if keys else []
    return {found.id: found for row in rows if (found := threads.from_row(row)) is not None}
