"""Telegram's Bot API: https://core.telegram.org/bots/api (10.1, June 2026)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import default
from typing import Any

from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.world import Account, Bubble, Hook, Person, World, now_ms

LABEL = "Telegram"
BASE = ""
CHANNEL: dict[str, Any] = {
    "settings": {},
    "secrets": {"bot_token": "110201543:simulated-bot-token-of-the-shop"},
}
DEEDS = frozenset(
    {"text", "file", "place", "contact", "press", "reply", "edit", "react", "start", "stop", "resume", "group"}
)
TELLS: tuple[str, ...] = ()
USERNAME = "simulated_shop_bot"
GROUP: dict[str, Any] = {"id": -1007000001, "type": "supergroup", "title": "Neighbours"}
"""The group that all people are in, with the bot; what is said to it is shown to who spoke there last."""
_LAST = "telegram/group"
_AT = re.compile(r"/bot([^/]+)/(\w+)")
_FILE = re.compile(r"/file/bot([^/]+)/(?:\w+/)?(\w+)(?:\.\w+)?")
_FILES = {
    "sendPhoto": ("photo", "image"), "sendAudio": ("audio", "audio"), "sendVoice": ("voice", "audio"),
    "sendVideo": ("video", "video"), "sendAnimation": ("animation", "image"), "sendDocument": ("document", "file"),
}  # fmt: skip
SENDS = frozenset({*_FILES, "sendMessage", "sendLocation", "sendVenue", "sendContact"})
UPDATES = frozenset({
    "message", "edited_message", "channel_post", "edited_channel_post", "message_reaction", "callback_query",
    "my_chat_member", "chat_member", "inline_query", "poll", "poll_answer",
})  # fmt: skip


def opened(channel: dict[str, Any]) -> Account:
    """The bot."""
    secrets = channel["secrets"]
    return Account("telegram", secrets["bot_token"].partition(":")[0], f"@{USERNAME}", channel["settings"], secrets)


def address(person: Person) -> str:
    """Id of a user, which is that of the chat with them."""
    return str(700_000_000 + person.number)


async def answer(asked: Asked, world: World) -> Answer:
    """One method, or a file."""
    if of := _FILE.fullmatch(asked.path):
        file = world.files.get(of[2]) if _account(of[1], world) else None
        return Answer(200, file.body, {"content-type": file.type}) if file else no(404, "Not Found")
    at = _AT.fullmatch(asked.path)
    account = _account(at[1], world) if at else None
    if at is None or account is None:
        return no(401, "Unauthorized")
    method, given = at[2], {**asked.query, **asked.json, **_form(asked, world)}
    if method == "getMe":
        me = {"id": int(account.id), "is_bot": True, "first_name": "Simulated shop", "username": USERNAME}
        return _yes(me | {"can_join_groups": True, "can_read_all_group_messages": False})
    if method == "setWebhook":
        return _webhook(given, account, world)
    if method == "deleteWebhook":
        account.url = ""
        return _yes(True)
    if method == "getWebhookInfo":
        return _yes({"url": account.url, "has_custom_certificate": False, "pending_update_count": 0})
    if method == "getFile":
        id = str(given.get("file_id"))
        file = world.files.get(id)
        path = {"file_id": id, "file_unique_id": f"u{id}", "file_path": f"files/{id}"}
        return _yes(path | {"file_size": len(file.body)}) if file else no(400, "Bad Request: invalid file_id")
    if method == "answerCallbackQuery":
        return _yes(True)
    person = _person(given.get("chat_id"), world)
    if person is None:
        return no(400, "Bad Request: chat not found")
    if method == "sendChatAction":
        world.set_flag(account, person, "typing", now_ms() + 5000)
        return _yes(True)
    return await _sent(method, given, account, person, asked, world)


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a message goes to."""
    at = _AT.fullmatch(asked.path)
    account = _account(at[1], world) if at else None
    if at is None or account is None or at[2] not in SENDS:
        return None
    return account, _person((asked.json or _form(asked, None)).get("chat_id"), world)


def refusal(fault: str, wait_s: int) -> Answer:
    """https://core.telegram.org/bots/api#making-requests and #responseparameters"""
    if fault == "throttled":
        return no(429, f"Too Many Requests: retry after {wait_s}", retry_after=wait_s)
    if fault == "refused":
        return no(403, "Forbidden: bot can't initiate conversation with a user")
    if fault == "opted_out":
        return no(403, "Forbidden: bot was blocked by the user")
    return no(500, "Internal Server Error")


def no(code: int, description: str, **parameters: int) -> Answer:
    """An error of the Bot API."""
    more = {"parameters": parameters} if parameters else {}
    return Answer(code, {"ok": False, "error_code": code, "description": description} | more)


def _yes(result: Any) -> Answer:
    return Answer(200, {"ok": True, "result": result})


