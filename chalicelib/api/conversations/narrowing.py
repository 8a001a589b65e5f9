"""To which conversations a service's list is narrowed."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Call
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.times import times_of_query
from chalicelib.domain.thread import DESK, NOTIFICATION, OFFERED, Conversation
from chalicelib.tables import threads

FILTERS = ("state", "owner", "desk_id", "agent", "outcome", "channel_id", "from", "to")
NOBODY = "nobody"
EXAMINED = 500
"""Conversations read for one page, which may be short of its limit and still have a next one."""
_ALL_MS = 10**13 - 1


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What conversations have to be; empty: anything."""

    state: str = ""
    owner: str = ""
    desk: str = ""
    agent: str = ""
    outcome: str = ""
    channel: str = ""
    since: int = 0
    until: int = _ALL_MS

    def fits(self, one: Conversation) -> bool:
        """Whether a conversation is so."""
        return (
            self.state in ("", one.state)
            and self.owner in ("", owner_of(one))
            and self.desk in ("", one.party)
            and self.agent in ("", one.agent.get("id", ""))
            and self.outcome in ("", one.outcome)
            and self.channel in ("", one.channel)
            and self.since <= one.opened_at <= self.until
        )


def owner_of(one: Conversation) -> str:
    """Who has a conversation, or had it when it was closed: bot, desk, or nobody while no desk has taken it.
    What the business said first is nobody's."""
    nobodys = one.kind == NOTIFICATION or (one.kind == DESK and one.state == OFFERED)
    return NOBODY if nobodys else one.kind


def of_query(call: Call) -> Narrowing | None:
    """What a query narrows to; None where it does not. Problem 422 for what is no time."""
    given = {name: call.query.get(name, "") for name in FILTERS}
    if not any(given.values()):
        return None
    since, until = times_of_query(call, "from", "to")
    since, until = since or 0, _ALL_MS if until is None else until
    if since > until:
        raise invalid([("/to", "lies before from")])
    return Narrowing(
        state=given["state"],
        owner=given["owner"],
        desk=given["desk_id"],
        agent=given["agent"],
        outcome=given["outcome"],
        channel=given["channel_id"],
        since=since,
        until=until,
    )


def page(call: Call, service: str, narrowing: Narrowing) -> dict[str, Any]:
    """`{"data", "next_cursor"}` of a service's conversations that are so, the newest first."""
    limit, of = cursors.limit_of(call), f"conversations {service} {astuple(narrowing)}"
    place, examined = cursors.place_of(call, of=of), 0
    found: list[Conversation] = []
    for row in threads.opened(service, since=narrowing.since, until=narrowing.until, before=place, most=EXAMINED):
        one = Conversation.of(row.state)
        if narrowing.fits(one):
            if len(found) == limit:
                return {"data": found, "next_cursor": cursors.encode(place, of=of)}
            found.append(one)
        place, examined = str(row.opened), examined + 1
    return {"data": found, "next_cursor": cursors.encode(place, of=of) if examined >= EXAMINED else None}
