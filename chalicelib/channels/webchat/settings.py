"""The settings of a web chat channel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.channels.webchat.pages import LOOK, words

_Origin = Annotated[str, Field(pattern=r"^(\*|https?://[A-Za-z0-9.\-]+(:\d{1,5})?)$", max_length=255)]
_Label = Annotated[str, Field(pattern=f"^({'|'.join(words('en'))})$")]
_Words = Annotated[str, Field(max_length=200)]


class Settings(BaseModel):
    """How the widget looks, and which pages may use it."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(str(LOOK["title"]), max_length=80, description="Heading of the chat panel.")
    greeting: str = Field(
        str(LOOK["greeting"]), max_length=500, description="Shown above an empty conversation; not sent."
    )
    colour: str = Field(
        str(LOOK["colour"]), pattern=r"^#[0-9a-fA-F]{6}$", description="Of the launcher and the visitor's bubbles."
    )
    position: Literal["left", "right"] = Field("right", description="Corner of the page where the launcher stands.")
    language: str = Field(
        str(LOOK["language"]),
        pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$",
        description="BCP 47 tag of the widget's words and dates; empty: that of the page, where we have words in it.",
    )
    theme: Literal["auto", "light", "dark"] = Field("auto", description="`auto`: as the visitor's system has it.")
    sound: bool = Field(False, description="Whether a message is heard until the visitor says otherwise.")
    ask_email: bool = Field(
        False, description="Whether the widget asks for an e-mail address where nobody has come for a minute."
    )
    uploads: bool = Field(False, description="Whether visitors may send files, of ten megabytes at most.")
    labels: dict[_Label, _Words] = Field(default_factory=dict, description="Words of the widget to replace.")
    allowed_origins: list[_Origin] = Field(
        ["*"], min_length=1, max_length=50, description="Origins of pages that may post."
    )
