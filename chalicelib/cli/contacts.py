"""`parley contact`: show a person, and bring in or take out files of any length, a page at a time."""

from __future__ import annotations

import csv
import json
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from chalicelib.cli.connection import Connection, Refused
from chalicelib.cli.contact_pages import Page, Pages
from chalicelib.cli.screen import connected, err, line, refusals, session, whole
from chalicelib.domain.file_text import Undecodable

app = typer.Typer(no_args_is_help=True, help="Persons.")
Service = Annotated[str | None, typer.Option(help="Id of the service; not needed with a key of one service.")]
VERBS = ("created", "updated", "unchanged")
_TRIES, _WAIT_S = 4, 1.0


@app.command()
def show(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="Id, e-mail address, phone number or id of another system.")],
    service: Service = None,
) -> None:
    """Print a contact."""
    with refusals():
        if who.startswith("ct_"):
            found = [connected(context)("GET", f"/v1/contacts/{who}")]
        else:
            kind = "email" if "@" in who else "phone" if who.lstrip("+(0")[:1].isdigit() else "external_id"
            found = connected(context)("GET", "/v1/contacts", query={"service_id": service, kind: who})["data"]
    if not found:
        err.print(Text(f"there is no contact with {who}", style="red"))
        raise typer.Exit(1)
    whole(found[0])


@app.command()
def dismiss(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Id of a contact.", metavar="ID")],
    other: Annotated[str, typer.Argument(help="Id of a contact that its maybe_same names.", metavar="OTHER")],
) -> None:
    """Say that two contacts are two persons: the suggestion that they are one goes."""
    with refusals():
        whole(connected(context)("POST", f"/v1/contacts/{id}/dismiss", {"contact_id": other}))


@app.command("import")
def load(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, or JSON lines (.jsonl).")],
    service: Service = None,
    at_once: Annotated[int, typer.Option(min=1, max=16, help="Pages under way at the same time.")] = 4,
) -> None:
    """Make and change contacts from a file. Interrupted, run it again: it goes on where it was."""
    try:
        pages = Pages(file)
    except Undecodable as error:
        raise typer.BadParameter(f"{file.name} {error}") from None
    state = _State(file, service or "")
    total = pages.count()
    with refusals(), _bar() as bar, ThreadPoolExecutor(max_workers=at_once) as pool:
        task = bar.add_task(file.name, total=total, completed=state.rows)
        under_way: deque[tuple[Page, Future[Any]]] = deque()
        for page in pages.after(state.rows):
            under_way.append((page, pool.submit(_post, connected(context), page, service)))
            if len(under_way) == at_once:
                _take(under_way, state)
                bar.update(task, completed=state.rows)
        while under_way:
            _take(under_way, state)
            bar.update(task, completed=state.rows)
    if session(context).json:
        whole({"rows": state.rows, **state.counts, "refused": state.refused})
    else:
        counts = ", ".join(f"{state.counts[verb]} {verb}" for verb in VERBS)
        line(f"{state.rows} rows: {counts}, {state.refused} refused")
    state.forget()
    if state.refused:
        err.print(Text(f"refused rows: {state.report}", style="yellow"))
        raise typer.Exit(1)


@app.command("export")
def dump(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Written as JSON lines.")],
    service: Service = None,
) -> None:
    """Write all contacts of a service to a file, the newest first."""
    part = file.with_name(file.name + ".part")
    lines, cursor = 0, ""
    with refusals(), _bar() as bar, part.open("wb") as written:
        task = bar.add_task(file.name, total=None)
        while True:
            query = {"service_id": service, "cursor": cursor}
            text, headers = connected(context).file("GET", "/v1/contacts:export", query=query)
            written.write(text)
            lines += text.count(b"\n")
            bar.update(task, completed=lines)
            cursor = headers.get("X-Next-Cursor", "")
            if not cursor:
                break
    part.replace(file)
    whole({"contacts": lines}) if session(context).json else line(f"{lines} contacts written to {file}")


class _State:
    """How far an import has come, in a file beside it; what was refused, in another."""

    def __init__(self, file: Path, service: str) -> None:
        self._path = file.with_name(file.name + ".state")
        self.report = file.with_name(file.name + ".refused.csv")
        about = file.stat()
        self._of = {"service": service, "size": about.st_size, "changed": about.st_mtime_ns}
        known = json.loads(self._path.read_text()) if self._path.exists() else {}
        # Of another file, or another service: begun anew.
        known = known if {name: known.get(name) for name in self._of} == self._of else {}
        self.rows = int(known.get("rows", 0))
        self.refused = int(known.get("refused", 0))
        self.counts: dict[str, int] = {verb: known.get("counts", {}).get(verb, 0) for verb in VERBS}
        if not known:
            self.report.unlink(missing_ok=True)

    def add(self, page: Page, done: dict[str, Any]) -> None:
        """A page is done. The report first: cut off between, the page is done again, and told twice."""
        if done["refused"]:
            new = not self.report.exists()
            with self.report.open("a", newline="", encoding="utf-8") as report:
                rows = csv.writer(report)
                rows.writerows([("row", "field", "message")] if new else [])
                for one in done["refused"]:
                    for wrong in one["errors"]:
                        rows.writerow((page.first + one["row"] - 1, wrong["path"].lstrip("/"), wrong["message"]))
        self.rows += page.rows
        self.refused += len(done["refused"])
        for verb in VERBS:
            self.counts[verb] += done[verb]
        whole = self._of | {"rows": self.rows, "refused": self.refused, "counts": self.counts}
        beside = self._path.with_name(self._path.name + ".part")
        beside.write_text(json.dumps(whole))
        beside.replace(self._path)

    def forget(self) -> None:
        """The import is over."""
        self._path.unlink(missing_ok=True)


def _take(under_way: deque[tuple[Page, Future[Any]]], state: _State) -> None:
    page, done = under_way.popleft()
    state.add(page, done.result())


def _post(connection: Connection, page: Page, service: str | None) -> Any:
    """Import a page; one that got no answer is sent again, which is harmless."""
    for tries_left in reversed(range(_TRIES)):
        try:
            query = {"service_id": service}
            text, _ = connection.file("POST", "/v1/contacts:import", page.body, query=query, kind=page.kind)
            return json.loads(text)
        except (Refused, OSError) as error:
            for_good = isinstance(error, Refused) and error.status < 500 and error.status not in (409, 429)
            if for_good or not tries_left:
                raise
            time.sleep(_WAIT_S * (_TRIES - tries_left))
    raise AssertionError("the last try answers or raises")


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True)
