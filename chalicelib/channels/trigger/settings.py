"""Threads of triggers have no settings: what a trigger is stands in its resource."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """None."""

    model_config = ConfigDict(extra="forbid")
