"""What the log of attempts shows of an answer, and what it never does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.exchange import Exchange
from chalicelib.ports.http import head_of, redacted


def _head(body: bytes, limit: int = 256, secrets: tuple[str, ...] = ()) -> str:
    return head_of(Exchange(200, {}, body, 1), limit, secrets=secrets)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", ""),
        (b"ok\r\n\x00\x1b[31mred\xff", "ok [31mred"),
        (b'{"access_token": "abc.def", "ok": true}', '{"access_token": [redacted], "ok": true}'),
        (b'{"verificationToken":"abc"}', '{"verificationToken":[redacted]}'),
        (b'{"token":"cut off in the mid', '{"token":[redacted]'),
        (b"client_secret=abc&x=1", "client_secret=[redacted]&x=1"),
        (b"Authorization: Bearer abcdef.ghi", "Authorization: Bearer [redacted]"),
        (b"got whsec_AAAA/BB+C=", "got [redacted]"),
        (b"jwt eyJhbGciOiJI.eyJzdWIi.abc", "jwt [redacted]"),
        ("größe".encode(), "größe"),
    ],
)  # fmt: skip
def test_the_head_is_printable_and_holds_no_credential(body: bytes, shown: str) -> None:
    assert _head(body) == shown


def test_the_head_is_short() -> None:
    assert _head(b"a" * 70_000) == "a" * 256
    assert _head(b"abc", 2) == "ab"


@given(
    st.text(min_size=8, max_size=40, alphabet=st.characters(min_codepoint=33, max_codepoint=126)), st.integers(0, 300)
)
def test_a_known_secret_is_shown_in_no_form(secret: str, before: int) -> None:
    for form in (secret, json.dumps(secret), secret.replace("/", "\\/")):
        shown = _head(b"x" * before + b" " + form.encode(), 256, (secret,))
        assert secret not in shown


def test_a_secret_that_holds_another_is_blanked_whole() -> None:
    assert _head(b"abcdef", secrets=("abc", "abcdef")) == "[redacted]"


def test_headers_that_speak_of_credentials_are_blanked() -> None:
    headers = {
        "Authorization": "Bearer x", "X-Api-Key": "k", "Cookie": "c", "Set-Cookie": "s", "X-Verification-Token": "t",
        "webhook-signature": "v1,x", "X-Hub-Signature-256": "y", "MyToken": "z", "apikey": "a", "X-Auth": "b",
        "Content-Type": "text/plain", "webhook-id": "1", "Retry-After": "5", "X-Author": "me", "X-Keyboard": "qwerty",
    }  # fmt: skip

    shown = {name for name, value in redacted(headers).items() if value != "[redacted]"}

    assert shown == {"Content-Type", "webhook-id", "Retry-After", "X-Author", "X-Keyboard"}
