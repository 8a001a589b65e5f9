"""Forms of text: what checks a request and what the OpenAPI description says of it are the same words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from chalicelib.ports.clock import from_rfc3339
from chalicelib.tables.config import PREFIXES, SYSTEM


@dataclass(frozen=True, slots=True)
class Form:
    """A form of text that is ours."""

    name: str
    """Its `format`."""
    pattern: str
    """A regular expression for the whole text, in what ECMA 262, Python and Rust have in common."""

    def fits(self, text: str) -> bool:
        """Whether a text has this form."""
        return re.fullmatch(self.pattern, text) is not None

    @property
    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "string", "format": self.name, "pattern": f"^{self.pattern}$"}


def _resource(kind: str) -> Form:
    length = 10 if kind == "service" else 26
    return Form(f"{kind}-id", rf"{PREFIXES[kind]}_[a-z2-7]{{{length}}}")


RESOURCES = {kind: _resource(kind) for kind in PREFIXES} | {"key": Form("key-id", "[a-z0-9]{16}")}
"""Kind -> the form of its ids."""
CONTACT = Form("contact-id", "ct_[a-z2-7]{26}")
THREAD = Form("thread-id", "th_[a-z2-7]{26}")
CONVERSATION = Form("conversation-id", "cv_[a-z2-7]{26}_[1-9][0-9]{0,9}")
MESSAGE = Form("message-id", "ms_[a-z2-7]{26}_[a-z2-7]{16}")
LANE = Form("lane", "[a-z2-7]{26}-[a-z]{2}_[a-z2-7]{26}(-[a-z0-9]{1,10}){0,2}(-r)?")
DELIVERY = Form("delivery-id", f"dl_{LANE.pattern}-[A-Za-z0-9_]{{1,100}}")
TRIGGER_EVENT = Form("trigger-event-id", "te_[0-9a-z]{26}")
REPLAY = Form("replay-id", "rd_[a-z2-7]{10}[0-9a-z]{26}")
FAILURE = Form("failure-id", "fa_[a-z0-9]{26}")
AUDIT_ENTRY = Form("audit-id", "au_[a-z0-9]{26}")
RULES_VERSION = Form("rules-version-id", "(0|[1-9][0-9]{0,12})")
"""The time of a change, in milliseconds since the epoch."""
SERVICE_OR_SYSTEM = Form("service-id", f"({RESOURCES['service'].pattern}|{SYSTEM})")
"""What holds for no service has entries in the audit, under a name of its own."""
COUNTRY = Form("country-code", "[A-Z]{2}")
LANGUAGE = Form("language-tag", "[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
SLUG = Form("slug", "[a-z][a-z0-9_]{0,49}")


def _typed(form: Form) -> Any:
    return Field(pattern=f"^{form.pattern}$", json_schema_extra={"format": form.name})


def named(format: str) -> Any:
    """A field whose `format` says in one word what its description says in more."""
    return Field(json_schema_extra={"format": format})


def _time(text: str) -> str:
    from_rfc3339(text)
    return text


Time = Annotated[str, Field(max_length=40), AfterValidator(_time), named("date-time")]
"""A time in RFC 3339."""


def mail_address(most: int) -> Any:
    """An e-mail address, whose empty text says as little as null."""
    return WithJsonSchema({"type": "string", "maxLength": most, "anyOf": [{"format": "email"}, {"const": ""}]})


ServiceId = Annotated[str, _typed(RESOURCES["service"])]
ChannelId = Annotated[str, _typed(RESOURCES["channel"])]
BotId = Annotated[str, _typed(RESOURCES["bot"])]
RuleId = Annotated[str, _typed(RESOURCES["rule"])]
DeskId = Annotated[str, _typed(RESOURCES["desk"])]
SubscriptionId = Annotated[str, _typed(RESOURCES["subscription"])]
PersonId = Annotated[str, _typed(RESOURCES["person"])]
ContactId = Annotated[str, _typed(CONTACT)]
Country = Annotated[str, _typed(COUNTRY)]
Language = Annotated[str, _typed(LANGUAGE), Field(max_length=35)]
Slug = Annotated[str, _typed(SLUG)]
Moment = Annotated[str, named("date-time")]
"""An RFC 3339 time."""
