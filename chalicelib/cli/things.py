"""Every kind of thing that the API lists or shows: where it is read, what narrows its list, what a person sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_OF_SERVICE = {"sv": "service_id"}
_MESSAGE = ("sent_at", "id", "source", "author.kind", "author.name", "text", "state")


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing."""

    one: str = ""
    """Path of one; empty: only lists of them are read."""
    many: str = ""
    """Path of their list; empty: they are not listed. `{of}` in a path is what they belong to, `{kind}` its kind."""
    columns: tuple[str, ...] = ()
    of: Mapping[str, str] = field(default_factory=dict)
    """Prefix of an id -> parameter: lists of what has to do with that."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """Option -> parameter: further ways to narrow the list."""
    query_of_one: tuple[str, ...] = ()
    """Parameters of one, beside its path."""


def _resource(name: str, *columns: str) -> Thing:
    path = f"/v1/{name}"
    return Thing(path + "/{id}", path, ("id", *columns), _OF_SERVICE)


THINGS: dict[str, Thing] = {
    "services": _resource("services", "name", "timezone", "country", "language"),
    "channels": _resource("channels", "name", "kind", "status", "service_id"),
    "bots": _resource("bots", "name", "status", "profile", "webhook_url"),
    "desks": _resource("desks", "name", "status", "kind", "webhook_url"),
    "people": _resource("people", "name", "role", "email", "desk_ids"),
    "rules": _resource("rules", "position", "name", "to", "bot_id", "desk_id"),
    "versions": Thing(
        "/v1/rules/versions/{id}", "/v1/rules/versions", ("version", "at", "actor"), _OF_SERVICE,
        query_of_one=("service_id",),
    ),
    "templates": Thing(
        "", "/v1/channels/{of}/templates", ("name", "language", "category", "body"), {"ch": ""}, {"words": "search"},
    ),
    "triggers": _resource("triggers", "name", "status", "bot_id", "schedule", "next_at"),
    "sources": _resource("sources", "key", "name", "system"),
    "subscriptions": _resource("subscriptions", "name", "status", "url", "events"),
    "replies": _resource("replies", "shortcut", "name", "text", "language"),
    "keys": _resource("keys", "name", "scopes", "service_id", "person_id"),
    "contacts": Thing(
        "/v1/contacts/{id}", "/v1/contacts", ("id", "name", "identities", "updated_at"), _OF_SERVICE,
        {"name": "q", "email": "email", "phone": "phone", "external_id": "external_id"},
    ),
    "conversations": Thing(
        "/v1/conversations/{id}", "/v1/conversations",
        ("opened_at", "id", "source", "kind", "state", "contact.name", "address"), _OF_SERVICE | {"ct": "contact_id"},
        {"state": "state", "owner": "owner", "desk": "desk_id", "agent": "agent", "outcome": "outcome",
         "channel": "channel_id", "since": "from", "until": "to"},
    ),
    "messages": Thing(
        "/v1/messages/{id}", "/v1/messages", _MESSAGE,
        _OF_SERVICE | {"cv": "conversation_id", "ct": "contact_id"}, {"source": "source"},
    ),
    "timeline": Thing(
        "", "/v1/contacts/{of}/timeline", _MESSAGE, {"ct": ""}, {"source": "sources", "type": "types"},
    ),
    "attempts": Thing("", "/v1/conversations/{of}/timeline", (*_MESSAGE, "deliveries"), {"cv": ""}),
    "deliveries": Thing(
        "/v1/deliveries/{id}", "/v1/deliveries",
        ("created_at", "id", "status", "kind", "destination_id", "attempts", "next_attempt_at"),
        {"bt": "bot_id", "dk": "desk_id", "sb": "subscription_id", "ch": "channel_id", "tr": "trigger_id",
         "cv": "conversation_id", "ms": "message_id"} | _OF_SERVICE,
        {"status": "status"},
    ),
    "replays": Thing(
        "/v1/replays/{id}", "/v1/replays", ("created_at", "id", "state", "destination_id", "counted", "done", "failed"),
        dict.fromkeys(("bt", "dk", "sb", "ch"), "destination_id") | _OF_SERVICE,
    ),
    "lanes": Thing(
        "", "/v1/{kind}/{of}/lanes",
        ("since", "lane", "state", "waiting", "contact.name", "owner", "attempts", "next_attempt_at", "delivery_id"),
        dict.fromkeys(("bt", "dk", "sb"), ""),
    ),
    "health": Thing("/v1/{kind}/{id}/health", of=dict.fromkeys(("bt", "dk", "sb", "ch"), "")),
    "events": Thing(
        "/v1/triggers/{of}/events/{id}", "/v1/triggers/{of}/events",
        ("accepted_at", "id", "status", "session", "conversation_id", "reply", "error"), {"tr": ""},
    ),
    "inbox": Thing(
        "", "/v1/inbox",
        ("waiting_since", "conversation_id", "state", "contact.name", "agent.name", "unread", "due_at", "last.text"),
        _OF_SERVICE | {"dk": "desk_id"}, {"list": "list", "desk": "desk_id"},
    ),
    "attention": Thing("", "/v1/attention", ("kind", "id", "name", "count", "since"), _OF_SERVICE),
    "failures": Thing("/v1/failures/{id}", "/v1/failures", ("at", "id", "step", "queue", "replayed_at")),
    "audit": Thing(
        "/v1/audit/{id}", "/v1/audit", ("at", "id", "actor", "action", "subject"), _OF_SERVICE,
        query_of_one=("service_id",),
    ),
    "threads": Thing("/v1/threads/{id}"),
    "sign-ins": Thing("/v1/people/{id}/sign-ins"),
    "merges": Thing("/v1/contacts/{id}/merges"),
    "consent": Thing("/v1/contacts/{id}/consent"),
    "erasures": Thing("/v1/contacts/{id}/erasure"),
}  # fmt: skip
LISTED = tuple(name for name, thing in THINGS.items() if thing.many)
SHOWN = tuple(name for name, thing in THINGS.items() if thing.one)

TAILED = {
    "cv": "messages", "ct": "timeline", "tr": "events", "bt": "deliveries", "dk": "deliveries", "sb": "deliveries",
    "ch": "deliveries", "sv": "conversations",
}  # fmt: skip
"""Prefix of an id -> what of it is followed."""

KINDS = {
    "sv": "services", "ch": "channels", "bt": "bots", "dk": "desks", "pe": "people", "ru": "rules", "tr": "triggers",
    "so": "sources", "sb": "subscriptions", "rp": "replies", "ct": "contacts", "cv": "conversations", "ms": "messages",
    "dl": "deliveries", "rd": "replays", "te": "events", "au": "audit", "th": "threads",
}  # fmt: skip
"""Prefix of an id -> what it is."""


def named(word: str, among: tuple[str, ...]) -> str:
    """The kind that a person means, also in the singular; ValueError where there is none."""
    word = word.lower()
    for name in (word, f"{word}s", f"{word[:-1]}ies", {"person": "people"}.get(word)):
        if name in among:
            return name
    raise ValueError(f"must be one of {', '.join(among)}")


def narrowed(name: str, to: str) -> tuple[str, dict[str, str]]:
    """(path of the list, parameters) of what belongs to an id, empty: to nothing in particular; ValueError where no
    list does."""
    thing = THINGS[name]
    prefix = to.partition("_")[0]
    if to and prefix not in thing.of:
        takes = ", ".join(f"{one}_..." for one in thing.of) or "nothing"
        raise ValueError(f"{name} are narrowed to {takes}, and not to {to}")
    if "{of}" in thing.many:
        if not to:
            raise ValueError(f"{name} need whose they are: --of {'_... or '.join(thing.of)}_...")
        return thing.many.replace("{kind}", KINDS[prefix]).replace("{of}", to), {}
    return thing.many, {thing.of[prefix]: to} if to else {}
