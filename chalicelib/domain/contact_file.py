"""Files of contacts: CSV with a header, or JSON lines. What is wrong is said by row; the other rows count.

Columns of CSV: `name`, `email`, `phone`, `external_id`, `tags` (separated by `;`), `attr.<name>`, `consent.<name>`
(true or false). An empty cell says nothing. A line of JSON is a contact as the API takes it.

Spreadsheets have habits: `;` or tabs between the cells, a first line `sep=;`, empty columns and rows at the end, line
breaks within quotes, `E-Mail ` for `email`. None of them changes what a file says.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Errors = list[tuple[str, str]]
_PLAIN = ("name", "email", "phone", "external_id")
_SPELLED = (*_PLAIN, "tags", "e_mail", "externalid")
_SAID = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
_OURS = ("id", "service_id", "conversations", "merged_ids", "shadow", "maybe_same", "created_at", "updated_at")
"""What an export says besides, and nobody can give."""


class Unreadable(ValueError):
    """The file as a whole cannot be read; `errors` name the columns that are to blame, if it is columns."""

    def __init__(self, why: str, errors: Errors | None = None) -> None:
        super().__init__(why)
        self.errors = errors or []


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file, as fields of a contact."""

    number: int
    """From 1, without the header."""
    fields: dict[str, Any] = field(default_factory=dict)
    errors: Errors = field(default_factory=list)


def rows_of_csv(text: str) -> Iterator[Row]:
    """The rows; Unreadable where the header is wrong."""
    comma, text = separated(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    try:
        columns = [_column(name) for name in next(reader, [])]
        _check(columns)
        number = 0
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            number += 1
            if nameless := [n for n, cell in enumerate(cells) if cell.strip() and not "".join(columns[n : n + 1])]:
                yield Row(number, errors=[("", f"cell {nameless[0] + 1} is in a column without a name")])
            else:
                yield Row(number, _fields(columns, cells))
    except csv.Error as error:
        raise Unreadable(f"line {reader.line_num}: {error}") from None


def separated(text: str) -> tuple[str, str]:
    """(what stands between the cells of a CSV file, the file without a line that only says so)."""
    if said := re.match(r'"?sep=([,;|\t])"?[^\S\r\n]*(?:\r\n|\r|\n)', text, re.IGNORECASE):
        return said[1], text[said.end() :]
    head = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    return max(",;\t", key=head.count), text.lstrip("\r\n")


def rows_of_json_lines(text: str) -> Iterator[Row]:
    """The rows, one for each line that is not empty."""
    # Not splitlines(): it also breaks at characters that may stand in a JSON text.
    lines = [line for line in text.split("\n") if line.strip()]
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Row(number, errors=[("", f"is no JSON: {error}"[:200])])
            continue
        if isinstance(value, dict):
            yield Row(number, {key: item for key, item in value.items() if key not in _OURS})
        else:
            yield Row(number, errors=[("", "must be an object")])


def column_of(path: str) -> str:
    """The column that a JSON pointer into a row's fields means: `/attributes/city` is `attr.city`."""
    for prefix, column in (("/attributes/", "attr."), ("/consent/", "consent.")):
        if path.startswith(prefix):
            return column + path.removeprefix(prefix)
    return path.removeprefix("/").partition("/")[0]


def _column(given: str) -> str:
    """A column's name as we write it: `External ID ` is `external_id`; what follows `attr.` stays as it is."""
    name = " ".join(given.split())
    kind, dot, rest = name.partition(".")
    if dot and kind.strip().lower() in ("attr", "consent"):
        return f"{kind.strip().lower()}.{rest.strip()}"
    plain = name.lower().replace(" ", "_").replace("-", "_")
    return {"e_mail": "email", "externalid": "external_id"}.get(plain, plain) if plain in _SPELLED else name


def _check(columns: list[str]) -> None:
    wrong = []
    # Of a column without a name only a cell that holds something is wrong.
    for name in filter(None, columns):
        kind, _, rest = name.partition(".")
        if name not in (*_PLAIN, "tags") and not (kind in ("attr", "consent") and rest):
            wrong.append((name, "is no column of a contact"))
        elif columns.count(name) > 1:
            wrong.append((name, "is there twice"))
    if not {"email", "phone", "external_id"} & set(columns):
        wrong.append(("", "one of the columns email, phone and external_id is needed"))
    if wrong:
        raise Unreadable("wrong columns", list(dict.fromkeys(wrong)))


def _fields(columns: list[str], cells: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, cell in zip(columns, cells, strict=False):
        said = cell.strip()
        if not said or not name:
            continue
        kind, _, rest = name.partition(".")
        if name in _PLAIN:
            fields[name] = said
        elif name == "tags":
            fields["tags"] = [tag.strip() for tag in said.split(";") if tag.strip()]
        elif kind == "attr":
            fields.setdefault("attributes", {})[rest] = said
        else:
            fields.setdefault("consent", {})[rest] = _SAID.get(said.lower(), said)
    return fields
