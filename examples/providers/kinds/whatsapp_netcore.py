"""WhatsApp by way of Netcore: https://wadocs.pepipost.com (November 2026)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.whatsapp_messages import TEMPLATES
from examples.providers.world import Account, Bubble, Hook, Person, World, now_ms

LABEL = "WhatsApp (Netcore)"
BASE = "/api/v2"
CHANNEL = {"settings": {"source": "simulated-source"}, "secrets": {"api_key": "simulated-key"}}
DEEDS = frozenset({"text", "file", "place", "press", "reply", "react"})
TELLS = ("sent", "delivered", "read")
MESSAGE = "/api/v2/message/"
_TYPES = {"image": "image", "audio": "audio", "video": "video", "document": "file"}
_DAY_MS = 24 * 3600 * 1000


def opened(channel: dict[str, Any]) -> Account:
    """The source."""
    settings = channel["settings"]
    return Account("whatsapp_netcore", settings["source"], "+44 7700 900003", settings, channel["secrets"])


def address(person: Person) -> str:
    """The number without its plus."""
    return person.phone.lstrip("+")


async def answer(asked: Asked, world: World) -> Answer:
    """A message is posted, somebody's consent noted, or a file that a user sent is fetched."""
    if not any(one.secrets.get("api_key") == asked.bearer for one in world.of_kind("whatsapp_netcore")):
        return no(401, "8004", "Account not found")
    if asked.path.startswith("/api/v2/media/"):
        held = world.files.get(asked.path.rpartition("/")[2])
        return Answer(200, held.body, {"content-type": held.type}) if held else no(404, "8006", "no such file")
    if asked.path == "/api/v2/consent/manage/":
        return Answer(200, {"status": "success", "message": "consent noted"})
    given = _given(asked)
    account = world.account("whatsapp_netcore", str(given.get("source", "")))
    if asked.path != MESSAGE or account is None:
        return no(400, "8001", "source is not that of the account")
    person = _person(given, world)
    if person is None:
        return no(400, "8003", "recipient is not on WhatsApp")
    since = now_ms() - (world.flag(account, person, "heard_ms") or 0)
    if "type_template" not in given and since > _DAY_MS:
        return no(400, "8007", "more than 24 hours have passed")
    bubble = _shown(given)
    if isinstance(bubble, Answer):
        return bubble
    for file in bubble.files:
        status, body, type = await asked.fetch(file["link"])
        if status != 200:
            return no(400, "8008", "the file could not be fetched")
        file["id"], file["type"] = world.keep_file(body, type, file["name"]), type
    bubble.id, bubble.account, bubble.person = str(uuid.uuid4()), account.id, person.id
    bubble.opaque = str(given.get("x-apiheader", ""))
    world.add(bubble)
    return Answer(200, {"status": "success", "message": "Message accepted", "data": {"id": bubble.id}})


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a message goes to."""
    given = _given(asked)
    account = world.account("whatsapp_netcore", str(given.get("source", "")))
    return (account, _person(given, world)) if account and asked.path == MESSAGE else None


def refusal(fault: str, wait_s: int) -> Answer:
    """https://wadocs.pepipost.com/error-codes"""
    if fault == "throttled":
        return Answer(429, {"status": "failure", "error": "Too many requests"}, {"retry-after": str(wait_s)})
    if fault == "opted_out":
        return no(400, "8002", "recipient has not opted in")
    return no(400, "8003", "recipient is not on WhatsApp") if fault == "refused" else no(500, "8005", "technical error")


def no(status: int, code: str, message: str) -> Answer:
    """An error of Netcore's."""
    return Answer(status, {"status": "failure", "error": {"code": code, "message": message}})


def _given(asked: Asked) -> dict[str, Any]:
    messages = asked.json.get("message")
    return messages[0] if isinstance(messages, list) and messages and isinstance(messages[0], dict) else {}


def _person(given: dict[str, Any], world: World) -> Person | None:
    return next((one for one in world.people.values() if address(one) == given.get("recipient_whatsapp")), None)


