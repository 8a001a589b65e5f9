"""The OpenAPI 3.1 description, from the table of routes and the models that check the requests."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib import __version__
from chalicelib.api.console.oidc import Issuer
from chalicelib.api.console.session import Me, SignIn
from chalicelib.api.contacts.consents import ConsentEntry
from chalicelib.api.contacts.erasing import Erasure
from chalicelib.api.contacts.fields import Contact, ContactAnswer, ContactChange, ContactLine
from chalicelib.api.contacts.files import ExportedLine, Imported
from chalicelib.api.contacts.merging import Dismissed, MergedAnswer, MergeFrom, Merges, Unmerge, UnmergedAnswer
from chalicelib.api.conversations import (
    beat,
    files,
    mentions,
    messages,
    recent,
    sending,
    templates,
    tests,
    ticket,
)
from chalicelib.api.conversations.agents import DeskEvents
from chalicelib.api.conversations.direct import Complete, Completed, DirectCall
from chalicelib.api.conversations.inbox import Seen
from chalicelib.api.conversations.inbox_rows import InboxAnswer
from chalicelib.api.conversations.trigger_events import EventAnswer, TriggerAsk, TriggerAsked
from chalicelib.api.deliveries.replay import Replay
from chalicelib.api.deliveries.replays import NewReplay, ReplayJob
from chalicelib.api.deliveries.shapes import (
    ConversationTimeline,
    Counted,
    Need,
    ReplayAnswer,
    WaitingLane,
    WebhookHealth,
)
from chalicelib.api.figures.shapes import FiguresAnswer
from chalicelib.api.http import shapes
from chalicelib.api.http.base_url import base_url
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.dispatch import load
from chalicelib.api.http.fields import JSON, SHARED
from chalicelib.api.http.routes import EDGE, OPEN, PAGE, TABLE, Route
from chalicelib.api.kinds.contract import all_kinds, kind_of
from chalicelib.api.openapi import conditions
from chalicelib.api.openapi.bodies import DONE_TOO, EMPTY_TOO, FILES, KINDS
from chalicelib.api.openapi.doors import MODELS, OPERATIONS, SCHEMAS
from chalicelib.api.openapi.inputs import REFERENCE, change_of, item_of
from chalicelib.api.openapi.parameters import parameters
from chalicelib.api.openapi.statuses import refusals, responses
from chalicelib.api.setup import together
from chalicelib.api.setup.bundles import Bundle
from chalicelib.api.setup.channel_checks import ChannelHealth, VerifiedChannel
from chalicelib.api.setup.rotation import Rotation
from chalicelib.api.setup.rule_compare import Comparison, RulesCompared
from chalicelib.api.setup.rule_order import Ordered, RulesOrder
from chalicelib.api.setup.rule_trial import RuleTrial, TriedRules
from chalicelib.api.setup.rule_versions import Restore, Restored, RulesThen, RulesVersion
from chalicelib.api.setup.signing import SignedOut, SignIns, SignOut
from chalicelib.api.setup.source_trial import Trial, Tried

_REF = "#/components/schemas/{model}"
_LISTS: dict[str, type[BaseModel]] = {
    "api.conversations.conversations:listing": shapes.ListedConversation,
    "api.contacts.contacts:listing": ContactAnswer,
    "api.contacts.consents:listing": ConsentEntry,
    "api.conversations.messages:listing": shapes.Message,
    "api.conversations.timeline:listing": shapes.MessageOnChannel,
    "api.conversations.inbox:listing": InboxAnswer,
    "api.conversations.templates:listing": templates.ApprovedTemplate,
    "api.deliveries.deliveries:listing": shapes.Delivery,
    "api.deliveries.lanes:listing": WaitingLane,
    "api.deliveries.attention:listing": Need,
    "api.deliveries.replays:listing": ReplayJob,
    "api.conversations.trigger_events:listing": EventAnswer,
    "api.deliveries.failures:listing": shapes.Failure,
    "api.setup.audit:listing": shapes.AuditEntry,
    "api.setup.rule_versions:listing": RulesVersion,
}
_OTHERS: dict[str, tuple[int, type[BaseModel] | None, type[BaseModel] | None]] = {
    "api.http.health:health": (200, None, shapes.Health),
    "api.setup.verification:verify": (200, None, shapes.Verified),
    "api.setup.channel_checks:verify": (200, None, VerifiedChannel),
    "api.setup.channel_checks:health": (200, None, ChannelHealth),
    "api.setup.rule_trial:try_out": (200, RuleTrial, TriedRules),
    "api.setup.rule_compare:compare": (200, RulesCompared, Comparison),
    "api.setup.rule_order:order": (200, RulesOrder, Ordered),
    "api.setup.rule_versions:one": (200, None, RulesThen),
    "api.setup.rule_versions:restore": (200, Restore, Restored),
    "api.setup.source_trial:try_out": (200, Trial, Tried),
    "api.contacts.contacts:create": (201, Contact, ContactAnswer),
    "api.contacts.contacts:one": (200, None, ContactAnswer),
    "api.contacts.contacts:change": (200, ContactChange, ContactAnswer),
    "api.contacts.files:load": (200, ContactLine, Imported),
    "api.contacts.files:dump": (200, None, ExportedLine),
    "api.contacts.erasing:remove": (202, None, Erasure),
    "api.contacts.erasing:one": (200, None, Erasure),
    "api.contacts.merging:merge": (200, MergeFrom, MergedAnswer),
    "api.contacts.merging:unmerge": (200, Unmerge, UnmergedAnswer),
    "api.contacts.merging:dismiss": (200, Dismissed, ContactAnswer),
    "api.contacts.merging:merges": (200, None, Merges),
    "api.setup.apply:apply": (200, Bundle, shapes.Applied),
    "api.setup.export:export": (200, None, Bundle),
    "api.setup.together:together": (200, None, together.shape()),
    "api.conversations.conversations:one": (200, None, shapes.ConversationWithThread),
    "api.deliveries.attempts:listing": (200, None, ConversationTimeline),
    "api.conversations.direct:create": (201, DirectCall, shapes.Conversation),
    "api.conversations.direct:complete": (200, Complete, Completed),
    "api.conversations.sending:create": (202, sending.FirstWord, sending.FirstWordTaken),
    "api.conversations.sending:try_out": (200, sending.Way, sending.WayFound),
    "api.conversations.trigger_events:one": (200, None, EventAnswer),
    "api.conversations.trigger_events:invoke": (202, TriggerAsk, TriggerAsked),
    "api.conversations.conversations:thread": (200, None, shapes.ThreadWithConversations),
    "api.conversations.messages:airy_listing": (200, messages.MessagesList, shapes.MessagesListAnswer),
    "api.conversations.recent:recent": (200, recent.RecentMessages, recent.RecentMessagesAnswer),
    "api.conversations.messages:one": (200, None, shapes.Message),
    "api.deliveries.deliveries:one": (200, None, shapes.Delivery),
    "api.conversations.agents:events": (202, DeskEvents, shapes.Accepted),
    "api.conversations.files:offer": (200, files.FilesToPut, files.FilePlacesForAgent),
    "api.conversations.beat:beat": (200, beat.Beat, beat.BeatAnswer),
    "api.conversations.tests:begin": (201, None, tests.TestChat),
    "api.conversations.ticket:issue": (200, ticket.TicketFor, ticket.TicketAnswer),
    "api.conversations.inbox:claim": (200, None, InboxAnswer),
    "api.conversations.inbox:seen": (204, Seen, None),
    "api.conversations.mentions:looked": (204, mentions.Looked, None),
    "api.deliveries.trying:one": (202, None, shapes.Delivery),
    "api.deliveries.trying:all_lanes": (202, None, Counted),
    "api.deliveries.lanes:health": (200, None, WebhookHealth),
    "api.figures.figures:listing": (200, None, FiguresAnswer),
    "api.deliveries.replay:one": (202, None, shapes.Delivery),
    "api.deliveries.replay:many": (202, Replay, ReplayAnswer),
    "api.deliveries.replays:create": (202, NewReplay, ReplayJob),
    "api.deliveries.replays:one": (200, None, ReplayJob),
    "api.deliveries.replays:cancel": (200, None, ReplayJob),
    "api.deliveries.failures:one": (200, None, shapes.Failure),
    "api.deliveries.failures:replay": (202, None, shapes.Failure),
    "api.setup.audit:one": (200, None, shapes.AuditEntry),
    "api.console.session:begin": (200, SignIn, Me),
    "api.console.session:current": (200, None, Me),
    "api.console.session:end": (204, None, None),
    "api.console.oidc:about": (200, None, Issuer),
    "api.setup.signing:listing": (200, None, SignIns),
    "api.setup.signing:out": (200, SignOut, SignedOut),
    "steps.receive_trigger:run": (202, TriggerAsk, TriggerAsked),
    "steps.receive_source:run": (202, shapes.SourceEvents, shapes.SourceAccepted),
}
"""Function -> (status, what it takes, what it answers)."""


def document(call: Call) -> Answer:
    """The description, with this deployment as its server."""
    return Answer(200, description() | {"servers": [{"url": base_url(call.context)}]})


@cache
def description() -> dict[str, Any]:
    """The description without a server."""
    paths: dict[str, dict[str, Any]] = {}
    for route in TABLE:
        door = OPERATIONS.get((route.method, route.path))
        if door:
            named = {"operationId": f"{route.method.lower()}_{_plain(route.path)}"}
            paths.setdefault(route.path, {})[route.method.lower()] = named | door | {"security": []}
        elif route.scope not in (EDGE, PAGE) or route.function in _OTHERS:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": __version__,
            "description": "Channels, bots and people on one switchboard.",
        },
        "paths": paths,
        "components": {
            "schemas": _linked(_schemas()),
            "responses": responses(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key: pk_..."},
                "secret": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A trigger's or source's own secret: trg_... or src_...",
                },
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    status, takes, answers = _facts(route)
    name = route.function.partition(":")[2]
    tag = route.plural or route.path.strip("/").split("/")[-1 if route.path.count("/") == 1 else 1].partition(":")[0]
    kinds = KINDS.get(route.function, ("application/json",))
    operation: dict[str, Any] = {
        "operationId": f"{name}_{tag}" if _of_many(route) else f"{route.method.lower()}_{_plain(route.path)}",
        "summary": _summary(route),
        "tags": [tag],
        "parameters": parameters(route),
        "responses": dict.fromkeys(
            map(str, (status, *DONE_TOO.get(route.function, ()))),
            _answer(answers, ("application/json",) if takes else kinds),
        )
        | refusals(route, takes=bool(takes)),
    }
    if takes:
        schema = {"$ref": _REF.format(model=takes)}
        content = {kind: {"schema": FILES.get(kind, schema)} for kind in kinds}
        operation["requestBody"] = {"required": route.function not in EMPTY_TOO, "content": content}
    if route.scope == EDGE:
        operation["security"] = [{"secret": []}]
    elif route.scope != OPEN:
        operation |= {"security": [{"key": []}], "x-scope": route.scope}
    return operation


def _facts(route: Route) -> tuple[int, str, dict[str, Any] | None]:
    """(status, name of what it takes, schema of what it answers)."""
    if route.function.startswith(("api.setup.resources:", "api.setup.lists:")):
        kind, name = kind_of(route.plural), route.function.partition(":")[2]
        takes = {"create": kind.model.__name__, "change": kind.model.__name__ + "Change"}.get(name, "")
        if name == "remove":
            return 204, "", None
        one = {"$ref": _REF.format(model=kind.answer.__name__)}
        return 201 if name == "create" else 200, takes, _list_of(one) if name == "listing" else one
    if route.function in _LISTS:
        return 200, "", _list_of({"$ref": _REF.format(model=_LISTS[route.function].__name__)})
    if route.function.startswith("api.setup.rotation:"):
        return 200, "Rotation", {"$ref": _REF.format(model=kind_of(route.plural).answer.__name__ + "Rotated")}
    if route.function == "api.openapi.document:document":
        return 200, "", {"type": "object"}
    status, takes_model, answers = _OTHERS[route.function]
    schema = {"$ref": _REF.format(model=answers.__name__)} if answers else None
    return status, takes_model.__name__ if takes_model else "", schema


def _list_of(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["data", "next_cursor"],
        "properties": {"data": {"type": "array", "items": one}, "next_cursor": {"type": ["string", "null"]}},
    }


def _answer(schema: dict[str, Any] | None, kinds: tuple[str, ...]) -> dict[str, Any]:
    content = {kind: {"schema": FILES.get(kind, schema)} for kind in kinds}
    return {"description": "Done"} | ({"content": content} if schema else {})


def _schemas() -> dict[str, Any]:
    kinds = all_kinds().values()
    takes = [kind.model for kind in kinds] + [Rotation] + [one for _, one, _ in _OTHERS.values() if one]
    takes += MODELS
    answers = [kind.answer for kind in kinds] + [*_LISTS.values(), shapes.Problem]
    answers += [one for _, _, one in _OTHERS.values() if one]
    inputs: list[Any] = [(model, "validation") for model in dict.fromkeys([*takes, *answers])]
    _, whole = models_json_schema(inputs, ref_template=_REF)
    schemas: dict[str, Any] = whole["$defs"]
    for kind in kinds:
        name = kind.model.__name__
        answer = schemas[kind.answer.__name__]
        schemas[f"{kind.answer.__name__}Rotated"] = answer | {
            "required": [*answer.get("required", []), "old_valid_until"],
            "properties": answer["properties"] | {"old_valid_until": {"type": "string", "format": "date-time"}},
        }
        schemas[f"{name}Change"] = change_of(kind, schemas)
        schemas[f"{name}Item"] = item_of(kind, schemas[name])
    return schemas | conditions.schemas() | SCHEMAS | {"Json": JSON, "SecretReference": REFERENCE}


def _linked(schema: Any) -> Any:
    """A schema in which those that are shared are referred to."""
    if isinstance(schema, dict):
        if SHARED in schema:
            return {"$ref": _REF.format(model=schema[SHARED])}
        return {name: _linked(one) for name, one in schema.items()}
    return [_linked(one) for one in schema] if isinstance(schema, list) else schema


def _summary(route: Route) -> str:
    return (load(route).__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("    ", "").strip()


def _of_many(route: Route) -> bool:
    """Whether kinds of resources share the function; it is then named by the kind, others by their path."""
    return route.function.startswith(
        ("api.setup.resources:", "api.setup.lists:", "api.setup.verification:", "api.setup.rotation:")
    )


def _plain(path: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in path.strip("/")).replace("__", "_").strip("_")
