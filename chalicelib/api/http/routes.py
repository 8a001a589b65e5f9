"""Every route, one line each: method, path, function, scope.

A function is named as text and imported when its first request comes: this module is imported by every Lambda.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

ADMIN, AGENT, READ = "admin", "agent", "read"
SCOPES = (ADMIN, AGENT, READ)
"""Scopes of an API key, and roles of people; each includes those after it."""
OPEN = "open"
"""Needs no key."""
EDGE = "edge"
"""Called by outside systems, which the function checks itself; it gets Chalice's request and answers for itself."""
PAGE = "page"
"""A page or file of the console, for anybody: it holds nothing but how to ask. The function answers for itself."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Route(NamedTuple):
    """What answers a method of a path."""

    method: str
    path: str
    function: str
    """`module:function` within `chalicelib`."""
    scope: str
    plural: str = ""
    """Of a resource's route: the plural by which its module in `chalicelib.api` is called."""


PLURALS = (
    "services",
    "channels",
    "bots",
    "desks",
    "people",
    "rules",
    "triggers",
    "sources",
    "subscriptions",
    "replies",
    "keys",
)
"""Kinds of resources; each has the module `chalicelib.api.kinds.<plural>`. A new kind is a module and a word here."""
SETUP = tuple(plural for plural in PLURALS if plural not in ("services", "keys"))
"""Those that belong to a service, and that whoever may read may see."""
_IRREGULAR = {"person": "people", "reply": "replies"}


def plural_of(kind: str) -> str:
    """`bot` -> `bots`."""
    return _IRREGULAR.get(kind, f"{kind}s")


def singular_of(plural: str) -> str:
    """`bots` -> `bot`."""
    return next((kind for kind, several in _IRREGULAR.items() if several == plural), plural.removesuffix("s"))


def _resource(plural: str) -> tuple[Route, ...]:
    path, reads = f"/v1/{plural}", ADMIN if plural == "keys" else READ
    return (
        Route("POST", path, "api.setup.resources:create", ADMIN, plural),
        Route("GET", path, "api.setup.lists:listing", reads, plural),
        Route("GET", path + "/{id}", "api.setup.resources:one", reads, plural),
        Route("PATCH", path + "/{id}", "api.setup.resources:change", ADMIN, plural),
        Route("DELETE", path + "/{id}", "api.setup.resources:remove", ADMIN, plural),
    )


def _webhook(plural: str) -> tuple[Route, ...]:
    path = f"/v1/{plural}/{{id}}"
    return (
        Route("GET", path + "/health", "api.deliveries.lanes:health", READ, plural),
        Route("GET", path + "/lanes", "api.deliveries.lanes:listing", READ, plural),
        Route("POST", path + "/lanes:try", "api.deliveries.trying:all_lanes", ADMIN, plural),
    )


