"""One module per DynamoDB table: its model and the only queries made of it.

`MODELS` is what infra derives tables from; a module that is not listed here does not exist in AWS.
"""

from __future__ import annotations

from pynamodb.connection.base import Connection

from chalicelib.ports import aws

# PynamoDB would make each model a client of its own: 60 ms of a cold start each (botocore reads its description of
# DynamoDB anew), and a TLS connection each. All share ours, whose timeouts and retries are the same and said once.
Connection.client = property(lambda _: aws.client("dynamodb"))  # type: ignore[assignment,method-assign]

MODEL_NAMES = (
    ("config", "Resource"),
    ("endpoints", "Endpoint"),
    ("threads", "ThreadRow"),
    ("messages", "MessageRow"),
    ("connections", "ConnectionRow"),
    ("inbox", "InboxRow"),
    ("beats", "BeatRow"),
    ("contacts", "ContactRow"),
    ("trigger_events", "TriggerEvent"),
    ("deliveries", "DeliveryRow"),
    ("replays", "ReplayRow"),
    ("figures", "FigureRow"),
    ("schedule", "Due"),
    ("receipts", "Receipt"),
    ("failures", "Failure"),
    ("audit", "AuditEntry"),
)
"""(module, model class) of every table, in the order in which a message meets them."""
