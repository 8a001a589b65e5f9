"""What visitors of a web chat post and are answered, as the OpenAPI description has it."""

from __future__ import annotations

from typing import Any

from chalicelib.channels import webchat
from chalicelib.channels.webchat import identity, uploads
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.wire.fields import MAX_ID

Schema = dict[str, Any]
SESSION: Schema = {
    "type": "string", "pattern": "^[A-Za-z0-9_-]{43}$",
    "description": "256 random bits that the visitor's browser made.",
}  # fmt: skip
ID: Schema = {"type": "string", "minLength": 1, "maxLength": 256}
_PAYLOAD: Schema = {"type": "string", "maxLength": 1024, "pattern": r"\S"}
TEXT: Schema = {"type": "string", "maxLength": MAX_TEXT_BYTES}
_NULL: Schema = {"type": "null"}
POSTBACK: Schema = {
    "anyOf": [
        _PAYLOAD,
        {
            "type": "object", "required": ["payload"],
            "properties": {"payload": _PAYLOAD, "title": {"type": ["string", "null"], "maxLength": 256}},
        },
    ],
}  # fmt: skip


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NULL]}


_SAID: dict[str, Schema] = {
    "session": _or_null(SESSION),
    "id": {"type": ["string", "null"], "maxLength": 256, "description": "The page's own: twice, it is one message."},
    "identity": {
        "type": ["string", "null"],
        "maxLength": identity.MOST,
        "description": "Who writes: a JSON Web Token signed with the channel's `identity_secret` (HS256).",
    },
    "read": _NULL,
}
_FILE: Schema = {
    "type": "object",
    "required": ["name", "mime_type", "size"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 256, "pattern": r"\S"},
        "mime_type": {"type": "string", "pattern": f"^({uploads.TYPES})$"},
        "size": {"type": "integer", "minimum": 1, "maximum": uploads.MOST_BYTES},
    },
}
_FILES: Schema = {"type": "array", "minItems": 1, "maxItems": uploads.MOST_FILES, "items": _FILE}
SCHEMAS: dict[str, Schema] = {
    "VisitorFiles": {
        "title": "VisitorFiles",
        "description": "Web chat: files of a message that the page is about to post.",
        "type": "object",
        "required": ["session", "id", "files"],
        "properties": {
            "session": SESSION,
            "id": ID,
            "files": _FILES,
        },
    },
    "FilePlaces": {
        "title": "FilePlaces",
        "type": "object",
        "required": ["files"],
        "properties": {
            "files": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["url", "fields"],
                    "properties": {
                        "url": {"type": "string", "format": "uri"},
                        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
                    },
                },
            }
        },
    },
    "VisitorPost": {
        "title": "VisitorPost",
        "description": "Web chat: what a visitor says, or which messages they have seen.",
        "type": "object",
        "anyOf": [
            {"required": ["text"], "properties": _SAID | {"text": TEXT | {"pattern": r"\S"}, "postback": _NULL}},
            {"required": ["postback"], "properties": _SAID | {"text": _or_null(TEXT), "postback": POSTBACK}},
            {
                "required": ["session", "email"],
                "properties": _SAID
                | {
                    "session": SESSION,
                    "text": _NULL,
                    "postback": _NULL,
                    "email": {"type": "string", "maxLength": MAX_ID, "pattern": f"^{webchat.EMAIL.pattern}$"},
                },
            },
            {
                "required": ["session", "id", "files"],
                "properties": _SAID
                | {
                    "session": SESSION,
                    "id": ID,
                    "text": _or_null(TEXT),
                    "postback": _NULL,
                    "email": _NULL,
                    "files": _FILES,
                },
            },
            {
                "required": ["session", "read"],
                "properties": {
                    "session": SESSION,
                    "read": {"anyOf": [ID, {"type": "array", "items": ID, "minItems": 1, "maxItems": 100}]},
                },
            },
        ],
    },
}
