"""The settings of a channel of Instagram."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.channels.api_base import api_base
from chalicelib.channels.meta_kind import OF_ACCOUNTS, OF_PAGES
from chalicelib.channels.rate import Rate
from chalicelib.channels.signalling import Seen, Typing


class Settings(BaseModel):
    """Which account, and where the Graph API is."""

    model_config = ConfigDict(extra="forbid")

    account_id: str = Field(
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="Of the professional account, as notifications name it (1784...).",
    )
    page_id: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="Of the Facebook Page that the account is linked to, where the token is that Page's.",
    )
    human_agent: bool = Field(
        False, description="People may answer for seven days: Meta has granted the app its Human Agent permission."
    )
    rate_per_s: Rate = None
    typing: Typing = False
    seen: Seen = False
    api_base: str = api_base(OF_ACCOUNTS, "With the version; with a page_id that of graph.facebook.com.")

    @model_validator(mode="after")
    def _where_the_token_opens(self) -> Self:
        if self.page_id and self.api_base == OF_ACCOUNTS:
            self.api_base = OF_PAGES
        return self
