"""What is posted to a trigger: an event with a text, a session and a contact, or any JSON at all.

https://chatbotkit.com/docs has both shapes: `{"text"?, "session"?, "contact"?}`, and a payload of any form with the
session and the contact in the query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.identities import WrongIdentities, keys_of
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.inbound.post import refuse
from chalicelib.ports.web import Problem
from chalicelib.wire.fields import Fields
from chalicelib.wire.json_body import mended

MAX_SESSION = 200
"""Characters of a session's key."""
_OURS = ("text", "session", "contact")
"""Members by which a body is known as an event of ours."""
_MOST = {"name": 200, "email": 320, "phone": 60}
_KEPT_PAYLOAD = 8 * 1024


@dataclass(frozen=True, slots=True)
class Ask:
    """What a bot is asked, by whom."""

    text: str
    session: str = ""
    """As it was given; empty where it was not."""
    name: str = ""
    identities: tuple[tuple[str, str], ...] = ()
    """(kind, value) of the contact, normalised: e-mail before phone."""
    payload: str = ""
    """The JSON that came, where a default text stands in its place, or where it says more than our own members do."""

    @property
    def key(self) -> str:
        """Key of the session: as given, else the first unique identifier of the contact; empty for neither."""
        return self.session or (self.identities[0][1] if self.identities else "")


def read(raw: bytes, query: Mapping[str, str], *, default_text: str, country: str) -> Ask:
    """What a body and a query ask; Problem 400 for what is no JSON, 422 for wrong fields, 413 for a long text.

    What the body says goes before what the query says. A national phone number is read in `country`.
    """
    given: Any = None
    if raw.strip():
        try:
            given = mended(raw)
        except ValueError as error:
            raise Problem(400, "malformed_json", f"the body is no JSON: {error}"[:300]) from None
    ours = given if _is_ours(given) else {}
    fields = Fields(ours)
    text = fields.text("text", most=2**20)
    asked = Fields(query, "", fields.wrong).text("session", most=MAX_SESSION)
    session = fields.text("session", most=MAX_SESSION) or asked
    person = _person(fields, query)
    identities: list[tuple[str, str]] = []
    try:
        identities = keys_of(person, country)
    except WrongIdentities as wrong:
        fields.wrong.extend((f"/contact/{name}", why) for name, why in wrong.errors)
    refuse(fields.wrong, too_large=False)
    payload = "" if ours or given is None else _text(raw)
    # What stands beside our own members may mean something to the bot.
    whole = _text(raw) if _says_more(ours) or (default_text and payload) else ""
    kept = whole if len(whole.encode()) <= _KEPT_PAYLOAD else ""
    # What is too long to stand beside no text at all is the text.
    said = default_text or text or payload or ("" if kept else whole)
    if len(said.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        where = "/text" if text else ""
        problem = [(where, f"must be at most {MAX_TEXT_BYTES} bytes as a message's text")]
        refuse(problem, too_large=True)
    return Ask(said, session, person.get("name", ""), tuple(identities), kept)


def _is_ours(given: Any) -> bool:
    """Whether a body is an event in our words: it has one of our members, and those that it has are of our types.

    Other systems have members of these names too: there a `session` is a number, and the `email` of a `contact` a list.
    """
    if not isinstance(given, dict) or not given.keys() & {*_OURS}:
        return False
    contact = given.get("contact")
    return all(isinstance(given.get(name), str | None) for name in ("text", "session")) and (
        contact is None or (isinstance(contact, dict) and _is_our_contact(contact))
    )


def _is_our_contact(contact: dict[str, Any]) -> bool:
    named = contact.keys() & {*_MOST}
    return (bool(named) or not contact) and all(isinstance(contact[name], str | None) for name in named)


def _says_more(ours: dict[str, Any]) -> bool:
    """Whether an event in our words has members that are not ours, in itself or in its contact."""
    return bool(ours.keys() - {*_OURS} or (ours.get("contact") or {}).keys() - {*_MOST})


def _text(raw: bytes) -> str:
    return raw.decode("utf-8-sig").strip()


def _person(fields: Fields, query: Mapping[str, str]) -> dict[str, str]:
    """The contact's fields as texts; each from the body, else from `?contact.<field>=`."""
    inside = fields.inside("contact") if fields.has("contact") else Fields({}, "/contact", fields.wrong)
    person = {}
    for name, most in _MOST.items():
        # Both are read, so that what is wrong is said also where the other one counts.
        asked = Fields({name: query.get(f"contact.{name}")}, "/contact", fields.wrong).text(name, most=most)
        person[name] = (inside.text(name, most=most) or asked).strip()
    if "\ufffd" in person["name"]:
        inside.refuse("name", "holds U+FFFD, which stands for a letter that was lost on its way here")
    return {name: value for name, value in person.items() if value}
