"""Where links to files lead: to the bucket's own region, and on this machine to the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib.ports import aws, media
from chalicelib.ports.settings import settings


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clients of this test alone."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    aws.client.cache_clear()
    yield
    aws.client.cache_clear()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "s3.amazonaws.com"),
        ("eu-west-1", "s3.eu-west-1.amazonaws.com"),
        ("eu-north-1", "s3.eu-north-1.amazonaws.com"),
        ("il-central-1", "s3.il-central-1.amazonaws.com"),
    ],
)
def test_a_link_names_the_region_of_the_bucket(monkeypatch: pytest.MonkeyPatch, region: str, host: str) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    link = urlsplit(media.link("ms_1/0"))
    assert (link.scheme, link.netloc, link.path) == ("https", f"{settings().media_bucket}.{host}", "/ms_1/0")
    assert f"/{region}/s3/aws4_request" in parse_qs(link.query)["X-Amz-Credential"][0]


def test_an_emulator_is_called_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    link = urlsplit(media.link("ms_1/0"))
    assert (link.netloc, link.path) == ("127.0.0.1:4566", f"/{settings().media_bucket}/ms_1/0")
