"""`parley figures`: what was counted of a service, a row for each step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from chalicelib.cli.looking import Service, service_of
from chalicelib.cli.screen import connected, json_line, refusals, session, table

COLUMNS = ("from", "received", "sent", "lost", "opened", "closed", "handed over", "first reply", "tries", "failed")


def figures(
    context: typer.Context,
    service: Service = "",
    step: Annotated[str, typer.Option(help="15m, 1h or 1d.")] = "1h",
    since: Annotated[str, typer.Option("--from", help="RFC 3339 time; else a day ago, by days thirty.")] = "",
    until: Annotated[str, typer.Option("--to", help="RFC 3339 time; else now.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, also on a terminal.")] = False,
) -> None:
    """Show messages, conversations and attempts by time, in UTC. `first reply` is the median wait at desks,
    in seconds, of the slowest. Piped, it is one line of JSON with all that was counted."""
    with refusals():
        call = connected(context)
        asked = {"service_id": service_of(call, service) if service else "", "step": step, "from": since, "to": until}
        found = call("GET", "/v1/figures", query={name: value for name, value in asked.items() if value})
        json_line(found) if as_json or session(context).json else table(COLUMNS, rows(found))


def rows(found: dict[str, Any]) -> list[list[Any]]:
    """A row for each step: of all channels, desks and webhooks together."""
    channels, desks, chats = found["channels"], found["desks"], found["conversations"]
    webhooks = [*found["bots"], *desks, *found["subscriptions"]]
    return [
        [
            at[:16].replace("T", " "),
            _sum(channels, "received", n),
            _sum(channels, "sent", n),
            _sum(channels, "failed", n),
            chats["opened"][n],
            chats["closed"][n],
            chats["handed_over"][n],
            max((s for desk in desks if (s := desk["first_replies"]["p50_s"][n]) is not None), default=None),
            _sum(webhooks, "attempts", n),
            _sum(webhooks, "failed", n),
        ]
        for n, at in enumerate(found["times"])
    ]


def _sum(of: Iterable[dict[str, Any]], name: str, n: int) -> int:
    return sum(int(one[name][n]) for one in of)
