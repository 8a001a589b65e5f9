"""`parley trigger`: ask a bot through a trigger, and see what its events came to."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.text import Text

from chalicelib.cli.connection import Connection
from chalicelib.cli.screen import connected, json_line, line, refusals, session, warn

app = typer.Typer(no_args_is_help=True, help="Triggers and their events.")
Trigger = Annotated[str, typer.Argument(help="Id of a trigger.")]
COLOURS = {"succeeded": "green", "failed": "red", "running": "yellow"}
POLL_S = 0.5


@app.command()
def fire(
    context: typer.Context,
    id: Trigger,
    text: Annotated[str | None, typer.Option(help="What the bot is asked; ignored where there is a default.")] = None,
    session: Annotated[str | None, typer.Option(help="Key of the session to go on with.")] = None,
    email: Annotated[str | None, typer.Option(help="Whom it is about.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Print what came of it.")] = False,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that are waited at most.")] = 60,
) -> None:
    """Ask the trigger's bot. Prints the event's id; with --wait the bot's reply, or why there is none."""
    body: dict[str, Any] = {name: value for name, value in (("text", text), ("session", session)) if value}
    if email:
        body["contact"] = {"email": email}
    with refusals():
        # Without any of these the body would be a payload.
        call = connected(context)
        accepted = call("POST", f"/v1/triggers/{id}/invoke", body or None)
        if not wait:
            # Plain, so that `event=$(... trigger fire ...)` works.
            typer.echo(accepted["id"])
            return
        event = _finished(call, f"/v1/triggers/{id}/events/{accepted['id']}", timeout)
    _print(context, event)
    if event["status"] != "succeeded":
        raise typer.Exit(1)


@app.command()
def events(
    context: typer.Context,
    id: Trigger,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=100)] = 20,
) -> None:
    """Print a trigger's last events, the newest last."""
    with refusals():
        page = connected(context)("GET", f"/v1/triggers/{id}/events", query={"limit": lines})
    for event in reversed(page["data"]):
        _print(context, event)


def _finished(call: Connection, path: str, timeout: int) -> dict[str, Any]:
    until = time.monotonic() + timeout
    while True:
        event: dict[str, Any] = call("GET", path)
        if event["finished_at"]:
            return event
        if time.monotonic() >= until:
            warn(f"still {event['status']} after {timeout} s")
            return event
        time.sleep(POLL_S)


def _print(context: typer.Context, event: dict[str, Any]) -> None:
    if session(context).json:
        json_line(event)
        return
    text = Text(f"{event['accepted_at']} ", style="dim")
    text.append(f"{event['id']} ")
    text.append(event["status"], style=COLOURS.get(event["status"], "dim"))
    text.append(f"  {event['conversation_id'] or event['session'] or ''}", style="dim")
    if said := event["reply"] or (event["error"] or {}).get("reason"):
        text.append(f"\n  {said}")
    line(text)
