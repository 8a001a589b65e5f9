"""What a person has said about being written to, and how it came to be known."""

from __future__ import annotations

from typing import Any

from chalicelib.api.contacts.contacts import find
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import consents
from chalicelib.tables.contacts import ContactRow


class ConsentEntry(Fields):
    """Something that was said of consent."""

    purpose: str
    """What for; `all@<channel id>` and `marketing@<channel id>` were said to a channel."""
    given: bool | None
    """None: nothing is said of it any more."""
    at: str
    how: str | None
    """`channel`, `console`, or whatever was given as its source."""
    text: str | None
    """In the person's or the provider's words."""


def listing(call: Call) -> Answer:
    """`{"data", "next_cursor"}`: what the person has said of consent, also as whoever was merged into them, the newest
    first."""
    row = find(call)
    limit, of = cursors.limit_of(call), f"consent {row.id}"
    people = [str(row.id), *map(str, row.absorbed or ())]
    found = consents.history(people, before=cursors.place_of(call, of=of), limit=limit + 1)
    more = cursors.encode(consents.place_of(found[limit - 1]), of=of) if len(found) > limit else None
    return Answer(200, {"data": [_view(one) for one in found[:limit]], "next_cursor": more})


def _view(row: ContactRow) -> dict[str, Any]:
    said = dict(row.data).get("said")
    plain = said if isinstance(said, dict) else {"given": said}
    return {
        "purpose": row.data["purpose"],
        "given": plain.get("given"),
        "at": plain.get("at") or rfc3339(int(row.created_at or 0)),
        "how": plain.get("source"),
        "text": plain.get("why"),
    }
