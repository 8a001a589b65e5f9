"""What a channel adapter offers. A module satisfies it; there is nothing to inherit from.

An adapter reads and writes one provider's protocol. It does not store, queue, retry or log: it turns a
request into values and a message into one HTTP call, and says what came of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

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
    """The public URL that was called, for providers that sign it."""


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


@dataclass(frozen=True, slots=True)
class Status:
    """The provider says what became of a message that we sent."""

    provider_id: str
    state: str
    """sent, delivered, read or failed."""
    at_ms: int
    address: str = ""
    """Where the provider names the recipient."""
    error: Mapping[str, str] | None = None
    """code and reason, of a failure."""


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


@dataclass(frozen=True, slots=True)
class Ignored:
    """A kind of event that we know and pass over, or do not know: recorded, never an exception."""

    what: str


Event = Said | Status | Changed | Moved | Ignored


@dataclass(frozen=True, slots=True)
class Received:
    """What a request holds, in its order, and what the provider is answered once all of it is queued."""

    events: tuple[Event, ...] = ()
    response: Response = Response(200, {})


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
class Outgoing:
    """A message to be sent."""

    id: str
    """Our delivery id: the same on every attempt, for providers that take an idempotency key."""
    address: str
    content: Content
    in_reply_to: str = ""
    now_ms: int = 0
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it; `provider_id` is what its statuses will name."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not now (throttled, broken, no answer). `after_s` is what the provider asked for, 0 where it did not."""

    error: str
    after_s: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: the provider says no to this message (blocked number, outside the window, bad template)."""

    code: str
    reason: str


Outcome = Sent | TryLater | Refused


@dataclass(frozen=True, slots=True)
class File:
    """A file that a provider held for us."""

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


class Adapter(Protocol):
    """A channel kind."""

    LABEL: str
    """`Channel` in bot payloads: WhatsApp, Webchat, Custom, ..."""
    CAN: frozenset[str]
    """What it does: `receive`, `status`, `challenge`, `send`, `pull` (the user's side fetches; nothing is pushed),
    `media` (it has `media(reference, channel, call) -> File | TryLater | Refused`, for files whose `Media.url` is a
    reference of the provider's own), `templates` (it has `templates(channel, call, search, after, limit) -> Templates
    | TryLater | Refused`, a page of those that are approved), and the content types it can show (`text`, `image`,
    `buttons`, ...). What it cannot show is sent as text. Each needs an example."""
    SECRETS: Mapping[str, str]
    """Secret name -> `required`, `optional` (at least 32 characters), or `made` (generated and shown once where
    absent)."""

    @property
    def receive(self) -> Callable[[Request, Channel], Received | Denied]: ...

    @property
    def send(self) -> Callable[[Outgoing, Channel, Call], Awaitable[Outcome]]: ...
