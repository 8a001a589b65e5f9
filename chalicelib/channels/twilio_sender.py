"""The settings of a channel of Twilio that say whose it is and who sends; only the API imports it."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from chalicelib.channels.twilio import API_BASE


def _somebody(schema: dict[str, Any]) -> None:
    """That one of the two has to be there, in a way that a form made of the schema passes over."""
    schema["not"] = {"properties": {name: {"type": "null"} for name in ("from", "messaging_service_sid")}}


class Sender(BaseModel):
    """Which account, which sender of it, and where Twilio's API is."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, json_schema_extra=_somebody)

    account_sid: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="The account's id (AC...).")
    sender: str | None = Field(
        None,
        alias="from",
        pattern=r"^(whatsapp:)?\+?[0-9A-Za-z][0-9A-Za-z &_.-]{0,14}$",
        description="The number that sends, in the form +14155550100; for SMS also a short code or a name.",
    )
    messaging_service_sid: str | None = Field(
        None, pattern=r"^[0-9A-Za-z_-]{1,64}$", description="A messaging service (MG...), which picks the sender."
    )
    rate_per_s: Rate = None
    api_base: str = api_base(API_BASE, "Without the version; that of a region, or a mock.")

    @model_validator(mode="after")
    def _somebody_sends(self) -> Self:
        if not self.sender and not self.messaging_service_sid:
            raise ValueError("needs from or messaging_service_sid")
        return self
