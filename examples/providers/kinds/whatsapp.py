"""WhatsApp's Cloud API: https://developers.facebook.com/documentation/business-messaging/whatsapp (November 2026)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any

from examples.providers import meta
from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.meta import no
from examples.providers.whatsapp_messages import TEMPLATES, shown_of
from examples.providers.world import Account, Bubble, Hook, Person, World, now_ms

LABEL = "WhatsApp"
BASE = "/v24.0"
CHANNEL = {
    "settings": {"phone_number_id": "106540352242922", "business_account_id": "102290129340398"},
    "secrets": {"app_secret": "simulated-app-secret", "access_token": "EAAsimulated", "verify_token": "simulated-word"},
}
DEEDS = frozenset(
    {"text", "file", "place", "contact", "press", "reply", "edit", "delete", "react", "stop", "resume", "call"}
)
TELLS = ("sent", "delivered", "read")
NUMBER = "+44 7700 900001"
WINDOW_MS = 24 * 3600 * 1000
_AT = re.compile(r"/v\d+\.\d+/([^/]+)(?:/([^/]+))?")


def opened(channel: dict[str, Any]) -> Account:
    """The number."""
    settings = channel["settings"]
    return Account("whatsapp", settings["phone_number_id"], NUMBER, settings, channel["secrets"])


def address(person: Person) -> str:
    """`wa_id`: the number without its plus."""
    return person.phone.lstrip("+")


async def answer(asked: Asked, world: World) -> Answer:
    """One call of the Graph API."""
    at = _AT.fullmatch(asked.path)
    if not at:
        return no(404, 2500, f"Unknown path components: {asked.path}")
    id, what = at[1], at[2] or ""
    if id == "debug_token":
        return meta.debug_token(asked, world)
    if id == "file":
        return _content(asked, what, world)
    if id in world.files:
        return _described(asked, id, world)
    account = world.account("whatsapp", id) or _of_business(id, world)
    if refused := meta.known(asked, account):
        return refused
    assert account is not None  # else known() refused it
    if what == "messages" and asked.method == "POST":
        return await _messages(asked, account, world)
    if what == "message_templates":
        return _templates(asked)
    if what == "subscribed_apps":
        return Answer(200, {"success": True})
    if what == "" and asked.method == "POST":
        return await _configured(asked, account, world)
    if what == "":
        return Answer(200, {
            "id": id, "display_phone_number": NUMBER, "verified_name": "Simulated shop", "quality_rating": "GREEN",
        })  # fmt: skip
    return no(404, 2500, f"Unknown path components: /{what}")


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a message goes to."""
    at = _AT.fullmatch(asked.path)
    account = world.account("whatsapp", at[1]) if at and at[2] == "messages" else None
    if account is None or asked.method != "POST" or asked.json.get("status"):
        return None
    return account, _person(asked.json.get("to"), world)