TABLE: tuple[Route, ...] = (
    Route("GET", "/channels/{channel_id}/webhook", "steps.receive_channel:run", EDGE),
    Route("POST", "/channels/{channel_id}/webhook", "steps.receive_channel:run", EDGE),
    Route("OPTIONS", "/channels/{channel_id}/webhook", "steps.poll_channel:preflight", EDGE),
    Route("GET", "/channels/{channel_id}/messages", "steps.poll_channel:run", EDGE),
    Route("OPTIONS", "/channels/{channel_id}/messages", "steps.poll_channel:preflight", EDGE),
    Route("POST", "/channels/{channel_id}/files", "steps.fetch_media:offer", EDGE),
    Route("OPTIONS", "/channels/{channel_id}/files", "steps.fetch_media:preflight", EDGE),
    Route("GET", "/channels/{channel_id}/widget.js", "steps.poll_channel:widget", EDGE),
    Route("GET", "/channels/{channel_id}/chat", "steps.poll_channel:chat", EDGE),
    Route("POST", "/channels/{channel_id}/call", "steps.answer_call:run", EDGE),
    Route("POST", "/webhooks/bots/{token}", "steps.receive_bot:run", EDGE),
    Route("POST", "/webhooks/desks/{token}", "steps.receive_desk:run", EDGE),
    Route("POST", "/v1/integration/trigger/{trigger_id}/event", "steps.receive_trigger:run", EDGE),
    Route("GET", "/media/{message_id}/{index}", "steps.fetch_media:run", EDGE),
    Route("POST", "/v1/sources/{id}/events", "steps.receive_source:run", EDGE),
    Route("GET", "/console", "api.console.page:page", PAGE),
    Route("GET", "/console/a/{hash}/{name}", "api.console.page:file", PAGE),
    Route("POST", "/console/session", "api.console.session:begin", OPEN),
    Route("GET", "/console/session", "api.console.session:current", READ),
    Route("DELETE", "/console/session", "api.console.session:end", OPEN),
    Route("GET", "/console/oidc", "api.console.oidc:about", OPEN),
    Route("GET", "/console/oidc/start", "api.console.oidc:start", PAGE),
    Route("GET", "/console/oidc/callback", "api.console.oidc:callback", PAGE),
    Route("GET", "/health", "api.http.health:health", OPEN),
    Route("GET", "/v1/openapi.json", "api.openapi.document:document", OPEN),
    *(route for plural in PLURALS for route in _resource(plural)),
    Route("GET", "/v1/setup", "api.setup.together:together", READ),
    Route("POST", "/v1/bots/{id}/verify", "api.setup.verification:verify", ADMIN, "bots"),
    Route("POST", "/v1/desks/{id}/verify", "api.setup.verification:verify", ADMIN, "desks"),
    Route("POST", "/v1/bots/{id}/rotate-secret", "api.setup.rotation:rotate", ADMIN, "bots"),
    Route("POST", "/v1/desks/{id}/rotate-secret", "api.setup.rotation:rotate", ADMIN, "desks"),
    Route("POST", "/v1/sources/{id}/rotate-secret", "api.setup.rotation:rotate_bearer", ADMIN, "sources"),
    Route("GET", "/v1/people/{id}/sign-ins", "api.setup.signing:listing", ADMIN, "people"),
    Route("POST", "/v1/people/{id}/sign-out", "api.setup.signing:out", ADMIN, "people"),
    Route("POST", "/v1/rules:try", "api.setup.rule_trial:try_out", READ),
    Route("POST", "/v1/rules:compare", "api.setup.rule_compare:compare", ADMIN),
    Route("POST", "/v1/rules:order", "api.setup.rule_order:order", ADMIN),
    Route("POST", "/v1/rules:restore", "api.setup.rule_versions:restore", ADMIN),
    Route("GET", "/v1/rules/versions", "api.setup.rule_versions:listing", READ),
    Route("GET", "/v1/rules/versions/{version}", "api.setup.rule_versions:one", READ),
    Route("POST", "/v1/sources:try", "api.setup.source_trial:try_out", ADMIN),
    Route("POST", "/v1/subscriptions/{id}/verify", "api.setup.verification:verify", ADMIN, "subscriptions"),
    Route("POST", "/v1/subscriptions/{id}/rotate-secret", "api.setup.rotation:rotate", ADMIN, "subscriptions"),
    Route("POST", "/v1/triggers/{id}/rotate-secret", "api.setup.rotation:rotate_bearer", ADMIN, "triggers"),
    Route("POST", "/v1/triggers/{id}/rotate-signing-secret", "api.setup.rotation:rotate", ADMIN, "triggers"),
    Route("POST", "/v1/triggers/{id}/invoke", "api.conversations.trigger_events:invoke", AGENT, "triggers"),
    Route("GET", "/v1/triggers/{id}/events", "api.conversations.trigger_events:listing", READ, "triggers"),
    Route("GET", "/v1/triggers/{id}/events/{event_id}", "api.conversations.trigger_events:one", READ, "triggers"),
    Route("POST", "/v1/contacts", "api.contacts.contacts:create", AGENT),
    Route("GET", "/v1/contacts", "api.contacts.contacts:listing", READ),
    Route("POST", "/v1/contacts:import", "api.contacts.files:load", ADMIN),
    Route("GET", "/v1/contacts:export", "api.contacts.files:dump", ADMIN),
    Route("GET", "/v1/contacts/{id}", "api.contacts.contacts:one", READ),
    Route("PATCH", "/v1/contacts/{id}", "api.contacts.contacts:change", AGENT),
    Route("DELETE", "/v1/contacts/{id}", "api.contacts.erasing:remove", ADMIN),
    Route("GET", "/v1/contacts/{id}/erasure", "api.contacts.erasing:one", READ),
    Route("POST", "/v1/contacts/{id}/merge", "api.contacts.merging:merge", AGENT),
    Route("POST", "/v1/contacts/{id}/unmerge", "api.contacts.merging:unmerge", AGENT),
    Route("POST", "/v1/contacts/{id}/dismiss", "api.contacts.merging:dismiss", AGENT),
    Route("GET", "/v1/contacts/{id}/consent", "api.contacts.consents:listing", READ),
    Route("GET", "/v1/contacts/{id}/merges", "api.contacts.merging:merges", READ),
    Route("POST", "/v1/apply", "api.setup.apply:apply", ADMIN),
    Route("GET", "/v1/export", "api.setup.export:export", READ),
    Route("POST", "/v1/channels/{id}/verify", "api.setup.channel_checks:verify", ADMIN, "channels"),
    Route("GET", "/v1/channels/{id}/health", "api.setup.channel_checks:health", READ, "channels"),
    Route("GET", "/v1/channels/{id}/templates", "api.conversations.templates:listing", AGENT, "channels"),
    Route("POST", "/v1/channels/{id}/tests", "api.conversations.tests:begin", AGENT, "channels"),
    Route("GET", "/v1/conversations", "api.conversations.conversations:listing", READ),
    Route("POST", "/v1/conversations", "api.conversations.direct:create", AGENT),
    Route("GET", "/v1/conversations/{id}", "api.conversations.conversations:one", READ),
    Route("GET", "/v1/conversations/{id}/timeline", "api.deliveries.attempts:listing", READ),
    Route("POST", "/v1/conversations/{id}/complete", "api.conversations.direct:complete", AGENT),
    Route("POST", "/v1/conversations/{id}/events", "api.conversations.agents:events", AGENT),
    Route("POST", "/v1/conversations/{id}/files", "api.conversations.files:offer", AGENT),
    Route("POST", "/v1/conversations/{id}/claim", "api.conversations.inbox:claim", AGENT),
    Route("POST", "/v1/conversations/{id}/seen", "api.conversations.inbox:seen", AGENT),
    Route("POST", "/v1/conversations/{id}/looked", "api.conversations.mentions:looked", AGENT),
    Route("POST", "/v1/console/beat", "api.conversations.beat:beat", READ),
    Route("POST", "/v1/console/ticket", "api.conversations.ticket:issue", READ),
    Route("GET", "/v1/inbox", "api.conversations.inbox:listing", READ),
    Route("GET", "/v1/threads/{id}", "api.conversations.conversations:thread", READ),
    Route("GET", "/v1/messages", "api.conversations.messages:listing", READ),
    Route("POST", "/v1/messages", "api.conversations.sending:create", AGENT),
    Route("POST", "/v1/messages:try", "api.conversations.sending:try_out", READ),
    Route("GET", "/v1/messages/{id}", "api.conversations.messages:one", READ),
    Route("POST", "/messages.list", "api.conversations.messages:airy_listing", READ),
    Route("POST", "/contacts.recent-messages", "api.conversations.recent:recent", READ),
    Route("GET", "/v1/contacts/{id}/timeline", "api.conversations.timeline:listing", READ),
    Route("GET", "/v1/deliveries", "api.deliveries.deliveries:listing", READ),
    Route("GET", "/v1/deliveries/{id}", "api.deliveries.deliveries:one", READ),
    Route("POST", "/v1/deliveries/{id}/replay", "api.deliveries.replay:one", AGENT),
    Route("POST", "/v1/deliveries/{id}/try", "api.deliveries.trying:one", AGENT),
    Route("POST", "/v1/deliveries:replay", "api.deliveries.replay:many", ADMIN),
    Route("POST", "/v1/replays", "api.deliveries.replays:create", ADMIN),
    Route("GET", "/v1/replays", "api.deliveries.replays:listing", READ),
    Route("GET", "/v1/replays/{id}", "api.deliveries.replays:one", READ),
    Route("POST", "/v1/replays/{id}/cancel", "api.deliveries.replays:cancel", ADMIN),
    *(route for plural in ("bots", "desks", "subscriptions") for route in _webhook(plural)),
    Route("GET", "/v1/attention", "api.deliveries.attention:listing", READ),
    Route("GET", "/v1/figures", "api.figures.figures:listing", READ),
    Route("GET", "/v1/failures", "api.deliveries.failures:listing", ADMIN),
    Route("GET", "/v1/failures/{id}", "api.deliveries.failures:one", ADMIN),
    Route("POST", "/v1/failures/{id}/replay", "api.deliveries.failures:replay", ADMIN),
    Route("GET", "/v1/audit", "api.setup.audit:listing", ADMIN),
    Route("GET", "/v1/audit/{id}", "api.setup.audit:one", ADMIN),
)


def of_path(path: str) -> dict[str, Route]:
    """The routes of a path by method."""
    return {route.method: route for route in TABLE if route.path == path}


class Match(NamedTuple):
    """Which path of the table a call's path is."""

    path: str
    names: dict[str, str]
    """Its parts that have a name there."""


def match(path: str) -> Match | None:
    """Which path of the table this is, None for none; a part that stands there as it is goes before one with a name."""
    parts = path.split("/")
    for shape in _by_parts().get(len(parts), ()):
        names = {}
        for part, given in zip(shape.split("/"), parts, strict=True):
            if part.startswith("{"):
                if not given:
                    break
                names[part[1:-1]] = given
            elif part != given:
                break
        else:
            return Match(shape, names)
    return None


@cache
def _by_parts() -> dict[int, list[str]]:
    """Number of parts -> paths of so many, those with fewer names first."""
    found: dict[int, list[str]] = {}
    for path in sorted(dict.fromkeys(route.path for route in TABLE), key=lambda path: path.count("{")):
        found.setdefault(path.count("/") + 1, []).append(path)
    return found
