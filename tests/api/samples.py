"""Every kind of resource of a service, plain and with everything that can be said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chalicelib import channels
from chalicelib.api.kinds.channels import MADE, connectable
from chalicelib.api.kinds.contract import all_kinds
from chalicelib.api.setup.bundles import KINDS

URL = "http://127.0.0.1:1/x"
SECRET = "s3cret-of-ours-as-long-as-a-hash-is"
EVERY_WEBHOOK: dict[str, Any] = {
    "headers": {"X-Key": f"{SECRET} header", "secret": f"{SECRET} named so"},
    "verification_token": SECRET, "access_token": f"{SECRET}!",
    "retry": {"waits_s": [1, 2], "inactive_after_s": 5}, "background": True, "timeout_s": 20, "max_age_s": 77,
}  # fmt: skip
DEEP: Any = 1
for _ in range(20):
    DEEP = {"a": DEEP}


def as_in_its_examples(kind: str) -> dict[str, Any]:
    """A channel of a kind as the examples in its own folder connect it, with every secret that the owner may give."""
    folder = Path(channels.__file__).parent / kind / "examples"
    calls = [json.loads(path.read_text())["call"] for path in sorted(folder.glob("*.json"))]
    settings: dict[str, Any] = next((found for one in calls if (found := one.get("channel", {}).get("settings"))), {})
    if "api_base" in channels.settings_model(kind).model_fields:
        settings = settings | {"api_base": URL}
    needs = channels.load(kind).SECRETS
    if channels.any_secrets(channels.load(kind)):
        held: dict[str, str] = next((found for one in calls if (found := one.get("channel", {}).get("secrets"))), {})
        needs = dict.fromkeys(held, "required")
    given = {name: f"{SECRET}{place}" for place, (name, need) in enumerate(needs.items()) if need not in MADE}
    return {"name": f"some {kind}", "kind": kind, "settings": settings, "secrets": given}


_NAMED_BELOW = ("webchat", "custom", "whatsapp")
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "channels": [
        {"name": "plain", "kind": "webchat"},
        {"name": "full", "kind": "webchat", "settings": {"title": "T", "labels": {"send": "Los"}, "position": "left"},
         "secrets": {"identity_secret": SECRET}},
        {"name": "gateway", "kind": "custom", "settings": {"send_url": URL}},
        {"name": "wa", "kind": "whatsapp", "settings": {"phone_number_id": "1", "api_base": URL}, "secrets": {
            "app_secret": SECRET, "access_token": f"{SECRET}?", "verify_token": f"{SECRET}/"}},
        *map(as_in_its_examples, sorted({*connectable()} - {*_NAMED_BELOW})),
    ],
    "bots": [
        {"name": "plain", "webhook_url": URL},
        {"name": "x/y~z: #1", "webhook_url": URL, "profile": "imi", "sources": ["shop"], **EVERY_WEBHOOK,
         "context": {"recent_messages": {"sources": ["shop"], "limit": 3}}},
        {"name": "suspended", "webhook_url": URL, "suspended": True},
        {"name": "z echo", "kind": "echo"},
        {"name": "z echo, away", "kind": "echo", "human": "", "answer": "Sie: {text}", "suspended": True},
    ],
    "desks": [
        {"name": "console", "kind": "console"},
        {"name": "away", "kind": "console", "accept_within_s": 9, "suspended": True, "first_reply_within_s": 60,
         "reply_within_s": 300, "outcomes": ["solved", "Not ours"], "hours": {"mon": ["09:00-12:30", "22:00-06:00"]}},
        {"name": "theirs", "kind": "webhook", "webhook_url": URL, "fallback_desk_ids": ["console", "away"],
         **EVERY_WEBHOOK},
    ],
    "people": [
        {"name": "Ana", "role": "admin"},
        {"name": "Bo", "role": "agent", "email": "bo@example.com", "desk_ids": ["console", "away"],
         "languages": ["de", "pt-BR"]},
        {"name": "Cy", "role": "read", "desk_ids": []},
    ],
    "rules": [
        {"name": "far", "to": "none", "position": 500},
        {"name": "none", "to": "none"},
        {"name": "2026-01-01", "to": "bot+desk", "bot_id": "plain", "desk_id": "theirs", "channel_ids": ["full", "wa"],
         "when": {">": [{"var": "contact.attributes.score"}, 0.5]}, "bot_patience_s": 5, "on_bot_failure": "wait",
         "transformers": [{"kind": "shout", "when": {"==": [1, 1]}, "options": DEEP, "own": "field"}]},
        {"name": "first", "to": "none", "position": 0},
    ],
    "triggers": [
        {"name": "plain", "bot_id": "plain"},
        {"name": "full", "bot_id": "plain", "text": "Good morning", "session_duration_s": 60, "answer_within_s": 11,
         "schedule": "0 7 * * 1-5", "timezone": "Asia/Kolkata", "authenticate": False, "notify_url": URL,
         "suspended": True},
    ],
    "sources": [
        {"name": "plain", "key": "shop", "mapping": {"id": "id", "text": "text"}},
        {"name": "full", "key": "desk", "system": "crm", "mapping": {
            "id": "id", "text": "'x'", "sent_at": "at", "type": "'t'", "conversation": "n",
            "contact": {"email": "e", "phone": "p", "external_id": "x", "name": "n"}}},
    ],
    "replies": [
        {"name": "plain", "shortcut": "hi", "text": "Good day"},
        {"name": "full", "shortcut": "bye", "text": "Bye, {{contact.name}}", "language": "de", "desk_ids": ["console"],
         "buttons": [{"title": "Yes", "payload": "y"}, {"title": "More", "url": URL}],
         "media": [{"url": URL, "mime_type": "image/png", "name": "map.png"}]},
    ],
    "subscriptions": [
        {"name": "plain", "url": URL, "events": ["message.created"]},
        {"name": "full", "url": URL, "events": ["contact.created", "message.created"], "sources": ["shop"],
         "when": {"==": [1, 1]}, "context": {"recent_messages": {}}, **EVERY_WEBHOOK},
        {"name": "for ever", "url": URL, "events": ["message.created"], "max_age_s": None, "suspended": True},
    ],
}  # fmt: skip
SERVICE = {"name": "Care: #1", "timezone": "Europe/Berlin", "country": "DE", "language": "de"}


def make(api: Any) -> str:
    """A service with all of them; gives its id. `api` answers calls as the fixture does."""
    service = str(api("POST", "/v1/services", SERVICE).body["id"])
    made: dict[str, str] = {}
    for plural in KINDS:
        kind = all_kinds()[plural]
        for sample in SAMPLES[plural]:
            fields = sample | {"service_id": service}
            for by_id in kind.refs.keys() & fields.keys():
                of, named = kind.refs[by_id], fields[by_id]
                fields[by_id] = (
                    [made[f"{of} {one}"] for one in named] if isinstance(named, list) else made[f"{of} {named}"]
                )
            answer = api("POST", f"/v1/{plural}", fields)
            assert answer.status == 201, answer.body
            made[f"{kind.name} {sample['name']}"] = answer.body["id"]
    return service
