"""JSON-shaped attributes that read back as they were written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pynamodb.attributes import Attribute


class _Deserializer(TypeDeserializer):
    """boto3's, but for numbers: JSON's own instead of Decimal, which spares going through every value again."""

    def _deserialize_n(self, value: str) -> int | float:
        if value.removeprefix("-").isdigit():
            return int(value)
        exact = Decimal(value)
        return int(exact) if exact == exact.to_integral_value() else float(exact)


_SERIALIZER = TypeSerializer()
_DESERIALIZER = _Deserializer()


class PlainAttribute(Attribute[Any]):
    """Any JSON value as DynamoDB's own types: maps, lists, numbers (int or float), strings, booleans, null."""

    attr_type = "M"

    def serialize(self, value: Any) -> Any:
        return _SERIALIZER.serialize(_to_decimal(value))["M"]

    def deserialize(self, value: Any) -> Any:
        return _DESERIALIZER.deserialize({"M": value})


class PlainListAttribute(Attribute[Any]):
    """A list of JSON values as DynamoDB's own types."""

    attr_type = "L"

    def serialize(self, value: Any) -> Any:
        return _SERIALIZER.serialize(_to_decimal(value))["L"]

    def deserialize(self, value: Any) -> Any:
        return _DESERIALIZER.deserialize({"L": value})


def _to_decimal(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: _to_decimal(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_decimal(item) for item in value]
    return value
