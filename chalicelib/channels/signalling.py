"""The settings of a channel that say what a customer is shown beside messages; only the API imports it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Typing = Annotated[bool, Field(description="Show the customer that somebody writes.")]
Seen = Annotated[bool, Field(description="Show the customer that their message was read.")]
