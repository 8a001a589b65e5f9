"""One way to read other people's JSON: what is read is kept as it is, or named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.exchange import Exchange
from chalicelib.tables.attributes import PlainAttribute
from chalicelib.wire.json_body import EXACT, faults, json_of, mended, read

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_has_no_fault_can_be_kept_and_sent_on(value: Any) -> None:
    got = read(json.dumps(value).encode())
    if not list(faults(got)):
        PlainAttribute().serialize({"v": got})
        assert json.loads(json.dumps(got, ensure_ascii=False).encode()) == got


@given(VALUES, st.booleans())
def test_what_is_mended_has_no_torn_text(value: Any, exact: bool) -> None:
    try:
        got = mended(json.dumps(value).encode(), exact=exact)
    except ValueError:
        return
    json.dumps(got, ensure_ascii=False).encode()
    if exact:
        assert all("number" not in why for _, why in faults(got))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"\xef\xbb\xbf[1]", [1]),
        (b'"\\ud83d"', "\ufffd"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"1e-200", 0.0),
        (str(EXACT + 1).encode(), str(EXACT + 1)),
        (str(EXACT).encode(), EXACT),
        (b"1e300", "1e300"),
        (b"9" * 5000, "9" * 400),
    ],
)
def test_of_a_source_nothing_is_lost_to_rounding(raw: bytes, value: Any) -> None:
    assert mended(raw, exact=True) == value


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 200_000, b'{"a": NaN}', b"1e999", b"9" * 5000])
def test_what_nobody_can_mend_is_no_json(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        mended(raw)


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        (b'{"a": NaN}', "/a"), (b'{"a": [1, -Infinity]}', "/a/1"), (b'{"a/b": 1e300}', "/a~1b"), (b'{"": 1}', ""),
        (b'{"a": "\\ud83d"}', "/a"), (b'{"\\ud83d": 1}', ""), (b"9" * 5000, ""), (b"9" * 39, ""),
        (b"[" * 22 + b"]" * 22, "/0" * 21),
    ],
)  # fmt: skip
def test_what_its_sender_can_put_right_is_named(raw: bytes, at: str) -> None:
    assert [found for found, _ in faults(read(raw))] == [at]


def test_a_response_that_is_no_json_is_nothing() -> None:
    assert json_of(Exchange(200, {}, b"<html>", 1)) is None
    assert json_of(Exchange(200, {}, b'{"a": 1}', 1)) == {"a": 1}
