"""Numbers as we have them, E.164, however a gateway spells them."""

from __future__ import annotations

import re

from chalicelib.domain import phone

_BLANKS = re.compile(r"[\s()./\u00a0-]+")
_SHORTEST = 8
"""Digits of a number with its country's code; what is shorter is a service's short code."""

_NATIONAL = re.compile(rf"0[1-9][0-9]{{5,13}}|[1-9][0-9]{{{_SHORTEST - 1},13}}")


def spelled(given: str, country: str) -> str:
    """E.164 of a subscriber's number. Short codes and names of senders stay as they are: nobody can be asked there.

    Gateways leave out the + or write 00 for it. Where `country` is known, in it is read what begins with one 0, and
    what is no number of any country with a + before it: some leave out the country's code, too.
    """
    text = given.strip()
    bare = _BLANKS.sub("", text)
    if country and _NATIONAL.fullmatch(bare) and not phone.is_valid(f"+{bare}"):
        try:
            return phone.spelled(bare, country)
        except ValueError:
            if bare.startswith("0"):
                return text
    number = bare.removeprefix("+").removeprefix("00") if bare.startswith(("+", "00")) else bare
    if re.fullmatch(rf"[1-9][0-9]{{{_SHORTEST - 1},14}}", number):
        return f"+{number}"
    return text


def is_number(address: str) -> bool:
    """Whether an address is a subscriber's number."""
    return re.fullmatch(r"\+[1-9][0-9]{7,14}", address) is not None
