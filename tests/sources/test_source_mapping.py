"""Mappings: what is wrong with an expression and where, what an event may not say, and that nothing ever crashes."""

from __future__ import annotations

import json
import resource
import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.inbound import mapped
from chalicelib.sources import engine, expressions, mapping
from chalicelib.wire.json_body import mended

NOW_MS = 1_795_000_000_000
PLAIN = {
    "id": "id", "sent_at": "at", "text": "text", "type": "type", "conversation": "thread",
    "contact": {"email": "email", "phone": "phone", "external_id": "customer", "name": "name"},
}  # fmt: skip
EVENT: dict[str, Any] = {"id": "e1", "text": "Bought", "email": "Ada@Example.com"}


def read(event: Any, expressions: dict[str, Any] = PLAIN, country: str = "") -> mapping.Read:
    (found,) = mapped.read([event], expressions, system="crm", country=country, now_ms=NOW_MS)
    return found


def wrong(event: Any, expressions: dict[str, Any] = PLAIN) -> dict[str, str]:
    found = read(event, expressions)
    assert found.mapped is None
    return dict(found.errors)


@pytest.mark.parametrize(
    ("expression", "begins"),
    [
        ("", "position 1: the expression ends too early"),
        ("a.b.", "position 5: the expression ends too early"),
        ("$uppercase(a", "position 13: the expression ends too early"),
        ("'abc", "position 5: a text or pattern is not closed"),
        ("`abc", "position 5: a name in backquotes is not closed"),
        ("a /* b", "position 7: a comment is not closed"),
        ("1 2", "position 3 near '2': this is not expected here"),
        ("a &\nb +* c", "position 10 near 'c': this is not expected here"),
        ("'ünï' & é é", "position 11 near 'é': this is not expected here"),
        ("a ! b", "position 3 near '! b': this is no operator"),
        ("f(a,,b)", "position 5 near ',b)': "),
        ('"\\u12"', "position 3 near"),
        ("(" * 1500, "position 1000 near"),
        ("x" * 2001, "must have at most 2000 characters"),
        ("a & $nope(b)", "position 5 near '$nope(b)': $nope is no function"),
        ("a & $eval(b)", "position 5 near '$eval(b)': $eval is not available here"),
    ],
    ids=range(16),
)
def test_a_wrong_expression_is_told_with_its_place(expression: str, begins: str) -> None:
    (found,) = mapped.problems({"id": "id", "text": expression})
    assert found[0] == "/text" and found[1].startswith(begins), found


def test_all_expressions_are_checked_and_an_id_must_be_the_events_own() -> None:
    given = {"id": "$string($millis())", "text": "a b", "contact": {"email": "("}, "conversation": ")", "type": "ok"}
    assert {path for path, _ in mapped.problems(given)} == {"/id", "/text", "/contact/email", "/conversation"}
    assert mapped.problems(PLAIN | {"sent_at": "$now()"}) == []


def test_what_an_event_says() -> None:
    said = read(EVENT | {"at": "2026-11-01T10:00:00+01:00", "type": "purchase", "name": " Ada ", "thread": 7}).mapped
    assert said is not None
    assert (said.id, said.sent_at, said.name, said.conversation) == ("e1", 1_793_523_600_000, "Ada", "7")
    assert said.identities == (("email", "ada@example.com"),)
    assert said.content.details["name"] == "purchase" and said.content.details["payload"]["thread"] == 7
    # Nothing, null and the empty text are the same, and only the id is needed.
    bare = read({"id": 12, "text": None, "email": "", "at": ""}).mapped
    assert bare is not None and (bare.id, bare.sent_at, bare.content.text, bare.identities) == ("12", None, "", ())


