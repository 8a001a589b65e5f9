"""The settings of a WhatsApp channel."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from chalicelib.channels.signalling import Seen, Typing
from chalicelib.channels.whatsapp.place import API_BASE


class Settings(BaseModel):
    """Which number, and where the Cloud API is."""

    model_config = ConfigDict(extra="forbid")

    phone_number_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="Meta's id of it, not the number.")
    business_account_id: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="Meta's id of the WhatsApp Business Account, whose templates people at desks choose from.",
    )
    rate_per_s: Rate = None
    typing: Typing = False
    seen: Seen = False
    api_base: str = api_base(API_BASE)
