"""Templates that a register has approved (India's DLT), as the channel's settings list them: each text that is sent has
to be one of them, word by word, and names its id.

Which one it is, a message of the type template says by name; of any other text its words do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.channels.contract import Channel, Refused, Template, Templates
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import Content
from chalicelib.wire.json_body import dicts, word

_BLANK = re.compile(r"\{#\w+#\}|\{\{\s*(\w+)\s*\}\}")
"""The register's `{#var#}`, of which each is the next, or a number or name in two braces."""


@dataclass(frozen=True, slots=True)
class Approved:
    """One of them."""

    name: str
    id: str
    body: str
    language: str = ""

    def pieces(self) -> list[str]:
        """What stands between its blanks."""
        ends = [0, *(at for found in _BLANK.finditer(self.body) for at in found.span()), len(self.body)]
        return [self.body[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True)]

    def blanks(self) -> list[str]:
        """Their names in their order: those of the register are numbered."""
        found = _BLANK.finditer(self.body)
        return [one[1] or str(number) for number, one in enumerate(found, 1)]

    def says(self, text: str) -> bool:
        """Whether a text is this one with its blanks filled in, none of them with nothing."""
        first, *rest = self.pieces()
        if not rest:
            return text.strip() == first.strip()
        if not text.startswith(first) or not text.endswith(rest[-1]):
            return False
        at, end = len(first), len(text) - len(rest[-1])
        for piece in rest[:-1]:
            found = text.find(piece, at + 1, end)
            if found < 0:
                return False
            at = found + len(piece)
        return at < end


def of(settings: Mapping[str, Any]) -> tuple[Approved, ...]:
    """Those of a channel."""
    return tuple(
        Approved(*(word(one.get(name)) for name in ("name", "id", "body", "language")))
        for one in dicts(settings.get("templates"))
    )


def said(content: Content, known: Sequence[Approved]) -> tuple[str, Approved | None] | Refused:
    """(what is sent, the template that it is) of a message; None where its words are those of no template."""
    if content.type != "template":
        return content.text, next((one for one in known if one.says(content.text)), None)
    name, language = word(content.details.get("name")), word(content.details.get("language"))
    named = [one for one in known if name in (one.name, one.id)]
    found = next((one for one in named if one.language == language), named[0] if named else None)
    if found is None:
        if content.text.strip():
            return content.text, next((one for one in known if one.says(content.text)), None)
        return Refused("unknown_template", f"the channel's settings have no template {name[:100]!r}")
    values = _values(content.details.get("parameters"), found.blanks())
    if values is None:
        return Refused("template_parameters", f"the template has the blanks {', '.join(found.blanks())[:300]}")
    first, *rest = found.pieces()
    return first + "".join(value + piece for value, piece in zip(values, rest, strict=True)), found


def _values(given: Any, blanks: Sequence[str]) -> list[str] | None:
    if isinstance(given, dict):
        by_name: list[Any] = [given.get(name) for name in blanks]
    else:
        by_name = list(given) if isinstance(given, list | tuple) else []
    found = [word(value).strip() for value in by_name]
    return found if len(found) == len(blanks) and all(found) else None


async def templates(channel: Channel, call: Call, search: str, after: str, limit: int) -> Templates:
    """Those whose name or words hold `search`, a page at a time; nobody is asked."""
    wanted = search.strip().casefold()
    found = [one for one in of(channel.settings) if wanted in f"{one.name}\n{one.body}".casefold()]
    begin = int(after) if after.isascii() and after.isdecimal() else 0
    page = [_shown(one) for one in found[begin : begin + limit]]
    return Templates(tuple(page), str(begin + limit) if begin + limit < len(found) else "")


def _shown(one: Approved) -> Template:
    blanks, pieces = one.blanks(), one.pieces()
    body = pieces[0] + "".join(f"{{{{{name}}}}}{piece}" for name, piece in zip(blanks, pieces[1:], strict=True))
    return Template(one.name, one.language, "", body, placeholders=tuple(dict.fromkeys(blanks)))
