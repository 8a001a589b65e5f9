"""What is said: content, author and the message that carries them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.domain.route import Route, plain_routes, routes_of
from chalicelib.domain.stored import known

TYPES = (
    "text",
    "image",
    "audio",
    "video",
    "file",
    "location",
    "contact",
    "buttons",
    "list",
    "template",
    "postback",
    "event",
    "note",
)
"""Types of message, as on the wire."""
NOTE = "note"
"""Said among agents: no customer, bot, desk or subscription ever hears of it."""
MAX_TEXT_BYTES = 16 * 1024
UPLOADED = "upload:"
"""How the address of a file begins that was put where we said, until there is one that opens it; what follows says
which it is."""
EXPIRING = "expiring:"
"""How the address of a file begins that its provider lets open it for a while only: what follows is the provider's own
address, for us to get it by."""

RECEIVED, PENDING, SENT, DELIVERED, READ, FAILED = "received", "pending", "sent", "delivered", "read", "failed"
OUT = (PENDING, SENT, DELIVERED, READ)
"""Those of what is sent while all goes well."""
UNKNOWN = "unknown"
"""Code of the error of a message that is `failed` because nobody knows whether its provider has it."""
_RANK = {RECEIVED: 0, PENDING: 0, SENT: 1, DELIVERED: 2, READ: 3}


def advances(now: str, then: str, *, part: bool = False) -> bool:
    """Whether a receipt `then` says more than the state `now`: receipts come late, twice and out of order.

    `failed` counts only while nothing better is known; nothing follows it. Of a `part` of the message it counts always,
    as what is known then is known of another part; and nothing else of a part counts. UNKNOWN stands for a failure of
    that code: it counts while nothing at all is known, and whatever is known follows it.
    """
    if now == FAILED:
        return False
    if then == UNKNOWN:
        return now == PENDING
    if now == UNKNOWN:
        return then == FAILED or (then in (SENT, DELIVERED, READ) and not part)
    if then == FAILED:
        return part or now in (PENDING, SENT)
    if part:
        return False
    return _RANK[then] > _RANK[now]


@dataclass(frozen=True, slots=True)
class Media:
    """A file that belongs to a message."""

    url: str
    mime_type: str = ""
    size: int | None = None
    name: str = ""
    lasting: str = ""
    """Where people open it, where `url` works for a while only; never stored."""

    @property
    def for_people(self) -> str:
        """The address that a person may be given."""
        return self.lasting or self.url

    def plain(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Content:
    """What is said, in no channel's own words.

    `details` by type: buttons `{"buttons": [{"title","payload"}]}`; list `{"button","sections":[{"title","rows":
    [{"id","title","description"}]}]}`; location `{"latitude","longitude","name","address"}`; contact
    `{"contacts": [{"name","phones","emails"}]}`; postback `{"payload","title"}`; template `{"name","language",
    "parameters"}`; event `{"name", ...}`. Custom parameters of a bot are in `details["params"]`, a quoted
    message's provider id in `details["in_reply_to"]`, what its sender keeps with it in `details["metadata"]`, and
    what it was sent for in `details["purpose"]`. `edited` and `deleted` are true where the customer did so since;
    `edits` are the numbers of the messages that tell of it.
    """

    type: str = "text"
    text: str = ""
    media: tuple[Media, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        given: dict[str, Any] = {"type": self.type, "text": self.text, "details": self.details}
        plain = {key: value for key, value in given.items() if value}
        if self.media:
            plain["media"] = [item.plain() for item in self.media]
        return plain

    @staticmethod
    def of(plain: dict[str, Any]) -> Content:
        """The reverse of `plain`."""
        return Content(
            type=plain.get("type", "text"),
            text=plain.get("text", ""),
            media=tuple(Media(**known(Media, item)) for item in plain.get("media", ())),
            details=plain.get("details", {}),
        )


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it; kind is user, bot, agent, event or system."""

    kind: str
    id: str = ""
    name: str = ""

    def plain(self) -> dict[str, str]:
        return {key: value for key, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a thread, as `converse` writes it."""

    id: str
    thread: str
    seq: int
    service: str
    channel: str
    channel_kind: str
    address: str
    """The user's address on the channel."""
    conversation: str
    """Id of the conversation it belongs to; empty while nobody gets it."""
    contact: str
    contact_name: str
    source: str
    direction: str
    """`in` from the customer or an outside system, `out` to the customer."""
    author: Author
    content: Content
    state: str
    sent_at: int
    """Milliseconds since the epoch."""
    event: str
    """Id of the event that caused it."""
    routes: tuple[Route, ...] = ()
    """Who gets it."""
    status_to: tuple[Route, ...] = ()
    """Who hears of its receipts, in the same form."""
    trace: str = ""
    """Correlation id from the edge to the provider."""
    provider_id: str = ""
    error: dict[str, Any] | None = None
    rule: str = ""
    """The rule that gave it to whom it went, where that is another party than had the thread before."""

    @property
    def is_note(self) -> bool:
        """Whether it was said among agents."""
        return self.content.type == NOTE

    def held_files(self) -> list[str]:
        """Keys of the copies that may be kept of its files: of those with an address of their own there is none."""
        held = [n for n, item in enumerate(self.content.media) if not item.url.startswith(("https://", "http://"))]
        return [f"{self.id}/{n}" for n in held]

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        data: dict[str, Any] = {
            key: value
            for key in self.__slots__
            if (value := getattr(self, key)) not in ("", None, ()) and key not in ("author", "content")
        }
        if self.routes:
            data["routes"] = plain_routes(self.routes)
        if self.status_to:
            data["status_to"] = plain_routes(self.status_to)
        return data | {"author": self.author.plain(), "content": self.content.plain()}

    @staticmethod
    def of(plain: dict[str, Any]) -> Message:
        """The reverse of `plain`."""
        defaults: dict[str, Any] = dict.fromkeys(Message.__slots__, "") | {"routes": (), "status_to": (), "error": None}
        return Message(
            **defaults
            | known(Message, plain)
            | {
                "author": Author(**known(Author, plain["author"])),
                "content": Content.of(plain["content"]),
                "routes": routes_of(plain.get("routes", ())),
                "status_to": routes_of(plain.get("status_to", ())),
            }
        )


def position(sent_at: int, seq: int) -> str:
    """Where a message stands in its conversation: sorts by time, then by number."""
    return f"{sent_at:013d}.{seq:010d}"
