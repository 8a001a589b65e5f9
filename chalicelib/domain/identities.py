"""One spelling for each identity of a person, so that the same person is found by it however it was written.

Kinds: `email` (whole address lower-cased, domain in its ASCII form), `phone` (E.164, see phone.py), `external` (an id
of another system) and `channel` (`<channel id>:<address>`). The two libraries cost 35 and 49 ms of import, so they are
imported when an address or number has to be read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.domain import phone

EMAIL, PHONE, EXTERNAL, CHANNEL = "email", "phone", "external", "channel"
KINDS = (EMAIL, PHONE, EXTERNAL, CHANNEL)
MOST_EXTERNAL = 200
MOST_CHANNEL = 1900
"""Bytes; a key of DynamoDB takes 2048, and the service and kind are part of it."""
_FIELDS = (("email", EMAIL), ("phone", PHONE), ("external_id", EXTERNAL))
_CHANNEL = re.compile(r"[a-z]{2}_[a-z0-9]{10,26}:.+", re.DOTALL)


class WrongIdentities(ValueError):
    """Identities that cannot be read; `errors` are (field, what is wrong)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {why}" for field, why in errors))
        self.errors = errors


def normalised(kind: str, value: str, *, country: str = "") -> str:
    """The one spelling of an identity, whoever gives it; ValueError with a sentence for people where it is none.

    `country` (ISO 3166, upper case) says how a national phone number is read.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    text = value.strip()
    if not text:
        raise ValueError("must not be empty")
    if kind == EMAIL:
        return _email(text)
    if kind == PHONE:
        return phone.spelled(text, country)
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError("must be text without control characters")
    if kind == EXTERNAL:
        if len(text) > MOST_EXTERNAL:
            raise ValueError(f"must have at most {MOST_EXTERNAL} characters")
        return text
    if len(text.encode()) > MOST_CHANNEL or not _CHANNEL.fullmatch(text):
        raise ValueError(f"must be <channel id>:<address>, of at most {MOST_CHANNEL} bytes")
    return text


def keys_of(contact: Mapping[str, Any], country: str) -> list[tuple[str, str]]:
    """(kind, value) of what `email`, `phone` and `external_id` of a contact say, in this order; WrongIdentities names
    every field that cannot be read."""
    found: list[tuple[str, str]] = []
    errors: list[tuple[str, str]] = []
    for field, kind in _FIELDS:
        given = contact.get(field)
        if given in (None, ""):
            continue
        try:
            found.append((kind, normalised(kind, str(given), country=country)))
        except ValueError as error:
            errors.append((field, str(error)))
    if errors:
        raise WrongIdentities(errors)
    return found


def of_provider(given: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
    """(kind, value) of what a channel's provider says of a person; what cannot be read identifies nobody."""
    found = []
    for kind, value in given:
        try:
            found.append((kind, normalised(kind, value)))
        except ValueError:
            continue
    return found


def spellings(kind: str, value: str) -> tuple[str, ...]:
    """Other spellings under which a person with a (normalised) identity may be known."""
    return phone.same(value) if kind == PHONE else ()


def _email(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        # Without DNS: a mail server that is down does not make somebody another person. `.test` is for tests.
        read = validate_email(text, check_deliverability=False, test_environment=True)
        # Lower case first and then once more through the rules: a letter may have another length or form in it.
        local = unicodedata.normalize("NFC", read.local_part.lower())
        # The domain's ASCII form, and not the address's: that one does not exist where the local part has an umlaut.
        address = f"{local}@{read.ascii_domain.lower()}"
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"is no e-mail address: {error}") from None
    if "." not in address.rpartition("@")[2]:
        raise ValueError("is no e-mail address: its domain has no full stop")
    return address
