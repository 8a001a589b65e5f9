"""`parley replay`: what did not arrive, or did, is sent again."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.progress import Progress

from chalicelib.cli import things
from chalicelib.cli.connection import Connection
from chalicelib.cli.screen import connected, err, json_line, line, refusals, session, whole

_EVERY_S = 2.0
_GOES_ON = ("counting", "running")


def replay(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Id of a bot, desk, subscription or channel; or of a replay.")],
    since: Annotated[str | None, typer.Option(help="RFC 3339 time with a zone.")] = None,
    until: Annotated[str | None, typer.Option(help="RFC 3339 time with a zone; else now.")] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Only failed, expired, poison, unknown or delivered ones.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until it is over, also of a replay by its id.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="End the replay of that id where it is.")] = False,
) -> None:
    """Send deliveries of a time again, in their order; delivered ones only with --status delivered."""
    known = id.startswith("rd_")
    if known == bool(since) or (cancel and not known):
        raise typer.BadParameter("say a destination and --since, or a replay")
    with refusals():
        call = connected(context)
        statuses = status or ["failed", "expired", "poison"]
        if dry_run:
            _would(context, call, id, {"since": since, "statuses": statuses} | ({"until": until} if until else {}))
            return
        if known:
            job = call("POST", f"/v1/replays/{id}/cancel", {}) if cancel else call("GET", f"/v1/replays/{id}")
        else:
            wanted = {"destination_id": id, "from": since, "statuses": statuses} | ({"to": until} if until else {})
            job = call("POST", "/v1/replays", wanted)
        if wait:
            job = _waited(call, job)
    if session(context).json:
        whole(job)
    else:
        line(f"{job['id']} is {job['state']}: {job['done']} of {job['counted']} sent again; skipped: {_left(job)}")
    if job["state"] == "failed":
        raise typer.Exit(1)


def _waited(call: Connection, job: dict[str, Any]) -> dict[str, Any]:
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(job["state"], total=None)
        while job["state"] in _GOES_ON:
            time.sleep(_EVERY_S)
            job = call("GET", f"/v1/replays/{job['id']}")
            total = None if job["state"] == "counting" else job["counted"]
            progress.update(task, description=job["state"], total=total, completed=job["done"] + job["failed"])
    return job


def _would(context: typer.Context, call: Connection, id: str, body: dict[str, Any]) -> None:
    """Say what would be sent again."""
    whose = things.THINGS["deliveries"].of.get(id.partition("_")[0], "bot_id")
    body |= {whose: id, "dry_run": True}
    total, skipped = 0, dict[str, int]()
    # The end is fixed before the first page: later pages must not reach what is being sent now.
    body.setdefault("until", time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()))
    while body["since"]:
        page = call("POST", "/v1/deliveries:replay", body)
        total += page["count"]
        for reason, count in page["skipped"].items():
            skipped[reason] = skipped.get(reason, 0) + count
        for one in page["deliveries"]:
            json_line(one) if session(context).json else line(f"{one['created_at']} {one['id']} {one['status']}")
        body["since"] = page["next_since"]
    if session(context).json:
        json_line({"count": total, "skipped": skipped, "dry_run": True})
    else:
        line(f"{total} deliveries would be sent again; skipped: {_left({'skipped': skipped})}")


def _left(job: dict[str, Any]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in job["skipped"].items() if count) or "none"
