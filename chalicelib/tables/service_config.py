"""The service as deciding sees it: rules, bots and desks of one snapshot, in `domain.deciding.routing`'s words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.domain.deciding import conditions
from chalicelib.domain.deciding.opening_hours import week_of
from chalicelib.domain.deciding.routing import Party, Rule
from chalicelib.ports import log
from chalicelib.tables import endpoints
from chalicelib.tables.config import Resource, Snapshot

_kept: dict[str, SnapshotConfig] = {}
"""Service -> its configuration at the version that was asked for last."""


class SnapshotConfig:
    """`domain.deciding.routing.ServiceConfig` over a snapshot of a service's configuration."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        own: dict[str, Any] = (snapshot.own.body or {}) if snapshot.own is not None else {}
        self.timezone: str = own.get("timezone") or "UTC"
        self.country: str = own.get("country") or ""
        rows = sorted(snapshot.of_kind("rule"), key=lambda row: ((row.body or {}).get("position", 0), row.id))
        self.rules = [rule_of(row.id, row.body or {}) for row in rows]
        # One that was never verified hears nothing: what happened before is not kept for it.
        self._subscriptions = [
            (row.id, row.body) for row in snapshot.of_kind("subscription") if (row.body or {}).get("since")
        ]
        conditions_ = [(row.body or {}).get("when") for row in [*rows, *snapshot.of_kind("subscription")]]
        self.reads_contact = any('"contact' in json.dumps(when) for when in conditions_ if isinstance(when, dict))
        """Whether a condition may ask for the contact's attributes or tags, which the thread does not know."""

    def bot(self, id: str) -> Party | None:
        row = self._of(id, "bot")
        if row is None:
            return None
        body = row.body or {}
        sources = tuple(body.get("sources") or ())
        return Party(id, body.get("kind", ""), profile=body.get("profile", "generic"), sources=sources)

    def bot_name(self, id: str) -> str:
        """What the owner calls a bot."""
        row = self._of(id, "bot")
        return str(row.name) if row else ""

    def desk(self, id: str) -> Party | None:
        row = self._of(id, "desk")
        if row is None:
            return None
        body = row.body or {}
        return Party(
            id,
            body.get("kind", ""),
            accept_within_s=body.get("accept_within_s") or 0,
            fallbacks=tuple(body.get("fallback_desk_ids") or ()),
            first_reply_within_s=body.get("first_reply_within_s") or 0,
            reply_within_s=body.get("reply_within_s") or 0,
            week=week_of(body.get("hours")),
        )

    def usable(self, desk: str) -> bool:
        party = self.desk(desk)
        if party is None:
            return False
        # A hand-over is rare: one read of how the desk fares is cheaper than sending people to nobody.
        return bool(endpoints.get(desk).status == endpoints.ACTIVE)

    def notifies(self, trigger: str) -> bool:
        row = self._of(trigger, "trigger")
        return bool(row is not None and row.body.get("notify_url"))

    def subscribers(self, event: str, source: str, facts: Callable[[], dict[str, Any]]) -> list[str]:
        """Subscriptions that hear of a platform event; the facts are made at the first condition."""
        found: list[str] = []
        for id, body in self._subscriptions:
            # What is about no message comes from no source.
            if event not in body["events"] or (source and body.get("sources") and source not in body["sources"]):
                continue
            if body.get("when") in (None, True, {}) or self.matches(body["when"], facts() | {"event": {"type": event}}):
                found.append(id)
        return found

    def matches(self, rule: Any, facts: dict[str, Any]) -> bool:
        matched, trouble = conditions.matches(rule, facts)
        if trouble:
            # It counts as not matching; a rule that never evaluates would else never be noticed.
            log.trouble("rule", service=self.snapshot.service, error=str(trouble)[:200])
        return matched

    def _of(self, id: str, kind: str) -> Resource | None:
        row = self.snapshot.resources.get(id)
        return row if row is not None and row.kind == kind else None


def of(snapshot: Snapshot) -> SnapshotConfig:
    """The configuration of a snapshot; kept until that is another."""
    kept = _kept.get(snapshot.service)
    if kept is None or kept.snapshot is not snapshot:
        kept = _kept[snapshot.service] = SnapshotConfig(snapshot)
    return kept


def rule_of(id: str, body: dict[str, Any]) -> Rule:
    """A rule by its fields."""
    desk = body.get("desk_id") or ""
    waits = body.get("on_bot_failure") == "wait" or not desk
    return Rule(
        id=id,
        to=body["to"],
        bot=body.get("bot_id") or "",
        desk=desk,
        when=body.get("when"),
        channels=tuple(body.get("channel_ids") or ()),
        on_event='"event' in json.dumps(body.get("when")),
        patience_s=0 if waits else max(1, int(body.get("bot_patience_s", 60))),
    )
