"""JSON-shaped attributes that read back as they were written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pynamodb.attributes import Attribute

_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()


class PlainAttribute(Attribute[Any]):
    """Any JSON value as DynamoDB's own types: maps, lists, numbers (int or float), strings, booleans, null."""

    attr_type = "M"

    def serialize(self, value: Any) -> Any:
        return _SERIALIZER.serialize(_to_decimal(value))["M"]

    def deserialize(self, value: Any) -> Any:
        return _from_decimal(_DESERIALIZER.deserialize({"M": value}))


class PlainListAttribute(Attribute[Any]):
    """A list of JSON values as DynamoDB's own types."""

    attr_type = "L"

    def serialize(self, value: Any) -> Any:
        return _SERIALIZER.serialize(_to_decimal(value))["L"]

    def deserialize(self, value: Any) -> Any:
        return _from_decimal(_DESERIALIZER.deserialize({"L": value}))


def _to_decimal(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: _to_decimal(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_decimal(item) for item in value]
    return value


def _from_decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _from_decimal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_decimal(item) for item in value]
    return value
