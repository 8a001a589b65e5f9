"""The settings of a WhatsApp channel at Gupshup."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from chalicelib.channels.whatsapp_gupshup.place import API_BASE


class Settings(BaseModel):
    """Which app and number, and where Gupshup's API is."""

    model_config = ConfigDict(extra="forbid")

    app_name: str = Field(min_length=1, max_length=128, description="Of the app in Gupshup's console.")
    source: str = Field(
        pattern=r"^\+?[0-9]{7,15}$", description="The app's number, with the country's code: 14155550100."
    )
    rate_per_s: Rate = None
    api_base: str = api_base(API_BASE, "Without the path.")
