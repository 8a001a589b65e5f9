"""What users of WhatsApp do that is no speech: they open the chat, call, or say whether they may be called.

.../whatsapp/webhooks/reference/messages (request_welcome, interactive), .../webhooks/reference/calls
"""

from __future__ import annotations

from typing import Any

from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import word

Found = tuple[str, dict[str, Any]]
"""What happened, and its details."""
STARTED, MISSED_CALL, CALL, CALL_PERMISSION = "started", "missed_call", "call", "call_permission"


def in_message(message: dict[str, Any]) -> Found | None:
    """What a message of the user's tells of, where it says nothing."""
    kind = word(message.get("type"))
    if kind == "request_welcome":
        return STARTED, {}
    interactive = message.get("interactive")
    if kind != "interactive" or not isinstance(interactive, dict):
        return None
    reply = interactive.get("call_permission_reply")
    if word(interactive.get("type")) != "call_permission_reply" or not isinstance(reply, dict):
        return None
    details: dict[str, Any] = {"given": word(reply.get("response")) == "accept"}
    if reply.get("is_permanent") is True:
        details["permanent"] = True
    if until := _number(reply.get("expiration_timestamp")):
        details["until_s"] = until
    return CALL_PERMISSION, details | _texts(reply, "response_source")


def in_call(call: dict[str, Any]) -> Found | str:
    """What the end of a user's call tells; why it is passed over where it tells nothing.

    We answer no calls ourselves: one that was never taken, by whoever has the number's calls, is missed.
    """
    event, direction = word(call.get("event"))[:64], word(call.get("direction"))[:64]
    if event != "terminate" or direction == "BUSINESS_INITIATED":
        return f"call {event} {direction}".strip()
    payload = _texts(call, "cta_payload", "deeplink_payload")
    if not _number(call.get("start_time")) and word(call.get("status")) != "COMPLETED":
        return MISSED_CALL, payload
    return CALL, {"duration_s": _number(call.get("duration"))} | payload


def _number(value: Any) -> int:
    text = word(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0


def _texts(given: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: text[:MAX_ID] for name in names if (text := word(given.get(name)))}
