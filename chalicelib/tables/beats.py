"""Table `beats`: what consoles ask for every two seconds. What has changed in the inbox, and who is at which chat.

`feed#<service>` / time#conversation names each change of an inbox row, not what it came to: the rows themselves are
read as they stand, and nobody's words lie about here. `seen#<service>#<conversation>` / person says that somebody has a
chat open, and whether they write. All of it ends by itself within minutes. The stream tells `push` of changes, and of
who comes, begins to write, ceases or goes; not that somebody is still there.
"""

from __future__ import annotations

from dataclasses import dataclass

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.ports.settings import settings

KEEP_MS = 600_000
"""How far back changes can be asked for."""
OVERLAP_MS = 5000
"""How long after the time in its key a change may still come to be seen: clocks of processes differ by milliseconds, a
call that is made again takes a second or two, and an index or a replica is less than a second behind."""
FEED, SEEN = "feed#", "seen#"
"""What topics begin with."""
PRESENCE = "presence"
HERE_MS = 30_000
"""Who has not said for so long that they are at a chat is not."""


class BeatRow(Model):
    """A change, or somebody at a chat."""

    class Meta:
        table_name = settings().table("beats")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_IMAGE"

    topic = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)
    conversation = UnicodeAttribute(null=True)
    desk = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    """Of the row that changed, as `inbox.shown_version` counts it; absent where that is not known."""
    name = UnicodeAttribute(null=True)
    typing = BooleanAttribute(null=True)
    news = UnicodeAttribute(null=True)
    """`PRESENCE` where somebody has come, begins to write or ceases to; absent where they are as they were."""
    at = NumberAttribute()
    """In milliseconds."""
    expires = NumberAttribute()
    """TTL, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Change:
    """That an inbox row has changed; `version` 0 where it is not known to what."""

    desk: str
    conversation: str
    version: int
    at: int


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody at a chat."""

    id: str
    name: str
    typing: bool
    at: int


def tell(service: str, desk: str, conversation: str, version: int, *, now_ms: int) -> None:
    """Note that an inbox row has changed. After the row: who hears of it reads it as it is then."""
    BeatRow(
        f"{FEED}{service}",
        f"{now_ms:013d}#{conversation}",
        conversation=conversation,
        desk=desk,
        version=version or None,
        at=now_ms,
        expires=(now_ms + KEEP_MS) // 1000,
    ).save()


def told(service: str, after_ms: int, *, limit: int) -> list[Change]:
    """The changes after a time, the oldest first."""
    rows = BeatRow.query(f"{FEED}{service}", BeatRow.place > f"{after_ms:013d}#~", limit=limit)
    return [Change(str(row.desk), str(row.conversation), int(row.version or 0), int(row.at)) for row in rows]


def here(service: str, conversation: str, person: dict[str, str], *, typing: bool, new: bool, now_ms: int) -> None:
    """Note that somebody is at a chat; `new`: or writes there, and was not said to a moment ago."""
    BeatRow(
        _seen(service, conversation),
        person["id"],
        name=person.get("name") or None,
        typing=typing or None,
        news=PRESENCE if new else None,
        at=now_ms,
        expires=(now_ms + 2 * HERE_MS) // 1000,
    ).save()


def gone(service: str, conversation: str, person: str) -> None:
    """Forget that somebody is at a chat."""
    BeatRow(_seen(service, conversation), person).delete()


def there(service: str, conversation: str, *, now_ms: int) -> list[Presence]:
    """Who is at a chat."""
    rows = BeatRow.query(_seen(service, conversation), limit=50)
    return [
        Presence(str(row.place), str(row.name or ""), bool(row.typing), int(row.at))
        for row in rows
        if int(row.at) > now_ms - HERE_MS
    ]


def _seen(service: str, conversation: str) -> str:
    # By the service too: who names another's conversation sees nobody.
    return f"{SEEN}{service}#{conversation}"
