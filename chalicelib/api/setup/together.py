"""What is set up in a service, several kinds in one answer: of each the first page of its list.

Who opens the console needs the names of nearly all of it. By the lists that is a request for each kind, each with a
look at who asks, and each in a process of its own where they come at the same time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, create_model

from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.routes import SETUP
from chalicelib.api.http.services import needed_service
from chalicelib.api.kinds.contract import kind_of
from chalicelib.api.setup.showing import all_shown, statuses_of
from chalicelib.ports.settings import settings
from chalicelib.ports.web import Problem
from chalicelib.tables import config

_PAGE = cursors.MAX_LIMIT


def together(call: Call) -> Answer:
    """`{"version", "bots": {"data", "next_cursor"}, ...}` of `?kinds=`, else of all kinds, all as of one version; with
    its cursor the list of a kind, `GET /v1/<kind>`, goes on."""
    service = needed_service(call)
    asked = [word for word in (call.query.get("kinds") or "").split(",") if word.strip()]
    kinds = sorted({word.strip() for word in asked} or SETUP)
    found = config.snapshot(service, config.version(service))
    if found.own is None:
        raise Problem(404, "not_found", f"there is no service {service!r}")
    rows = {plural: found.of_kind(kind_of(plural).name) for plural in kinds}
    pages = {plural: of[:_PAGE] for plural, of in rows.items()}
    statuses = statuses_of([row for plural in kinds if kind_of(plural).webhook for row in pages[plural]])
    answer: dict[str, Any] = {"version": found.version}
    if url := settings().phones_url:
        answer["phones_url"] = url
    for plural, page in pages.items():
        of = f"/v1/{plural}{call.query.get('service_id') or ''}"
        more = cursors.encode(page[-1].id, of=of) if len(rows[plural]) > _PAGE else None
        answer[plural] = {"data": all_shown(call, kind_of(plural), page, statuses), "next_cursor": more}
    return Answer(200, answer)


@cache
def shape() -> type[BaseModel]:
    """What is answered, as the description has it."""
    kinds: dict[str, Any] = {}
    for plural in SETUP:
        one = kind_of(plural).answer
        fields: dict[str, Any] = {"data": (list[one], ...), "next_cursor": (str | None, ...)}  # type: ignore[valid-type]
        listed = create_model(f"Listed{one.__name__}", **fields)
        kinds[plural] = (listed, None)
    return create_model("SetUp", version=(int, ...), phones_url=(str | None, None), **kinds)