@pytest.mark.parametrize(
    ("at", "is_at"),
    [
        (1_790_000_000, 1_790_000_000_000),
        (1_790_000_000.25, 1_790_000_000_250),
        (1_790_000_000_123, 1_790_000_000_123),
        ("1790000000", 1_790_000_000_000),
        ("1790000000123", 1_790_000_000_123),
        ("2026-09-21T14:13:20Z", 1_790_000_000_000),
        ("2026-09-21T16:13:20.123+0200", 1_790_000_000_123),
        ("2026-09-21 14:13:20+00:00", 1_790_000_000_000),
    ],
)
def test_times(at: Any, is_at: int) -> None:
    said = read(EVENT | {"at": at}).mapped
    assert said is not None and said.sent_at == is_at


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ([], ""),
        ("text", ""),
        (None, ""),
        ({"text": "no id"}, "/id"),
        (EVENT | {"id": ""}, "/id"),
        (EVENT | {"id": "  "}, "/id"),
        (EVENT | {"id": True}, "/id"),
        (EVENT | {"id": ["e1"] * 2}, "/id"),
        (EVENT | {"id": {"a": 1}}, "/id"),
        (EVENT | {"id": "x" * 201}, "/id"),
        (EVENT | {"text": {"a": 1}}, "/text"),
        (EVENT | {"text": "ä" * (MAX_TEXT_BYTES // 2 + 1)}, "/text"),
        (EVENT | {"type": "x" * 101}, "/type"),
        (EVENT | {"name": "x" * 201}, "/contact/name"),
        (EVENT | {"thread": "a\x1fb"}, "/conversation"),
        (EVENT | {"thread": "x" * 201}, "/conversation"),
        (EVENT | {"email": "ada"}, "/contact/email"),
        (EVENT | {"email": 5}, "/contact/email"),
        (EVENT | {"email": ["a@example.com", "b@example.com"]}, "/contact/email"),
        (EVENT | {"phone": "0151 23456789"}, "/contact/phone"),
        (EVENT | {"phone": "+49"}, "/contact/phone"),
        (EVENT | {"customer": "x" * 201}, "/contact/external_id"),
        (EVENT | {"at": "yesterday"}, "/sent_at"),
        (EVENT | {"at": "2026-09-21T14:13:20"}, "/sent_at"),
        (EVENT | {"at": "2026-09-21"}, "/sent_at"),
        (EVENT | {"at": True}, "/sent_at"),
        (EVENT | {"at": -1}, "/sent_at"),
        (EVENT | {"at": 1e80}, "/sent_at"),
        (EVENT | {"at": "1899-12-31T00:00:00Z"}, "/sent_at"),
        (EVENT | {"at": NOW_MS + 2 * 86_400_000}, "/sent_at"),
        (EVENT | {"at": "0001-01-01T00:00:00+14:00"}, "/sent_at"),
    ],
)
def test_what_an_event_may_not_say(event: Any, path: str) -> None:
    assert list(wrong(event)) == [path]


def test_all_that_is_wrong_is_told_at_once() -> None:
    event = {"email": "x", "phone": "y", "at": "z", "type": "x" * 101}
    assert set(wrong(event)) == {"/id", "/contact/email", "/contact/phone", "/sent_at", "/type"}


def test_an_expression_that_fails_over_an_event_is_that_events_error() -> None:
    bad = {
        "id": "$number(id)", "text": "$error('no price')", "type": "$pad(id, 100000)",
        "conversation": "($f := function($n){$f($n + 1) + 1}; $f(1))", "contact": {"name": "[1..9999].name"},
    }  # fmt: skip
    found = wrong({"id": "x", "name": "n"} | {"price": 3}, bad)
    assert found.keys() == {"/id", "/text", "/type", "/conversation"}
    assert found["/text"] == "no price"
    assert found["/type"] == "$pad fills up to 1000 characters"
    # Loops without end, large lists and large results end in time.
    for endless in (
        "($f := function($x){$f($x)}; $f(1))",
        "$count([1..9999999])",
        "$join([1..9999].$string($ + 1000000000))",
    ):
        assert list(wrong(EVENT, {"id": "id", "text": endless})) == ["/text"]


BOMBS = {
    "all memory in one call": '($a := $join([1..9000].$$.text); $replace($a, "x", $a))',
    "memory, doubled": "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f(text, 40))",
    "seconds and gigabytes": "$length($base64encode($join([1..9999].$join([1..9999].$$.text))))",
    "no stack": "($f := function($n) { $f([[[[[[$n]]]]]]) }; $f(1))",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_an_expression_that_takes_all_costs_its_event_alone(bomb: str) -> None:
    by = {"id": "id", "text": "bomb ? (" + bomb + ") : 'well'"}
    large = {"id": "e2", "bomb": True, "text": "x" * 50_000}
    assert mapped.problems(by) == []
    started = time.monotonic()
    found = mapped.read([EVENT, large, EVENT | {"id": "e3"}], by, system="crm", country="", now_ms=NOW_MS)
    assert time.monotonic() - started < mapped.READ_FOR_MS / 1000 + 1
    first, second, third = (one.mapped.id if one.mapped else one.errors[0][1] for one in found)
    assert (first, third) == ("e1", "e3"), "others of the post are kept"
    assert second != "e2" and len(second) > 10, "and it is said in a sentence why that one is not"
    running = engine.ENGINE._running
    assert running is not None, "and the next one runs within the same bounds"
    if hasattr(resource, "prlimit"):
        assert resource.prlimit(running.pid, resource.RLIMIT_AS) == (192 * 2**20,) * 2


def test_an_expression_that_takes_all_is_refused_when_it_is_saved() -> None:
    # Over no event at all, as it is tried when it is saved.
    by = {"id": "id", "text": '($x := $join([1..9999].$string($)); $replace($x & $x, "1", $x & $x))'}
    assert [path for path, _ in mapped.problems(by)] == ["/text"]
    assert mapped.problems(PLAIN) == []


def test_what_is_not_read_in_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "READ_FOR_MS", 0)
    assert wrong(EVENT) == {"": "was not read in time: post fewer events at once, or mend the mapping"}


def test_bounded_functions_are_as_the_language_has_them() -> None:
    given = expressions.Data({"a": "7", "n": 1249.5})
    for expression, is_as in {
        "$pad(a, -3, '0')": "007", "$pad(a, 3) & '|'": "7  |", "$pad(a, 4, 'xy')": "7xyx", "$pad(none, 3)": None,
        "$formatNumber(n, '#,##0.00')": "1,249.50", "$formatNumber(none, '0')": None,
        "a ~> $pad(2, '-')": "7-",
    }.items():  # fmt: skip
        assert expressions.evaluated(expression, given) == is_as


def test_every_thread_compiles_for_itself() -> None:
    texts = mapping.expressions_of(PLAIN)
    said = [expressions.gave(texts, EVENT)]
    thread = threading.Thread(target=lambda: said.append(expressions.gave(texts, EVENT)))
    thread.start()
    thread.join()
    assert said[0] == said[1] and not said[0].wrong


def test_numbers_that_are_ids_stay_exact() -> None:
    (one, two) = mended(b'[{"id": 9007199254740993}, {"id": 9007199254740992}]', exact=True)
    assert [read(event).mapped.id for event in (one, two)] == ["9007199254740993", "9007199254740992"]  # type: ignore[union-attr]
    odd = mended(b'{"id": "\\ud83d", "big": 1e300, "long": ' + b"9" * 5000 + b', "tiny": 1e-300}', exact=True)
    assert odd == {"id": "\ufffd", "big": "1e300", "long": "9" * 400, "tiny": 0.0}


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"", b"[" * 100_000, b'{"a": NaN}', b"{'a': 1}"])
def test_what_is_no_json(raw: bytes) -> None:
    with pytest.raises(ValueError):
        mended(raw, exact=True)


