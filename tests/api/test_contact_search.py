"""Finding contacts by words of their names."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.steps import erase
from chalicelib.tables.contact_rows import ContactRow
from tests.cloud import Cloud


@pytest.fixture
def found(api: Any, service: str, cloud: Cloud) -> Any:
    """Names that words find, in their order, page after page."""

    def look(words: str, *, limit: int = 20) -> list[str]:
        cloud.pump()
        names, cursor = [], ""
        while True:
            query = f"service_id={service}&q={words}&limit={limit}" + (f"&cursor={cursor}" if cursor else "")
            page = api("GET", f"/v1/contacts?{query}").body
            names += [one["name"] for one in page["data"]]
            cursor = page["next_cursor"]
            if not cursor:
                return names

    return look


def called(api: Any, service: str, *names: str) -> list[str]:
    return [api("POST", "/v1/contacts", {"service_id": service, "name": name}).body["id"] for name in names]


def kept() -> set[str]:
    """What there is of anybody's name."""
    return {str(row.item).partition("#")[0] for row in ContactRow.scan() if str(row.id).startswith("name#")}


def test_people_are_found_by_how_their_names_begin(api: Any, service: str, found: Any) -> None:
    called(api, service, "Inês Carvalho", "Ines Castro", "Anabela Castro", "Ana Anabela", "Ana Costa", "Zoë")
    assert sorted(found("INES")) == ["Ines Castro", "Inês Carvalho"]
    assert sorted(found("cas an")) == ["Anabela Castro"]
    assert found("ana", limit=1) == found("ana")
    assert sorted(found("ana")) == [
        "Ana Anabela",
        "Ana Costa",
        "Anabela Castro",
    ]
    assert found("zoe") == ["Zoë"] and found("zo e") == [] and found("e") == found("%20") == []
    other = api.make("services", name="Other")["id"]
    assert api("GET", f"/v1/contacts?service_id={other}&q=ines").body["data"] == []


def test_what_changes_a_name_changes_by_what_it_is_found(api: Any, service: str, found: Any) -> None:
    ana, eva = called(api, service, "Ana", "Eva Braun")
    assert found("ana") == ["Ana"]
    api("PATCH", f"/v1/contacts/{ana}", {"name": "Anna Berg"})
    assert (found("an"), kept()) == (["Anna Berg"], {"anna", "berg", "eva", "braun"})
    merge = api("POST", f"/v1/contacts/{ana}/merge", {"from": eva}).body["merge_id"]
    assert (found("eva"), kept()) == ([], {"anna", "berg"})
    api("POST", f"/v1/contacts/{ana}/unmerge", {"merge_id": merge})
    assert found("eva") == ["Eva Braun"]
    api("DELETE", f"/v1/contacts/{ana}")
    assert (found("an"), kept()) == ([], {"eva", "braun"})


def test_erasing_does_not_wait_for_who_follows_names(api: Any, service: str, found: Any, cloud: Cloud) -> None:
    (ana,) = called(api, service, "Ana Berg")
    assert found("ana") == ["Ana Berg"]
    api("DELETE", f"/v1/contacts/{ana}")
    for _ in range(2):
        erase.handle({"contact": ana, "pass": 1})
    assert kept() == set()
