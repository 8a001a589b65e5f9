"""The settings of a channel of Messenger."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.channels.api_base import api_base
from chalicelib.channels.meta_kind import OF_PAGES
from chalicelib.channels.rate import Rate
from chalicelib.channels.signalling import Seen, Typing


class Settings(BaseModel):
    """Which Page, and where the Graph API is."""

    model_config = ConfigDict(extra="forbid")

    page_id: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="Of the Facebook Page.")
    human_agent: bool = Field(
        False, description="People may answer for seven days: Meta has granted the app its Human Agent permission."
    )
    rate_per_s: Rate = None
    typing: Typing = False
    seen: Seen = False
    api_base: str = api_base(OF_PAGES)
