"""A page over all services that a key may see, one service after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pynamodb.exceptions import QueryError

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Call
from chalicelib.tables import config

_SERVICES_A_PAGE = 25
"""Partitions read for one page."""
Row = TypeVar("Row")


def page(
    call: Call,
    *,
    limit: int,
    of: str,
    rows: Callable[[str, int, str], Iterable[Row]],
    place: Callable[[Row], str],
    show: Callable[[list[Row]], list[Any]],
) -> dict[str, Any]:
    """`{"data", "next_cursor"}`; it may be short of `limit` and still have a next one.

    `rows(service, most, after)` gives a service's rows after a place, from the first where it is empty.
    """
    last_service, _, last = cursors.place_of(call, of=of).partition("/")
    found: list[tuple[str, Row]] = []
    following = None
    try:
        if last_service and last:
            found = [(last_service, row) for row in rows(last_service, limit + 1, last)]
        services: list[config.Resource] = []
        if len(found) <= limit:
            services, more = config.list_kind(
                config.SERVICES, "service", limit=_SERVICES_A_PAGE, after=last_service or None
            )
            following = f"{more}/" if more else None
        for service in services:
            if len(found) > limit:
                break
            found += [(service.id, row) for row in rows(service.id, limit + 1 - len(found), "")]
    except QueryError:
        # Only a cursor that somebody made by hand leads to a query that DynamoDB refuses.
        raise cursors.bad_cursor() from None
    if len(found) > limit:
        found = found[:limit]
        following = f"{found[-1][0]}/{place(found[-1][1])}"
    shown = show([row for _, row in found])
    return {"data": shown, "next_cursor": cursors.encode(following, of=of) if following else None}
