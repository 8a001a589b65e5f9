"""Files as they are kept of a message: what they are, and what is not to be had of them."""

from __future__ import annotations

import pytest

from chalicelib.domain.file_types import MOST_BYTES, OCTETS
from chalicelib.files import keeping
from chalicelib.ports import media
from chalicelib.ports.settings import settings
from tests.cloud import Cloud

pytestmark = pytest.mark.usefixtures("cloud")


def test_a_file_is_kept_once_as_what_it_is() -> None:
    for _ in range(2):
        assert keeping.keep("ms_1", 0, b"\x89PNG box", "image/jpg") == keeping.Kept("image/png", 8)
    assert keeping.find("ms_1", 0) == keeping.Kept("image/png", 8) and keeping.find("ms_1", 1) is None
    assert media.opened("ms_1/0") == b"\x89PNG box"


def test_what_is_not_what_it_says_is_kept_and_told() -> None:
    page = keeping.Kept(OCTETS, 15, is_really="text/html")
    assert keeping.keep("ms_1", 0, b"<!DOCTYPE html>", "image/png") == page == keeping.find("ms_1", 0)


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"", keeping.EMPTY), (b"\x89PNG" + bytes(MOST_BYTES["image"]), keeping.TOO_LARGE)],
    ids=["empty", "large"],
)
def test_what_is_not_to_be_had_says_why(body: bytes, why: str) -> None:
    assert keeping.keep("ms_1", 0, body, "image/png").refused == why
    found = keeping.find("ms_1", 0)
    assert found is not None and (found.refused, found.size) == (why, 0)


def test_what_a_page_puts_is_looked_at_when_it_is_taken(cloud: Cloud) -> None:
    assert not keeping.take("ms_1", 0)
    for put_as, body in (("ms_1/0", b"<script>"), ("cv_1/x", b"\x89PNG box")):
        cloud.clients["s3"].put_object(
            Bucket=settings().media_bucket, Key=media.PENDING + put_as, Body=body, ContentType="image/png"
        )
    assert keeping.take("ms_1", 0) and keeping.take("ms_1", 1, "cv_1/x")
    assert keeping.find("ms_1", 0) == keeping.Kept(OCTETS, 8, is_really="text/html")
    assert keeping.find("ms_1", 1) == keeping.Kept("image/png", 8)
