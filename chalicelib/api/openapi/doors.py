"""The doors that other people's systems and visitors' browsers use, as the OpenAPI description has them.

They know nothing of API keys: who calls is told by a token in the path, the provider's signature, or a session.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from chalicelib.api.conversations.agents import DeskEvent
from chalicelib.api.http import formats, shapes
from chalicelib.api.openapi import visitors
from chalicelib.api.openapi.bot_events import BotEvents
from chalicelib.api.openapi.desk_events import DeskPosts
from chalicelib.api.openapi.statuses import referred
from chalicelib.api.openapi.visitors import ID, POSTBACK, SESSION
from chalicelib.domain.consent import SCOPES
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.ports.settings import LONGEST_POLL_S

Schema = dict[str, Any]
MODELS: list[type[BaseModel]] = [BotEvents, DeskPosts, DeskEvent, shapes.Accepted, shapes.Message]
"""Those whose schemas are referred to here."""
_DOCS = "https://www.standardwebhooks.com"
_META = "https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages"
_TIME: Schema = {"type": "string", "format": "date-time"}
SCHEMAS: dict[str, Schema] = visitors.SCHEMAS | {
    "GatewayEvent": {
        "title": "GatewayEvent",
        "description": "Custom channels: what a customer says or does, or what became of a message of ours.",
        "externalDocs": {"description": "Signed as Standard Webhooks with the channel's secret", "url": _DOCS},
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"enum": ["message", "status", "edited", "deleted", "reaction", "moved", "consent", "happened"]},
            "id": ID,
            "from": ID,
            "name": {"type": "string", "maxLength": 256},
            "text": {"type": "string", "maxLength": MAX_TEXT_BYTES},
            "media": {"type": "array", "maxItems": 20, "items": {"$ref": "#/components/schemas/File"}},
            "postback": POSTBACK,
            "location": {
                "type": "object", "required": ["latitude", "longitude"],
                "properties": {
                    "latitude": {"type": "number", "minimum": -90, "maximum": 90},
                    "longitude": {"type": "number", "minimum": -180, "maximum": 180},
                },
            },
            "phone": {"type": "string", "description": "Who it is that speaks, or goes on under another address."},
            "email": {"type": "string", "description": "The same."},
            "in_reply_to": ID,
            "sent_at": {"type": "string", "format": "date-time", "description": "Of a message; `at` of all others."},
            "at": {"type": "string", "format": "date-time"},
            "echo": {"type": "boolean", "description": "Said by the owner elsewhere."},
            "status": {"enum": ["sent", "delivered", "read", "failed"]},
            "error": {"type": "object", "properties": {"code": {}, "reason": {"type": "string", "maxLength": 1000}}},
            "about": ID | {"description": "Of edited, deleted, reaction: the message that is meant."},
            "emoji": {"type": "string", "maxLength": 64},
            "to": ID | {"description": "Of status: who got it; of moved: the new address."},
            "delivery_id": ID | {"description": "Of status: the `id` that we posted, in the place of `id` or with it."},
            "until": _TIME | {"description": "Of status, with `to`: it is of all that was sent there by then."},
            "group": {
                "type": "object", "required": ["id"], "properties": {"id": ID, "name": {"type": "string"}},
                "description": "Of message: said to this group, by `from`.",
            },
            "reply": {
                "type": "object", "maxProperties": 3, "additionalProperties": {"type": "string", "maxLength": 256},
                "description": "Of message: what you want back with an answer, until `reply_until`.",
            },
            "reply_until": _TIME,
            "given": {"type": "boolean", "description": "Of consent: whether they may be written to."},
            "scope": {"enum": [*SCOPES], "description": "Of consent: for what; absent: all."},
            "why": {"type": "string", "maxLength": 200},
            "what": {
                "type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$",
                "description": "Of happened: a word, as `missed_call`.",
            },
            "details": {"type": "object", "maxProperties": 20, "description": "Of happened: what else is known of it."},
            "was": {"type": "object", "description": "Of moved: `phone` and `email` that are no longer theirs."},
        },
    },
    "ProviderPost": {
        "title": "ProviderPost",
        "description": "WhatsApp: the body is Meta's own, signed in `X-Hub-Signature-256`. Telegram: an update, with "
        "the channel's token in `X-Telegram-Bot-Api-Secret-Token`.",
        "externalDocs": {"description": "What Meta posts", "url": _META},
        "type": "object",
    },
}  # fmt: skip
_CHANNEL: Schema = {"name": "channel_id", "in": "path", "required": True, "schema": formats.RESOURCES["channel"].schema}
_KEY: Schema = {
    "name": "Idempotency-Key", "in": "header", "schema": {"type": "string"},
    "description": "The same key within a day is done once, and answered as the first time.",
}  # fmt: skip


def _query(name: str, about: str, **schema: Any) -> Schema:
    return {"name": name, "in": "query", "description": about, "schema": {"type": "string", **schema}}


def _events(kind: str, model: type[BaseModel]) -> Schema:
    token = {"type": "string", "format": f"{kind}-token"}
    return {
        "summary": f"What a {kind} posts to its `events_url`: one event, or several in their order.",
        "description": "The address holds the token that opens it. Names are read in any letter case, with or without "
        "`_` and `-`; members that mean nothing here are named in `warnings`.",
        "tags": [f"{kind}s"],
        "parameters": [{"name": "token", "in": "path", "required": True, "schema": token}, _KEY],
        "requestBody": _takes({"$ref": f"#/components/schemas/{model.__name__}"}),
        "responses": _json(202, {"$ref": "#/components/schemas/Accepted"})
        | referred(400, 404, 409, 410, 413, 422, 429, 500, 503),
    }


def _takes(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _json(status: int, schema: Schema) -> Schema:
    return {str(status): {"description": "Done", "content": {"application/json": {"schema": schema}}}}


def _file(status: int, kind: str, about: str) -> Schema:
    return {str(status): {"description": about, "content": {kind: {"schema": {"type": "string"}}}}}


_WEBHOOK = (
    "Its body, its headers and what it is answered are those of the channel's kind. Web chat: who knows a session may "
    "speak in it. Custom: signed as Standard Webhooks. WhatsApp: signed by Meta; Telegram: with the token "
    "that it was given; of both 200 also for what is passed over."
)
OPERATIONS: dict[tuple[str, str], Schema] = {
    ("POST", "/channels/{channel_id}/webhook"): {
        "summary": "What a provider, a gateway or a visitor's page posts to a channel.",
        "description": _WEBHOOK,
        "tags": ["channels"],
        "parameters": [_CHANNEL],
        "requestBody": _takes(
            {
                "anyOf": [
                    {"$ref": "#/components/schemas/VisitorPost"},
                    {"$ref": "#/components/schemas/GatewayEvent"},
                    {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/GatewayEvent"}},
                    {"$ref": "#/components/schemas/ProviderPost"},
                ]
            }
        ),
        "responses": _json(200, {"type": "object"})
        | _json(202, {"type": "object"})
        | referred(400, 401, 403, 404, 413, 422, 429, 500, 503),
    },
    ("GET", "/channels/{channel_id}/webhook"): {
        "summary": "WhatsApp's check that the address is ours: the challenge, as text.",
        "tags": ["channels"],
        "parameters": [
            _CHANNEL,
            _query("hub.mode", "`subscribe`"),
            _query("hub.verify_token", "The channel's `verify_token`."),
            _query("hub.challenge", "Said back."),
        ],
        "responses": _file(200, "text/plain", "The challenge") | referred(403, 404, 405, 429, 500, 503),
    },
    ("GET", "/channels/{channel_id}/messages"): {
        "summary": "Web chat: what was said in a session, waiting for it if asked to.",
        "tags": ["channels"],
        "parameters": [
            _CHANNEL,
            {"name": "session", "in": "query", "required": True, "schema": SESSION},
            _query("after", "`next` of the answer before.", pattern="^[0-9]{0,10}$"),
            {
                "name": "wait_s", "in": "query", "description": "How long to wait for the first.",
                "schema": {"type": "integer", "minimum": 0, "maximum": LONGEST_POLL_S, "default": 0},
            },
            _query("include", "`all`: also what the visitor said."),
        ],
        "responses": _json(200, {
            "type": "object", "required": ["data", "next"],
            "properties": {
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/Message"}},
                "next": {"type": "string"},
            },
        }) | referred(400, 403, 404, 422, 429, 500, 503),
    },
    ("POST", "/channels/{channel_id}/files"): {
        "summary": "Web chat: where a page may put the files of a message, before it posts that.",
        "tags": ["channels"],
        "parameters": [_CHANNEL],
        "requestBody": _takes({"$ref": "#/components/schemas/VisitorFiles"}),
        "responses": _json(200, {"$ref": "#/components/schemas/FilePlaces"})
        | referred(400, 403, 404, 413, 422, 429, 500, 503),
    },
    ("POST", "/channels/{channel_id}/call"): {
        "summary": "Voice: what a call that goes on is to speak, as its provider asks for it.",
        "description": "The answer is the provider's own, as TwiML. What is to be spoken stands in the address, which "
        "the provider signs with its request; it is held for up to eight seconds.",
        "tags": ["channels"],
        "parameters": [_CHANNEL],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
        },
        "responses": _file(200, "text/xml", "What the call does next")
        | referred(400, 401, 403, 404, 405, 413, 422, 429, 500, 503),
    },
    ("GET", "/channels/{channel_id}/widget.js"): {
        "summary": "Web chat: the script that puts the chat on a page.",
        "tags": ["channels"],
        "parameters": [_CHANNEL],
        "responses": _file(200, "text/javascript", "The script") | referred(404, 429, 500, 503),
    },
    ("GET", "/channels/{channel_id}/chat"): {
        "summary": "Web chat: a page that is nothing but the chat.",
        "tags": ["channels"],
        "parameters": [_CHANNEL],
        "responses": _file(200, "text/html", "The page") | referred(404, 429, 500, 503),
    },
    ("POST", "/webhooks/bots/{token}"): _events("bot", BotEvents),
    ("POST", "/webhooks/desks/{token}"): _events("desk", DeskPosts),
    ("GET", "/media/{message_id}/{index}"): {
        "summary": "A file that a user sent, by the link in its message.",
        "tags": ["messages"],
        "parameters": [
            {"name": "message_id", "in": "path", "required": True, "schema": formats.MESSAGE.schema},
            {"name": "index", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}},
        ],
        "responses": {
            "302": {
                "description": "To the file, for five minutes",
                "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
            }
        }
        | referred(404, 410, 429, 500, 503),
    },
}  # fmt: skip
"""(Method, path) -> the operation. A preflight, which a browser makes by itself, is not described."""
