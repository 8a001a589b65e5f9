"""What a provider's call can tell: the events that an adapter's `receive` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.message import Content


@dataclass(frozen=True, slots=True)
class Group:
    """Where something was said to many: `Said.address` is the group's then, who spoke is told apart, and `identities`
    are nobody's."""

    speaker: str
    """The provider's lasting id of who spoke."""
    speaker_name: str = ""
    name: str = ""
    """Of the group."""


@dataclass(frozen=True, slots=True)
class Said:
    """The user said something."""

    address: str
    """The user's address on this channel: what a reply is sent to."""
    provider_id: str
    """The provider's id of the message; empty where it has none (then repeats cannot be told)."""
    content: Content
    at_ms: int
    name: str = ""
    identities: tuple[tuple[str, str], ...] = ()
    """(kind, value) of what else is known of the person: ("phone", "+49..."), ("email", ...), ("external", ...)."""
    repeatable: bool = True
    """Whether `provider_id` is the other side's own, so that the same call may come again for days."""
    echo: bool = False
    """Said by the business itself on the provider's own app: kept as an outgoing message, answered by nobody."""
    perhaps_ours: bool = False
    """Whether such an echo may be of what we sent ourselves, as the provider echoes that too and carries nothing of
    ours through: it is told by `provider_id` once the answer to our call is there, and then passed over."""
    automatic: bool = False
    """Said by a machine of the user's (they are away, or it is a newsletter) and not by themselves: kept and shown to
    people; no bot hears of it, as two machines would answer each other for ever."""
    group: Group | None = None
    """Said in a group: never to be taken for what its speaker says to us alone."""
    reply: Mapping[str, str] = field(default_factory=dict)
    """What an answer needs beside the address (a token, a URL of this conversation), by the adapter's own names: the
    last one that is still good is handed to `send`. At most 1 KB of JSON."""
    reply_until_ms: int = 0
    """When that ends; 0: it does not."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something came about that is no speech: the user opened the bot, came from a link, called and hung up."""

    address: str
    what: str
    """A word: `started`, `referral`, `missed_call`, ..."""
    at_ms: int
    provider_id: str = ""
    """The provider's id of this event; empty where it has none (then one of the same time and details is the same)."""
    name: str = ""
    """Of the user."""
    text: str = ""
    """What people are shown of it."""
    details: Mapping[str, Any] = field(default_factory=dict)
    identities: tuple[tuple[str, str], ...] = ()
    """(kind, value) of what else is known of the person, as of `Said`."""
    ends: bool = False
    """Whether what went on is over with it, as a call is when somebody hangs up: who has the thread hears it, rules are
    not asked, and the bot's conversation is closed."""
    automatic: bool = False
    """As of `Said`: nothing that a bot is told of."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The user said to the provider whether we may write to them."""

    address: str
    given: bool
    at_ms: int
    scope: str = "all"
    """all, or marketing."""
    why: str = ""
    """In the provider's words: `STOP`, `blocked`, ..."""
    provider_id: str = ""
    """The provider's id of this event; empty where it has none."""
    identities: tuple[tuple[str, str], ...] = ()
    """(kind, value) of what else is known of the person, as of `Said`."""
    own_id: str = ""
    """Our own id of a message that says it by its failing, where the provider carries it through: who that was sent to
    is meant, however the provider spells their address."""


@dataclass(frozen=True, slots=True)
class Status:
    """The provider says what became of a message that we sent.

    Of which one is told by `provider_id`, by `own_id`, or by `address` and `until_ms`.
    """

    provider_id: str
    state: str
    """sent, delivered, read or failed."""
    at_ms: int
    address: str = ""
    """Where the provider names the recipient."""
    error: Mapping[str, str] | None = None
    """code and reason, of a failure."""
    own_id: str = ""
    """`Outgoing.id`, where the provider carries it through: known before the answer to our call is."""
    part: bool = False
    """Of a message that went out as several: this is about one of them and not the last. A failure of it is the
    message's, that it was delivered or read says nothing of the message."""
    until_ms: int = 0
    """It holds for all that was sent to the address up to then (a watermark)."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that was said on the thread is edited, deleted, or reacted to."""

    address: str
    kind: str
    """edited, deleted or reaction."""
    about: str
    """The provider's id of the message."""
    at_ms: int
    provider_id: str = ""
    """The provider's id of this event; empty where it has none (then one of the same content is the same)."""
    text: str = ""
    """What an edited message says now; a reaction's sign, empty where it is taken back."""
    echo: bool = False
    """Done by the business itself on the provider's own app."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A user goes on under another address, or is identified otherwise from now on; the person is the same."""

    address: str
    to: str
    """The address that they have now: perhaps the same."""
    at_ms: int
    provider_id: str = ""
    """The provider's id of this event."""
    identities: tuple[tuple[str, str], ...] = ()
    """(kind, value) of what identifies them now, as of `Said`."""
    gone: tuple[tuple[str, str], ...] = ()
    """(kind, value) of what does not any more, and will be somebody else's."""
    group: bool = False
    """Whether it is a group that goes on under another address: then both are groups'."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A kind of event that we know and pass over, or do not know: recorded, never an exception."""

    what: str


Event = Said | Happened | Consent | Status | Changed | Moved | Ignored
