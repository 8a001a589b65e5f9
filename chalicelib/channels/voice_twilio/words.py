"""What a call says by itself, and which numbers callers say, by language: words.json. A language without words of its
own is spoken to in English, by whatever voice reads it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.domain.choosing import folded

OTHERWISE = "en"


@cache
def _tables() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return found


def phrase(name: str, language: str, **blanks: str) -> str:
    """A phrase in a language (BCP 47), its blanks filled."""
    text: str = _table(language)[name]
    for blank, value in blanks.items():
        text = text.replace(f"{{{blank}}}", value)
    return text


def number(speech: str, language: str) -> int:
    """The number that somebody says and nothing beside it, as `two`, `option two, please`, `the second one`; 0 where
    they say none."""
    table = _table(language)
    numbers: dict[str, int] = table["numbers"]
    said = "".join(one if one.isalnum() or _is_mark(one) else " " for one in folded(speech)).split()
    left = [one for one in said if one not in table["fillers"]]
    if len(left) == 2 and numbers.get(left[1]) == 1 and left[0] in numbers:
        left.pop()
    if len(left) != 1:
        return 0
    return int(left[0]) if left[0].isascii() and left[0].isdecimal() and len(left[0]) <= 3 else numbers.get(left[0], 0)


def _is_mark(one: str) -> bool:
    """Whether it belongs to a word: signs of vowels of Indian scripts, and apostrophes."""
    return one == "'" or "\u0900" <= one <= "\u0963"


def _table(language: str) -> dict[str, Any]:
    return _tables().get(language.partition("-")[0].lower()) or _tables()[OTHERWISE]
