"""Bearer secrets: the new one and, while a rotation overlaps, the one before it."""

from __future__ import annotations

from chalicelib.domain import bearer


def test_rotation_overlaps_and_ends() -> None:
    first, kept = bearer.make("so")
    assert first.startswith("so_") and first not in str(kept)
    assert bearer.matches(kept, first, now_ms=0)
    second, kept = bearer.rotated(kept, "so", old_until_ms=1000)
    assert [bearer.matches(kept, one, now_ms=999) for one in (first, second)] == [True, True]
    assert [bearer.matches(kept, one, now_ms=1000) for one in (first, second)] == [False, True]
    third, kept = bearer.rotated(kept, "so", old_until_ms=9000)
    assert [bearer.matches(kept, one, now_ms=0) for one in (first, second, third)] == [False, True, True]


def test_what_is_no_secret_opens_nothing() -> None:
    secret, kept = bearer.make("so")
    for wrong in ("", " ", secret[:-1], secret + "x", secret.upper(), kept["hash"], "\ud800", "é"):
        assert not bearer.matches(kept, wrong, now_ms=0)
    assert not bearer.matches({}, "", now_ms=0)
    headers = [f"Bearer {secret}", f"bearer   {secret} ", secret, f"Basic {secret}", "", None]
    assert [bearer.of_header(one) for one in headers] == [secret, secret, "", "", "", ""]