def test_a_large_event_is_kept_without_its_largest_members() -> None:
    event = EVENT | {"small": [1, 2], "a/b": "x" * 5000, "html": "ü" * 5000}
    said = read(event).mapped
    assert said is not None
    details = said.content.details
    assert details["cut"] == ["/html"]
    assert details["payload"] == {name: value for name, value in event.items() if name != "html"}
    huge = read(EVENT | {f"n{n}": "x" * 500 for n in range(200)}).mapped
    assert huge is not None and len(json.dumps(huge.content.details["payload"])) <= mapping.MOST_PAYLOAD
    assert len(huge.content.details["cut"]) == 50


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8) | st.just("nope"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["email", "phone", "name", "text", "x"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(event=st.dictionaries(st.sampled_from(["contact", "text", "session", "type", "at", "message"]), SHAPES))
def test_no_member_of_an_event_is_ours_and_all_of_it_is_kept(event: dict[str, Any]) -> None:
    # What a mapping does not name may have any shape, also where it is called as a trigger's members are.
    posted = mended(json.dumps(event | {"number": 7}).encode(), exact=True)
    said = read(posted, {"id": "number", "text": "'a thing'"}).mapped
    assert said is not None and (said.id, said.identities) == ("7", ())
    assert said.content.details["payload"] == posted and "cut" not in said.content.details


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
    | st.sampled_from(["a@example.com", "+491511234567", "2026-09-21T14:13:20Z", "x" * 300, "1790000000"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["id", "text", "at", "email", "phone", "customer", "items", ""]), inner),
    max_leaves=15,
)  # fmt: skip
MAPPINGS: list[dict[str, Any]] = [
    PLAIN,
    {"id": "$string(id)", "text": "items.(id & text)", "contact": {"email": "$lowercase(email)", "name": "**"}},
    {"id": "$sum(items.id)", "text": "$join(items.text, ', ')", "sent_at": "$toMillis(at)", "type": "$type($)"},
    {"id": "$substringBefore(id, 'a')", "text": "$", "conversation": "$keys($)[0]", "sent_at": "$number(at) * 1000"},
    {"id": "$pad($string(id), at, text)", "text": "$formatNumber(at, text)", "type": "$fromMillis(at, text)"},
    {"id": "$replace(text, /(.)+/, id)", "text": "$sort(items)", "type": "$substring(text, at, id)"},
]


@settings(max_examples=150, deadline=None)
@given(event=JSON, by=st.sampled_from(MAPPINGS), country=st.sampled_from(["", "DE", "US"]))
def test_no_event_crashes_and_limits_hold(event: Any, by: dict[str, Any], country: str) -> None:
    event = mended(json.dumps(event).encode(), exact=True)
    found = read(event, by, country)
    assert bool(found.mapped) != bool(found.errors)
    assert found == read(event, by, country), "the same event says the same"
    if found.mapped is None:
        assert all(why and (path == "" or path.startswith("/")) for path, why in found.errors)
        return
    said = found.mapped
    json.dumps(said.content.plain(), allow_nan=False, ensure_ascii=False).encode()
    assert 0 < len(said.id) <= 200 and len(said.content.text.encode()) <= MAX_TEXT_BYTES
    assert len(said.content.details.get("name", "")) <= 100 and len(said.name) <= 200
    assert said.sent_at is None or 0 <= said.sent_at <= NOW_MS + mapping.AHEAD_MS
