"""Table `threads`: the state of each thread, and a row for each of its conversations.

Only `converse` writes here. A thread's row is `item = "thread"`; its conversations are `c<ten digits>`, so one
query reads a thread with all that belongs to it, and the stream can be filtered to conversations.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute

THREAD = "thread"


class ByService(GlobalSecondaryIndex["ThreadRow"]):
    """Conversations of a service, by the time they were opened."""

    class Meta:
        index_name = "by_service"
        projection = AllProjection()

    service = UnicodeAttribute(hash_key=True)
    opened = UnicodeAttribute(range_key=True)


class ByFallback(GlobalSecondaryIndex["ThreadRow"]):
    """Threads that a desk holds only because their bot failed: few, and gone when the bot is back."""

    class Meta:
        index_name = "by_fallback"
        projection = KeysOnlyProjection()

    fallback_bot = UnicodeAttribute(hash_key=True)
    thread = UnicodeAttribute(range_key=True)


class ThreadRow(Model):
    """A thread, or one of its conversations."""

    class Meta:
        table_name = settings().table("threads")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_AND_OLD_IMAGES"

    thread = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    """Of a thread's row: raised by every change, so that of two writers one notices."""
    state = PlainAttribute(null=True)
    """`domain.thread.Thread` or `domain.thread.Conversation` as plain data."""
    service = UnicodeAttribute(null=True)
    opened = UnicodeAttribute(null=True)
    fallback_bot = UnicodeAttribute(null=True)

    by_service = ByService()
    by_fallback = ByFallback()


def conversation_item(number: int) -> str:
    """Range key of a thread's n-th conversation."""
    return f"c{number:010d}"
