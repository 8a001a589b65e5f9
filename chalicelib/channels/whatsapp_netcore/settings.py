"""The settings of a WhatsApp channel at Netcore."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from chalicelib.channels.whatsapp_netcore.place import API_BASE, SEND_PATH


class Settings(BaseModel):
    """Which source, and where Netcore's API is."""

    model_config = ConfigDict(extra="forbid")

    app_name: str | None = Field(None, min_length=1, max_length=128, description="Netcore asks for none.")
    source: str = Field(
        pattern=r"^[0-9A-Za-z_+-]{1,64}$", description="Netcore's source id for the number, not the number."
    )
    opt_in: bool = Field(
        False, description="Tell Netcore before each template that the customer has agreed to be written to."
    )
    rate_per_s: Rate = None
    send_path: str = Field(
        SEND_PATH, pattern=r"^[0-9A-Za-z_/-]{1,64}$", description="Below api_base, where messages are posted."
    )
    api_base: str = api_base(API_BASE)
