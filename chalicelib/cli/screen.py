"""What every command shares: the connection it was given, how it prints, how it says that something was refused.

A terminal gets text for people; where the output goes elsewhere it is JSON, a line for each of several.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from chalicelib.cli.connection import Connection, Refused, connection

out, err = Console(highlight=False), Console(stderr=True, highlight=False)
_MOST = 60
"""Characters of what somebody wrote that a table shows; everything else is shown whole."""
_WRITTEN = ("text", "reply", "error")


@dataclass(frozen=True, slots=True)
class Session:
    """What the options before the command said."""

    base_url: str | None
    key: str | None
    json: bool
    """Whether a program reads what is printed."""


def terminal() -> bool:
    """Whether a person reads what is printed."""
    return sys.stdout.isatty()


def session(context: typer.Context) -> Session:
    """What the options before the command said."""
    found: Session = context.find_root().obj
    return found


def connected(context: typer.Context) -> Connection:
    """The connection that the options before the command gave. Made when it is needed: help needs none."""
    said = session(context)
    try:
        return connection(said.base_url, said.key)
    except ValueError as error:
        warn(str(error), "red")
        raise typer.Exit(2) from None


def line(text: str | Text) -> None:
    """A line, however long it is; never markup, as customers write square brackets too."""
    out.print(text if isinstance(text, Text) else Text(text), soft_wrap=True)


def warn(text: str, style: str = "yellow") -> None:
    """A line beside what is printed."""
    err.print(Text(text, style=style), soft_wrap=True)


def whole(value: Any) -> None:
    """One thing as JSON."""
    out.print_json(json.dumps(value)) if out.is_terminal else typer.echo(json.dumps(value, ensure_ascii=False))


def json_line(value: Any) -> None:
    """One of several as JSON, at once."""
    print(json.dumps(value, ensure_ascii=False, separators=(",", ":")), flush=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], styles: Sequence[str] = ()) -> None:
    """Rows below each other, each cell whole; `styles` are the rows'."""
    cells = [[_cell(name, value) for name, value in zip(columns, row, strict=True)] for row in rows]
    widths = [max(len(name), *(len(row[n]) for row in cells)) if cells else len(name) for n, name in enumerate(columns)]
    line(Text(_aligned([name.rpartition(".")[2] for name in columns], widths), style="bold"))
    for n, row in enumerate(cells):
        line(Text(_aligned(row, widths), style=styles[n] if styles else ""))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "attempts":
        return str(len(value)) if isinstance(value, list) else str(value)
    if isinstance(value, list):
        return ", ".join(str(one.get("value", one)) if isinstance(one, dict) else str(one) for one in value)
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    text = " ".join(text.split())
    return text if name not in _WRITTEN or len(text) <= _MOST else text[: _MOST - 1] + "…"


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with what was refused, or that nobody answers; an interruption is no error."""
    try:
        yield
    except Refused as refused:
        say_refused(refused)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        # Whoever read has enough. Nothing is to be written to it at our end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except OSError as error:
        warn(str(error), "red")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def say_refused(refused: Refused) -> None:
    """Say what was refused: each wrong field once."""
    wrong = refused.problem.get("errors") or ()
    # The detail of a problem with fields is these fields in a row.
    warn(f"{refused.status} {refused.problem.get('code', '')}".rstrip() if wrong else str(refused), "red")
    for one in wrong:
        warn(f"  {one['path'] or '/'}: {one['message']}", "")
