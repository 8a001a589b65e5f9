"""The words by which names are found."""

from __future__ import annotations

import pytest

from chalicelib.domain.name_words import MOST_LETTERS, MOST_WORDS, fits, shelf_of, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Inês Carvalho", ["ines", "carvalho"]),
        ("  MÜLLER-Łukasz, Dr. ", ["muller", "lukasz", "dr"]),
        ("O’Neil o'neil", ["oneil"]),
        ("Strauß & Ægir", ["strauss", "aegir"]),
        ("Ángel\u0301", ["angel"]),
        ("李小龙", ["李小龙"]),
        ("김철수", ["김철수"]),
        ("Έλενα", ["ελενα"]),
        ("__--!!", []),
        ("", []),
    ],
)
def test_words(name: str, words: list[str]) -> None:
    assert words_of(name) == words


def test_a_name_has_a_bounded_number_of_words() -> None:
    words = words_of(" ".join(f"{n}{'x' * 50}" for n in range(20)))
    assert len(words) == MOST_WORDS and {len(word) for word in words} == {MOST_LETTERS}


@pytest.mark.parametrize(
    ("word", "shelf"), [("ana", "an"), ("an", "an"), ("a", ""), ("", ""), ("李", "李"), ("李小", "李")]
)
def test_where_a_word_is_kept(word: str, shelf: str) -> None:
    assert shelf_of(word) == shelf


def test_each_word_has_to_begin_one() -> None:
    assert fits("Ana Maria Lopes", ["lo", "ana"])
    assert not fits("Ana Maria Lopes", ["lo", "ina"])
