"""What a business sends by the Cloud API, as a phone shows it; and what WhatsApp would refuse of it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
"""

from __future__ import annotations

import re
from typing import Any

from examples.providers.kinds import Answer
from examples.providers.meta import no
from examples.providers.world import Bubble

_FILES = {"image": "image", "audio": "audio", "video": "video", "document": "file", "sticker": "image"}
TEMPLATES: dict[str, dict[str, Any]] = {
    "order_update": {
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Your order"},
            {"type": "BODY", "text": "Hello {{1}}, your order {{2}} is on its way."},
            {"type": "FOOTER", "text": "Simulated shop"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Where is it?"}]},
        ],
    },
    "hello": {"category": "MARKETING", "components": [{"type": "BODY", "text": "We have not heard of you for long."}]},
}


def shown_of(given: dict[str, Any]) -> Bubble | Answer:
    """The message as a phone shows it; what WhatsApp would refuse."""
    kind = str(given.get("type"))
    value = given.get(kind) or {}
    bubble = Bubble("", "whatsapp", "", "", False, kind)
    if kind == "text":
        bubble.text = str(value.get("body", ""))
        if not 0 < len(bubble.text) <= 4096:
            return no(400, 100, "(#100) Param text['body'] must be at most 4096 characters long.")
    elif kind in _FILES:
        bubble.type, bubble.text = _FILES[kind], str(value.get("caption", ""))
        bubble.files = [{"link": value.get("link", ""), "id": value.get("id", ""), "name": value.get("filename", "")}]
        if len(bubble.text) > 1024:
            return no(400, 131009, "(#131009) Parameter value is not valid", details="caption is too long")
    elif kind == "location":
        bubble.details = dict(value)
    elif kind == "contacts":
        bubble.type, bubble.details = "contact", {"contacts": given.get("contacts")}
        people = given.get("contacts") or []
        bubble.text = ", ".join(str(one["name"]["formatted_name"]) for one in people)
    elif kind == "template":
        return _template(value, bubble)
    elif kind == "interactive":
        return _interactive(value, bubble)
    else:
        return no(400, 131009, "(#131009) Parameter value is not valid", details=f"type {kind}")
    return bubble


def _interactive(value: dict[str, Any], bubble: Bubble) -> Bubble | Answer:
    action, kind = value.get("action") or {}, value.get("type")
    bubble.text = str((value.get("body") or {}).get("text", ""))
    header = value.get("header") or {}
    if (of := header.get("type")) in _FILES:
        bubble.files = [{"link": header[of].get("link", ""), "id": header[of].get("id", ""), "name": ""}]
    limit = 1024
    if kind == "button":
        replies = [one["reply"] for one in action.get("buttons", [])]
        bubble.type = "buttons"
        bubble.choices = [{"title": one["title"], "payload": one["id"], "is": "button_reply"} for one in replies]
        wrong = not 0 < len(replies) <= 3 or any(len(one["title"]) > 20 or len(one["id"]) > 256 for one in replies)
    elif kind == "list":
        sections = action.get("sections", [])
        rows = [row | {"section": one.get("title", "")} for one in sections for row in one["rows"]]
        bubble.type, bubble.details, limit = "list", {"button": action.get("button", "")}, 4096
        bubble.choices = [
            {"title": one["title"], "payload": one["id"], "description": one.get("description", ""), "is": "list_reply"}
            | ({"section": one["section"]} if one["section"] else {})
            for one in rows
        ]
        wrong = not 0 < len(rows) <= 10 or not 0 < len(bubble.details["button"]) <= 20
        wrong |= any(len(one["title"]) > 24 or len(one.get("description", "")) > 72 for one in rows)
    elif kind == "cta_url":
        opens = action["parameters"]
        bubble.type, bubble.choices = "buttons", [{"title": opens["display_text"], "url": opens["url"]}]
        wrong = len(opens["display_text"]) > 20
    else:
        wrong = True
    if wrong or not 0 < len(bubble.text) <= limit:
        return no(400, 131009, "(#131009) Parameter value is not valid", details=f"interactive {kind}")
    return bubble


def _template(value: dict[str, Any], bubble: Bubble) -> Bubble | Answer:
    known = TEMPLATES.get(str(value.get("name")))
    if known is None:
        return no(
            404, 132001, "(#132001) Template name does not exist in the translation", details=str(value.get("name"))
        )
    parts = {one["type"]: one for one in known["components"]}
    bodies = [one for one in value.get("components", []) if one.get("type", "").lower() == "body"]
    words = [str(one.get("text", "")) for body in bodies for one in body.get("parameters", [])]
    text = str(parts["BODY"]["text"])
    blanks = re.findall(r"\{\{\d+\}\}", text)
    if len(words) != len(blanks):
        return no(400, 132000, "(#132000) Number of parameters does not match", details=f"{len(blanks)} are expected")
    for number, word in enumerate(words, 1):
        text = text.replace(f"{{{{{number}}}}}", word)
    lines = [parts.get("HEADER", {}).get("text", ""), text, parts.get("FOOTER", {}).get("text", "")]
    bubble.text = "\n".join(line for line in lines if line)
    bubble.choices = [
        {"title": one["text"], "payload": one["text"], "is": "button"}
        for one in parts.get("BUTTONS", {}).get("buttons", [])
    ]
    bubble.details = {"template": value["name"], "category": known["category"]}
    return bubble
