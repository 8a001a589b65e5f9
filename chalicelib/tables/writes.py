"""Writes on condition, and writes that happen together or not at all.

The SDK makes a call again whose answer was lost. What had gone through finds its own condition gone then, and must not
take its own work for somebody else's: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
So each conditional write says how it knows its own. A transaction needs not: botocore gives each call a token before
the first try, and DynamoDB answers a repeat under it as it did the first time, for ten minutes:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html (ClientRequestToken)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.ports import clock

_LOST = {"ConditionalCheckFailed", "TransactionConflict", "None"}
ROUNDS = 8
"""How often a read and what is written upon it start over before others are told to come again."""
SHORTEST_S, LONGEST_S = 0.01, 0.4
"""A pause is up to so long, twice as long each time: 1.5 s in all at most, which every step and answer has."""
Known = Callable[[], bool]
"""Tells, by a read, whether what was refused stands already as this very call has written it."""


def saved(row: Model, condition: Condition, *, ours: Known) -> bool:
    """Store a row on a condition; False where it does not hold, unless this call itself has made it so."""
    try:
        row.save(condition=condition)
    except PutError as error:
        return _ours(error, ours)
    return True


def updated(row: Model, actions: Sequence[Action], condition: Condition, *, ours: Known) -> bool:
    """As `saved`, of an update; the row then shows what stands, if it went through at once."""
    try:
        row.update(actions=[*actions], condition=condition)
    except UpdateError as error:
        return _ours(error, ours)
    return True


def deleted(row: Model, condition: Condition, *, ours: Known) -> bool:
    """As `saved`, of a row that goes."""
    try:
        row.delete(condition=condition)
    except DeleteError as error:
        return _ours(error, ours)
    return True


def same_by_whomever() -> bool:
    """For writes whose refusal means that they are done, by this call or another: who did it makes no difference."""
    return False


def _ours(error: PutError | UpdateError | DeleteError, ours: Known) -> bool:
    if error.cause_response_code != "ConditionalCheckFailedException":
        raise error
    return ours()


def rounds(most: int = ROUNDS) -> Iterator[int]:
    """0, 1 and so on, for who reads and writes anew because another wrote the same rows; with a pause before each but
    the first, as those who meet again at once meet again."""
    for n in range(most):
        if n:
            clock.pause(random.random() * min(LONGEST_S, SHORTEST_S * 2**n))  # noqa: S311 - not a secret
        yield n


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
