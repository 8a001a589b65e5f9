"""The words of a person's name, as they are looked for: without accents, case or signs, by how they begin."""

from __future__ import annotations

import re
import unicodedata

MOST_WORDS, MOST_LETTERS = 8, 40
"""Of a name: what is beyond is not found."""
FEWEST = 2
"""Letters of a word that can be looked for."""
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters that no accent makes of others."""
_WITHIN = re.compile("['’ʼ`]")
_WORD = re.compile(r"[^\W_]+")
_SYLLABIC = "\u2e80"
"""From here on a letter is a syllable or a word."""


def words_of(name: str) -> list[str]:
    """Each word once: `Inês O’Neil-Łuk` -> `ines`, `oneil`, `luk`."""
    plain = unicodedata.normalize("NFKD", _WITHIN.sub("", name).casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one)).translate(_LETTERS)
    found = _WORD.findall(unicodedata.normalize("NFC", letters))
    return list(dict.fromkeys(word[:MOST_LETTERS] for word in found))[:MOST_WORDS]


def shelf_of(word: str) -> str:
    """How all words begin that are kept with this one; empty where it is too short to be looked for."""
    length = 1 if word[:1] >= _SYLLABIC else FEWEST
    return word[:length] if len(word) >= length else ""


def fits(name: str, wanted: list[str]) -> bool:
    """Whether a name has, for each of these words, one that begins so."""
    words = words_of(name)
    return all(any(word.startswith(one) for word in words) for one in wanted)
