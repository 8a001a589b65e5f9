"""What became of a trigger's event, as it is told outside: to the trigger's `notify_url` and to subscriptions."""

from __future__ import annotations

from typing import Any

from chalicelib.domain.notice import Notice
from chalicelib.domain.platform_event import payload


def outcome_data(notice: Notice, *, trigger: str) -> dict[str, Any]:
    """`data` of trigger.completed and trigger.failed.

    `reply` only where the bot gave one; `error` (code, reason) only of a failed one; `contact_id` null where nobody
    is known.
    """
    told = {key: notice.data[key] for key in ("reply", "error") if notice.data.get(key)}
    return {
        "trigger_id": trigger,
        "event_id": notice.asked,
        "conversation_id": notice.conversation or None,
        "contact_id": notice.contact.get("id"),
        "session": notice.address,
        **told,
    }


def outcome_payload(notice: Notice, *, at: str) -> dict[str, Any]:
    """The body of a delivery to `notify_url`: `{"type", "timestamp", "data"}`; `at` is RFC 3339."""
    return payload(notice.event, at=at, data=outcome_data(notice, trigger=notice.channel))
