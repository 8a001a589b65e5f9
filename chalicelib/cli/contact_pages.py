"""A file of contacts, cut into pages that the API takes; read row by row, so that its length does not matter."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chalicelib.domain import file_text
from chalicelib.domain.contact_file import separated

MOST_ROWS, MOST_BYTES = 500, 900_000
CSV, JSON_LINES = "text/csv", "application/jsonl"


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of the file, as a file of their own."""

    first: int
    """Number of the first row, from 1."""
    rows: int
    body: bytes
    kind: str


class Pages:
    """The pages of a file; rows are counted as the API counts them: without the header, and without empty ones."""

    def __init__(self, file: Path) -> None:
        self._file = file
        # The API is sent UTF-8, whatever the file is in.
        self._encoding = file_text.encoding_of(file.read_bytes())
        self._kind = JSON_LINES if file.suffix in (".jsonl", ".ndjson", ".json") else CSV

    def count(self) -> int:
        """How many rows there are."""
        return sum(1 for _ in self._rows()[1])

    def after(self, done: int) -> Iterator[Page]:
        """The pages after the first `done` rows."""
        head, rows = self._rows()
        first, size = done + 1, len(head)
        held: list[bytes] = []
        for number, row in enumerate(rows, 1):
            if number <= done:
                continue
            if held and (len(held) == MOST_ROWS or size + len(row) > MOST_BYTES):
                yield Page(first, len(held), head + b"".join(held), self._kind)
                first, held, size = number, [], len(head)
            held.append(row)
            size += len(row)
        if held:
            yield Page(first, len(held), head + b"".join(held), self._kind)

    def _rows(self) -> tuple[bytes, Iterator[bytes]]:
        if self._kind == JSON_LINES:
            return b"", self._lines()
        cells = self._cells()
        return _written(next(cells, [])), (_written(row) for row in cells)

    def _lines(self) -> Iterator[bytes]:
        with self._file.open(encoding=self._encoding, newline="\n") as file:
            for line in file:
                if line.strip():
                    yield line.rstrip("\n").encode() + b"\n"

    def _cells(self) -> Iterator[list[str]]:
        with self._file.open(encoding=self._encoding, newline="") as file:
            head = "".join(file.readline() for _ in range(2))
            comma, rest = separated(head)
            file.seek(0)
            for _ in range(len(head.splitlines()) - len(rest.splitlines())):
                file.readline()
            for n, row in enumerate(csv.reader(file, delimiter=comma)):
                if n == 0 or any(cell.strip() for cell in row):
                    yield row


def _written(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
