"""One spelling of a phone number, whoever writes it: E.164, as the numbering plans of today have it.

Plans change, and address books, files and providers go on with the old spelling for years (WhatsApp names a Brazilian
by the number that the account was made with). libphonenumber holds the old spellings as invalid and does not lead from
them to the new ones, so the changes that did not make one number of two stand in a table here.

The library costs 35 ms of import, so it is imported when a number has to be read; the table needs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 60
"""Characters of what is read."""
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")
_SCHEME = re.compile(r"\s*(?:tel|sms|whatsapp):", re.IGNORECASE)
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a country's plan: which old numbers became which new ones, and back."""

    old: str
    new: str
    """What the groups of `old` make."""
    now: str
    """The new numbers."""
    was: str
    """What the groups of `now` make."""


def _prefixed(country: str, old: str, prefix: str) -> _Change:
    """A change that put digits before numbers that fit `old`."""
    return _Change(rf"\+{country}({old})", rf"+{country}{prefix}\1", rf"\+{country}{prefix}({old})", rf"+{country}\1")


def _replaced(country: str, old: str, new: str, rest: str) -> _Change:
    """A change of the first digits."""
    return _Change(
        rf"\+{country}{old}({rest})", rf"+{country}{new}\1", rf"\+{country}{new}({rest})", rf"+{country}{old}\1"
    )


_VIETNAM = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip
_CHANGES = (
    # Brazil, from 2012 to 6 November 2016, region by region: mobiles got a 9 before them, landlines (2 to 5) did not.
    # Anatel, Resolution 553 of 2010; https://algartelecom.com.br/empresas/atendimento/nono-digito.html
    # Radio numbers beginning with 7 kept their eight digits until their network was switched off in 2018.
    _Change(r"\+55([1-9][1-9])([6-9]\d{7})", r"+55\g<1>9\2", r"\+55([1-9][1-9])9([6-9]\d{7})", r"+55\1\2"),
    # Mexico, 3 August 2019: ten digits everywhere, no 1 before mobiles from abroad, no 01, 044 and 045 at home.
    # IFT's plan of 11 May 2018; https://ituob.org/issues/1151-en
    _Change(r"\+52(?:1|01|044|045)([2-9]\d{9})", r"+52\1", r"\+52([2-9]\d{9})", r"+521\1"),
    # Ivory Coast, 31 January 2021: eight digits became ten, by the operator that the old number showed: mobiles by
    # their second digit, landlines by their third (as the ranges of libphonenumber before and after show). ARTCI;
    # https://fr.wikipedia.org/wiki/Liste_des_indicatifs_téléphoniques_en_Côte_d'Ivoire
    _prefixed("225", r"[04-9][0-3]\d{6}", "01"),
    _prefixed("225", r"[04-9][4-6]\d{6}", "05"),
    _prefixed("225", r"[04-9][7-9]\d{6}", "07"),
    _prefixed("225", r"[23]\d8\d{5}", "21"),
    _prefixed("225", r"[23]\d0\d{5}", "25"),
    _prefixed("225", r"[23]\d[1-79]\d{5}", "27"),
    # Benin, 30 November 2024: 01 before all eight digits. ARCEP Bénin; https://fr.allafrica.com/stories/202411300249.html
    _prefixed("229", r"\d{8}", "01"),
    # Vietnam, 15 September 2018: mobiles of eleven digits (with the 0) became ten. Ministry of Information and
    # Communications; https://lawnet.vn/en/laws/
    *(_replaced("84", old, new, r"\d{7}") for old, new in _VIETNAM.items()),
    # Colombia, 1 September 2021: 60 before area and number of landlines. CRC, Resolution 5826 of 2019;
    # https://radionacional.co/actualidad/como-marcar-de-celular-a-fijo-en-colombia
    _prefixed("57", r"[124-8]\d{7}", "60"),
)
_ARGENTINE_MOBILE = re.compile(r"\+549([1-9]\d{9})")
_ARGENTINE = re.compile(r"\+54([1-8]\d{9})")


def spelled(text: str, country: str = "") -> str:
    """The one spelling of a number; ValueError with a sentence for people where it is none.

    What is written with its country's code (`+` or `00` first) need only be possible: the plans of the world change
    faster than any library, and a provider has delivered from it. A national number is read in `country` (ISO 3166,
    upper case) and must be valid there, as nothing else says that it is meant so.
    """
    import phonenumbers

    # A link to a number (RFC 3966), and what gateways put before it; blanks as web pages have them.
    text = re.sub(r"\s", " ", _SCHEME.sub("", text))
    if len(text) > _LONGEST or any(char.isalpha() for char in text):
        raise ValueError("is no phone number")
    # 00 is how most of the world dials +, also where the library, knowing the country, expects its own prefix.
    written = re.sub(r"^[\s(]*00", "+", text.strip())
    international = bool(re.match(r"[\s(]*[+\uff0b]", written))
    if not country and not international:
        raise ValueError("must begin with + and the country's code: no country is known to read it in")
    for _ in range(_ROUNDS):
        try:
            number = phonenumbers.parse(written, None if international else country)
        except phonenumbers.NumberParseException:
            raise ValueError("is no phone number") from None
        if number.extension:
            raise ValueError("must be a phone number without an extension")
        found = current(str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)))
        # Once more until it stays: a number may lose a national prefix, or become one that is written otherwise.
        if found == written:
            break
        was_national, international, written = not international, True, found
        if was_national and not phonenumbers.is_valid_number(phonenumbers.parse(found, None)):
            raise ValueError(f"is no valid phone number (read in {country})")
    else:
        raise ValueError("is no valid phone number")
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not (phonenumbers.is_valid_number(number) or (possible and _INTERNATIONAL.fullmatch(found))):
        raise ValueError("is no valid phone number")
    return found


def is_valid(number: str) -> bool:
    """Whether a number in E.164 is one by its country's plan, as the library knows it."""
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


def current(number: str) -> str:
    """A number in E.164 as its plan has it now; itself where that did not change."""
    for change in _CHANGES:
        if found := re.fullmatch(change.old, number):
            return found.expand(change.new)
    return number


def superseded(number: str) -> tuple[str, ...]:
    """Spellings in whose place a number stands: those of before its plan changed, and, of an Argentine mobile, the one
    without the 9 that says so.

    In Argentina area and number are one subscriber's, with the 9 or without; without it the number reads as a
    landline's, which it may be (https://github.com/google/libphonenumber/issues/684).
    """
    olds = [found.expand(change.was) for change in _CHANGES if (found := re.fullmatch(change.now, number))]
    mobile = _ARGENTINE_MOBILE.fullmatch(number)
    return (*(old for old in olds if current(old) == number), *([f"+54{mobile[1]}"] if mobile else []))


def same(number: str) -> tuple[str, ...]:
    """Other spellings under which the subscriber of a number may be known."""
    landline = _ARGENTINE.fullmatch(number)
    return (*superseded(number), *([f"+549{landline[1]}"] if landline else []))
