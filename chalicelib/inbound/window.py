"""How long people may write to the customer of a thread freely, as its channel stands."""

from __future__ import annotations

from chalicelib.channels import limits
from chalicelib.domain.thread import Thread
from chalicelib.tables import kept_channels


def of_people(thread: Thread) -> int:
    """Milliseconds after the customer's last word; 0: always. The channel is read where its settings have a say."""
    kind = thread.channel_kind
    row = kept_channels.get(thread.channel) if limits.of(kind).people_s else None
    return limits.window_s(kind, (row.body.get("settings") if row is not None else None) or {}) * 1000
