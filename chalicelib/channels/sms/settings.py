"""The settings of an SMS channel: a preset, or all that is to be known of a gateway."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_serializer
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from chalicelib.channels.rate import Rate
from chalicelib.channels.sms import consents, profile
from chalicelib.channels.sms.signatures import SCHEMES
from chalicelib.sources.expressions import MOST_CHARACTERS

_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,39}$"
_HEADER = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"
Expression = Annotated[
    str, Field(min_length=1, max_length=MOST_CHARACTERS, json_schema_extra={"format": "jsonata"})
]  # fmt: skip
"""JSONata."""
Template = Annotated[str, Field(max_length=4000, json_schema_extra={"format": "liquid"})]
"""Liquid."""
Word = Annotated[str, Field(min_length=1, max_length=100)]
Codes = Annotated[list[Word], Field(max_length=100)]
State = Literal["sent", "delivered", "read", "failed", "ignored"]
Preset = Literal[profile.PRESETS]  # type: ignore[valid-type]
Scheme = Literal[("none", *SCHEMES)]  # type: ignore[valid-type]
Members = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "propertyNames": {"minLength": 1}, "maxProperties": 50})
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    @model_serializer(mode="wrap")
    def _given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not there."""
        return {name: value for name, value in handler(self).items() if value is not None}


class Errors(_Part):
    """What the gateway's codes mean; a `*` at the end of one stands for all that begin so."""

    code: Expression | None = Field(None, description="Finds the code in an answer; else it is the HTTP status.")
    reason: Expression | None = None
    ok: Codes | None = None
    later: Codes | None = None
    owner: Codes | None = Field(None, description="What its owner can mend: the message waits.")
    refused: Codes | None = None
    opted_out: Codes | None = None


class Send(_Part):
    """The request that sends a text."""

    method: Literal["GET", "POST", "PUT"] | None = None
    url: Template | None = None
    headers: Annotated[dict[Annotated[str, Field(pattern=_HEADER)], Template], Field(max_length=20)] | None = None
    content_type: Annotated[str, Field(pattern=r"^[\w.+-]{1,60}/[\w.+-]{1,60}(; ?charset=[\w-]{1,20})?$")] | None = None
    body: Template | Members | None = Field(
        None, description="A text, or an object that is written as content_type is."
    )
    id: Expression | None = Field(None, description="Where the answer has what receipts name; without it, `ref` is.")
    errors: Errors | None = None
    most: Annotated[int, Field(ge=20, le=10_000)] | None = Field(None, description="Characters of one request.")
    most_sms: Annotated[int, Field(ge=1, le=50)] | None = Field(None, description="SMS that one request may become.")


class Mapping(_Part):
    """Where a message has what."""

    from_: Expression = Field(alias="from")
    text: Expression
    id: Expression | None = None
    name: Expression | None = None
    at: Expression | None = None


class Status(_Part):
    """Where a receipt has what."""

    id: Expression | None = None
    own_id: Expression | None = Field(None, description="Where it has the `id` that templates send.")
    state: Expression
    states: Annotated[dict[Word, State], Field(max_length=100)]
    to: Expression | None = None
    code: Expression | None = None
    reason: Expression | None = None
    at: Expression | None = None
    opted_out: Codes | None = Field(None, description="Codes of failures that say it; needs `to`.")


class Receive(_Part):
    """How what the gateway posts is read."""

    mapping: Mapping | None = None
    status: Status | None = None
    each: Expression | None = Field(None, description="Gives the list of messages or receipts of one post.")
    parse: Annotated[list[Word], Field(max_length=10)] | None = Field(None, description="Fields of JSON as text.")
    answer: Annotated[str, Field(max_length=1000)] | Members | None = None


class Signature(_Part):
    """How the gateway's posts are known for its own, with the secret `signature`."""

    scheme: Scheme
    name: Annotated[str, Field(pattern=_HEADER)] | None = Field(None, description="Of the header or query parameter.")


class Approved(_Part):
    """A template of a register, as it was approved."""

    name: Word
    id: Word
    body: Annotated[str, Field(min_length=1, max_length=2000)]
    """With `{#var#}`, `{{1}}` or `{{name}}` for its blanks."""
    language: Annotated[str, Field(max_length=35)] | None = None


class Settings(_Part):
    """A gateway, by preset or in full; what is given takes the place of the preset's."""

    preset: Preset | None = None
    send: Send | None = None
    receive: Receive | None = None
    signature: Signature | None = None
    from_: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = Field(
        None, alias="from", description="Number or name that texts come from."
    )
    options: Annotated[dict[Annotated[str, Field(pattern=_NAME)], Word], Field(max_length=20)] | None = Field(
        None, description="What templates call options.NAME, and is no secret."
    )
    templates: Annotated[list[Approved], Field(max_length=100)] | None = Field(
        None, description="Texts that a register has approved: which of them a text is, its words say."
    )
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        None, description="In which numbers are read that begin with one 0 or have no country's code."
    )
    stop_words: list[Literal[(*consents.languages(),)]] | None = Field(  # type: ignore[valid-type]
        None, description="Languages whose words end consent: all where it is not given, [] for none."
    )
    rate_per_s: Rate = None
    api_base: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$", max_length=512)] | None = Field(
        None, description="Where the preset's gateway is, else its own address.", json_schema_extra={"format": "uri"}
    )

    def judged(self, secrets: frozenset[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(what is wrong, addresses that will be called), each by its JSON pointer in the channel; `secrets` are the
        names of those that it has."""
        from chalicelib.channels.sms.judging import judged

        return judged(self.model_dump(mode="json"), secrets)
