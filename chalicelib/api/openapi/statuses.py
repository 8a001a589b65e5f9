"""How each operation may be refused: the statuses that its answers can have, and their headers."""

from __future__ import annotations

from typing import Any

from chalicelib.api.http.queries import QUERIES
from chalicelib.api.http.routes import EDGE, OPEN, READ, Route

_ANY = (429, 500, 503)
"""Anybody may be throttled by the gateway, meet a fault of ours, or a queue that does not answer."""
_ABOUT = {
    400: "Cannot be read: no JSON, no cursor of this list, no Idempotency-Key",
    401: "No key, or a wrong one",
    403: "The key has not the scope, is limited to another service, or another page than the console may have asked",
    404: "There is no such thing",
    405: "The channel's kind takes no such call",
    409: "Does not go with how things stand; `code` says why",
    410: "The conversation is closed",
    413: "Too large",
    415: "A media type that is not taken here",
    422: "Wrong fields, each named in `errors`",
    429: "Too many calls at once; the gateway's own answer",
    500: "The fault is ours; it was recorded",
    503: "Nothing was done; try again",
    504: "No answer of the bot in time",
}
_RETRY = {"Retry-After": {"description": "Seconds", "schema": {"type": "string", "pattern": "^[0-9]+$"}}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "Bearer", "schema": {"type": "string"}}},
    429: _RETRY,
    503: _RETRY,
}
_ALSO: dict[str, tuple[int, ...]] = {
    # Another was quicker, or what is asked for does not go with how things stand.
    "api.setup.resources:change": (409,),
    "api.setup.resources:remove": (409,),
    "api.contacts.contacts:change": (409,),
    "api.setup.verification:verify": (422,),
    "api.setup.channel_checks:verify": (422,),
    "api.contacts.erasing:remove": (409,),
    # What a filter names is not there.
    "api.conversations.conversations:listing": (404,),
    "api.conversations.messages:listing": (404,),
    "api.conversations.messages:airy_listing": (404,),
    "api.conversations.recent:recent": (404,),
    "api.deliveries.deliveries:listing": (404,),
    "api.setup.export:export": (404, 409),
    "api.setup.together:together": (404,),
    "api.conversations.direct:complete": (410, 504),
    # Whom it is to, and where.
    "api.conversations.sending:create": (404,),
    "api.conversations.sending:try_out": (404,),
    "api.conversations.agents:events": (410,),
    "api.conversations.inbox:listing": (404,),
    "api.conversations.templates:listing": (409,),
    "api.conversations.tests:begin": (409,),
    "api.conversations.beat:beat": (404,),
    "api.conversations.ticket:issue": (404,),
    "api.conversations.inbox:claim": (409, 410),
    "api.conversations.inbox:seen": (409, 410),
    "steps.receive_source:run": (403,),
    "api.console.session:begin": (401, 403),
    "api.console.session:end": (403,),
}
_ANY_MEDIA_TYPE = frozenset({
    "api.setup.source_trial:try_out", "api.conversations.agents:events", "api.conversations.trigger_events:invoke",
    "steps.receive_trigger:run",
    "steps.receive_source:run",
})  # fmt: skip
"""These read the body as JSON, whatever its media type is said to be."""


def keyed(route: Route) -> bool:
    """Whether an Idempotency-Key makes a repeat harmless. An event of a source has an id of its own for that, and
    what only reads is harmless as it is."""
    if route.function == "steps.receive_source:run":
        return False
    return route.method == "POST" and route.scope not in (READ, OPEN)


def statuses(route: Route, *, takes: bool) -> list[int]:
    """The statuses of a route's refusals, in their order; `takes`: it has a body."""
    query = QUERIES.get(route.function)
    found = {*_ANY, *_ALSO.get(route.function, ())}
    if route.scope == EDGE:
        found |= {401}
    elif route.scope != OPEN:
        found |= {401, 403}
    if "{" in route.path:
        found |= {404}
    if route.method != "GET":
        found |= {413}
    if takes:
        found |= {400, 422} if route.function in _ANY_MEDIA_TYPE else {400, 415, 422}
    if keyed(route):
        found |= {400, 409}
    if query:
        found |= {422}
        found |= {400} if "cursor" in query.named or "conversations" in query.named else set()
    return sorted(found)


def responses() -> dict[str, Any]:
    """The refusals, as components by name."""
    schema = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        f"Status{status}": {"description": about, "content": schema}
        | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
        for status, about in _ABOUT.items()
    }


def refusals(route: Route, *, takes: bool) -> dict[str, Any]:
    """Status -> the refusal, for a route's operation."""
    return referred(*statuses(route, takes=takes))


def referred(*refused: int) -> dict[str, Any]:
    """Status -> the refusal."""
    return {str(status): {"$ref": f"#/components/responses/Status{status}"} for status in refused}
