"""The settings of a Telegram channel."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from chalicelib.channels.signalling import Typing
from chalicelib.channels.telegram.place import API_BASE


class Settings(BaseModel):
    """Where the Bot API is; which bot, its token says."""

    model_config = ConfigDict(extra="forbid")

    rate_per_s: Rate = None
    typing: Typing = False
    api_base: str = api_base(API_BASE, "Telegram's own, or that of a Bot API server of yours.")
