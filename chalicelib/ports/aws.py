"""Clients of AWS, one per process, with the retry mode and timeouts said rather than inherited."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.ports.settings import settings

# botocore's default retry mode differs between versions, so it is stated. Timeouts keep a hung call
# below the shortest Lambda timeout.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=2,
    read_timeout=8,
    tcp_keepalive=True,
    # A contact's conversations are read by 16 threads at the same time, each of which may ask two things at once.
    max_pool_connections=32,
)

# Links to files must be of signature version 4, which S3 asks for where a key of KMS encrypts the bucket, and name the
# bucket's region: at the address without one a new bucket is sent on by a redirect, for which the signature is wrong
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html). An address of numbers has no such names
# before it, and botocore then puts the bucket into the path.
_S3 = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


# One page's socket must not hold up the others: what is not told within three seconds is not told, and its page comes
# again and asks for what it lacks.
_SOCKETS = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 1})


_BUSY = frozenset({
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException", "RequestThrottled",
    "TransactionInProgressException", "InternalServerError", "ServiceUnavailable",
})  # fmt: skip


class Unprocessed(Exception):
    """DynamoDB did not read all keys; the step runs again."""


def is_busy(error: Exception) -> bool:
    """Whether AWS could not do something now and may later: throttled, or out of order for a moment."""
    # Of a connection that broke there is none.
    response = getattr(error, "response", None) or {}
    code = response.get("Error", {}).get("Code") or getattr(error, "cause_response_code", "")
    return isinstance(error, Unprocessed) or code in _BUSY


@cache
def client(service: str) -> Any:
    """The boto3 client of `service`."""
    if service == "apigatewaymanagementapi":
        return boto3.client(service, endpoint_url=settings().sockets_url, config=_CONFIG.merge(_SOCKETS))
    return boto3.client(service, config=_CONFIG.merge(_S3) if service == "s3" else _CONFIG)
