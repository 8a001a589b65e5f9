"""Whoever is written to first is the same thread as when they write: by the examples of what each kind receives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import channels
from chalicelib.channels import addresses
from chalicelib.domain.identities import normalised

ROOT = Path(channels.__file__).parent
SPELLED = [kind for kind in channels.KINDS if addresses.form(kind)]


def _people(kind: str) -> Iterator[tuple[str, str]]:
    """(address, the phone number or mail address that it says) of whom a kind's examples are from."""
    for path in sorted((ROOT / kind / "examples").glob("receive__*.json")):
        events: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["gives"].get("events", [])
        for said in (event["said"] for event in events if "said" in event):
            for name, value in said.get("identities", ()):
                # Who has a number of before its plan changed is found by their contact.
                if name in ("phone", "email") and normalised(name, value) == value:
                    yield said["address"], value


@pytest.mark.parametrize("kind", SPELLED)
def test_an_address_is_spelled_as_its_channel_does(kind: str) -> None:
    people = {*_people(kind)}
    assert people, "examples say whose the addresses are"
    for address, value in people:
        spelled, said = addresses.spelled(kind, value, "")
        assert (spelled, [value]) == (address, [one for _, one in said])
        assert addresses.of_identity(kind, said[0][0], value) == address


def test_digits_alone_are_read_as_the_channel_writes_them() -> None:
    assert addresses.spelled("whatsapp", " 4915112345678 ", "") == ("4915112345678", (("phone", "+4915112345678"),))
    assert addresses.spelled("whatsapp", "0151 12345678", "DE")[0] == "4915112345678"
    assert addresses.spelled("custom", " Ada ", "DE") == ("Ada", ())
    with pytest.raises(ValueError, match="country"):
        addresses.spelled("whatsapp", "151", "")
