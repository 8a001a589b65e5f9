"""Whether a text asks us to be silent: words of `stop_words.json`, by language, each of them a whole message.

Words that people also say in a chat (end, quit, cancel, no) are none of them, whatever some networks take them for.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("stop_words.json")
_LONGEST = 40


def asked(text: str, languages: tuple[str, ...] | None) -> bool | None:
    """False: they want to hear no more; True: they do again; None: they say something else. `languages`: whose words
    count, None for all."""
    if len(text) > _LONGEST:
        return None
    return _words(languages).get(_folded(text))


def languages() -> tuple[str, ...]:
    """Those that there are words of."""
    return tuple(_file())


@cache
def _words(languages: tuple[str, ...] | None) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for language, words in _file().items():
        if languages is None or language in languages:
            found |= {_folded(one): True for one in words["in"]} | {_folded(one): False for one in words["out"]}
    return found


@cache
def _file() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def _folded(text: str) -> str:
    kept = "".join(
        " " if unicodedata.category(one)[0] in "PSZC" else one for one in unicodedata.normalize("NFKC", text)
    )
    return " ".join(kept.split()).casefold()
