"""What one party outside is told: the facts of a delivery, before any wire puts them into its own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.stored import known

MESSAGE, POSTBACK, STATUS = "message", "postback", "status"
EVENT = "event"
"""A platform event: `event` is its type."""
CHAT_STARTED, CHAT_ENDED, HANDOVER_FAILED, OWNER_CHANGED = (
    "chat_started",
    "chat_ended",
    "handover_failed",
    "owner_changed",
)
EDITED, DELETED, REACTION = "message_edited", "message_deleted", "reaction"
"""`content` is what the message says now, or the sign; its details name the message as `message_id`."""
CHANGES = (EDITED, DELETED, REACTION)
OPTED_OUT, OPTED_IN = "opted_out", "opted_in"
"""The details of `content` say for what (`scope`) and why."""
CONSENTS = (OPTED_OUT, OPTED_IN)
HAPPENED = "happened"
"""Something that is no speech, as a call that was missed: its details name it. Who owns the thread may answer."""
KINDS = (
    MESSAGE, POSTBACK, STATUS, *CHANGES, *CONSENTS, HAPPENED, CHAT_STARTED, CHAT_ENDED, HANDOVER_FAILED,
    OWNER_CHANGED, EVENT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told, to whom, and about which message."""

    kind: str
    """One of KINDS."""
    destination: str
    """Id of the bot, desk, subscription or channel."""
    service: str
    thread: str
    conversation: str
    """The destination's own conversation: a bot's id stays, a desk's is new each time."""
    channel_kind: str
    at: int
    """Milliseconds since the epoch: when it was said or happened."""
    mode: str = "BOT"
    """`BOT` where the bot owns the thread and is expected to answer, else `CCSP` (a copy)."""
    number: int = 0
    """Sequence of the notice for this bot on this thread, without gaps; 0 where it has none."""
    message: str = ""
    """Id of the message that it is about."""
    seq: int = 0
    """That message's number on its thread."""
    author: dict[str, str] = field(default_factory=dict)
    """Author as plain data: kind, id, name."""
    content: dict[str, Any] = field(default_factory=dict)
    """Content as plain data (domain.message.Content)."""
    contact: dict[str, str] = field(default_factory=dict)
    """id and name."""
    address: str = ""
    """The user's address on the channel."""
    source: str = ""
    status: str = ""
    """Of a STATUS: sent, delivered, read or failed."""
    error: dict[str, Any] | None = None
    """Of a failed STATUS: code and reason."""
    reason: str = ""
    """Of a hand-over or its end: why."""
    params: dict[str, Any] = field(default_factory=dict)
    """Custom parameters that the bot gave with its hand-over."""
    owner: str = ""
    """Of OWNER_CHANGED: bot, desk or empty."""
    channel: str = ""
    patience_s: int = 0
    """How long the destination may fail before the thread goes to `desk`; 0: for ever."""
    desk: str = ""
    asked: str = ""
    """Id of the trigger's event that waits for the answer."""
    event: str = ""
    """Of an EVENT: its type, as message.created."""
    data: dict[str, Any] = field(default_factory=dict)
    """Of an EVENT that is not about a message: what happened."""
    handle: dict[str, Any] = field(default_factory=dict)
    """For the channel: what the provider wants with an answer (`Thread.handle`)."""
    trace: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data, without what is empty."""
        return {key: value for key in self.__slots__ if (value := getattr(self, key)) not in ("", None, {}, 0)}

    @staticmethod
    def of(plain: dict[str, Any]) -> Notice:
        """The reverse of `plain`."""
        absent: dict[str, Any] = {"at": 0} | dict.fromkeys(
            ("thread", "conversation", "channel_kind", "service", "destination"), ""
        )
        return Notice(**absent | known(Notice, plain))
