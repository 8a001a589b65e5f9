"""What every command shares: the connection it was given, where it prints, how it says that something was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from chalicelib.cli.connection import Connection, Refused

out, err = Console(), Console(stderr=True)


def connected(context: typer.Context) -> Connection:
    """The connection that the options before the command gave."""
    found: Connection = context.find_root().obj
    return found


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with what was refused, or that nobody answers; an interruption is no error."""
    try:
        yield
    except Refused as refused:
        err.print(Text(str(refused), style="red"))
        for wrong in refused.problem.get("errors", ()):
            err.print(Text(f"  {wrong['path'] or '/'}: {wrong['message']}"))
        raise typer.Exit(1) from None
    except OSError as error:
        err.print(Text(f"no answer: {error}", style="red"))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
