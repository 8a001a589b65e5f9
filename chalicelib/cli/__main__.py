"""`python -m chalicelib.cli`: apply bundles, verify, follow a conversation, replay, make keys; sources, triggers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from chalicelib.cli import contacts, sources, triggers
from chalicelib.cli.connection import connection
from chalicelib.cli.screen import connected, err, out, refusals

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Speak with a Parley deployment.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.add_typer(keys, name="keys")
app.add_typer(contacts.app, name="contact")
app.add_typer(sources.app, name="source")
app.add_typer(triggers.app, name="trigger")
COLOURS = {"created": "green", "updated": "yellow", "deleted": "red", "unchanged": "dim"}
POLL_S = 1.0


@app.callback()
def _connect(
    context: typer.Context,
    base_url: Annotated[str | None, typer.Option(help="Base URL; else PARLEY_BASE_URL or the local run.")] = None,
    key: Annotated[str | None, typer.Option(help="API key; else PARLEY_KEY or the local run's.")] = None,
) -> None:
    try:
        context.obj = connection(base_url, key)
    except ValueError as error:
        err.print(Text(str(error), style="red"))
        raise typer.Exit(2) from None


@app.command()
def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A bundle, YAML or JSON.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Make a service equal to a bundle. Prints secrets that were made: they are not shown again."""
    with refusals():
        query = {"dry_run": "true" if dry_run else ""}
        done = connected(context)("POST", "/v1/apply", query=query, yaml=file.read_bytes())
    table = Table("", "kind", "name", "id")
    for verb, colour in COLOURS.items():
        for one in done[verb]:
            table.add_row(Text(verb, style=colour), one["kind"], Text(one["name"]), one["id"] or "")
    out.print(table)
    if done.get("secrets"):
        out.print_json(json.dumps(done["secrets"]))
    for one in done["warnings"]:
        err.print(Text(f"{one['kind']} {one['name']}: {one['detail']}", style="yellow"))
    if done["warnings"]:
        raise typer.Exit(1)


@app.command()
def verify(
    context: typer.Context, id: Annotated[str, typer.Argument(help="Id of a bot, desk or subscription.")]
) -> None:
    """Verify a webhook; it is used from then on."""
    with refusals():
        thing = {"dk_": "desks", "sb_": "subscriptions"}.get(id[:3], "bots")
        done = connected(context)("POST", f"/v1/{thing}/{id}/verify", {})
    out.print(f"{done['id']} is [green]{done['status']}[/green]")


@app.command()
def tail(
    context: typer.Context,
    conversation: Annotated[str, typer.Argument(help="Id of a conversation.")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=100)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")] = False,
) -> None:
    """Print the last messages of a conversation, and those that come."""
    seen: set[str] = set()
    with refusals():
        while True:
            query = {"conversation_id": conversation, "limit": 100 if seen else lines}
            page = connected(context)("GET", "/v1/messages", query=query)["data"]
            for message in (one for one in reversed(page) if one["id"] not in seen):
                _print(message)
            seen |= {one["id"] for one in page}
            if not follow:
                return
            time.sleep(POLL_S)


@app.command()
def replay(
    context: typer.Context,
    bot: Annotated[str, typer.Argument(help="Id of a bot.")],
    since: Annotated[str, typer.Option(help="RFC 3339 time with a zone.")],
    until: Annotated[str | None, typer.Option(help="RFC 3339 time with a zone; else now.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
) -> None:
    """Send a bot's deliveries of a time again, in their order."""
    body: dict[str, Any] = {"bot_id": bot, "since": since, "dry_run": dry_run}
    total, skipped = 0, dict[str, int]()
    with refusals():
        # The end is fixed before the first page: later pages must not reach what is being sent now.
        body["until"] = until or time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        with Progress(console=err, transient=True) as progress:
            task = progress.add_task("replaying", total=None)
            while True:
                page = connected(context)("POST", "/v1/deliveries:replay", body)
                total += page["count"]
                for reason, count in page["skipped"].items():
                    skipped[reason] = skipped.get(reason, 0) + count
                progress.update(task, completed=total, description=f"{total} deliveries")
                if dry_run:
                    for one in page["deliveries"]:
                        out.print(f"{one['created_at']} {one['id']} {one['status']}")
                if not page["next_since"]:
                    break
                body["since"] = page["next_since"]
    left = ", ".join(f"{count} {reason}" for reason, count in skipped.items() if count) or "none"
    out.print(f"{total} deliveries {'would be ' if dry_run else ''}sent again; skipped: {left}")


@keys.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument()],
    scope: Annotated[list[str], typer.Option(help="admin, agent or read.")],
    service: Annotated[str | None, typer.Option(help="The only service that it may see.")] = None,
) -> None:
    """Make an API key and print it: it is not shown again."""
    with refusals():
        made = connected(context)("POST", "/v1/keys", {"name": name, "scopes": scope, "service_id": service})
    # Plain, so that `key=$(... keys create ...)` works.
    typer.echo(made["key"])


@app.command()
def openapi(context: typer.Context) -> None:
    """Print the OpenAPI description."""
    with refusals():
        typer.echo(json.dumps(connected(context)("GET", "/v1/openapi.json"), indent=2, ensure_ascii=False))


def _print(message: dict[str, Any]) -> None:
    author = message["author"]
    who = author["name"] or author["kind"]
    what = message["text"] or f"[{message['type']}]"
    # As Text, never markup: customers write square brackets too.
    line = Text(f"{message['sent_at']} ", style="dim")
    line.append(f"{who}: ", style="cyan" if message["direction"] == "in" else "green")
    line.append(what)
    line.append(f"  {message['state']}", style="dim")
    out.print(line, soft_wrap=True)


if __name__ == "__main__":
    app(prog_name="parley")