def _shown(given: dict[str, Any]) -> Bubble | Answer:
    """The message as a phone shows it; what would be refused."""
    bubble = Bubble("", "whatsapp_netcore", "", "", False)
    kind = given.get("message_type")
    [value, *more] = given.get(f"type_{kind}") or given.get("type_template") or [{}]
    wrong = bool(more)
    if kind == "text":
        bubble.text = str(value.get("content", ""))
        wrong |= not 0 < len(bubble.text) <= 4096
    elif kind == "media":
        [file] = value.get("attachments", [{}])
        bubble.type, bubble.text = _TYPES.get(file.get("attachment_type"), ""), str(file.get("caption", ""))
        bubble.files = [{"link": str(file.get("attachment_url", "")), "name": file.get("filename", "")}]
        wrong |= not bubble.type or len(bubble.text) > 1024
    elif kind == "location":
        bubble.type, bubble.details = "location", dict(value)
    elif kind == "interactive":
        [action] = value.get("action", [{}])
        bubble.type, bubble.text = "buttons" if value.get("type") == "button" else "list", str(value.get("body", ""))
        replies = [one["reply"] for one in action.get("buttons", [])]
        rows = [row for section in action.get("sections", []) for row in section["rows"]]
        named = "button_reply" if replies else "list_reply"
        bubble.choices = [
            {"title": one["title"], "payload": one["id"], "description": one.get("description", ""), "is": named}
            for one in replies or rows
        ]
        most, longest = (3, 20) if replies else (10, 24)
        wrong |= not 0 < len(bubble.choices) <= most or any(len(one["title"]) > longest for one in bubble.choices)
    elif kind in ("template", "media_template"):
        known = TEMPLATES.get(str(value.get("name")))
        if known is None:
            return no(400, "8006", "no such template")
        bubble.type, bubble.text = (
            "template",
            next(str(one["text"]) for one in known["components"] if one["type"] == "BODY"),
        )
        for number, word in enumerate(value.get("attributes", []), 1):
            bubble.text = bubble.text.replace(f"{{{{{number}}}}}", str(word))
    else:
        wrong = True
    return no(400, "8001", f"parameters of {kind}") if wrong else bubble


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """Reports: https://wadocs.pepipost.com/webhooks/delivery-notification"""
    account, person = world.accounts["whatsapp_netcore", bubble.account], world.people[bubble.person]
    remark = "1002: Number does not exist on WhatsApp"
    about = {
        "ncmessage_id": bubble.id,
        "recipient": address(person),
        "x-apiheader": bubble.opaque,
        "source": account.id,
    }
    return [
        _called(
            account,
            {
                "delivery_status": [
                    about
                    | {"status": state, "received_at": str(now_ms() // 1000)}
                    | ({"status_remark": remark} if state == "failed" else {})
                ]
            },
            after_s=0.3 + 0.6 * place,
        )
        for place, state in enumerate(states)
    ]


def _called(account: Account, told: dict[str, Any], **more: Any) -> Hook:
    return Hook(account, json.dumps(told).encode(), {"content-type": "application/json"}, **more)


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """A callback of what somebody did."""
    about = world.bubble("whatsapp_netcore", deed.about) if deed.about else None
    id = f"ABGG{uuid.uuid4().hex.upper()}"
    own = Bubble(id, "whatsapp_netcore", account.id, person.id, True, state="sending", text=deed.text, about=deed.about)
    message: dict[str, Any] = {
        "from": address(person),
        "from_name": person.name,
        "to": "447700900003",
        "message_id": id,
    }
    message |= {"received_at": str(now_ms() // 1000)} | _said(deed, own, about, world)
    if about:
        message["context"] = {"ncmessage_id": about.id, "message_id": f"wamid.{about.id}"}
    if deed.do != "react":
        world.add(own)
    world.set_flag(account, person, "heard_ms", now_ms())
    return [_called(account, {"incoming_message": [message]}, bubble=id if deed.do != "react" else "")]


def _said(deed: Deed, own: Bubble, about: Bubble | None, world: World) -> dict[str, Any]:
    match deed.do:
        case "text" | "reply":
            return {"message_type": "TEXT", "text_type": {"text": deed.text}}
        case "file":
            file = world.files[deed.file]
            own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
            kind = "document" if own.type == "file" else own.type
            value = {"id": deed.file, "mime_type": file.type} | ({"caption": deed.text} if deed.text else {})
            value |= {"filename": file.name} if kind == "document" else {}
            return {"message_type": kind.upper(), f"{kind}_type": value}
        case "place":
            own.type, own.details = "location", deed.details
            return {"message_type": "LOCATION", "location_type": deed.details}
        case "react" if about:
            about.signs[own.person] = deed.text
            world.touch(about)
            return {"message_type": "REACTION", "reaction_type": {"emoji": deed.text}}
        case "press" if about:
            chosen = next((one for one in about.choices if one.get("payload") == deed.payload), None)
            if chosen is None:
                raise Impossible("there is no such button")
            own.text, own.type = chosen["title"], "press"
            reply = {"id": deed.payload, "title": chosen["title"]}
            return {"message_type": "INTERACTIVE", "interactive_type": {"type": chosen["is"], chosen["is"]: reply}}
    raise Impossible(f"nobody can {deed.do} that there")
