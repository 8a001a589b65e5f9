"""The setting of a channel that says where its provider's API is; only the API imports it."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def api_base(default: str | None, description: str = "With the version.") -> Any:
    """A field for it: a URL without a query, which is judged when it is saved, as it will be called."""
    return Field(
        default,
        pattern=r"^https?://[^\s?#]+$",
        max_length=512,
        description=description,
        json_schema_extra={"format": "uri"},
    )
