"""Writes that happen together or not at all."""

from __future__ import annotations

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

_LOST = {"ConditionalCheckFailed", "TransactionConflict", "None"}


def transaction() -> TransactWrite:
    """Writes to be sent by `committed`; at most 100."""
    return TransactWrite(connection=Connection(connect_timeout_seconds=2, read_timeout_seconds=8))


def committed(writes: TransactWrite) -> bool:
    """Send the writes; False where one of their conditions does not hold or others write the same rows right now."""
    try:
        with writes:
            pass
    except TransactWriteError as error:
        if error.cause_response_code != "TransactionCanceledException":
            raise
        if {reason.code for reason in error.cancellation_reasons if reason} - _LOST:
            raise
        return False
    return True
