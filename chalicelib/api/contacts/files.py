"""Contacts from files and into files, a page at a time."""

from __future__ import annotations

import codecs
import hashlib
import json
from email.message import Message
from typing import Any

from chalice.app import Response

from chalicelib.api.contacts.contacts import country_of
from chalicelib.api.contacts.fields import ContactLine, identities_given, wrong_consent
from chalicelib.api.http import cursors
from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, invalid, parse, problems
from chalicelib.api.http.queries import MOST_EXPORTED
from chalicelib.api.http.services import needed_service
from chalicelib.domain import file_text
from chalicelib.domain.contact_file import Row, Unreadable, column_of, rows_of_csv, rows_of_json_lines
from chalicelib.ports import ids, web
from chalicelib.ports.clock import now_ms, rfc3339
from chalicelib.ports.web import Problem
from chalicelib.tables import audit, contacts, importing
from chalicelib.tables.contacts import ContactRow
from chalicelib.tables.importing import Said
from chalicelib.wire.json_body import escaped

MOST_ROWS = 500
_MOST_BYTES = 4_000_000
"""Of a page of an export: Lambda answers with at most 6 MB."""
CSV, JSON_LINES = "text/csv", ("application/jsonl", "application/x-ndjson", "application/x-jsonlines")
_CSV_TOO = (
    CSV,
    "application/csv",
    "application/vnd.ms-excel",
    "application/x-csv",
    "text/comma-separated-values",
    "text/plain",
    "text/tab-separated-values",
    "text/x-csv",
)
_JSON_LINES_TOO = (*JSON_LINES, "application/ndjson", "application/json-lines", "text/jsonl", "text/x-ndjson")
_ANY_FILE = "application/octet-stream"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .xls begin (https://en.wikipedia.org/wiki/List_of_file_signatures)."""


class ExportedLine(ContactLine):
    """A line of an export."""

    id: str
    created_at: str
    merged_ids: list[str]


class RefusedRow(Fields):
    """A row that was not taken."""

    row: int
    errors: list[dict[str, str]]


class Imported(Fields):
    """What became of the rows of a page."""

    import_id: str
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: list[RefusedRow]
    encoding: str
    """How the bytes were read, as utf-8 or cp1252."""
    next_row: int | None
    """Where to go on in the same file with `?from_row=`; null at its end."""


def load(call: Call) -> Answer:
    """Contacts made and changed by a file: what became of its rows, of which a call handles 500. Doing it again changes
    nothing. A wrong row is refused with its errors; the others count."""
    service = needed_service(call)
    country = country_of(call, service)
    first = int(call.query.get("from_row", 1))
    is_csv = _is_csv(call)
    text, encoding = _text(call, country)
    page, next_row = _page(text, is_csv, first)
    refused: list[dict[str, Any]] = []
    said: list[Said] = []
    for row in page:
        try:
            said.append(_said(row, country))
        except Problem as problem:
            refused.append({"row": row.number, "errors": [_error(path, why, is_csv) for path, why in problem.errors]})
    outcomes = importing.keep(service, said)
    for one in outcomes:
        if one.verb == importing.REFUSED:
            path = f"/{one.field}" if one.field else ""
            refused.append({"row": one.number, "errors": [{"path": path, "message": one.why}]})
    counts = {verb: sum(one.verb == verb for one in outcomes) for verb in ("created", "updated", "unchanged")}
    id = ids.from_cause("im", service, hashlib.sha256(call.raw).hexdigest(), first)
    if counts["created"] or counts["updated"]:
        told: dict[str, object] = {**counts, "refused": len(refused)}
        audit.note(service, at=now_ms(), actor=call.caller.id, action="contacts.imported", subject=id, change=told)
    answer = {"import_id": id, "rows": len(page), **counts, "encoding": encoding}
    return Answer(200, answer | {"refused": sorted(refused, key=lambda one: one["row"]), "next_row": next_row})


def dump(call: Call) -> Response:
    """Contacts of a service as JSON lines, the newest first; the header `X-Next-Cursor` is there while there are more.

    The lines can be imported again; a contact that was merged into another stands in that one's line.
    """
    service = needed_service(call)
    of, limit = f"export {service}", int(call.query.get("limit", MOST_EXPORTED))
    places = contacts.newest(service, limit=limit + 1, before=cursors.place_of(call, of=of))
    ids_of = {place: place.partition(".")[2] for place in places[:limit]}
    found = contacts.resolve_all(ids_of.values())
    lines: list[str] = []
    size, last = 0, ""
    for place, id in ids_of.items():
        row = found.get(id)
        line = json.dumps(_line(row), ensure_ascii=False) if row is not None and row.id == id else ""
        size += len(line.encode()) + 1
        if lines and size > _MOST_BYTES:
            break
        lines += [line] if line else []
        last = place
    more = bool(last) and places[-1] != last
    headers = {"Content-Type": "application/jsonl; charset=utf-8", "Cache-Control": "no-store"}
    headers |= {"X-Next-Cursor": cursors.encode(last, of=of)} if more else {}
    return web.text(200, "".join(line + "\n" for line in lines), headers)


def _line(row: ContactRow) -> dict[str, Any]:
    data = dict(row.data)
    fields = {key: data[key] for key in ("name", "identities", "attributes", "tags", "consent") if data.get(key)}
    about = {"id": str(row.id), "created_at": rfc3339(int(row.created_at or 0)), "merged_ids": list(row.absorbed or ())}
    return about | fields


def _is_csv(call: Call) -> bool:
    kind = (call.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if call.raw.startswith(_WORKBOOKS):
        raise Problem(415, "unsupported_media_type", "this is a workbook: save the sheet as CSV UTF-8")
    if kind == _ANY_FILE:
        return not call.raw.lstrip(codecs.BOM_UTF8).lstrip().startswith(b"{")
    if kind not in (*_CSV_TOO, *_JSON_LINES_TOO):
        raise Problem(415, "unsupported_media_type", f"send {CSV} or {JSON_LINES[0]}")
    return kind in _CSV_TOO


def _text(call: Call, country: str) -> tuple[str, str]:
    """(the file's text, its encoding)."""
    message = Message()
    message["content-type"] = call.headers.get("content-type") or CSV
    try:
        return file_text.read(call.raw, charset=str(message.get_param("charset") or ""), country=country)
    except file_text.Undecodable as error:
        raise Problem(400, "malformed_text", f"the file {error}") from None


def _page(text: str, is_csv: bool, first: int) -> tuple[list[Row], int | None]:
    """(rows of the page, number of the row after it)."""
    page: list[Row] = []
    try:
        for row in rows_of_csv(text) if is_csv else rows_of_json_lines(text):
            if row.number >= first + MOST_ROWS:
                return page, row.number
            if row.number >= first:
                page.append(row)
    except Unreadable as error:
        if error.errors:
            raise invalid([(f"/{escaped(name)}" if name else "", why) for name, why in error.errors]) from None
        raise Problem(400, "malformed_csv", f"the body is no CSV: {error}"[:300]) from None
    return page, None


def _said(row: Row, country: str) -> Said:
    """What a row says; Problem 422 with everything that is wrong with it."""
    wrong = list(row.errors) or problems(row.fields)
    if wrong:
        raise invalid(wrong)
    given = parse(ContactLine, row.fields)
    identities, wrong = identities_given(given, country)
    wrong += wrong_consent(given.consent)
    if not identities and not wrong:
        wrong.append(("", "needs an email, phone or external_id"))
    if wrong:
        raise invalid(wrong)
    return Said(
        number=row.number,
        identities=tuple(identities),
        name=given.name or "",
        attributes=given.attributes,
        tags=tuple(given.tags),
        consent=given.consent,
    )


def _error(path: str, why: str, is_csv: bool) -> dict[str, str]:
    return {"path": f"/{column_of(path)}" if is_csv and path else path, "message": why}
