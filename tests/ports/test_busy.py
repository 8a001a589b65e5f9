"""What AWS cannot do now is not our fault, and is told so that the caller comes again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from pynamodb.exceptions import PutError

from chalicelib.ports import web
from chalicelib.ports.aws import Unprocessed

THROTTLED = ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}, "PutItem")
REFUSED = ClientError({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}, "PutItem")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unprocessed("threads"), 503),
        (THROTTLED, 503),
        (PutError("x", THROTTLED), 503),
        (REFUSED, 500),
        (PutError("x", REFUSED), 500),
        (ConnectionClosedError(endpoint_url="https://kms"), 500),
        (ValueError("ours"), 500),
    ],
)
def test_busy_is_503_and_a_fault_is_500(error: Exception, status: int) -> None:
    @web.answering
    def route() -> Any:
        raise error

    answer = route()
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert json.loads(answer.body)["code"] == ("busy" if status == 503 else "internal_error")
