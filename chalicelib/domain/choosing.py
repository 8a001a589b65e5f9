"""What a customer can choose from a message, how each choice is named in text, and which one an answer means.

People type although there are buttons, and on many channels there are none: an answer is read by its title, its number
or letter, in any script, however it is decorated. What is not surely a choice is left as the text that it is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from chalicelib.domain.loose import dicts, word
from chalicelib.domain.message import Content

Choice = dict[str, str]

WORDS = {
    "en": ("option", "choice", "number", "no", "nr"),
    "de": ("option", "auswahl", "nummer", "nr"),
    "fr": ("option", "choix", "numéro", "numero", "no", "n°"),
    "es": ("opción", "opcion", "número", "numero", "nro"),
    "pt": ("opção", "opcao", "número", "numero"),
    "it": ("opzione", "scelta", "numero"),
    "nl": ("optie", "keuze", "nummer", "nr"),
    "ru": ("вариант", "номер"),
    "tr": ("seçenek", "numara", "no"),
    "ar": ("خيار", "الخيار", "رقم"),
    "hi": ("विकल्प", "नंबर", "संख्या"),
    "bn": ("বিকল্প", "নম্বর"),
    "id": ("pilihan", "nomor", "no"),
    "sw": ("chaguo", "namba", "nambari"),
}
"""What people write before the number of a choice, by language. A thread has no language of its own, and none of these
means anything else before a bare number, so all are understood."""
HELD_S = 24 * 3600
"""How long what was offered can be answered by typing."""
MOST_BYTES = 2048
"""Of the choices that a thread keeps; more are read from their message when they are asked for."""

_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufe0e\ufe0f\u20e3]")
"""Without a look of their own: directions, joiners, and what makes a digit a keycap."""
_DIGIT = re.compile(r"\d")
_QUOTES = " \"'`*_~\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb\u2039\u203a"
_LEAST_LETTERS = 3
"""Of a title's beginning that stands for it."""


def folded(text: str) -> str:
    """Without what does not tell two answers apart: forms of one character, scripts of digits, case, marks, quotes."""
    plain = unicodedata.normalize("NFKC", _MARKS.sub("", text.replace("\U0001f51f", "10")))
    plain = _DIGIT.sub(lambda found: str(int(found[0])), _MARKS.sub("", plain))
    return " ".join(plain.casefold().split()).strip(_QUOTES)


_NAMED = "|".join(sorted({re.escape(folded(one)) for words in WORDS.values() for one in words}, key=len, reverse=True))
_NUMBER = re.compile(rf"(?:(?:{_NAMED})\s*[.:]?\s*)?[(\[#]*\s*(\d{{1,3}})(?!\d)\s*[.,):\]!-]*\s*(.*)")
_LETTER = re.compile(r"[(\[]?([a-z]{1,2})(?![^\W_])\s*[.,):\]!-]*\s*(.*)")
_AUTHORED = re.compile(r"[(\[#]*(\d{1,3})(?!\d)[.):\]-]*\s+\S")
"""A title whose author numbered it: `1. Hindi`, `2) English`, `3 Others`."""
_ORDINAL = re.compile(r"#(\d{1,3})(?::(\d{1,12}))?", re.ASCII)


def choices(content: Content) -> list[Choice]:
    """What can be chosen from a message with buttons or a list: `{"title","payload"}` each, in the order shown."""
    pressed = [item for item in dicts(content.details.get("buttons")) if not word(item.get("url"))]
    buttons = [(word(item.get("title")), word(item.get("payload"))) for item in pressed]
    rows = [
        (word(row.get("title")), word(row.get("id")))
        for section in dicts(content.details.get("sections"))
        for row in dicts(section.get("rows"))
    ]
    return [{"title": title or payload, "payload": payload or title} for title, payload in buttons + rows]


def labels(titles: Sequence[str]) -> list[str]:
    """What stands before each title where choices are lines of text, and what answers may name it by.

    Numbers: `1.`, `2.`; letters, `A)`, `B)`, where titles are numbers; nothing where the author numbered them, or
    where titles are both.
    """
    match _named_by(titles):
        case "numbers":
            return [f"{place}." for place in range(1, len(titles) + 1)]
        case "letters":
            return [f"{_letters(place).upper()})" for place in range(len(titles))]
    return [""] * len(titles)


def chosen(text: str, offered: Sequence[Choice]) -> Choice | None:
    """The choice that an answer means; None where it surely means none.

    First hit: the title as it stands, but for decoration; the number or letter, with the same title behind it or none;
    the beginning of one title alone, of at least three letters.
    """
    titles = [one["title"] for one in offered]
    place = _by_title(text, titles)
    if place is None:
        place = _by_label(text, titles)
    if place is None:
        place = _by_beginning(text, titles)
    return None if place is None else offered[place]


def _by_title(text: str, titles: Sequence[str]) -> int | None:
    if text.strip():
        for place, title in enumerate(titles):
            if title.strip() == text.strip():
                return place
    for form in (folded, _bare):
        said = form(text)
        same = [place for place, title in enumerate(titles) if said and form(title) == said]
        if same:
            return same[0] if len(same) == 1 else None
    return None


def _by_label(text: str, titles: Sequence[str]) -> int | None:
    named_by, pattern, keys = _named_by(titles), _NUMBER, [str(place) for place in range(1, len(titles) + 1)]
    if named_by == "author":
        keys = [str(number) for number in _own_numbers(titles)]
    elif named_by == "letters":
        pattern, keys = _LETTER, [_letters(place) for place in range(len(titles))]
    found = pattern.fullmatch(folded(text)) if named_by else None
    if not found:
        return None
    key = found[1].lstrip("0") or "0"
    if key not in keys:
        return None
    place, rest = keys.index(key), _bare(found[2])
    return place if not rest or rest == _bare(titles[place]) else None


