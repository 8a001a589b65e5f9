"""One module per DynamoDB table: its model and the only queries made of it.

`MODELS` is what infra derives tables from; a module that is not listed here does not exist in AWS.
"""

from __future__ import annotations

MODEL_NAMES = (
    ("config", "Resource"),
    ("endpoints", "Endpoint"),
    ("threads", "ThreadRow"),
    ("messages", "MessageRow"),
    ("contacts", "ContactRow"),
    ("deliveries", "DeliveryRow"),
    ("schedule", "Due"),
    ("receipts", "Receipt"),
    ("failures", "Failure"),
    ("audit", "AuditEntry"),
)
"""(module, model class) of every table, in the order in which a message meets them."""
