"""The table of docs/channels.md: what each kind of channel shows and takes, as its adapter says.

`python -m infra.reference` writes it; a test fails where a row is out of date, and `make lint` where one is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib import channels
from chalicelib.channels import limits
from chalicelib.channels.contract import Adapter
from chalicelib.channels.limits import MEGABYTE, UNBOUNDED, Limits
from infra.reads import ROOT

PAGE = ROOT / "docs" / "channels.md"
BEGIN, END = "<!-- written by make reference -->\n", "<!-- until here -->\n"
FILES = {"image": "image/", "audio": "audio/", "video": "video/", "file": "application/"}
HEAD = (
    "kind", "text", "buttons", "list", *FILES, "location", "contact", "template", "receipts", "typing", "read",
    "free until", "a second",
)  # fmt: skip


def page(kinds: Iterable[str] = channels.KINDS) -> str:
    """The page with its table as it has to be, with the rows of these kinds."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + table(kinds) + END + rest.partition(END)[2]


def shown() -> list[str]:
    """The kinds that the page's table has a row of: one that was made a moment ago may have none yet."""
    text = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return [kind for kind in channels.KINDS if f"\n| `{kind}` |" in text]


def table(kinds: Iterable[str]) -> str:
    """The table: a row for each of the kinds that can be connected."""
    lines = [HEAD, tuple("---" for _ in HEAD), *_rows(kinds)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(kinds: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for kind in kinds:
        adapter = channels.load(kind)
        if "receive" in adapter.CAN:
            yield _row(kind, adapter, limits.of(kind, otherwise=UNBOUNDED))


def _row(kind: str, adapter: Adapter, taken: Limits) -> tuple[str, ...]:
    shows = adapter.SHOWS
    return (
        f"`{kind}`",
        _text(taken),
        _choices("buttons" in shows, taken.buttons, taken.title),
        _choices("list" in shows, taken.rows, taken.row_title),
        *(_file(begins, taken) if name in shows else "link" for name, begins in FILES.items()),
        *("yes" if name in shows else "text" for name in ("location", "contact")),
        "yes" if "template" in shows else "-",
        " ".join(dict.fromkeys(adapter.STATUSES.values())) or "-",
        *("yes" if name in adapter.CAN else "-" for name in ("typing", "seen")),
        f"{taken.window_s // 3600} h" if taken.window_s else "always",
        f"{taken.rate_per_s:g}" if taken.rate_per_s else "-",
    )


def _text(taken: Limits) -> str:
    unit = {"characters": "", "bytes": " bytes", "utf-16": " UTF-16"}[taken.counted]
    return (f"{taken.text}{unit}" if taken.text else "yes") + (f", {taken.sms} SMS" if taken.sms else "")


def _choices(shown: bool, most: int, longest: int) -> str:
    if not shown:
        return "numbered"
    return f"{most or 'any'} x {longest}" if longest else str(most or "yes")


def _file(begins: str, taken: Limits) -> str:
    """The size of the largest file of a family."""
    sizes = [one.most_bytes for one in taken.files if any(type.startswith(begins) for type in one.types)]
    return f"{max(sizes) // MEGABYTE} MB" if sizes else "link" if taken.files else "yes"
