"""Where first answers under an Idempotency-Key are kept; apart, as Powertools is loaded only for calls with a key."""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyItemAlreadyExistsError


class KeptAnswers(DynamoDBPersistenceLayer):
    """Powertools' own, but for a claim whose answer was lost: the SDK makes it again, and finds its own row, not that
    of another request in progress."""

    def _put_record(self, data_record: Any) -> None:
        until = data_record.in_progress_expiry_timestamp
        if until is not None:
            # The claim's own mark: behind the milliseconds, where it changes nothing.
            until = data_record.in_progress_expiry_timestamp = Decimal(f"{until}.{secrets.randbelow(10**12):012d}")
        try:
            super()._put_record(data_record)
        except IdempotencyItemAlreadyExistsError as error:
            first = error.old_data_record
            if until is None or first is None or first.in_progress_expiry_timestamp != until:
                raise


@cache
def kept_answers(client: Any, table: str) -> KeptAnswers:
    """Those in a table, made once for each process.

    Each that is made has the client add a header to all its calls, for good: one for each request would make every
    call of the process slower, without end.
    """
    return KeptAnswers(table_name=table, key_attr="id", expiry_attr="expiration", boto3_client=client)
