"""`parley list`, `show` and `tail`: every kind of thing, one of them, and what comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from rich.text import Text

from chalicelib.cli.connection import Connection, Refused
from chalicelib.cli.screen import connected, json_line, line, refusals, session, table, warn, whole
from chalicelib.cli.things import KINDS, LISTED, SHOWN, TAILED, THINGS, Thing, named, narrowed

PAGE = 100
_EVERY_S, _SELDOM_S, _PATIENCE_S = 1.0, 5.0, 10.0
_PAGES = 10
"""Pages that are read at one look; more is more than anybody reads."""
_KNOWN = 5000
STATES = {"delivered": "green", "read": "green", "succeeded": "green", "failed": "red", "waiting": "yellow"}

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
Kind = Annotated[str, typer.Argument(help=f"One of {', '.join(LISTED)}.", metavar="KIND")]
Of = Annotated[str, typer.Option("--of", help="Only what has to do with this id (sv_, bt_, cv_, ct_, ms_ ...).")]
Service = Annotated[str, typer.Option(help="Name or id of a service.")]


def listing(
    context: typer.Context,
    kind: Kind,
    of: Of = "",
    service: Service = "",
    status: Annotated[str, typer.Option(help="Of deliveries.")] = "",
    source: Annotated[str, typer.Option(help="Of messages.")] = "",
    type: Annotated[str, typer.Option(help="Of messages of a timeline.")] = "",
    called: Annotated[str, typer.Option("--name", help="Of contacts: words of it, or how they begin.")] = "",
    email: Annotated[str, typer.Option(help="Of contacts.")] = "",
    phone: Annotated[str, typer.Option(help="Of contacts.")] = "",
    external_id: Annotated[str, typer.Option(help="Of contacts.")] = "",
    state: Annotated[str, typer.Option(help="Of conversations: open, offered, accepted, held, closed.")] = "",
    owner: Annotated[str, typer.Option(help="Of conversations: bot, desk, nobody.")] = "",
    desk: Annotated[str, typer.Option(help="Of conversations and the inbox: id of a desk.")] = "",
    agent: Annotated[str, typer.Option(help="Of conversations: id of a person.")] = "",
    outcome: Annotated[str, typer.Option(help="Of conversations.")] = "",
    channel: Annotated[str, typer.Option(help="Of conversations: id of a channel.")] = "",
    since: Annotated[str, typer.Option(help="Of conversations: opened at this time (RFC 3339) or later.")] = "",
    until: Annotated[str, typer.Option(help="Of conversations: opened at this time or before.")] = "",
    which: Annotated[str, typer.Option("--list", help="Of the inbox: queue, mine, snoozed, all.")] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many at most.")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="However many there are.")] = False,
) -> None:
    """List things of a kind. Piped, each is a line of JSON."""
    given = {"status": status, "source": source, "type": type, "email": email, "phone": phone}
    given |= {"external_id": external_id, "name": called, "state": state, "owner": owner, "desk": desk, "agent": agent}
    given |= {"outcome": outcome, "channel": channel, "since": since, "until": until, "list": which}
    given = {name: value for name, value in given.items() if value}
    with refusals():
        name = _meant(kind, LISTED)
        thing = THINGS[name]
        if service and of:
            raise typer.BadParameter("say --of or --service, not both")
        if wrong := sorted(given.keys() - thing.filters.keys()):
            raise typer.BadParameter(f"{name} are not narrowed by --{wrong[0].replace('_', '-')}")
        call = connected(context)
        try:
            path, query = narrowed(name, of or (service_of(call, service) if service else ""))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        query |= {thing.filters[option]: value for option, value in given.items()}
        rows = _rows(_get(call), path, query, PAGE if everything else min(PAGE, lines + 1))
        if session(context).json:
            for n, row in enumerate(rows, 1):
                json_line(row)
                if n == lines and not everything:
                    break
            return
        shown: list[list[Any]] = []
        for row in rows:
            if len(shown) == lines and not everything:
                warn(f"there are more: --all, or -n {lines * 5}", "dim")
                break
            shown.append([_at(row, column) for column in thing.columns])
        table(thing.columns, shown)


def show(
    context: typer.Context,
    kind: Annotated[
        str, typer.Argument(help=f"One of {', '.join(SHOWN)}; not needed where the id says it.", metavar="[KIND]")
    ],
    id: Annotated[str, typer.Argument(help="Its id; of merges and erasures the contact's.", metavar="ID")] = "",
    of: Annotated[str, typer.Option("--of", help="The trigger of an event.")] = "",
    service: Annotated[str, typer.Option(help="Name or id of the service of an entry of the audit.")] = "",
) -> None:
    """Print one thing, whole, as JSON."""
    with refusals():
        name, id = (_meant(kind, SHOWN), id) if id else (KINDS.get(kind.partition("_")[0], ""), kind)
        if not name:
            raise typer.BadParameter(f"{kind} does not say what it is: show KIND ID")
        thing = THINGS[name]
        if "{of}" in thing.one and not of:
            raise typer.BadParameter(f"{name} need whose they are: --of {'_... or '.join(thing.of)}_...")
        if "{kind}" in thing.one and id.partition("_")[0] not in thing.of:
            raise typer.BadParameter(f"{name} is that of {'_... or '.join(thing.of)}_...")
        call = connected(context)
        query = {"service_id": service_of(call, service)} if service and thing.query_of_one else {}
        path = thing.one.replace("{kind}", KINDS.get(id.partition("_")[0], "")).replace("{of}", _quoted(of))
        whole(_get(call)(path.replace("{id}", _quoted(id)), query))


def tail(
    context: typer.Context,
    id: Annotated[
        str,
        typer.Argument(
            help="A conversation's or contact's messages, a trigger's events, what is delivered to a bot, desk, "
            "channel or subscription, a service's conversations: by its id."
        ),
    ],
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=PAGE, help="How many of the last.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until interrupted.")] = False,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="Follow for so many seconds.")] = None,
) -> None:
    """Print the last of what was said or done, the newest last, and with -f what comes. Piped, each is a line of
    JSON."""
    with refusals():
        as_json = session(context).json
        prefix = id.partition("_")[0]
        if prefix not in TAILED:
            raise typer.BadParameter(f"{id} is none of {', '.join(f'{one}_...' for one in TAILED)}")
        name = TAILED[prefix]
        path, query = narrowed(name, id)
        thing = THINGS[name]
        call = connected(context)
        until = None if seconds is None else time.monotonic() + seconds
        for row in followed(
            Tail(_get(call), path, query, lines),
            follow=follow or seconds is not None,
            over=lambda: until is not None and time.monotonic() >= until,
        ):
            json_line(row) if as_json else line(_line(thing, row))


class Tail:
    """What a list has that was not told yet. It reads bounded pages and remembers a bounded number of things."""

    def __init__(self, call: Call, path: str, query: dict[str, Any], lines: int) -> None:
        self._call, self._path, self._query = call, path, query
        self._lines: int | None = lines
        self._known: dict[str, Any] = {}
        self.missed = False
        """Whether more came since the look before than was read."""

    def look(self) -> list[dict[str, Any]]:
        """What is new, or in another state, since the look before, the oldest first; at first the last lines."""
        fresh: list[dict[str, Any]] = []
        query = self._query | {"limit": PAGE}
        self.missed = False
        for page_number in range(_PAGES + 1):
            page = self._call(self._path, query)
            rows = page["data"]
            met = [n for n, row in enumerate(rows) if row["id"] in self._known]
            # What stands behind all that is known was there before it.
            fresh += rows if not met else rows[: met[-1] + 1]
            if self._lines is not None or met or not page["next_cursor"]:
                break
            if page_number == _PAGES:
                self.missed = bool(self._known)
                break
            query |= {"cursor": page["next_cursor"]}
        new = [row for row in reversed(fresh) if self._known.get(row["id"]) != _state(row)]
        self._know(new)
        lines, self._lines = self._lines, None
        return new if lines is None else new[len(new) - lines :] if lines < len(new) else new

    def _know(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self._known.pop(row["id"], None)
            self._known[row["id"]] = _state(row)
        for old in list(self._known)[: max(0, len(self._known) - _KNOWN)]:
            del self._known[old]


def followed(
    tail: Tail, *, follow: bool, over: Callable[[], bool], sleep: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    """What a tail tells, until it is over. Looks become seldom while nothing comes, and where nobody answers."""
    yield from tail.look()
    wait, silent = _EVERY_S, False
    while follow and not over():
        sleep(wait)
        try:
            new = tail.look()
        except (Refused, ConnectionError) as error:
            if isinstance(error, Refused) and error.status not in (429, 500, 502, 503, 504):
                raise
            if not silent:
                warn(f"{error}; trying again")
            silent, wait = True, min(_PATIENCE_S, wait * 2)
            continue
        if silent:
            warn("it answers again", "dim")
        if tail.missed:
            warn("more came than is read at once; what is older is left out")
        silent, wait = False, _EVERY_S if new else min(_SELDOM_S, wait * 1.5)
        yield from new


def service_of(call: Connection, word: str) -> str:
    """The id of a service by its name or id; BadParameter where there is none, or several."""
    if word.startswith("sv_"):
        return word
    found = [row["id"] for row in _rows(_get(call), "/v1/services", {}) if row["name"] == word]
    if len(found) == 1:
        return str(found[0])
    raise typer.BadParameter(f"{len(found) or 'no'} services are called {word!r}" + ("; say which id" if found else ""))


def _rows(call: Call, path: str, query: dict[str, Any], at_once: int = PAGE) -> Iterator[dict[str, Any]]:
    """All of a list, a page at a time."""
    query = query | {"limit": at_once}
    while True:
        page = call(path, query)
        yield from page["data"]
        if not page["next_cursor"]:
            return
        query |= {"cursor": page["next_cursor"]}


def _get(connection: Connection) -> Call:
    return lambda path, query: connection("GET", path, query=query)


def _meant(word: str, among: tuple[str, ...]) -> str:
    try:
        return named(word, among)
    except ValueError as error:
        raise typer.BadParameter(f"{word} {error}") from None


def _quoted(id: str) -> str:
    from urllib.parse import quote

    return quote(id, safe="")


def _at(row: dict[str, Any], column: str) -> Any:
    value: Any = row
    for step in column.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _state(row: dict[str, Any]) -> Any:
    # A message that was delivered is told once: what is said counts there, not how it is carried.
    return row.get("status") or (row["state"] if "opened_at" in row else "")


def _line(thing: Thing, row: dict[str, Any]) -> Text:
    first, *rest = thing.columns
    text = Text(f"{_at(row, first)} ", style="dim")
    if "author" in row:
        who = row["author"]["name"] or row["author"]["kind"]
        text.append(f"{who}: ", style="cyan" if row["direction"] == "in" else "green")
        text.append(row["text"] or f"[{row['type']}]")
        text.append(f"  {row['state']}", style="dim")
        return text
    for column in rest:
        value = _at(row, column)
        if value not in (None, "", [], {}):
            said = str(len(value)) if column == "attempts" else str(value)
            text.append(f"{said} ", style=STATES.get(said, ""))
    return text
