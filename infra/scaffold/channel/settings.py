"""The settings of a Newchannel channel."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from infra.scaffold.channel.place import API_BASE


class Settings(BaseModel):
    """Where Newchannel's API is; which address it writes from, its key says."""

    model_config = ConfigDict(extra="forbid")

    rate_per_s: Rate = None
    api_base: str = api_base(API_BASE)
