"""What a channel adapter offers. A module satisfies it; there is nothing to inherit from.

An adapter reads and writes one provider's protocol. It does not store, queue, retry or log: it turns a
request into values and a message into one HTTP call, and says what came of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.channels.events import Changed as Changed
from chalicelib.channels.events import Consent as Consent
from chalicelib.channels.events import Event as Event
from chalicelib.channels.events import Group as Group
from chalicelib.channels.events import Happened as Happened
from chalicelib.channels.events import Ignored as Ignored
from chalicelib.channels.events import Moved as Moved
from chalicelib.channels.events import Said as Said
from chalicelib.channels.events import Status as Status
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import Content


@dataclass(frozen=True, slots=True)
class Request:
    """A webhook call as it arrived. Header names are lower case; `body` is raw, for signatures."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    now_ms: int
    url: str = ""
    """The public URL that was called, with its query, for providers that sign it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the provider is answered; a dict or list is sent as JSON, text as text/plain."""

    status: int
    body: dict[str, Any] | list[Any] | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channel:
    """The connected address that a call is about."""

    id: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    webhook_url: str = ""
    """Where the provider calls; known to `connect`, and elsewhere to adapters that say `NEEDS_URL = True`."""


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """A call with a user that a request is of."""

    address: str
    id: str
    """The provider's."""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What a request holds, in its order, and what the provider is answered once all of it is queued."""

    events: tuple[Event, ...] = ()
    response: Response = Response(200, {})
    call: PhoneCall | None = None
    """Which call it is of, where users call (`call` in `CAN`)."""
    files: Mapping[str, File] = field(default_factory=dict)
    """Those that came with the request, by the `Media.url` of the one message that it holds."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The request is not acceptable: 401 for a bad signature, 400 or 422 for what cannot be read."""

    status: int
    code: str
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    """(JSON pointer, what is wrong) of each wrong field."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer, as a page of another origin needs some to read it."""


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last call with a user, as its requests told of it. Times are milliseconds since the epoch."""

    id: str
    began_ms: int
    heard_ms: int
    """When it was last heard of."""
    ended_ms: int = 0
    """0: nothing was heard of its end."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent."""

    id: str
    """Our delivery id: the same on every attempt, for providers that take an idempotency key."""
    address: str
    content: Content
    in_reply_to: str = ""
    now_ms: int = 0
    trace: str = ""
    done: int = 0
    """How many of the messages that it is sent as went out on earlier attempts: these are left out."""
    group: bool = False
    """Whether the address is a group's."""
    author: str = ""
    """Who says it: bot, agent, event or system. People may say some things later than bots."""
    reply: Mapping[str, str] = field(default_factory=dict)
    """`Said.reply` of the user's last message that had one, while it is good."""
    said_ms: int = 0
    """When it was said."""
    call: LastCall | None = None
    """The last call with the user within a day, where users call."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it; `provider_id` is what its statuses will name."""

    provider_id: str
    parts: tuple[str, ...] = ()
    """Where it went out as several messages: the provider's ids of those before the last. A failure of one of them is
    the message's, its other statuses are not."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not now (throttled, broken, no answer). `after_s` is what the provider asked for, 0 where it did not."""

    error: str
    after_s: int = 0
    done: int = 0
    """How many of its messages went out by now, before this attempt, too: the next has that as `Outgoing.done`."""
    parts: tuple[str, ...] = ()
    """The provider's ids of those that this attempt sent."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: the provider says no to this message (blocked number, outside the window, bad template)."""

    code: str
    reason: str
    opted_out: bool = False
    """The user does not want to hear from us, which holds for what is said later, too."""
    scope: str = "all"
    """Of that: all, or marketing."""
    done: int = 0
    """As of `TryLater`: how many of its messages went out before one was refused."""
    parts: tuple[str, ...] = ()
    """As of `TryLater`."""
    at: str = ""
    """Of `connect`: which setting or secret is wrong beyond doubt, as `/secrets/access_token`."""


Outcome = Sent | TryLater | Refused


@dataclass(frozen=True, slots=True)
class File:
    """A file that a provider held for us, or gave us."""

    body: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class Template:
    """A message that a provider has approved, to be sent when nothing else may be."""

    name: str
    language: str
    category: str
    body: str
    """With its placeholders, as `{{1}}` or `{{first_name}}`."""
    header: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()
    """Their titles."""
    placeholders: tuple[str, ...] = ()
    """Of the body, each once: numbers in their order, or names as they come."""
    fillable: bool = True
    """Whether values for those are all that it needs."""


@dataclass(frozen=True, slots=True)
class Templates:
    """A page of them, and where the next begins: empty where there is none."""

    found: tuple[Template, ...]
    following: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """The provider knows the channel's token, and calls us where `Channel.webhook_url` said so."""

    facts: Mapping[str, str] = field(default_factory=dict)
    """What it says of the address, to be shown: `name`, `number`, `quality`, ..."""
    expires_ms: int = 0
    """When the token ends; 0: not known, or never."""
    registers: bool = False
    """Whether `connect` with a `webhook_url` has the provider call that; without one it only asks."""


class Adapter(Protocol):
    """A channel kind."""

    LABEL: str
    """`Channel` in bot payloads: WhatsApp, Webchat, Custom, ..."""
    CAN: frozenset[str]
    """What it does: `receive`, `status`, `challenge`, `send`, `pull` (the user's side fetches; nothing is pushed),
    `media` (it has `media(reference, channel, call) -> File | TryLater | Refused`, for files whose `Media.url` is a
    reference of the provider's own), `templates` (it has `templates(channel, call, search, after, limit) -> Templates
    | TryLater | Refused`, a page of those that are approved), `connect` (it has `connect(channel, call) -> Connected |
    TryLater | Refused`, which asks the provider whether the token is good and has it call us, where its API can),
    `typing` and `seen` (it has `signal(kind, address, about, channel, call) -> None`: shows the user that we write, or
    that we have read `about`, the provider's id of their message; never queued, never tried again), `once` (the
    provider takes `Outgoing.id` as an idempotency key: the same message twice is sent once), `call` (its users call,
    and a call fetches what it speaks: phoning.py). Each needs an example."""
    SHOWS: frozenset[str]
    """The types of content that it shows as they are (`text`, `image`, `buttons`, ...); what else is said is sent as
    text. Each needs an example. How much of each it takes, it may say as `LIMITS` (limits.py), and
    how it spells whom it reaches as `ADDRESSES` (addresses.py)."""
    # Beside these it may say NEEDS_URL, KEEPS_LINKS (`channels/__init__.py`) and LIMITS (limits.py).
    STATUSES: Mapping[str, str]
    """The provider's word for a receipt -> sent, delivered, read or failed."""
    SECRETS: Mapping[str, str]
    """Secret name -> `required`, `optional` (one that signs, of at least 32 characters), `spare` (one that may be
    absent, as the provider has it), `made` (a signing secret, generated and shown once where absent), or `token` (a
    word that each call brings, generated where absent and shown in the webhook's URL). Beside all these an adapter may
    say `NEEDS_URL`, `FOUND_BY` (a setting whose value no two channels of the kind have, and by which `receive_mail`
    finds them), and `FETCHES` (bytes of a file that `send` may GET)."""

    @property
    def receive(self) -> Callable[[Request, Channel], Received | Denied]: ...

    @property
    def send(self) -> Callable[[Outgoing, Channel, Call], Awaitable[Outcome]]: ...
