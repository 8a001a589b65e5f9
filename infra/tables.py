"""DynamoDB tables as their PynamoDB models describe them."""

from __future__ import annotations

from typing import Any

from infra import declared
from infra.parameters import when


def logical(table: str) -> str:
    """Resource name of a table."""
    return f"{declared.pascal(table)}Table"


def resources() -> dict[str, Any]:
    """Every table."""
    return {logical(table): _table(table, model) for table, model in declared.models().items()}


def ttl_attribute(table: str) -> str | None:
    """Name of the attribute that DynamoDB expires rows by: `expires` or `expiration` where the model has one.

    Powertools calls it `expiration`, as its rows share the table `receipts`.
    """
    attributes = declared.models()[table].get_attributes()
    return next((name for name in ("expires", "expiration") if name in attributes), None)


def _table(table: str, model: Any) -> dict[str, Any]:
    schema = model._get_schema()
    properties: dict[str, Any] = {
        "TableName": {"Fn::Sub": f"parley-${{Stage}}-{table}"},
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": sorted(schema["attribute_definitions"], key=lambda row: row["AttributeName"]),
        "KeySchema": _keys(schema),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        # Not enabled is encrypted too, by a key of DynamoDB's own, which costs nothing.
        "SSESpecification": {
            "SSEEnabled": {"Fn::If": ["OwnTableKey", True, False]},
            "SSEType": when("OwnTableKey", "KMS"),
            "KMSMasterKeyId": when("OwnTableKey", {"Ref": "TableKeyArn"}),
        },
        "DeletionProtectionEnabled": {"Fn::If": ["Keep", True, False]},
    }
    if indexes := schema["global_secondary_indexes"]:
        properties["GlobalSecondaryIndexes"] = [
            {"IndexName": index["index_name"], "KeySchema": _keys(index), "Projection": index["projection"]}
            for index in sorted(indexes, key=lambda index: str(index["index_name"]))
        ]
    if view := getattr(model.Meta, "stream_view_type", None):
        properties["StreamSpecification"] = {"StreamViewType": view}
    if attribute := ttl_attribute(table):
        properties["TimeToLiveSpecification"] = {"AttributeName": attribute, "Enabled": True}
    # What people wrote outlives a stack that somebody deletes by mistake.
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }


def _keys(schema: dict[str, Any]) -> list[dict[str, str]]:
    """The key with its hash first, as CloudFormation demands; PynamoDB gives them by name."""
    return sorted(schema["key_schema"], key=lambda row: str(row["KeyType"]))
