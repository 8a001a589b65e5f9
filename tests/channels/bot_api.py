"""Telegram's Bot API as far as our calls go: it refuses what Telegram would, and hands out ids and files.

By hand after https://core.telegram.org/bots/api (10.1, June 2026); a method or parameter that is not named here is new
to whoever adds it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import Any

from tests.outside import Answer, Heard

_SENT = {"chat_id", "message_thread_id", "reply_parameters", "reply_markup"}
METHODS: dict[str, tuple[set[str], set[str]]] = {
    "getMe": (set(), set()),
    "setWebhook": ({"url"}, {"secret_token", "allowed_updates"}),
    "getFile": ({"file_id"}, set()),
    "sendChatAction": ({"chat_id", "action"}, {"message_thread_id"}),
    "sendMessage": ({"chat_id", "text"}, _SENT),
    "sendPhoto": ({"chat_id", "photo"}, _SENT | {"caption"}),
    "sendAudio": ({"chat_id", "audio"}, _SENT | {"caption"}),
    "sendVoice": ({"chat_id", "voice"}, _SENT | {"caption"}),
    "sendVideo": ({"chat_id", "video"}, _SENT | {"caption"}),
    "sendAnimation": ({"chat_id", "animation"}, _SENT | {"caption"}),
    "sendDocument": ({"chat_id", "document"}, _SENT | {"caption"}),
    "sendLocation": ({"chat_id", "latitude", "longitude"}, _SENT),
    "sendVenue": ({"chat_id", "latitude", "longitude", "title", "address"}, _SENT),
    "sendContact": ({"chat_id", "phone_number", "first_name"}, _SENT),
}
"""Parameters that have to be there, and that may."""
UPDATES = {
    "message", "edited_message", "channel_post", "edited_channel_post", "message_reaction", "callback_query",
    "my_chat_member", "chat_member", "inline_query", "poll", "poll_answer",
}  # fmt: skip
FILE = b"\xff\xd8\xff picture"


def read(heard: Heard) -> dict[str, Any]:
    """The parameters of a call: JSON, or a form in which a file is its name, its type and its bytes."""
    kind = heard.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        given: dict[str, Any] = json.loads(heard.raw)
        return given
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + heard.raw, policy=default)
    found: dict[str, Any] = {}
    for part in form.iter_parts():
        name, file = part.get_param("name", header="content-disposition"), part.get_filename()
        value: Any = part.get_payload(decode=True)
        text = value.decode() if not file else ""
        is_json = text.startswith(("{", "["))
        found[str(name)] = (file, part.get_content_type(), value) if file else json.loads(text) if is_json else text
    return found


def refusal(method: str, body: dict[str, Any]) -> str:
    """What Telegram would say no with; empty where it takes the call."""
    if method not in METHODS:
        return f"no method {method}"
    needed, more = METHODS[method]
    if missing := {name for name in needed if body.get(name) in (None, "")}:
        return f"without {missing}"
    if unknown := body.keys() - needed - more:
        return f"unknown {unknown}"
    for name, most in (("text", 4096), ("caption", 1024), ("secret_token", 256)):
        if len(str(body.get(name, ""))) > most:
            return f"{name} is too long"
    if not body.get("text", "x").strip():
        return "text is empty"
    letters = str(body.get("secret_token", "")).replace("-", "").replace("_", "")
    if not (letters.isascii() and (letters.isalnum() or not letters)):
        return "unallowed characters in the secret token"
    if unknown := {*body.get("allowed_updates", ())} - UPDATES:
        return f"unknown {unknown}"
    return _of_keyboard(body.get("reply_markup", {}).get("inline_keyboard", [[{"text": "x", "callback_data": "x"}]]))


def _of_keyboard(rows: list[list[dict[str, str]]]) -> str:
    buttons = [button for row in rows for button in row]
    if not 0 < len(buttons) <= 100 or not all(0 < len(row) <= 8 for row in rows):
        return "buttons that are too many, or none"
    for button in buttons:
        if not button.get("text") or not button.keys() - {"text"} <= {"url", "callback_data"} or len(button) != 2:
            return f"wrong button {button}"
        if not 0 < len(button.get("callback_data", "x").encode()) <= 64:
            return "BUTTON_DATA_INVALID"
    return ""


@dataclass
class BotApi:
    """It, for one bot."""

    token: str
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Methods that were called, with their parameters."""
    fails: list[tuple[int, str, dict[str, Any]] | None] = field(default_factory=list)
    """(code, description, parameters) of the next answers to what is sent, one after the other; None is taken."""
    webhook: dict[str, Any] = field(default_factory=dict)
    """What `setWebhook` was given: where updates go, with which token, and which."""
    wrong: list[str] = field(default_factory=list)
    """What was refused on its own account."""

    def answer(self, heard: Heard) -> Answer:
        """As `Outside.answer`."""
        if heard.path == f"/file/bot{self.token}/photos/file_1.jpg":
            return 200, FILE, {"Content-Type": "application/octet-stream"}
        known, _, method = heard.path.removeprefix("/bot").partition("/")
        if known != self.token:
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        body = read(heard)
        self.calls.append((method, body))
        if why := refusal(method, body):
            self.wrong.append(f"{method}: {why}")
            return 400, {"ok": False, "error_code": 400, "description": f"Bad Request: {why}"}
        if method.startswith("send") and self.fails and (failed := self.fails.pop(0)):
            code, description, parameters = failed
            return code, {"ok": False, "error_code": code, "description": description, "parameters": parameters}
        return 200, {"ok": True, "result": self._result(method, body)}

    def sent(self) -> list[tuple[Any, Any]]:
        """(where to, what) of the texts that were sent."""
        return [(body["chat_id"], body["text"]) for method, body in self.calls if method == "sendMessage"]

    def _result(self, method: str, body: dict[str, Any]) -> Any:
        match method:
            case "getMe":
                return {"id": 1, "is_bot": True, "first_name": "Care", "username": "care_bot"}
            case "getFile":
                return {"file_id": body["file_id"], "file_unique_id": "x", "file_path": "photos/file_1.jpg"}
            case "setWebhook":
                self.webhook = body
                return True
            case "sendChatAction":
                return True
        return {"message_id": 1000 + len(self.calls), "date": 1, "chat": {"id": body["chat_id"]}}
