"""What is set up in a service, in one answer: what the lists of its kinds say, and their cursors."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.http.routes import SETUP
from chalicelib.ports.settings import settings
from chalicelib.tables import config
from chalicelib.tables.config import Resource


def test_it_says_what_the_lists_say(api: Any, care: str) -> None:
    told = api("GET", f"/v1/setup?service_id={care}").body
    assert told.pop("version") == config.version(care)
    lists = {kind: api("GET", f"/v1/{kind}?service_id={care}&limit=100").body for kind in SETUP}
    assert told == lists
    assert all(one["data"] for one in lists.values())
    some = api("GET", f"/v1/setup?service_id={care}&kinds=desks%2Cbots").body
    assert some == {"version": config.version(care)} | {kind: lists[kind] for kind in ("bots", "desks")}


def test_a_local_run_says_where_its_phones_are(api: Any, care: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PHONES_URL", "http://127.0.0.1:8703/")
    settings.cache_clear()
    assert api("GET", f"/v1/setup?service_id={care}&kinds=bots").body["phones_url"] == "http://127.0.0.1:8703/"
    settings.cache_clear()


def test_what_is_more_than_a_page_the_list_goes_on_with(api: Any, care: str) -> None:
    for n in range(101):
        Resource(care, f"reply#rp_{care[3:]}{n:016d}", name=f"reply {n}", body={"name": f"reply {n}"}).save()
    config.with_version(seen_version=(care, config.version(care)))
    begin = api("GET", f"/v1/setup?service_id={care}&kinds=replies").body["replies"]
    more = api("GET", f"/v1/replies?service_id={care}&limit=100&cursor={begin['next_cursor']}").body
    ids = [one["id"] for one in (*begin["data"], *more["data"])]
    assert len(begin["data"]) == 100
    assert more["next_cursor"] is None
    assert ids == sorted({*ids}) == [row.id for row in config.of_kind(care, "reply")]


def test_it_is_asked_of_a_service_that_there_is(api: Any, care: str) -> None:
    assert api("GET", "/v1/setup?service_id=sv_aaaaaaaaaa").status == 404
    assert "/kinds" in api("GET", f"/v1/setup?service_id={care}&kinds=bots,keys").wrong
    assert "/service_id" in api("GET", "/v1/setup").wrong
