"""The setting of a channel that says how fast it is sent to; only the API imports it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

_SAYS = "Messages a second that the provider takes; else what is usual with it."
Rate = Annotated[
    Annotated[float, Field(gt=0, le=1000, description=_SAYS)] | None, Field(exclude_if=lambda rate: rate is None)
]
"""From one in some minutes to as many as a row of DynamoDB takes writes; not there where it is not set."""