def _form(asked: Asked, world: World | None) -> dict[str, Any]:
    """Parameters that come as a form, of which a file becomes its id; empty where they do not."""
    kind = asked.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return {}
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + asked.body, policy=default)
    given: dict[str, Any] = {}
    for part in form.iter_parts():
        name, file = part.get_param("name", header="content-disposition"), part.get_filename()
        body: Any = part.get_payload(decode=True)
        if file:
            given[str(name)] = world.keep_file(body, part.get_content_type(), file) if world else file
        else:
            given[str(name)] = json.loads(body) if body.startswith((b"{", b"[")) else body.decode()
    return given


def _account(token: str, world: World) -> Account | None:
    return next((one for one in world.of_kind("telegram") if one.secrets.get("bot_token") == token), None)


def _person(given: Any, world: World) -> Person | None:
    if _is_group(given):
        return world.people.get(world.flags.get(_LAST, ""))
    return next((one for one in world.people.values() if address(one) == str(given)), None)


def _is_group(chat_id: Any) -> bool:
    return str(chat_id) == str(GROUP["id"])


def _webhook(given: dict[str, Any], account: Account, world: World) -> Answer:
    """https://core.telegram.org/bots/api#setwebhook, but for that Telegram calls no http and nobody's own machine."""
    token = str(given.get("secret_token", ""))
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", token):
        return no(400, "Bad Request: secret token contains unallowed characters")
    if unknown := {*given.get("allowed_updates", ())} - UPDATES:
        return no(400, f"Bad Request: unknown updates {sorted(unknown)}")
    account.url = str(given.get("url", ""))
    account.hook = {"secret_token": token, "allowed_updates": list(given.get("allowed_updates", ()))}
    world.touch()
    return _yes(True)


