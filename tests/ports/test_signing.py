"""Signatures as the standard has them, on a clock that is handed in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import standardwebhooks
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ports import signing

NOW = 1_795_222_800_000
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the standard
BODY = b'{"test": 2432232314}'


def test_the_example_of_the_standard_is_signed_as_there() -> None:
    signed = signing.headers([SECRET], id="msg_p5jXN8AQM9LWM0D4loKWxJek", at_ms=1_614_265_330_999, body=BODY)

    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_library_of_the_standard_accepts_ours() -> None:
    secret = signing.new_secret()
    signed = signing.headers([secret], id="dl_1", at_ms=NOW, body=BODY)

    with time_machine.travel(datetime.fromtimestamp(NOW / 1000, UTC)):
        assert standardwebhooks.Webhook(secret).verify(BODY, signed) == {"test": 2432232314}


def test_a_new_secret_is_usable_and_another_each_time() -> None:
    first, second = signing.new_secret(), signing.new_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert signing.usable(first)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64!", "whsec_ü"]
)
def test_a_secret_that_is_not_by_the_standard_is_not_usable(secret: str) -> None:
    assert not signing.usable(secret)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "not base64!"])
def test_with_a_secret_that_is_none_nothing_is_signed(secret: str) -> None:
    signed = signing.headers([SECRET], id="1", at_ms=NOW, body=BODY)
    assert not signing.verify([secret], signed, BODY, now_ms=NOW)


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(0, 4_000_000_000_000), st.integers(1, 3))
def test_what_was_signed_with_one_of_the_secrets_verifies(text: str, at_ms: int, how_many: int) -> None:
    secrets = [signing.new_secret() for _ in range(how_many)]
    signed = signing.headers(secrets, id="dl_t.1-2", at_ms=at_ms, body=text.encode())

    assert len(signed["webhook-signature"].split(" ")) == how_many
    for secret in secrets:
        assert signing.verify([secret], signed, text.encode(), now_ms=at_ms)
        assert not signing.verify([secret], signed, text.encode() + b" ", now_ms=at_ms)
    assert not signing.verify([signing.new_secret()], signed, text.encode(), now_ms=at_ms)
    assert not signing.verify([], signed, text.encode(), now_ms=at_ms)


@pytest.mark.parametrize(
    ("off_ms", "valid"), [(0, True), (300_000, True), (-300_000, True), (301_000, False), (-301_000, False)]
)
def test_five_minutes_either_way_are_tolerated(off_ms: int, valid: bool) -> None:
    signed = signing.headers([SECRET], id="1", at_ms=NOW, body=BODY)

    assert signing.verify([SECRET], signed, BODY, now_ms=NOW + off_ms) is valid


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": ""}, {"webhook-id": "2"}, {"webhook-timestamp": ""}, {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1795222800.5"}, {"webhook-timestamp": "-1"}, {"webhook-timestamp": "9" * 5000},
        {"webhook-timestamp": "1795222801"}, {"webhook-signature": ""}, {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ü"}, {"webhook-signature": "v2,g0hM9SsE"}, {"webhook-signature": ", ,, v1,,"},
    ],
)  # fmt: skip
def test_a_changed_or_malformed_header_is_refused(change: dict[str, str]) -> None:
    signed = signing.headers([SECRET], id="1", at_ms=NOW, body=BODY)

    assert signing.verify([SECRET], signed, BODY, now_ms=NOW)
    assert not signing.verify([SECRET], signed | change, BODY, now_ms=NOW)


def test_a_body_that_is_no_text_is_refused() -> None:
    signed = signing.headers([SECRET], id="1", at_ms=NOW, body=b"x")

    assert not signing.verify([SECRET], signed, b"\xff", now_ms=NOW)


@pytest.mark.parametrize(("secrets", "id"), [([], "1"), ([SECRET], "")])
def test_signing_without_a_secret_or_an_id_is_our_fault(secrets: list[str], id: str) -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        signing.headers(secrets, id=id, at_ms=NOW, body=BODY)
