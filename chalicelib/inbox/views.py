"""What the inbox shows, as the API answers it and sockets tell it: rows, and who is at a chat."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.thread import parse_conversation_id
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import config, inbox
from chalicelib.tables.beats import Presence
from chalicelib.tables.inbox import InboxRow


def row_view(row: InboxRow, *, now_ms: int) -> dict[str, Any]:
    """A row, as it is answered."""
    data = dict(row.data or {})
    conversation, desk = str(row.conversation), str(row.desk)
    named = parse_conversation_id(conversation)
    last = data.get("last")
    return {
        "conversation_id": conversation,
        "thread_id": named[0] if named else "",
        "service_id": config.service_of(desk),
        "desk_id": desk,
        "contact": _person(data.get("contact", {})),
        "address": data.get("address", ""),
        "channel_id": data.get("channel", ""),
        "channel_kind": data.get("channel_kind", ""),
        "state": data.get("state", ""),
        "agent": _person(data["agent"]) if data.get("agent") else None,
        "claimed_by": _person(who) if (who := inbox.claimed(row, now_ms=now_ms)) else None,
        "last": _last(last) if last else None,
        "unread": sum(seq > int(row.seen or 0) for seq in data.get("unread", ())),
        "mentions": sorted(row.mentioned or ()),
        "waiting_since": _time(data.get("waiting")),
        "due_at": _time(data.get("due")),
        "reason": data.get("reason"),
        "outcome": data.get("outcome"),
        "snoozed_until": _time(data.get("snoozed")),
        "opened_at": _time(data.get("opened")),
        "changed_at": _time(row.changed_at),
        "version": inbox.shown_version(row),
    }


def _last(last: dict[str, Any]) -> dict[str, Any]:
    by = last["by"] if last["by"] in ("user", "bot", "agent") else "system"
    return {"text": last["text"], "type": last["type"], "by": by, "at": rfc3339(last["at"])}


def _person(one: dict[str, str]) -> dict[str, str | None]:
    return {"id": one.get("id"), "name": one.get("name")}


def _time(ms: Any) -> str | None:
    return rfc3339(int(ms)) if ms else None


def at_chat(chat: str, there: list[Presence]) -> list[dict[str, Any]]:
    """Who is at a chat, as it is answered."""
    return [
        {
            "conversation_id": chat,
            "agent": {"id": one.id, "name": one.name or None},
            "typing": one.typing,
            "at": rfc3339(one.at),
        }
        for one in there
    ]