async def _sent(
    method: str, given: dict[str, Any], account: Account, person: Person, asked: Asked, world: World
) -> Answer:
    group = _is_group(given.get("chat_id"))
    if world.flag(account, person, "stopped") and not group:
        return no(403, "Forbidden: bot was blocked by the user")
    if not world.flag(account, person, "started") and not group:
        return no(403, "Forbidden: bot can't initiate conversation with a user")
    bubble = _shown(method, given)
    if isinstance(bubble, Answer):
        return bubble
    for file in bubble.files:
        if file["link"].startswith(("https://", "http://")):
            status, body, type = await asked.fetch(file["link"])
            if status != 200:
                return no(400, "Bad Request: failed to get HTTP URL content")
            file["id"], file["type"] = world.keep_file(body, type, ""), type
        elif file["link"] not in world.files:
            return no(400, "Bad Request: wrong file identifier/HTTP URL specified")
        else:
            file["id"], file["type"] = file["link"], world.files[file["link"]].type
    number = world.number()
    bubble.id, bubble.account, bubble.person, bubble.state = str(number), account.id, person.id, "sent"
    about = given.get("reply_parameters") or {}
    bubble.about = str(about.get("message_id", "")) if isinstance(about, dict) else ""
    bubble.details |= {"keyboard": given["reply_markup"]} if given.get("reply_markup") else {}
    world.set_flag(account, person, "typing", 0)
    bubble.details |= {"group": GROUP["title"]} if group else {}
    world.add(bubble)
    chat = GROUP if group else {"id": int(address(person)), "type": "private", "first_name": person.name}
    return _yes({"message_id": number, "date": now_ms() // 1000, "chat": chat, "text": bubble.text})


def _shown(method: str, given: dict[str, Any]) -> Bubble | Answer:
    """The message as a phone shows it; what Telegram would refuse."""
    bubble = Bubble("", "telegram", "", "", False)
    if method == "sendMessage":
        bubble.text = str(given.get("text", ""))
        if not bubble.text.strip():
            return no(400, "Bad Request: message text is empty")
        if _units(bubble.text) > 4096:
            return no(400, "Bad Request: message is too long")
    elif method in _FILES:
        name, bubble.type = _FILES[method]
        bubble.text, bubble.files = str(given.get("caption", "")), [{"link": str(given.get(name, "")), "name": ""}]
        if _units(bubble.text) > 1024:
            return no(400, "Bad Request: message caption is too long")
    elif method in ("sendLocation", "sendVenue"):
        bubble.type = "location"
        bubble.details = {name: given[name] for name in ("latitude", "longitude", "address") if name in given}
        bubble.details |= {"name": given["title"]} if "title" in given else {}
        if not {"latitude", "longitude"} <= bubble.details.keys():
            return no(400, "Bad Request: there is no location in the request")
    elif method == "sendContact":
        bubble.type, bubble.text = "contact", str(given.get("first_name", ""))
        bubble.details = {"phone": str(given.get("phone_number", ""))}
    else:
        return no(404, "Not Found: method not found")
    rows = (given.get("reply_markup") or {}).get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    for button in buttons:
        if not button.get("text") or ("url" in button) == ("callback_data" in button):
            return no(400, "Bad Request: can't parse inline keyboard button")
        if not 0 < len(button.get("callback_data", "x").encode()) <= 64:
            return no(400, "Bad Request: BUTTON_DATA_INVALID")
    if len(buttons) > 100:
        return no(400, "Bad Request: REPLY_MARKUP_TOO_LONG")
    bubble.choices = [
        {"title": one["text"]} | ({"url": one["url"]} if "url" in one else {"payload": one["callback_data"]})
        for one in buttons
    ]
    return bubble


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def receipts(_bubble: Bubble, _states: Sequence[str], _world: World) -> list[Hook]:
    """Telegram tells nothing of a message after it took it; the phone shows that it came."""
    return []


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """An update of what somebody did."""
    now, id = now_ms() // 1000, world.number()
    who = {"id": int(address(person)), "is_bot": False, "first_name": person.name, "language_code": "en"}
    chat = {"id": who["id"], "type": "private", "first_name": person.name}
    about = world.bubble("telegram", deed.about) if deed.about else None
    group = bool(deed.details.get("group") or (about and about.details.get("group")))
    if group:
        chat, world.flags[_LAST] = GROUP, person.id
    if deed.do in ("stop", "resume"):
        world.set_flag(account, person, "stopped", deed.do == "stop")
        was, becomes = ("member", "kicked") if deed.do == "stop" else ("kicked", "member")
        bot = {"id": int(account.id), "is_bot": True, "first_name": "Simulated shop"}
        change = {"old_chat_member": {"user": bot, "status": was}, "new_chat_member": {"user": bot, "status": becomes}}
        return _update(account, {"my_chat_member": {"chat": chat, "from": who, "date": now} | change}, world)
    if world.flag(account, person, "stopped") and not group:
        raise Impossible("they have blocked the bot")
    if not group:
        world.set_flag(account, person, "started", True)
    if deed.do == "press" and about:
        chosen = next((one for one in about.choices if one.get("payload") == deed.payload), None)
        if chosen is None:
            raise Impossible("there is no such button")
        asked = {"message_id": int(about.id), "date": about.at_ms // 1000, "chat": chat, "text": about.text}
        asked |= {"reply_markup": about.details["keyboard"]} if "keyboard" in about.details else {}
        query = {"id": str(id), "from": who, "chat_instance": "1", "message": asked, "data": deed.payload}
        return _update(account, {"callback_query": query}, world, bubble=about.id)
    if deed.do == "react" and about:
        new = [{"type": "emoji", "emoji": deed.text}] if deed.text else []
        old = [{"type": "emoji", "emoji": about.signs[person.id]}] if about.signs.get(person.id) else []
        about.signs[person.id] = deed.text
        world.touch(about)
        reaction = {"chat": chat, "message_id": int(about.id), "user": who, "date": now}
        return _update(account, {"message_reaction": reaction | {"old_reaction": old, "new_reaction": new}}, world)
    if deed.do == "edit" and about and about.mine:
        about.text, about.edited = deed.text, True
        world.touch(about)
        edited = {"message_id": int(about.id), "from": who, "chat": chat, "date": about.at_ms // 1000}
        return _update(account, {"edited_message": edited | {"edit_date": now, "text": deed.text}}, world)
    own = Bubble(str(id), "telegram", account.id, person.id, True, state="sending", text=deed.text, about=deed.about)
    message = {"message_id": id, "from": who, "chat": chat, "date": now} | _said(deed, own, who["id"], world)
    if about:
        message["reply_to_message"] = {"message_id": int(about.id), "date": about.at_ms // 1000, "chat": chat}
    own.details = own.details | ({"group": GROUP["title"]} if group else {})
    world.add(own)
    return _update(account, {"message": message}, world, bubble=own.id)


def _said(deed: Deed, own: Bubble, user: Any, world: World) -> dict[str, Any]:
    match deed.do:
        case "text" | "reply":
            return {"text": deed.text}
        case "start":
            own.text = f"/start {deed.payload}".strip()
            return {"text": own.text, "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}
        case "file":
            file = world.files[deed.file]
            own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
            found = {"file_id": deed.file, "file_unique_id": f"u{deed.file}", "file_size": len(file.body)}
            caption = {"caption": deed.text} if deed.text else {}
            if own.type == "image":
                return {"photo": [found | {"width": 90, "height": 90}]} | caption
            name = {"audio": "voice", "video": "video"}.get(own.type, "document")
            more = {"mime_type": file.type} | ({"file_name": file.name} if name == "document" else {"duration": 3})
            return {name: found | more} | caption
        case "place":
            own.type, own.details = "location", deed.details
            return {"location": {name: deed.details[name] for name in ("latitude", "longitude")}}
        case "contact":
            own.type, own.details = "contact", deed.details
            card = {"phone_number": str(deed.details.get("phone", "")), "first_name": deed.text}
            return {"contact": card | ({"user_id": user} if deed.details.get("own") else {})}
    raise Impossible(f"nobody can {deed.do} that on Telegram")


def _update(account: Account, update: dict[str, Any], world: World, *, bubble: str = "") -> list[Hook]:
    allowed = account.hook.get("allowed_updates")
    if allowed and not update.keys() <= {*allowed}:
        return []
    body = json.dumps({"update_id": world.number()} | update).encode()
    secret = account.hook.get("secret_token", account.secrets.get("secret_token", ""))
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": secret}
    return [Hook(account, body, headers, bubble=bubble)]
