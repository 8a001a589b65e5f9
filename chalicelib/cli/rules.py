"""`parley rules`: versions of a service's rules, what others would do, and back to those of before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.cli.looking import service_of
from chalicelib.cli.screen import connected, json_line, line, refusals, session, table, whole

app = typer.Typer(no_args_is_help=True, help="Who gets a customer's message.")
Service = Annotated[str, typer.Argument(help="Name or id of a service.")]
_SHOWN = 20
"""Versions that are listed."""


@app.command()
def versions(
    context: typer.Context,
    service: Service,
    version: Annotated[int | None, typer.Argument(help="Show the rules as they were after this one.")] = None,
) -> None:
    """List what was changed in a service's rules, or show them as they were."""
    with refusals():
        call = connected(context)
        path, query = "/v1/rules/versions", {"service_id": service_of(call, service)}
        if version is not None:
            whole(call("GET", f"{path}/{version}", query=query))
            return
        found = call("GET", path, query=query | {"limit": str(_SHOWN)})["data"]
    if session(context).json:
        for one in found:
            json_line(one)
        return
    rows = [
        (one["version"], one["at"], one["actor"], change["change"], change["name"])
        for one in found
        for change in one["changes"]
    ]
    table(("version", "at", "actor", "", "rule"), rows)


@app.command()
def compare(
    context: typer.Context,
    service: Service,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="All rules, as a JSON array.")],
) -> None:
    """Say which of the last 200 messages other rules would give to others. Nothing is changed."""
    with refusals():
        call = connected(context)
        given = json.loads(file.read_text(encoding="utf-8"))
        rules = given.get("rules", given) if isinstance(given, dict) else given
        done = call("POST", "/v1/rules:compare", {"service_id": service_of(call, service), "rules": rules})
    if session(context).json:
        whole(done)
        return
    line(f"{done['different']} of {done['compared']} messages would go elsewhere")
    rows = [(one["sent_at"], one["text"], _who(one["now"]), _who(one["then"])) for one in done["differences"]]
    table(("sent_at", "text", "now", "then"), rows)


@app.command()
def restore(
    context: typer.Context,
    service: Service,
    version: Annotated[int, typer.Argument(help="Of `parley rules versions`; 0: before the first that is known.")],
) -> None:
    """Make the rules as they were after a version: a change as any other, which can be taken back."""
    with refusals():
        call = connected(context)
        done = call("POST", "/v1/rules:restore", {"service_id": service_of(call, service), "version": version})
    if session(context).json:
        whole(done)
        return
    counts = ", ".join(f"{len(done[verb])} {verb}" for verb in ("created", "updated", "deleted"))
    line(f"{counts}, {done['unchanged']} unchanged" + (f"; version {done['version']}" if done["version"] else ""))


def _who(routing: dict[str, Any]) -> str:
    return f"{routing['name']}: {routing['to']}" if routing["name"] else "nobody"
