"""One spelling for each identity: what is the same person's must look the same, and stay so when read again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.identities import KINDS, WrongIdentities, keys_of, normalised

SAME = [
    ("email", " Ana.Lima@Example.COM ", "", "ana.lima@example.com"),
    ("email", "Jörg@MÜNCHEN.de", "", "jörg@xn--mnchen-3ya.de"),
    ("email", "jörg@xn--mnchen-3ya.de", "", "jörg@xn--mnchen-3ya.de"),
    ("email", "x@faß.de", "", "x@xn--fa-hia.de"),
    ("email", "ana@shop.test", "", "ana@shop.test"),
    ("phone", "0151 23456789", "DE", "+4915123456789"),
    ("phone", "0049 (151) 234-56789", "DE", "+4915123456789"),
    ("phone", "+49 151 23456789", "", "+4915123456789"),
    ("phone", "00254712345678", "KE", "+254712345678"),
    ("phone", "0712 345 678", "KE", "+254712345678"),
    ("phone", "+٢٥٤٧١٢٣٤٥٦٧٨", "", "+254712345678"),
    ("phone", "(201) 555-0123", "US", "+12015550123"),
    ("external", "  Crm-0042 ", "", "Crm-0042"),
    ("channel", "ch_abcdefghij234567abcdefghij:+4915123456789", "", "ch_abcdefghij234567abcdefghij:+4915123456789"),
]
NONE = [
    ("email", "ana"), ("email", "ana@localhost"), ("email", "a@b@c.de"), ("email", ""), ("email", "ana@-x.de"),
    ("phone", "0151 23456789"), ("phone", "+49"), ("phone", "+999123456789"), ("phone", "call me"), ("phone", "+1 555"),
    ("phone", "+49 30 1234567;ext=5"), ("external", "   "), ("external", "x" * 201), ("external", "a\nb"),
    ("channel", "somewhere"), ("channel", "ch_abcdefghij234567abcdefghij:"), ("fax", "1"),
    ("channel", "ch_abcdefghij234567abcdefghij:" + "\U0001f600" * 480),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "written", "country", "same"), SAME)
def test_one_spelling(kind: str, written: str, country: str, same: str) -> None:
    assert normalised(kind, written, country=country) == same


@pytest.mark.parametrize(("kind", "written"), NONE)
def test_what_is_none_is_said(kind: str, written: str) -> None:
    with pytest.raises(ValueError, match=r"(must|is no) "):
        normalised(kind, written, country="")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), st.text(max_size=40) | st.emails() | st.from_regex(r"\+?[0-9 ()-]{5,18}"))
def test_reading_again_changes_nothing(kind: str, written: str) -> None:
    try:
        once = normalised(kind, written, country="DE")
    except ValueError:
        return
    assert normalised(kind, once, country="") == once
    assert normalised(kind, once, country="US") == once


def test_a_contacts_fields_in_their_order() -> None:
    contact: dict[str, Any] = {"phone": "030 123456", "external_id": "7", "email": "A@x.de", "name": "Ana"}

    assert keys_of(contact, "DE") == [("email", "a@x.de"), ("phone", "+4930123456"), ("external", "7")]
    assert keys_of({"email": None, "phone": ""}, "") == []
    with pytest.raises(WrongIdentities) as wrong:
        keys_of({"email": "a", "phone": "1"}, "DE")
    assert [field for field, _ in wrong.value.errors] == ["email", "phone"]
