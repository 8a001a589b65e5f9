"""The settings of a number that is called."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.channels.api_base import api_base
from chalicelib.channels.rate import Rate
from chalicelib.channels.twilio import API_BASE

Number = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{4,14}$")]


class Settings(BaseModel):
    """Which number, and how it speaks."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    account_sid: str = Field(pattern=r"^AC[0-9A-Za-z]{1,64}$")
    from_: Number = Field(alias="from", description="The number: it is called, and calls.")
    language: str = Field(
        "en-US", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$", description="What is spoken and understood (BCP 47)."
    )
    voice: str = Field(
        "", max_length=64, pattern=r"^[A-Za-z0-9.+_-]*$", description="One of Twilio's, as `Polly.Vicki`."
    )
    greeting: str = Field("", max_length=1000, description="Spoken as soon as somebody calls, before a bot is asked.")
    start_text: str = Field(
        "", max_length=200, description="Said in the caller's name when they call, for bots that wait for a text."
    )
    speech: bool = Field(True, description="Whether callers may speak; else they press keys.")
    transfer_to: Number | Literal[""] = Field(
        "", description="The number that calls go to which a desk gets, or that nobody answers."
    )
    record: bool = Field(False, description="Whether callers may leave a message where nobody answers.")
    machines: Literal["", "hang_up", "leave_message"] = Field(
        "", description="What a call of ours does where a machine answers; empty: nobody looks."
    )
    ring_s: int = Field(30, ge=5, le=600, description="For how long a call of ours rings.")
    rate_per_s: Rate = None
    api_base: str = api_base(API_BASE, "Twilio's own, of a region of it, or of a mock.")
