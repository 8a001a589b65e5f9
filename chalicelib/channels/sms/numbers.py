"""Numbers as we have them, E.164, however a gateway spells them."""

from __future__ import annotations

import re

from chalicelib.domain import phone

_BLANKS = re.compile(r"[\s()./\u00a0-]+")
_SHORTEST = 8
"""Digits of a number with its country's code; what is shorter is a service's short code."""


def spelled(given: str, country: str) -> str:
    """E.164 of a subscriber's number. Short codes and names of senders stay as they are: nobody can be asked there.

    Gateways leave out the + or write 00 for it; what begins with one 0 is read in `country`, where that is known.
    """
    text = given.strip()
    bare = _BLANKS.sub("", text)
    if re.fullmatch(r"0[1-9][0-9]{5,13}", bare) and country:
        try:
            return phone.spelled(bare, country)
        except ValueError:
            return text
    number = bare.removeprefix("+").removeprefix("00") if bare.startswith(("+", "00")) else bare
    if re.fullmatch(rf"[1-9][0-9]{{{_SHORTEST - 1},14}}", number):
        return f"+{number}"
    return text


def is_number(address: str) -> bool:
    """Whether an address is a subscriber's number."""
    return re.fullmatch(r"\+[1-9][0-9]{7,14}", address) is not None
