"""By which words of their names contacts are found: rows `name#<service>#<two letters>` / `<word>#<contact>`.

`announce` keeps them, from the stream of changed contacts: so who makes or changes a contact writes nothing for it, and
no writer can forget it. Only a contact that stands has any. The same change again writes the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain.name_words import shelf_of, words_of
from chalicelib.tables.contact_rows import CONTACT, ContactRow, read_all

_NAME = "name#"


def follow(before: ContactRow | None, after: ContactRow) -> None:
    """Have a contact found by the words of its name as it is after a change, and not by those that it had before; one
    write unit for each word that comes or goes."""
    had, has = _keys(before) if before is not None else set(), _keys(after)
    for key in sorted(had - has):
        ContactRow(*key).delete()
    for key in sorted(has - had):
        ContactRow(*key).save()


def of_person(service: str, contact: str, name: str) -> list[ContactRow]:
    """The rows that lead to a contact by a name, those that are there."""
    return [row for row in read_all(sorted(_of(service, contact, name))) if row is not None]


def current(row: ContactRow) -> ContactRow:
    """A contact as it stands, where what is known of it may be old."""
    return read_all([(str(row.id), CONTACT)])[0] or ContactRow(row.id, CONTACT)


def beginning(service: str, word: str, *, after: str = "", limit: int) -> list[str]:
    """Places (`<word>#<contact>`) of names with a word that begins so, in their order, from behind a place."""
    # The end of what begins so: no sign sorts behind this one.
    items = ContactRow.item.between(after + " " if after else word, word + "\U0010ffff")
    rows = ContactRow.query(_shelf(service, word), items, limit=limit)
    return [str(row.item) for row in rows]


def contact_of(place: str) -> str:
    """The contact that a place leads to."""
    return place.rpartition("#")[2]


def _keys(row: ContactRow) -> set[tuple[str, str]]:
    if row.data is None or row.into:
        return set()
    return set(_of(str(row.service), str(row.id), row.data.get("name") or ""))


def _of(service: str, contact: str, name: str) -> Iterable[tuple[str, str]]:
    return ((_shelf(service, word), f"{word}#{contact}") for word in words_of(name) if shelf_of(word))


def _shelf(service: str, word: str) -> str:
    return f"{_NAME}{service}#{shelf_of(word)}"
