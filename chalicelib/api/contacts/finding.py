"""Finding contacts by the words of their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Call
from chalicelib.domain.name_words import fits, shelf_of, words_of
from chalicelib.tables import contacts, names
from chalicelib.tables.contacts import ContactRow

_EXAMINED = 300
"""Names read at most for one page, which may be short of its limit and still have a next one."""


def by_name(
    call: Call, service: str, *, limit: int, show: Callable[[Sequence[ContactRow]], list[dict[str, Any]]]
) -> dict[str, Any]:
    """`{"data", "next_cursor"}` of contacts whose names have, for each word of `?q=`, one that begins so, in the order
    of the word that is looked for: the longest. A word of one letter narrows and finds nobody by itself."""
    wanted = words_of(call.query["q"])
    longest = max((word for word in wanted if shelf_of(word)), key=len, default="")
    if not longest:
        return {"data": [], "next_cursor": None}
    of = f"contacts {service} {wanted}"
    place, examined, more = cursors.place_of(call, of=of), 0, True
    found: list[tuple[str, ContactRow]] = []
    while more and len(found) <= limit and examined < _EXAMINED:
        places = names.beginning(service, longest, after=place, limit=limit + 1)
        people = contacts.resolve_all([names.contact_of(one) for one in places])
        found += [(one, row) for one in places if (row := _meant(one, people, longest, wanted)) is not None]
        examined, more = examined + len(places), len(places) > limit
        place = places[-1] if places else place
    if len(found) > limit:
        found, more, place = found[:limit], True, found[limit - 1][0]
    return {"data": show([row for _, row in found]), "next_cursor": cursors.encode(place, of=of) if more else None}


def _meant(place: str, people: dict[str, ContactRow], longest: str, wanted: list[str]) -> ContactRow | None:
    """The contact that a place leads to, if it stands, fits, and is not led to by another of its words before."""
    row = people.get(names.contact_of(place))
    if row is None or row.id != names.contact_of(place):
        return None
    name = row.data.get("name") or ""
    first = min((word for word in words_of(name) if word.startswith(longest)), default="")
    return row if place == f"{first}#{row.id}" and fits(name, wanted) else None