def refusal(fault: str, wait_s: int) -> Answer:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"""
    if fault == "throttled":
        return no(429, 130429, "(#130429) Rate limit hit", details="Too many messages", wait_s=wait_s)
    if fault == "refused":
        return no(400, 131026, "(#131026) Message undeliverable", details="Receiver is incapable of receiving this")
    if fault == "opted_out":
        return no(400, 131050, "(#131050) User stopped marketing", details="The user has stopped marketing messages")
    return no(500, 131000, "(#131000) Something went wrong", details="Something went wrong")


def _of_business(id: str, world: World) -> Account | None:
    return next((one for one in world.of_kind("whatsapp") if one.settings.get("business_account_id") == id), None)


def _person(given: Any, world: World) -> Person | None:
    return next((one for one in world.people.values() if address(one) == str(given or "").lstrip("+")), None)


async def _configured(asked: Asked, account: Account, world: World) -> Answer:
    """The number calls another URL, which is asked for its challenge first: .../whatsapp/webhooks/override"""
    wanted = asked.json.get("webhook_configuration") or {}
    url, word = str(wanted.get("override_callback_uri", "")), str(wanted.get("verify_token", ""))
    challenge = secrets.token_hex(5)
    status, body, _ = await asked.fetch(f"{url}?hub.mode=subscribe&hub.verify_token={word}&hub.challenge={challenge}")
    if status != 200 or body.decode(errors="replace") != challenge:
        return no(400, 2200, f"(#2200) Callback verification failed: HTTP {status}")
    account.url = url
    world.touch()
    return Answer(200, {"success": True})


def _templates(asked: Asked) -> Answer:
    wanted = asked.query.get("name_or_content", "").lower()
    data = [
        {"name": name, "language": "en", "status": "APPROVED", "id": str(number)} | one
        for number, (name, one) in enumerate(TEMPLATES.items(), 1)
        if wanted in name or wanted in str(one).lower()
    ]
    return Answer(200, {"data": data, "paging": {"cursors": {"before": "a", "after": "b"}}})


def _described(asked: Asked, id: str, world: World) -> Answer:
    file = world.files[id]
    return Answer(200, {
        "url": f"{asked.base}/file/{id}", "mime_type": file.type, "file_size": len(file.body), "id": id,
        "sha256": hashlib.sha256(file.body).hexdigest(), "messaging_product": "whatsapp",
    })  # fmt: skip


def _content(asked: Asked, id: str, world: World) -> Answer:
    file = world.files.get(id)
    if not asked.bearer or file is None:
        return Answer(404, b"Not Found")
    return Answer(200, file.body, {"content-type": file.type})


async def _messages(asked: Asked, account: Account, world: World) -> Answer:
    given = asked.json
    if given.get("messaging_product") != "whatsapp":
        return no(400, 100, "(#100) The parameter messaging_product is required.")
    if given.get("status") == "read":
        return _seen(given, account, world)
    person = _person(given.get("to"), world)
    if person is None:
        return no(400, 131030, "(#131030) Recipient phone number not in allowed list", details="No simulated person")
    shown = shown_of(given)
    if isinstance(shown, Answer):
        return shown
    shown.id, shown.account, shown.person = f"wamid.{secrets.token_hex(12).upper()}", account.id, person.id
    shown.opaque, shown.about = str(given.get("biz_opaque_callback_data", "")), _about(given)
    world.set_flag(account, person, "typing", 0)
    trouble = await _fetched(shown, asked, world)
    heard = world.flag(account, person, "heard_ms") or 0
    if shown.type != "template" and now_ms() - heard > WINDOW_MS:
        trouble = (131047, "Re-engagement message", "Message failed to send because more than 24 hours have passed")
    if shown.details.get("category") == "MARKETING" and world.flag(account, person, "stopped"):
        trouble = (131050, "User stopped marketing", "The user has stopped marketing messages")
    if trouble:
        shown.state, shown.details = "failed", shown.details | {"error": f"{trouble[0]}: {trouble[2]}"}
        world.add(shown)
        world.post([_status(shown, "failed", account, person, trouble, after_s=0.2)])
    else:
        world.add(shown)
    contact = {"input": str(given.get("to")), "wa_id": address(person)}
    return Answer(200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": shown.id}]})


def _about(given: dict[str, Any]) -> str:
    return str((given.get("context") or {}).get("message_id", ""))


def _seen(given: dict[str, Any], account: Account, world: World) -> Answer:
    """That the business has read it, and that somebody writes: .../whatsapp/typing-indicators"""
    said = world.bubble("whatsapp", str(given.get("message_id")))
    if said is None:
        return no(400, 100, "(#100) Invalid parameter", details="No such message")
    said.state = "read"
    world.touch(said)
    if given.get("typing_indicator"):
        world.set_flag(account, world.people[said.person], "typing", now_ms() + 25_000)
    return Answer(200, {"success": True})


async def _fetched(bubble: Bubble, asked: Asked, world: World) -> tuple[int, str, str] | None:
    """Get the files of its links, as Meta does after it has answered."""
    for file in bubble.files:
        if file["id"]:
            continue
        status, body, type = await asked.fetch(file["link"])
        if status != 200:
            return 131053, "Media upload error", f"Downloading media from weblink failed with http code {status}"
        file["id"], file["type"] = world.keep_file(body, type, file["name"]), type
    return None


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """What became of a message."""
    account, person = world.accounts["whatsapp", bubble.account], world.people[bubble.person]
    failed = (131026, "Message undeliverable", "Message undeliverable")
    return [
        _status(bubble, state, account, person, failed if state == "failed" else None, after_s=0.3 + 0.6 * place)
        for place, state in enumerate(states)
    ]


def _status(
    bubble: Bubble, state: str, account: Account, person: Person, error: tuple[int, str, str] | None, *, after_s: float
) -> Hook:
    status: dict[str, Any] = {
        "id": bubble.id, "status": state, "timestamp": str(now_ms() // 1000), "recipient_id": address(person),
    }  # fmt: skip
    status |= {"biz_opaque_callback_data": bubble.opaque} if bubble.opaque else {}
    if error:
        code, title, details = error
        status["errors"] = [{"code": code, "title": title, "message": title, "error_data": {"details": details}}]
    return _notified(account, {"statuses": [status]}, after_s=after_s)


def _notified(account: Account, value: dict[str, Any], *, field: str = "messages", **more: Any) -> Hook:
    about = {"display_phone_number": NUMBER.replace(" ", "").lstrip("+"), "phone_number_id": account.id}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": about} | value}
    entry = {"id": account.settings.get("business_account_id") or "0", "changes": [change]}
    return meta.hook(account, {"object": "whatsapp_business_account", "entry": [entry]}, **more)


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """A notification of what somebody did."""
    who, stamp = address(person), str(now_ms() // 1000)
    people = {"contacts": [{"profile": {"name": person.name}, "wa_id": who}]}
    if deed.do in ("stop", "resume"):
        world.set_flag(account, person, "stopped", deed.do == "stop")
        wants = {"wa_id": who, "category": "marketing_messages", "value": deed.do, "timestamp": stamp}
        wants["detail"] = "User requested to stop marketing messages" if deed.do == "stop" else "User resumed"
        return [_notified(account, people | {"user_preferences": [wants]}, field="user_preferences")]
    id = f"wamid.{secrets.token_hex(12).upper()}"
    if deed.do == "call":
        call = {"id": id, "from": who, "to": account.id, "event": "terminate", "status": "FAILED", "timestamp": stamp}
        world.add(Bubble(id, "whatsapp", account.id, person.id, True, "event", "Called, and nobody answered"))
        return [_notified(account, people | {"calls": [call]}, field="calls")]
    message = {"from": who, "id": id, "timestamp": stamp} | _said(deed, id, person, account, world)
    world.set_flag(account, person, "heard_ms", now_ms())
    return [_notified(account, people | {"messages": [message]}, bubble=id)]


def _said(deed: Deed, id: str, person: Person, account: Account, world: World) -> dict[str, Any]:
    """The message's type and value; the bubble is shown."""
    about = world.bubble("whatsapp", deed.about) if deed.about else None
    own = Bubble(id, "whatsapp", account.id, person.id, True, state="sending", about=deed.about, text=deed.text)
    context = {"context": {"from": NUMBER.replace(" ", "").lstrip("+"), "id": deed.about}} if deed.about else {}
    match deed.do:
        case "text" | "reply":
            world.add(own)
            return {"type": "text", "text": {"body": deed.text}} | context
        case "file":
            file = world.files[deed.file]
            own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
            world.add(own)
            kind = "document" if own.type == "file" else own.type
            value: dict[str, Any] = {
                "id": deed.file,
                "mime_type": file.type,
                "sha256": hashlib.sha256(file.body).hexdigest(),
            }
            value |= {"caption": deed.text} if deed.text and kind != "audio" else {}
            value |= {"filename": file.name} if kind == "document" else {}
            value |= {"voice": True} if kind == "audio" else {}
            return {"type": kind, kind: value}
        case "place":
            own.type, own.details = "location", deed.details
            world.add(own)
            return {"type": "location", "location": deed.details}
        case "contact":
            own.type, own.details = "contact", deed.details
            world.add(own)
            name, phone = deed.text, str(deed.details.get("phone", ""))
            card = {"name": {"formatted_name": name, "first_name": name}}
            return {"type": "contacts", "contacts": [card | {"phones": [{"phone": phone, "type": "CELL"}]}]}
        case "press" if about:
            chosen = next((one for one in about.choices if one.get("payload") == deed.payload), None)
            if chosen is None:
                raise Impossible("there is no such button")
            own.text, own.type = chosen["title"], "press"
            world.add(own)
            if chosen["is"] == "button":
                return {"type": "button", "button": {"text": chosen["title"], "payload": chosen["payload"]}} | context
            reply = {"id": chosen["payload"], "title": chosen["title"]}
            if chosen["is"] == "list_reply" and chosen.get("description"):
                reply["description"] = chosen["description"]
            return {"type": "interactive", "interactive": {"type": chosen["is"], chosen["is"]: reply}} | context
        case "edit" if about and about.mine:
            about.text, about.edited = deed.text, True
            world.touch(about)
            message = {"type": "text", "text": {"body": deed.text}}
            return {"type": "edit", "edit": {"original_message_id": about.id, "message": message}}
        case "delete" if about and about.mine:
            about.text, about.deleted, about.files = "", True, []
            world.touch(about)
            return {"type": "revoke", "revoke": {"original_message_id": about.id}}
        case "react" if about:
            about.signs[person.id] = deed.text
            world.touch(about)
            reaction = {"message_id": about.id} | ({"emoji": deed.text} if deed.text else {})
            return {"type": "reaction", "reaction": reaction}
    raise Impossible(f"nobody can {deed.do} that on WhatsApp")
