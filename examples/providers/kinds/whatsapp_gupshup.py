"""WhatsApp by way of Gupshup, its self-serve API: https://docs.gupshup.io (November 2026)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.whatsapp_messages import TEMPLATES
from examples.providers.world import Account, Bubble, Hook, Person, World, now_ms

LABEL = "WhatsApp (Gupshup)"
BASE = ""
CHANNEL = {"settings": {"app_name": "SimulatedShop", "source": "447700900002"}, "secrets": {"api_key": "simulated-key"}}
DEEDS = frozenset({"text", "file", "place", "press", "reply", "stop", "resume"})
TELLS = ("sent", "delivered", "read")
MESSAGE, TEMPLATE = "/wa/api/v1/msg", "/wa/api/v1/template/msg"
_FILES = {"image": "image", "audio": "audio", "video": "video", "file": "file", "sticker": "image"}
_DAY_MS = 24 * 3600 * 1000


def opened(channel: dict[str, Any]) -> Account:
    """The app's number."""
    settings = channel["settings"]
    id = settings["source"].lstrip("+")
    return Account("whatsapp_gupshup", id, f"+{id}", settings, channel["secrets"])


def address(person: Person) -> str:
    """The number without its plus."""
    return person.phone.lstrip("+")


async def answer(asked: Asked, world: World) -> Answer:
    """A message is posted, or a file that a user sent is fetched."""
    if asked.path.startswith("/files/"):
        file = world.files.get(asked.path.removeprefix("/files/"))
        return Answer(200, file.body, {"content-type": file.type}) if file else no(404, "not found")
    if asked.method != "POST" or asked.path not in (MESSAGE, TEMPLATE):
        return no(404, "Not Found")
    given, account = asked.form, world.account("whatsapp_gupshup", asked.form.get("source", ""))
    if account is None or given.get("src.name") != account.settings["app_name"]:
        return no(400, "Invalid App Details")
    if asked.headers.get("apikey") != account.secrets["api_key"]:
        return no(401, "Portal User Not Found With APIKey")
    person = _person(given.get("destination", ""), world)
    if person is None or given.get("channel") != "whatsapp":
        return no(400, "Invalid Destination")
    bubble = _shown(given) if asked.path == MESSAGE else _template(given)
    if isinstance(bubble, Answer):
        return bubble
    bubble.id, bubble.account, bubble.person = str(uuid.uuid4()), account.id, person.id
    trouble = await _fetched(bubble, asked, world)
    since = now_ms() - (world.flag(account, person, "heard_ms") or 0)
    if bubble.type != "template" and since > _DAY_MS:
        trouble = (1008, "User is not Opted in and Inactive")
    if trouble:
        bubble.state, bubble.details = "failed", {"error": f"{trouble[0]}: {trouble[1]}"}
        world.post([_event(bubble, "failed", account, person, {"code": trouble[0], "reason": trouble[1]}, 0.3)])
    world.add(bubble)
    return Answer(202, {"status": "submitted", "messageId": bubble.id})


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a message goes to."""
    account = world.account("whatsapp_gupshup", asked.form.get("source", ""))
    if account is None or asked.path not in (MESSAGE, TEMPLATE):
        return None
    return account, _person(asked.form.get("destination", ""), world)


def refusal(fault: str, wait_s: int) -> Answer:
    """https://partner-docs.gupshup.io/docs/error-codes"""
    if fault == "throttled":
        return Answer(429, {"status": "error", "message": "Too Many Requests"}, {"retry-after": str(wait_s)})
    if fault == "opted_out":
        return Answer(400, {"status": "error", "message": {"code": 1012, "reason": "User has opted out"}})
    return no(400, "Invalid Destination") if fault == "refused" else no(500, "Internal Server Error")


def no(status: int, message: str) -> Answer:
    """An error of Gupshup's."""
    return Answer(status, {"status": "error", "message": message})


def _person(given: str, world: World) -> Person | None:
    return next((one for one in world.people.values() if address(one) == given.lstrip("+")), None)


def _shown(given: dict[str, str]) -> Bubble | Answer:
    """The message as a phone shows it; what would be refused."""
    try:
        message = json.loads(given.get("message", ""))
    except ValueError:
        return no(400, "Invalid message")
    kind, bubble = message.get("type"), Bubble("", "whatsapp_gupshup", "", "", False)
    bubble.about = str((message.get("context") or {}).get("msgId", ""))
    if kind == "text":
        bubble.text = str(message.get("text", ""))
        wrong = not 0 < len(bubble.text) <= 4096
    elif kind in _FILES:
        bubble.type, bubble.text = _FILES[kind], str(message.get("caption", ""))
        link = message.get("originalUrl") or message.get("url") or ""
        bubble.files = [{"link": link, "name": message.get("filename", "")}]
        wrong = not link or len(bubble.text) > 1024
    elif kind == "location":
        bubble.type = "location"
        bubble.details = {
            name: message[name] for name in ("latitude", "longitude", "name", "address") if name in message
        }
        wrong = "latitude" not in message or "longitude" not in message
    elif kind == "contact":
        bubble.type, bubble.details = "contact", {"contacts": [message.get("contact")]}
        bubble.text = str(message["contact"]["name"]["formattedName"])
        wrong = False
    elif kind == "quick_reply":
        asked, options = message.get("content") or {}, message.get("options", [])
        bubble.type, bubble.text = "buttons", str(asked.get("text", ""))
        bubble.files = [{"link": asked["url"], "name": ""}] if asked.get("url") else []
        bubble.choices = [
            {"title": one["title"], "payload": one["postbackText"], "is": "button_reply"} for one in options
        ]
        wrong = not 0 < len(options) <= 3 or any(len(one["title"]) > 20 for one in options) or not bubble.text
    elif kind == "list":
        rows = [row for item in message.get("items", []) for row in item.get("options", [])]
        bubble.type, bubble.text = "list", str(message.get("body", ""))
        bubble.choices = [
            {
                "title": one["title"],
                "payload": one["postbackText"],
                "description": one["description"],
                "is": "list_reply",
            }
            for one in rows
        ]
        wrong = (
            not 0 < len(rows) <= 10 or any(len(one["title"]) > 24 for one in rows) or not message.get("globalButtons")
        )
    else:
        wrong = True
    return no(400, f"Invalid message of type {kind}") if wrong else bubble


