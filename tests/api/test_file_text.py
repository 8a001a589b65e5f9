"""Letters arrive as they were written, or the answer says that they did not: at every door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.api.http.routes import TABLE
from chalicelib.domain import file_text

SAID = "name;email\nJörg Müller;joerg@example.com\nÁine;aine@example.com\n"


@pytest.fixture
def service(api: Any) -> str:
    return str(api.make("services", name="Care", country="DE")["id"])


def names(api: Any, service: str) -> list[str]:
    return sorted(one["name"] for one in api("GET", f"/v1/contacts?service_id={service}").body["data"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "kind", ["application/csv", "application/csv; charset=", "application/vnd.ms-excel", "application/octet-stream"]
)
def test_a_file_is_read_as_it_was_written(api: Any, service: str, encoding: str, kind: str) -> None:
    kind += encoding if kind.endswith("=") else ""
    path = f"/v1/contacts:import?service_id={service}"
    answer = api("POST", path, SAID.encode(encoding), Content_Type=kind)
    assert (answer.status, answer.body["created"]) == (200, 2), answer.body
    assert names(api, service) == ["Jörg Müller", "Áine"]
    assert answer.body["encoding"] == encoding.removesuffix("-sig")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("kind", ["text/csv", "text/plain", "text/comma-separated-values; header=present"])
def test_what_is_called_text_is_read_as_utf8(api: Any, service: str, encoding: str, kind: str) -> None:
    path = f"/v1/contacts:import?service_id={service}"
    answer = api("POST", path, SAID.encode(encoding), Content_Type=kind)
    assert (answer.status, answer.body["created"], answer.body["encoding"]) == (200, 2, "utf-8"), answer.body
    assert names(api, service) == ["Jörg Müller", "Áine"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("kind", ["text/csv", "text/csv; charset=", "text/plain"])
def test_what_is_called_text_and_is_no_utf8_is_refused(api: Any, service: str, encoding: str, kind: str) -> None:
    """API Gateway reads it as UTF-8 before we see it, so a letter is lost."""
    kind += encoding if kind.endswith("=") else ""
    answer = api("POST", f"/v1/contacts:import?service_id={service}", SAID.encode(encoding), Content_Type=kind)
    assert (answer.status, answer.body["code"]) == (400, "malformed_text")
    assert names(api, service) == []


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl", "application/octet-stream"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_lines_of_json_too(api: Any, service: str, kind: str, encoding: str) -> None:
    line = '{"name": "Jörg", "email": "joerg@example.com"}\n'
    if encoding == "utf-16" and kind.endswith("stream"):
        return  # nothing says that it is no CSV
    answer = api("POST", f"/v1/contacts:import?service_id={service}", line.encode(encoding), Content_Type=kind)
    assert answer.status == 200, answer.body
    assert names(api, service) == ["Jörg"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (SAID.encode("cp1252"), "text/csv; charset=utf-8"),
        (SAID.encode("cp850"), "text/csv"),
        (SAID.encode("mac_roman"), "text/csv"),
        (SAID.encode(), "text/csv; charset=klingon"),
        (SAID.replace("ö", "\ufffd").encode(), "text/csv"),
        ("name;email\nŁukasz Żółć;l@example.com\n".encode("cp1250"), "text/csv"),
        ("name;email\nИван;i@example.com\n".encode("cp1251"), "text/csv"),
        ("name;email\n山田;y@example.com\n".encode("cp932"), "text/csv"),
        (b"name;email\nJ\0rg;j@example.com\n", "text/csv"),
    ],
)
def test_what_cannot_be_known_is_refused(api: Any, service: str, raw: bytes, kind: str) -> None:
    answer = api("POST", f"/v1/contacts:import?service_id={service}", raw, Content_Type=kind)
    assert (answer.status, answer.body["code"]) == (400, "malformed_text")
    assert names(api, service) == []


@pytest.mark.parametrize(
    ("country", "name", "page"),
    [("PL", "Łukasz Żółć", "cp1250"), ("CZ", "Dvořák", "cp1250"), ("RU", "Иван", "cp1251"), ("JP", "山田", "cp932")],
)
def test_a_spreadsheet_writes_in_its_countrys_code_page(country: str, name: str, page: str) -> None:
    assert file_text.read(name.encode(page), country=country) == (name, page)
    assert file_text.read(name.encode(page), charset={"cp932": "shift_jis"}.get(page, page))[0] == name


@pytest.mark.parametrize("raw", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest"])
def test_a_workbook_is_told_how_to_become_a_file(api: Any, service: str, raw: bytes) -> None:
    answer = api("POST", f"/v1/contacts:import?service_id={service}", raw, Content_Type="application/vnd.ms-excel")
    assert (answer.status, answer.body["code"]) == (415, "unsupported_media_type")
    assert "CSV" in answer.body["detail"]


@pytest.mark.parametrize("route", [one for one in TABLE if one.method != "GET"], ids=lambda one: one[1])
def test_json_in_another_encoding_is_kept_nowhere(api: Any, service: str, route: Any) -> None:
    """No door takes JSON that is no UTF-8: neither as what it is not, nor with a letter less."""
    channel = api.make("channels", service_id=service, kind="webchat", name="w")
    bot = api.make("bots", service_id=service, name="b", webhook_url="https://bot.example.com", profile="imi")
    desk = api.make("desks", service_id=service, name="d", kind="console")
    trigger = api.make("triggers", service_id=service, name="t", bot_id=bot["id"], authenticate=False)
    source = api.make("sources", service_id=service, key="s", name="s", mapping={"id": "id", "text": "name"})
    path = route.path.replace("{channel_id}", channel["id"]).replace("{trigger_id}", trigger["id"])
    path = path.replace("/webhooks/bots/{token}", "/webhooks" + bot["events_url"].rpartition("/webhooks")[2])
    path = path.replace("/webhooks/desks/{token}", "/webhooks/desks/none").replace(
        "/sources/{id}", f"/sources/{source['id']}"
    )
    path = path.replace("{id}", {"bots": bot["id"], "desks": desk["id"], "services": service}.get(route.plural, "ct_x"))
    body = json.dumps({"name": "Jörg", "text": "Jörg", "service_id": service}, ensure_ascii=False).encode("cp1252")
    answer = api(route.method, path, body, Content_Type="application/json; charset=iso-8859-1")
    reads = not route.path.endswith(("/verify", "/replay", "/preflight")) and route.method not in ("DELETE", "OPTIONS")
    assert not (reads and answer.status < 300), (answer.status, answer.body)
    if route.function.startswith("steps.receive_") and "desks" not in route.path and route.method == "POST":
        assert (answer.status, answer.body["code"]) == (400, "malformed_json")


def test_a_name_with_a_lost_letter_is_refused_wherever_it_can_be_put_right(api: Any, service: str) -> None:
    answer = api("POST", "/v1/contacts", {"service_id": service, "name": "J\ufffdrg", "email": "j@example.com"})
    assert "U+FFFD" in answer.wrong["/name"]
    source = api.make("sources", service_id=service, key="s", name="s", mapping={
        "id": "id", "text": "id", "contact": {"name": "name", "email": "mail"}})  # fmt: skip
    event = {"id": "1", "name": "J\ufffdrg", "mail": "j@example.com"}
    told = api("POST", f"/v1/sources/{source['id']}/events", event).body
    assert (told["accepted"], told["rejected"][0]["errors"][0]["path"]) == (0, "/contact/name")
    bot = api.make("bots", service_id=service, name="b", webhook_url="https://bot.example.com", profile="imi")
    trigger = api.make("triggers", service_id=service, name="t", bot_id=bot["id"], authenticate=False)
    asked = api("POST", f"/v1/integration/trigger/{trigger['id']}/event", {"text": "x", "contact": {
        "name": "J\ufffdrg", "email": "j@example.com"}})  # fmt: skip
    assert "U+FFFD" in asked.wrong["/contact/name"]


HABITS = {
    "semicolons": "name;email\nAnn;ann@example.com\n",
    "tabs": "name\temail\nAnn\tann@example.com\n",
    "said": "sep=;\r\nname;email\r\nAnn;ann@example.com\r\n",
    "said in quotes": '"sep=\t"\r\nname\temail\r\nAnn\tann@example.com\r\n',
    "a mark": "\ufeffname;email\nAnn;ann@example.com\n",
    "a mark and said": "\ufeffsep=;\nname;email\nAnn;ann@example.com\n",
    "spare columns": "name;email;;;\nAnn;ann@example.com;;;\n",
    "spare cells": "name,email\nAnn,ann@example.com,,,\n",
    "spare rows": "name;email;;\nAnn;ann@example.com;;\n;;;\n;;;\n\n",
    "spare columns in front": ";name;email\n;Ann;ann@example.com\n",
    "letter case": "NAME;E-Mail \nAnn;ann@example.com\n",
    "blanks": " Name , Email\n Ann , ann@example.com \n",
    "old line breaks": "name;email\rAnn;ann@example.com\r",
    "empty lines before": "\n\nname;email\nAnn;ann@example.com\n",
    "quoted": '"name";"email"\n"Ann";"ann@example.com"\n',
}


@pytest.mark.parametrize("habit", HABITS)
def test_habits_of_spreadsheets_change_nothing(api: Any, service: str, habit: str) -> None:
    path = f"/v1/contacts:import?service_id={service}"
    answer = api("POST", path, HABITS[habit].encode(), Content_Type="text/csv").body
    assert (answer["rows"], answer["created"], answer["refused"]) == (1, 1, []), answer
    assert names(api, service) == ["Ann"]


def test_line_breaks_in_quotes_and_attributes_stay(api: Any, service: str) -> None:
    text = 'External ID;Attr.Home Town;Consent.News;Tags\r\ncrm:1;"Bonn\r\nam Rhein";Yes;"a;b"\r\n'
    answer = api("POST", f"/v1/contacts:import?service_id={service}", text.encode(), Content_Type="text/csv")
    assert answer.body["created"] == 1, answer.body
    (one,) = api("GET", f"/v1/contacts?service_id={service}").body["data"]
    assert one["attributes"] == {"Home Town": "Bonn\r\nam Rhein"}
    assert one["tags"] == ["a", "b"]
    assert one["consent"]["News"] is True


def test_what_stands_in_no_column_is_named(api: Any, service: str) -> None:
    path = f"/v1/contacts:import?service_id={service}"
    answer = api(
        "POST", path, b"name;email;;\nAnn;ann@example.com;;x\nBen;ben@example.com;;\n", Content_Type="text/csv"
    )
    (refused,) = answer.body["refused"]
    assert (refused["row"], answer.body["created"]) == (1, 1)
    assert "cell 4" in refused["errors"][0]["message"]
    unknown = api("POST", path, b"name;email;colour\nAnn;ann@example.com;red\n", Content_Type="text/csv")
    assert unknown.wrong == {"/colour": "is no column of a contact"}
