"""Texts are cut where a reader would, lose nothing, and are counted as a phone network counts them."""

from __future__ import annotations

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels.limits import Limits
from chalicelib.channels.splitting import GSM_7, GSM_7_EXTENSION, Segments, is_between, pieces, segments, size

FAMILY, FLAG, WAVE = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44b\U0001f3fd"
SEGMENTS: dict[str, Segments] = {
    "": Segments("GSM-7", 0, 0),
    "a" * 160: Segments("GSM-7", 160, 1),
    "a" * 161: Segments("GSM-7", 161, 2),
    "a" * 306: Segments("GSM-7", 306, 2),
    "a" * 307: Segments("GSM-7", 307, 3),
    "\u20ac" * 80: Segments("GSM-7", 160, 1),
    "\u20ac" * 81: Segments("GSM-7", 162, 2),
    # An escape is not cut from what it escapes: 76 to a part, not 76.5.
    "\u20ac" * 153: Segments("GSM-7", 306, 3),
    "\u00fc\u00e9\u00c7\u03a9\n\r@_": Segments("GSM-7", 8, 1),
    "\u00e7" * 70: Segments("UCS-2", 70, 1),
    "\u0939" * 71: Segments("UCS-2", 71, 2),
    "\U0001f44b" * 35: Segments("UCS-2", 70, 1),
    "\U0001f44b" * 36: Segments("UCS-2", 72, 2),
    # 33 pairs are 66 units: the 67th would be half of one.
    "\U0001f44b" * 67: Segments("UCS-2", 134, 3),
    "{}[]\\~^|\f": Segments("GSM-7", 18, 1),
    "`": Segments("UCS-2", 1, 1),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), SEGMENTS.items(), ids=range(len(SEGMENTS)))
def test_a_text_is_so_many_sms(text: str, told: Segments) -> None:
    assert segments(text) == told


def test_the_character_set_is_the_standards() -> None:
    assert len(GSM_7) == len({*GSM_7}) == 127
    assert not {*GSM_7} & {*GSM_7_EXTENSION}


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("short", 10, ["short"]),
        ("  \n ", 10, []),
        ("one two\n\nthree four\nfive", 14, ["one two", "three four", "five"]),
        ("one two\nthree four", 12, ["one two", "three four"]),
        ("It is. Is it? So be it", 14, ["It is. Is it?", "So be it"]),
        ("\u4eca\u65e5\u306f\u3002\u96e8\u3067\u3059", 6, ["\u4eca\u65e5\u306f\u3002", "\u96e8\u3067\u3059"]),
        ("one two three", 9, ["one two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        # A first paragraph of one word is no message of its own.
        ("Hi\n\nthis is a text that goes on", 24, ["Hi\n\nthis is a text that", "goes on"]),
        (f"abc{FAMILY}{FLAG}", 6, ["abc", FAMILY, FLAG]),
        (f"{WAVE}{WAVE}", 3, [WAVE, WAVE]),
        ("e\u0301" * 3, 3, ["e\u0301", "e\u0301", "e\u0301"]),
        # No room for what is one: it is cut all the same.
        (FAMILY, 2, ["\U0001f468\u200d", "\U0001f469\u200d", "\U0001f467"]),
    ],
)
def test_a_text_is_cut_where_it_is_read_best(text: str, most: int, cut: list[str]) -> None:
    assert pieces(text, Limits((), text=most)) == cut


def test_lengths_are_counted_as_the_provider_does() -> None:
    assert pieces("\u00fc" * 6, Limits((), text=4, counted="bytes")) == ["\u00fc\u00fc"] * 3
    assert pieces("\U0001f44b" * 4, Limits((), text=4, counted="utf-16")) == ["\U0001f44b" * 2] * 2
    assert [len(piece) for piece in pieces("a" * 400, Limits((), sms=2))] == [306, 94]
    assert pieces("a" * 9999, Limits(())) == ["a" * 9999]


_WHOLES = (
    FAMILY, FLAG, FLAG, WAVE, "\r\n", "\n\n", ". ", "\u0915\u094d\u0937", "\ud55c\uae00", "\u1112\u1161\u11ab",
    "\u20ac",
)  # fmt: skip
_TEXT = st.lists(st.characters(exclude_categories=["Cs"]) | st.sampled_from(_WHOLES), max_size=60).map("".join)
_LIMITS = st.one_of(
    st.builds(
        lambda most, by: Limits((), text=most, counted=by),
        st.integers(12, 40),
        st.sampled_from(["characters", "bytes", "utf-16"]),
    ),
    st.builds(lambda most: Limits((), sms=most), st.integers(1, 2)),
)


@given(_TEXT, _LIMITS)
def test_no_word_is_lost_and_no_piece_too_long(text: str, limits: Limits) -> None:
    cut = pieces(text, limits)
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert all(piece == piece.strip() and piece for piece in cut)
    for piece in cut:
        assert not limits.text or size(piece, limits) <= limits.text
        assert not limits.sms or segments(piece).count <= limits.sms


@given(_TEXT)
def test_what_is_seen_as_one_is_not_cut(text: str) -> None:
    seen = {0}
    for found in regex.finditer(r"\X", text):
        seen.add(found.end())
    ours = {at for at in range(len(text) + 1) if is_between(text, at)} | {0}
    assert ours <= seen, [text[at - 1 : at + 1] for at in ours - seen]
