"""Table `messages`: everything said on a thread, in its order, with the decision who gets it.

Only `converse` writes here. The stream carries each row to `fan_out`.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.ports.settings import settings
from chalicelib.tables.attributes import PlainAttribute


class ByConversation(GlobalSecondaryIndex["MessageRow"]):
    """Messages of a conversation by the time they were sent, keys only: a receipt then costs no index write."""

    class Meta:
        index_name = "by_conversation"
        projection = KeysOnlyProjection()

    conversation = UnicodeAttribute(hash_key=True)
    position = UnicodeAttribute(range_key=True)


class MessageRow(Model):
    """One message; `data` is `domain.message.Message` as plain data."""

    class Meta:
        table_name = settings().table("messages")
        connect_timeout_seconds = 2
        read_timeout_seconds = 8
        stream_view_type = "NEW_AND_OLD_IMAGES"

    thread = UnicodeAttribute(hash_key=True)
    seq = NumberAttribute(range_key=True)
    conversation = UnicodeAttribute(null=True)
    """Absent while nobody gets the message; the index has no entry then."""
    position = UnicodeAttribute()
    """`<sent_at, 13 digits>.<seq, 10 digits>`: late events stand at their own time."""
    event = UnicodeAttribute()
    """Id of the event that caused the message; a redelivered event finds its own work by it."""
    state = UnicodeAttribute()
    provider_id = UnicodeAttribute(null=True)
    error = PlainAttribute(null=True)
    data = PlainAttribute()
    after = PlainAttribute()
    """The thread's state after this message: heals a cut between the write of the message and the thread."""

    by_conversation = ByConversation()
