"""The settings of a custom channel."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.channels.rate import Rate


class Settings(BaseModel):
    """Where messages are posted."""

    model_config = ConfigDict(extra="forbid")

    send_url: str = Field(
        pattern=r"^https?://[^\s]+$",
        max_length=2048,
        description="Takes our signed messages.",
        json_schema_extra={"format": "uri"},
    )
    rate_per_s: Rate = None
    name: str = Field("", max_length=80, description="What the gateway speaks to, for the console.")
