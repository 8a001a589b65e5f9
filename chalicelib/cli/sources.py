"""`parley source`: try a mapping over a sample, and post events from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.text import Text

from chalicelib.cli.screen import connected, err, line, refusals, session, whole

app = typer.Typer(no_args_is_help=True, help="Events of other systems.")
MOST, MOST_BYTES = 500, 900_000
"""Events, and bytes of them, that are posted at once."""


@app.command("try")
def try_out(
    context: typer.Context,
    mapping: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A mapping, or a source that has one.")],
    sample: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An event.")],
    service: Annotated[str | None, typer.Option(help="Service in whose country phone numbers are read.")] = None,
) -> None:
    """Show what a mapping makes of an event. Nothing is stored."""
    given, event = _json(mapping), _json(sample)
    about = given if isinstance(given, dict) and "mapping" in given else {"mapping": given}
    body = {"mapping": about["mapping"], "sample": event}
    body |= {name: value for name, value in (("service_id", service), ("key", about.get("key"))) if value}
    with refusals():
        done = connected(context)("POST", "/v1/sources:try", body)
    if done["message"]:
        whole(done["message"])
    for wrong in done["errors"]:
        err.print(Text(f"{wrong['path'] or '/'}: {wrong['message']}", style="red"))
    if done["errors"]:
        raise typer.Exit(1)


@app.command()
def post(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Id of a source.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An event, an array, or one on each line.")],
) -> None:
    """Post events to a source. Posting them again changes nothing: what was posted is known by its id."""
    events = _events(file)
    accepted, rejected, at = 0, 0, 0
    with refusals(), Progress(console=err, transient=True) as progress:
        task = progress.add_task("posting", total=len(events))
        for page in _pages(events):
            done = connected(context)("POST", f"/v1/sources/{id}/events", page)
            accepted += done["accepted"]
            rejected += len(done["rejected"])
            for one in done["rejected"]:
                why = "; ".join(f"{wrong['path'] or '/'}: {wrong['message']}" for wrong in one["errors"])
                err.print(Text(f"event {at + one['index'] + 1}: {why}", style="red"))
            at += len(page)
            progress.update(task, completed=at)
    if session(context).json:
        whole({"accepted": accepted, "rejected": rejected})
    else:
        line(f"{accepted} events accepted, {rejected} rejected")
    if rejected:
        raise typer.Exit(1)


def _pages(events: list[Any]) -> Iterator[list[Any]]:
    page: list[Any] = []
    size = 0
    for event in events:
        length = len(json.dumps(event).encode()) + 2
        if page and (len(page) == MOST or size + length > MOST_BYTES):
            yield page
            page, size = [], 0
        page.append(event)
        size += length
    if page:
        yield page


def _events(file: Path) -> list[Any]:
    try:
        whole = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        lines = file.read_text(encoding="utf-8").splitlines()
        return [_parsed(line, f"{file}, line {n}") for n, line in enumerate(lines, 1) if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _json(file: Path) -> Any:
    return _parsed(file.read_text(encoding="utf-8"), str(file))


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        err.print(Text(f"{where}: is no JSON: {error}", style="red"))
        raise typer.Exit(2) from None
