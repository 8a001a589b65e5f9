"""Which characters the bytes of a file mean. What cannot be known is refused: a wrong guess is a wrong name for ever.

Excel saves CSV in the code page of its Windows and says so nowhere, and "Unicode text" as UTF-16.
"""

from __future__ import annotations

import codecs
import re

UTF_8 = "utf-8"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = {
    "cp1250": "AL BA CZ HR HU ME PL RO RS SI SK",
    "cp1251": "BG BY KG KZ MK MN RU TJ UA UZ",
    "cp1253": "CY GR",
    "cp1254": "AZ TR",
    "cp1255": "IL",
    "cp1256": "AE BH DZ EG IQ IR JO KW LB LY MA OM PK QA SA SD SY TN YE",
    "cp1257": "EE LT LV",
    "cp1258": "VN",
    "cp874": "TH",
    "cp932": "JP",
    "gbk": "CN SG",
    "cp949": "KR",
    "big5hkscs": "HK MO TW",
}
"""Windows' code page by country, where it is not 1252
(https://learn.microsoft.com/en-us/windows/win32/intl/code-page-identifiers)."""
_SINGLE_LATIN = ("iso8859-1", "iso8859-15", "cp1252", "ascii")
_WRONG = re.compile(
    # Signs that no name has within it, an accented capital in the middle of a word, many accents in a row, controls:
    # letters of another code page that are read in a wrong one.
    r"[^\W\d_][¤¦¬±²³¹£¥¨¸¼½¾„“”‚…†‡ˆ‰‹›˜•]+[^\W\d_]|[³¹¼¾][^\W\d_]|[^\W\d_][À-ÖØ-ÞŸ][a-zß-ÿ]|[À-ÖØ-öø-ÿ]{4}|\bÿ|[\x00-\x08\x0e-\x1f\x7f]"
)


class Undecodable(ValueError):
    """What the bytes mean cannot be known."""


def read(raw: bytes, *, charset: str = "", country: str = "") -> tuple[str, str]:
    """(text, name of its encoding), without a byte order mark; Undecodable where that cannot be known.

    `charset` is what the sender says; `country` (two letters) tells in which code page a spreadsheet there writes.
    """
    encoding = encoding_of(raw, charset=charset, country=country)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Undecodable(f"is no {encoding}: {error}"[:200]) from None
    if "\ufffd" in text:
        line = text.count("\n", 0, text.index("\ufffd")) + 1
        raise Undecodable(
            f"holds U+FFFD in line {line}, which stands for a letter that was lost: export it anew as UTF-8"
        )
    return text, encoding.removesuffix("-sig")


def encoding_of(raw: bytes, *, charset: str = "", country: str = "") -> str:
    """Python's name of the encoding: by the mark at the beginning, by what was said, by what the bytes allow."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding
    said = _known(charset)
    if said.startswith(("utf-16", "utf-32")):
        return said
    if b"\0" in raw:
        return _wide(raw)
    try:
        raw.decode(UTF_8)
    except UnicodeDecodeError as error:
        if said == UTF_8:
            raise Undecodable(f"is said to be UTF-8 and is not: {error}"[:200]) from None
        return said if said and said not in _SINGLE_LATIN else _code_page(raw, said, country)
    # Letters of another encoding are next to never valid UTF-8, so this holds whatever was said.
    return UTF_8 if not said or raw.isascii() or said in _SINGLE_LATIN or not _multi_byte(said) else said


def _known(charset: str) -> str:
    if not charset:
        return ""
    try:
        found = codecs.lookup(charset)
        "".encode(found.name)
    except (LookupError, TypeError, ValueError):
        raise Undecodable(f"has a charset that is not known: {charset[:40]!r}") from None
    return found.name


def _multi_byte(encoding: str) -> bool:
    return encoding not in ("utf-8", "ascii") and not encoding.startswith(("cp125", "iso8859", "koi8", "mac"))


def _wide(raw: bytes) -> str:
    """UTF-16 without a mark: every other byte of what is mostly Latin is zero."""
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if len(raw) % 2 == 0 and min(even, odd) == 0 and max(even, odd) * 4 > len(raw) // 2:
        return "utf-16-le" if odd else "utf-16-be"
    raise Undecodable("holds zero bytes, so this is no text")


def _code_page(raw: bytes, said: str, country: str) -> str:
    # Who says Latin-1 means Windows' 1252, as browsers read it (https://encoding.spec.whatwg.org/#names-and-labels).
    page = "" if said else next((page for page, of in _CODE_PAGES.items() if country.upper() in of.split()), "")
    page = page or "cp1252"
    try:
        text = raw.decode(page)
    except UnicodeDecodeError:
        text = ""
    if not text or (not said and page == "cp1252" and _WRONG.search(text)):
        raise Undecodable(f"is neither UTF-8 nor {page}: save it as CSV UTF-8, or say its charset in Content-Type")
    return page
