"""Threads of sources have no settings: what a source is stands in its resource."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """None."""

    model_config = ConfigDict(extra="forbid")
