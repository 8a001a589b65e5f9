"""The settings of a WhatsApp channel at Gupshup."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from chalicelib.channels.whatsapp_gupshup.place import API_BASE, GATEWAY_BASE


def _either(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [
        {"required": [name], "properties": {name: {"type": "string"}}} for name in ("app_name", "user_id")
    ]


class Settings(BaseModel):
    """Which app or account and number, and where Gupshup's API is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_either)

    app_name: str | None = Field(None, min_length=1, max_length=128, description="Of the app in Gupshup's console.")
    source: str = Field(pattern=r"^\+?[0-9]{7,15}$", description="The number, with the country's code: 14155550100.")
    user_id: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_.@-]{1,64}$",
        description="Of an enterprise account instead of an app; the api_key is its password.",
    )
    hsm_user_id: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_.@-]{1,64}$",
        description="Of the account that sends templates, where it is another one; its password is hsm_password.",
    )
    opt_in: bool = Field(
        False, description="Tell the gateway before each template that the user has agreed to have it, which you know."
    )
    rate_per_s: Rate = None
    api_base: str = api_base(API_BASE, "Without the path; of an enterprise account that of its gateway.")

    @model_validator(mode="after")
    def _app_or_account(self) -> Self:
        if not self.app_name and not self.user_id:
            raise ValueError("needs app_name or user_id")
        if self.user_id and self.api_base == API_BASE:
            self.api_base = GATEWAY_BASE
        return self
