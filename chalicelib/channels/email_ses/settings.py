"""The settings of a mail address."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.channels.api_base import api_base
from chalicelib.channels.email_ses.addresses import normal
from chalicelib.channels.rate import Rate


class Settings(BaseModel):
    """Which address, and how SES sends for it."""

    model_config = ConfigDict(extra="forbid")

    address: str = Field(
        pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$",
        max_length=254,
        description="To which mails come and from which they go; of one channel only.",
    )
    from_name: str = Field("", max_length=100, description="What is shown beside the address.")
    configuration_set: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_-]{0,64}$",
        description="Of SES, which tells what became of mails; else that of the identity.",
    )
    opens: bool = Field(
        False, description="Whether a mail counts as read when its picture is fetched, which some programs always do."
    )
    rate_per_s: Rate = None
    api_base: str | None = api_base(None, "SES's own of Parley's region, another region's, or a mock.")

    @field_validator("address")
    @classmethod
    def _address(cls, given: str) -> str:
        found = normal(given)
        if not found or "+" in found:
            raise ValueError("must be an address of mail without a plus: what is behind one is ours to use")
        return found
