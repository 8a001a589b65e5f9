"""Rules: when (JSONLogic over a message) -> who gets it, through which transformers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.http.fields import Condition, Fields, Members, Name, invalid, shared, small
from chalicelib.api.http.formats import BotId, ChannelId, DeskId, ServiceId
from chalicelib.api.kinds.contract import Draft, Kind, Settled
from chalicelib.domain.deciding import conditions
from chalicelib.tables import config


def _to(whom: str) -> dict[str, Any]:
    """The schema of rules to somebody: who that is has to be said."""
    named = [f"{one}_id" for one in whom.split("+") if one != "none"]
    given: dict[str, Any] = {name: {"type": "string"} for name in named}
    return {"properties": {"to": {"const": whom}} | given, "required": ["to", *named]}


class Transformer(Fields):
    """A step that a message goes through; further fields are the transformer's own."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "propertyNames": {"minLength": 1}, "additionalProperties": shared("Json"),
        },
    )  # fmt: skip

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,49}$")]
    when: Condition = None
    options: Members = {}


class Rule(Fields):
    """A rule."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_to(whom) for whom in ("bot", "desk", "bot+desk", "none")]})

    service_id: ServiceId
    name: Name
    position: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """The first rule by position that matches decides; the last place where none is given."""
    channel_ids: Annotated[list[ChannelId], Field(max_length=100)] = []
    """Channels it holds for; none: all."""
    when: Condition = None
    """JSONLogic; null: always."""
    to: Literal["bot", "desk", "bot+desk", "none"]
    bot_id: BotId | None = None
    desk_id: DeskId | None = None
    bot_patience_s: Annotated[int, Field(ge=0, le=86_400)] = 60
    """How long a failing bot is waited for before the thread goes to the desk."""
    on_bot_failure: Literal["desk", "wait"] = "desk"
    transformers: Annotated[list[Transformer], Field(max_length=20)] = []


class RuleAnswer(Rule):
    """A rule, as it stands."""

    id: str
    created_at: str
    updated_at: str


def settle(draft: Draft) -> Settled:
    """The rule with its position; Problem 422 for what does not fit together or is no condition."""
    fields = draft.fields
    wrong = [
        (f"/{name}_id", f"is needed where to is {fields['to']}")
        for name in ("bot", "desk")
        if name in fields["to"].split("+") and not fields[f"{name}_id"]
    ]
    wrong += [(f"/when{path}", what) for path, what in conditions.problems(fields["when"])]
    for n, step in enumerate(fields["transformers"]):
        wrong += [(f"/transformers/{n}/when{path}", what) for path, what in conditions.problems(step["when"])]
    try:
        small(fields["transformers"], most=16_384)
    except ValueError as error:
        wrong.append(("/transformers", str(error)))
    if wrong:
        raise invalid(wrong)
    body = {key: value for key, value in fields.items() if value is not None}
    if "position" not in body:
        body["position"] = draft.body.get("position") or _last(draft.service) + 1
    return Settled(body)


def _last(service: str) -> int:
    """Position of the last rule."""
    rows = config.of_kind(service, "rule")
    return max((int(row.body.get("position", 0)) for row in rows), default=0)


KIND = Kind(
    name="rule", model=Rule, answer=RuleAnswer, settle=settle,
    refs={"channel_ids": "channel", "bot_id": "bot", "desk_id": "desk"},
)  # fmt: skip