def _template(given: dict[str, str]) -> Bubble | Answer:
    try:
        asked = json.loads(given.get("template", ""))
    except ValueError:
        return no(400, "Invalid template")
    known = TEMPLATES.get(str(asked.get("id")))
    if known is None:
        return no(400, "Template Not Found")
    text = next(str(one["text"]) for one in known["components"] if one["type"] == "BODY")
    for number, word in enumerate(asked.get("params", []), 1):
        text = text.replace(f"{{{{{number}}}}}", str(word))
    return Bubble("", "whatsapp_gupshup", "", "", False, "template", text)


async def _fetched(bubble: Bubble, asked: Asked, world: World) -> tuple[int, str] | None:
    for file in bubble.files:
        status, body, type = await asked.fetch(file["link"])
        if status != 200:
            return 1010, "Failed to download the file"
        file["id"], file["type"] = world.keep_file(body, type, file["name"]), type
    return None


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """Message events; Gupshup's come some seconds late, these a moment."""
    account, person = world.accounts["whatsapp_gupshup", bubble.account], world.people[bubble.person]
    why = {"code": 1002, "reason": "Number does not exist on WhatsApp"}
    return [
        _event(
            bubble, state, account, person, why if state == "failed" else {"ts": now_ms() // 1000}, 0.3 + 0.6 * place
        )
        for place, state in enumerate(states)
    ]


def _event(
    bubble: Bubble, state: str, account: Account, person: Person, payload: dict[str, Any], after_s: float
) -> Hook:
    ids = {"id": f"wamid.{bubble.id}", "gsId": bubble.id} if state != "failed" else {"id": bubble.id}
    told = {
        "type": "message-event",
        "payload": ids | {"type": state, "destination": address(person), "payload": payload},
    }
    return _called(account, told, after_s=after_s)


def _called(account: Account, told: dict[str, Any], **more: Any) -> Hook:
    body = {"app": account.settings["app_name"], "timestamp": now_ms(), "version": 2} | told
    return Hook(account, json.dumps(body).encode(), {"content-type": "application/json"}, **more)


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """A callback of what somebody did, in version 2 of its form."""
    who = address(person)
    if deed.do in ("stop", "resume"):
        world.set_flag(account, person, "stopped", deed.do == "stop")
        word = "opted-out" if deed.do == "stop" else "opted-in"
        return [_called(account, {"type": "user-event", "payload": {"phone": who, "type": word}})]
    world.set_flag(account, person, "heard_ms", now_ms())
    about = world.bubble("whatsapp_gupshup", deed.about) if deed.about else None
    id = f"wamid.{uuid.uuid4().hex.upper()}"
    own = Bubble(id, "whatsapp_gupshup", account.id, person.id, True, state="sending", text=deed.text, about=deed.about)
    kind, payload = _said(deed, own, about, account, world)
    world.add(own)
    sender = {"phone": who, "name": person.name, "country_code": "44", "dial_code": who.removeprefix("44")}
    said: dict[str, Any] = {"id": id, "source": who, "type": kind, "payload": payload, "sender": sender}
    said |= {"context": {"id": f"wamid.{about.id}", "gsId": about.id}} if about else {}
    return [_called(account, {"type": "message", "payload": said}, bubble=id)]


def _said(deed: Deed, own: Bubble, about: Bubble | None, account: Account, world: World) -> tuple[str, dict[str, Any]]:
    match deed.do:
        case "text" | "reply":
            return "text", {"text": deed.text}
        case "file":
            file = world.files[deed.file]
            own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
            payload = {"url": f"{account.settings.get('api_base', '')}/files/{deed.file}", "contentType": file.type}
            payload |= {"caption": deed.text} if deed.text else {}
            return own.type, payload | ({"name": file.name} if own.type == "file" else {})
        case "place":
            own.type, own.details = "location", deed.details
            return "location", {name: str(deed.details[name]) for name in ("latitude", "longitude")}
        case "press" if about:
            chosen = next((one for one in about.choices if one.get("payload") == deed.payload), None)
            if chosen is None:
                raise Impossible("there is no such button")
            own.text, own.type = chosen["title"], "press"
            return chosen["is"], {
                "title": chosen["title"],
                "id": "0",
                "reply": chosen["title"],
                "postbackText": deed.payload,
            }
    raise Impossible(f"nobody can {deed.do} that there")
