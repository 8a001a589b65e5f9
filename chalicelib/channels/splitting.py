"""A text in the messages that a provider takes, and what a text costs as SMS."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.channels.limits import Limits

GSM_7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic character set, 3GPP TS 23.038 6.2.1: seven bits each."""
GSM_7_EXTENSION = "\f^{}\\[~]|€"
"""6.2.1.1: an escape before each, so two of seven bits."""
_SIZES = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Of an SMS alone, and of one of several, which tells its place in a header (3GPP TS 23.040 9.2.3.24.1)."""
_ONE, _TWO = frozenset(GSM_7), frozenset(GSM_7_EXTENSION)
_SENTENCE = r"(?<=[.!?\u2026\u0964\u061f])\s|(?<=[\u3002\uff01\uff1f])"
_BREAKS = tuple(map(re.compile, (r"\n\s*\n", r"\n", _SENTENCE, r"\s")))
"""Where a text is best cut: at a paragraph, a line, a sentence, a word."""
_ZWJ = "\u200d"


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text is as SMS."""

    encoding: str
    """GSM-7, or UCS-2 where one character is not in that."""
    units: int
    """Septets, or UTF-16 code units."""
    count: int
    """SMS that it is sent as, and paid for: 0 for no text."""


def segments(text: str) -> Segments:
    """How many SMS a text is: no pair of code units and no escaped character is cut in two by a border."""
    basic = all(one in _ONE or one in _TWO for one in text)
    encoding = "GSM-7" if basic else "UCS-2"
    widths = [(2 if one in _TWO else 1) if basic else (2 if ord(one) > 0xFFFF else 1) for one in text]
    alone, together = _SIZES[encoding]
    units = sum(widths)
    if units <= alone:
        return Segments(encoding, units, int(units > 0))
    count, room = 1, together
    for width in widths:
        if width > room:
            count, room = count + 1, together
        room -= width
    return Segments(encoding, units, count)


def pieces(text: str, limits: Limits) -> list[str]:
    """A text in as few messages as it takes, each within the limits: cut at a paragraph, else a line, a sentence, a
    space, else between any two characters that are seen as two. Blank text is none."""
    text, found = text.strip(), []
    fits = _fitting(limits)
    while text and not fits(text):
        at = _cut(text, fits)
        found.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [piece for piece in [*found, text] if piece]


def size(text: str, limits: Limits) -> int:
    """How long a text is as the provider counts it."""
    match limits.counted:
        case "bytes":
            return len(text.encode("utf-8", "replace"))
        case "utf-16":
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text)


def _fitting(limits: Limits) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        if limits.sms and segments(text).count > limits.sms:
            return False
        return not limits.text or size(text, limits) <= limits.text

    return fits


def _cut(text: str, fits: Callable[[str], bool]) -> int:
    """Where the first piece ends; at least one character is taken, however little room there is."""
    most = _longest(text, fits)
    for pattern in _BREAKS:
        # Of a paragraph too short to be worth a message of its own, the better cut is further on.
        ends = [found.start() for found in pattern.finditer(text, 0, most + 1) if found.start() >= most // 4]
        ends = [end for end in ends if text[:end].strip() and end <= most]
        if ends:
            return ends[-1]
    return next((at for at in range(most, 0, -1) if is_between(text, at)), most)


def _longest(text: str, fits: Callable[[str], bool]) -> int:
    """How many characters fit at most; what is longer does not fit better."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return low


def is_between(text: str, at: int) -> bool:
    """Whether a text may be cut there without taking apart what is seen as one: a letter and its accents, a family of
    emoji, a flag, a syllable (the rules of https://www.unicode.org/reports/tr29/ as far as they matter here)."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if after == "\n" and before == "\r":
        return False
    if _is_control(before) or _is_control(after):
        return True
    if after == _ZWJ or _extends(after) or _is_prepended(before):
        return False
    if before == _ZWJ and not after.isalnum():
        return False
    if _is_flag(before) and _is_flag(after):
        run = len(text[:at]) - len(text[:at].rstrip("".join(_FLAGS)))
        return run % 2 == 0
    return not _is_one_syllable(text, at)


_FLAGS = [chr(code) for code in range(0x1F1E6, 0x1F200)]


def _is_flag(one: str) -> bool:
    return "\U0001f1e6" <= one <= "\U0001f1ff"


def _extends(one: str) -> bool:
    """Marks, variation selectors, skin tones, tags of flags, vowels that stand behind."""
    is_tone_or_tag = "\U0001f3fb" <= one <= "\U0001f3ff" or "\U000e0020" <= one <= "\U000e007f"
    return is_tone_or_tag or unicodedata.category(one)[0] == "M" or one in "\u200c\u0e33\u0eb3\uff9e\uff9f"


def _is_control(one: str) -> bool:
    return unicodedata.category(one) in ("Cc", "Zl", "Zp")


def _is_prepended(one: str) -> bool:
    return "\u0600" <= one <= "\u0605" or one in "\u06dd\u070f\u08e2"


def _is_one_syllable(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if "\u1100" <= after <= "\u11ff" or "\uac00" <= after <= "\ud7fb":
        return "\u1100" <= before <= "\u115f" or (
            "\u1160" <= after <= "\u11ff" and ("\u1160" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3")
        )
    # A consonant that a virama joins to the next.
    joined = text[:at].rstrip(_ZWJ)
    return bool(joined) and unicodedata.combining(joined[-1]) == 9 and unicodedata.category(after) == "Lo"
