"""One spelling of a phone number: the same subscriber looks the same, through changes of numbering plans and back."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.contact import each_once
from chalicelib.domain.identities import normalised, of_provider
from chalicelib.domain.phone import same, spelled, superseded

ONE_SUBSCRIBER = [
    ("BR", "+5511987654321", ["+551187654321", "11 8765-4321", "(11) 98765-4321", "551187654321", "0055 11 8765 4321"]),
    ("BR", "+5541978123456", ["+554178123456", "41 7812-3456"]),
    ("BR", "+551132654321", ["11 3265-4321", "+55 11 3265-4321"]),
    ("MX", "+525512345678", ["+5215512345678", "044 55 1234 5678", "55 1234 5678", "01 55 1234 5678"]),
    ("AR", "+5491123456789", ["+54 9 11 2345-6789", "+54 11 15 2345-6789", "011 15 2345-6789"]),
    ("AR", "+5492215551234", ["+54 221 15 555-1234", "0221 15 555-1234"]),
    ("CI", "+2250707123456", ["+22507123456", "07 12 34 56", "07 07 12 34 56"]),
    ("CI", "+2250544123456", ["+22544123456"]),
    ("CI", "+2250101234567", ["+22501234567"]),
    ("CI", "+2252720212345", ["+22520212345", "20 21 23 45"]),
    ("CI", "+2252520012345", ["+22520012345"]),
    ("CI", "+2252120812345", ["+22520812345"]),
    ("BJ", "+2290197123456", ["+22997123456", "97 12 34 56", "01 97 12 34 56"]),
    ("VN", "+84321234567", ["+841621234567", "0162 123 4567", "032 123 4567"]),
    ("CO", "+576012345678", ["+57 1 2345678", "601 2345678"]),
    ("FR", "+33612345678", ["+33 (0)6 12 34 56 78", "06 12 34 56 78"]),
    # As web pages, printed letters, links and gateways have them.
    ("FR", "+33612345678", ["+33\u00a06\u202f12\u202f34\u200956 78", "06\u202f12\u202f34\u202f56\u202f78"]),
    (
        "DE",
        "+4915112345678",
        ["tel:+49-151-12345678", "whatsapp:+4915112345678", "SMS:0151 12345678", "\u202a+4915112345678\u202c"],
    ),
    ("DE", "+4915112345678", ["\uff0b\uff14\uff1915112345678", "\t0049\u00a0151 12345678"]),
]
NOT_VALID_BUT_POSSIBLE = ["+15550000000", "+15552220003", "0055 23 3333 4444"]
NONE = ["+1 555 0123", "+49 12", "+999123456789", "+12", "+4915112345678901", "call +49", ""]


@pytest.mark.parametrize(("country", "number", "written"), ONE_SUBSCRIBER)
def test_one_subscriber_has_one_spelling(country: str, number: str, written: list[str]) -> None:
    assert {spelled(text, country) for text in [number, *written]} == {number}
    assert {value for text in written if text.startswith("+") for _, value in of_provider([("phone", text)])} <= {
        number
    }


@pytest.mark.parametrize("written", NOT_VALID_BUT_POSSIBLE)
def test_a_number_with_its_countrys_code_need_only_be_possible(written: str) -> None:
    once = normalised("phone", written)
    assert once.startswith("+") and normalised("phone", once, country="DE") == once
    assert of_provider([("phone", once)]) == [("phone", once)]


def test_a_national_number_must_be_valid() -> None:
    with pytest.raises(ValueError, match="is no valid phone number"):
        spelled("555 000 0000", "US")


@pytest.mark.parametrize("written", NONE)
def test_nonsense_is_refused_in_a_sentence_and_identifies_nobody(written: str) -> None:
    with pytest.raises(ValueError, match=r"^(is no|must) "):
        spelled(written)
    assert of_provider([("phone", written)]) == []


@settings(max_examples=400, deadline=None)
@given(
    prefix=st.sampled_from(["+", "00", ""]),
    code=st.sampled_from(["55", "52", "54", "225", "229", "84", "57", "1", "49", "39", "44", "7", "241", "33"]),
    digits=st.text("0123456789", min_size=3, max_size=13),
    country=st.sampled_from(["", "BR", "MX", "AR", "CI", "BJ", "DE", "US", "VN", "IT"]),
    other=st.sampled_from(["", "BR", "AR", "US", "CI"]),
)
@example(prefix="+", code="49", digits="000000000", country="", other="")
def test_what_is_spelled_is_accepted_again_at_every_door(
    prefix: str, code: str, digits: str, country: str, other: str
) -> None:
    for text in (f"{prefix}{code}{digits}", digits):
        try:
            once = spelled(text, country)
        except ValueError:
            continue
        assert spelled(once, other) == once
        assert spelled(f"00{once[1:]}", other) == once
        assert of_provider([("phone", once)]) == [("phone", once)]
        # Whoever is known by a spelling of before is found by the one of now.
        for old in superseded(once):
            assert old in same(once) and (spelled(old) == once or once in same(old))


def test_an_argentine_number_is_one_subscribers_with_the_9_and_without() -> None:
    landline, mobile = spelled("+54 11 2345-6789"), spelled("+54 9 11 2345-6789")
    assert (landline, mobile) == ("+541123456789", "+5491123456789"), (
        "what reads as a landline's is not made a mobile's"
    )
    assert mobile in same(landline) and landline in same(mobile)
    assert each_once([("email", "a@x.de"), ("phone", landline), ("phone", mobile)]) == [
        ("email", "a@x.de"),
        ("phone", mobile),
    ]
    assert each_once([("phone", mobile), ("phone", landline)]) == [("phone", mobile)]


def test_what_was_kept_under_an_old_spelling_gives_way_to_the_new_one() -> None:
    old, now = ("phone", "+551187654321"), ("phone", "+5511987654321")
    assert each_once([old]) == [old], "only in the company of the new one"
    assert each_once([("external", "1"), old, ("email", "a@x.de"), now]) == [
        ("external", "1"),
        now,
        ("email", "a@x.de"),
    ]


def test_looking_up_and_merging_load_no_library() -> None:
    program = (
        "import sys; from chalicelib.domain.identities import spellings; import chalicelib.domain.contact;"
        "assert spellings('phone', '+5511987654321') == ('+551187654321',);"
        "assert not {'phonenumbers', 'email_validator'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