def _by_beginning(text: str, titles: Sequence[str]) -> int | None:
    said = _bare(text)
    if sum(one.isalpha() for one in said) < _LEAST_LETTERS:
        return None
    begun = [place for place, title in enumerate(titles) if _bare(title).startswith(said)]
    return begun[0] if len(begun) == 1 else None


def _bare(text: str) -> str:
    """Folded, and without punctuation around it."""
    said = folded(text)
    first, last = 0, len(said)
    while first < last and _is_outer(said[first]):
        first += 1
    while last > first and _is_outer(said[last - 1]):
        last -= 1
    return said[first:last]


def _is_outer(one: str) -> bool:
    return one.isspace() or unicodedata.category(one).startswith("P")


def _named_by(titles: Sequence[str]) -> str:
    """numbers, letters, author, or nothing: titles that are numbers and letters leave no name that is surely none."""
    if _own_numbers(titles):
        return "author"
    if not any(_named(_NUMBER, title) for title in titles):
        return "numbers"
    letters = {_letters(place) for place in range(len(titles))}
    return "" if any(letters & _named(_LETTER, title) for title in titles) else "letters"


def _named(pattern: re.Pattern[str], title: str) -> set[str]:
    """The number or letters that a title is, and nothing but them."""
    read = [pattern.fullmatch(form) for form in (folded(title), _bare(title))]
    return {found[1] for found in read if found and not _bare(found[2])}


def _own_numbers(titles: Sequence[str]) -> list[int]:
    """The numbers that titles bring along, each its own; empty where they have to be given some.

    Bare numbers count where they are the places at which they stand: of others nobody knows whether an answer is one.
    """
    named = [_AUTHORED.match(folded(title)) for title in titles]
    if named and all(named):
        numbers = [int(found[1]) for found in named if found]
        return numbers if len({*numbers}) == len(numbers) else []
    bare = [_NUMBER.fullmatch(folded(title)) for title in titles]
    places = [*range(1, len(titles) + 1)]
    return places if [int(found[1]) if found and not found[2] else 0 for found in bare] == places else []


def _letters(place: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    before = _letters(place // 26 - 1) if place >= 26 else ""
    return before + chr(ord("a") + place % 26)


def ordinal(place: int, seq: int = 0) -> str:
    """What a button says whose payload the provider does not take: the how-manieth choice of which message."""
    return f"#{place}:{seq}" if seq else f"#{place}"


def offer(content: Content, *, seq: int, at: int, most_bytes: int | None = MOST_BYTES) -> dict[str, Any]:
    """What a thread keeps of a message's choices: `{"seq","at","choices"}`, each choice `[title, payload]` or, where
    both are one, `[title]`; without `choices` where they are too many bytes. Empty where there are none."""
    found = choices(content) if content.type in ("buttons", "list") else []
    if not found:
        return {}
    kept = [[one["title"]] if one["title"] == one["payload"] else [one["title"], one["payload"]] for one in found]
    fits = most_bytes is None or len(json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace")) <= most_bytes
    return {"seq": seq, "at": at} | ({"choices": kept} if fits else {})


def asked_of(content: Content, kept: dict[str, Any], *, at: int) -> int:
    """The number of the message whose choices have to be read to tell what a customer's answer means; 0: of none."""
    if content.type == "postback" and (found := _ORDINAL.fullmatch(word(content.details.get("payload")))):
        seq = int(found[2] or 0) or int(kept.get("seq", 0))
        return 0 if seq == kept.get("seq") and "choices" in kept else seq
    return int(kept["seq"]) if _is_typed(content) and _is_open(kept, at) and "choices" not in kept else 0


def answered(content: Content, kept: dict[str, Any], *, at: int) -> Content | None:
    """The postback that a customer's message means of what was offered; None where it means none of that.

    It is what the provider's own button says, and keeps the text that was typed.
    """
    offered = [{"title": one[0], "payload": one[-1]} for one in kept.get("choices", ()) if one]
    found: Choice | None = None
    if content.type == "postback":
        payload = word(content.details.get("payload"))
        found = next((one for one in offered if one["payload"] == payload), None)
        found = found or _of_ordinal(payload, kept, offered)
    elif _is_typed(content) and _is_open(kept, at):
        found = chosen(content.text, offered)
        # A number that was spoken, as a word: a title that is spelled so goes before.
        found = found or _of_ordinal(word(content.details.get("ordinal")), kept, offered)
    if found is None:
        return None
    title = word(content.details.get("title")) if content.type == "postback" else ""
    details = content.details | {"payload": found["payload"], "title": title or found["title"]}
    return Content("postback", content.text or title or found["title"], details=details)


def _of_ordinal(said: str, kept: dict[str, Any], offered: Sequence[Choice]) -> Choice | None:
    """The choice that an ordinal names, where it is about those that are kept."""
    named = _ORDINAL.fullmatch(said)
    if not named or int(named[2] or kept.get("seq", 0)) != kept.get("seq"):
        return None
    place = int(named[1])
    return offered[place - 1] if 1 <= place <= len(offered) else None


def _is_typed(content: Content) -> bool:
    return content.type == "text" and not content.media


def _is_open(kept: dict[str, Any], at: int) -> bool:
    return bool(kept) and at - int(kept.get("at", 0)) <= HELD_S * 1000
