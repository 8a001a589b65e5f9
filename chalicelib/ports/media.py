"""Files of messages, kept in the stage's bucket: providers hold what a user sends for minutes or days only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib.ports import aws
from chalicelib.ports.settings import settings

URL_S = 300
"""How long a link to a file works."""
PENDING = "uploads/"
"""Where files are put from outside. What is not taken from there within a day is removed (`infra/shared.py`)."""
MAILS = "mail/"
"""Where SES puts mails, each until it is read (`infra/shared.py`)."""
_MOST_NAME = 150
_MISSING = ("404", "403", "NoSuchKey", "AccessDenied")
"""How S3 says that a file is not there; without the right to list it does not say so of any."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Where somebody may put one file: by a POST of a form with these fields, and then the file as `file`.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a file, or of one that is not to be had."""

    mime_type: str
    size: int
    facts: Mapping[str, str]
    """What was noted of it."""


def keep(key: str, body: bytes, mime_type: str, facts: Mapping[str, str] | None = None) -> None:
    """Keep a file and what is noted of it (names and values in ASCII); the same again changes nothing."""
    kind = mime_type or "application/octet-stream"
    aws.client("s3").put_object(
        Bucket=settings().media_bucket, Key=key, Body=body, ContentType=kind, Metadata=dict(facts or {})
    )


def read(key: str) -> bytes | None:
    """What a file holds; None where it is not there, which only who may list the bucket is told."""
    try:
        found = aws.client("s3").get_object(Bucket=settings().media_bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
    return bytes(found["Body"].read())


def offer(key: str, mime_type: str, size: int) -> Offer:
    """Have a file of this type and of so many bytes at most put beside what is kept under `key`, within `URL_S`."""
    conditions = [{"Content-Type": mime_type}, ["content-length-range", 1, size]]
    made = aws.client("s3").generate_presigned_post(
        settings().media_bucket, PENDING + key, {"Content-Type": mime_type}, conditions, ExpiresIn=URL_S
    )
    return Offer(str(made["url"]), made["fields"])


def place() -> str:
    """The origin of the addresses that `offer` gives."""
    return "/".join(offer("any", "text/plain", 1).url.split("/")[:3])


def begins(key: str, most: int) -> tuple[bytes, str] | None:
    """The first bytes of what was put beside `key`, and the type that it was put as; None where nothing was."""
    try:
        answer = aws.client("s3").get_object(
            Bucket=settings().media_bucket, Key=PENDING + key, Range=f"bytes=0-{most - 1}"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return answer["Body"].read(), str(answer.get("ContentType", ""))


def take(key: str, put_as: str, mime_type: str, facts: Mapping[str, str]) -> bool:
    """Keep under `key`, as a file of this type, what was put beside `put_as`; the same again changes nothing. False
    where nothing was."""
    bucket = settings().media_bucket
    try:
        aws.client("s3").copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": PENDING + put_as},
            MetadataDirective="REPLACE",
            ContentType=mime_type,
            Metadata=dict(facts),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return False
        raise
    return True


def find(key: str) -> Held | None:
    """What is known of a file; None where nothing is."""
    try:
        answer = aws.client("s3").head_object(Bucket=settings().media_bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return Held(str(answer.get("ContentType", "")), int(answer.get("ContentLength", 0)), answer.get("Metadata") or {})


def has(key: str) -> bool:
    """Whether a file is kept, or known not to be had."""
    return find(key) is not None


def opened(key: str) -> bytes:
    """All of a file that is kept."""
    body: bytes = aws.client("s3").get_object(Bucket=settings().media_bucket, Key=key)["Body"].read()
    return body


def remove(keys: Sequence[str]) -> None:
    """Remove files; one that is not there is no trouble."""
    for at in range(0, len(keys), 1000):
        wanted = [{"Key": key} for key in keys[at : at + 1000]]
        answer = aws.client("s3").delete_objects(
            Bucket=settings().media_bucket, Delete={"Objects": wanted, "Quiet": True}
        )
        if failed := answer.get("Errors"):
            raise OSError(f"{len(failed)} files were not removed: {failed[0].get('Code')}")


def link(key: str, *, name: str = "", lasts_s: int = URL_S) -> str:
    """A link to a file that works for so many seconds and shows it as a download, never as a page of ours."""
    parameters = {"Bucket": settings().media_bucket, "Key": key, "ResponseContentDisposition": _download(name)}
    return str(aws.client("s3").generate_presigned_url("get_object", Params=parameters, ExpiresIn=lasts_s))


def _download(name: str) -> str:
    """The name twice, as https://www.rfc-editor.org/rfc/rfc6266#appendix-D advises."""
    plain = re.sub(r"[^ -~]|[%\"\\\\/]", "_", name).strip()[:_MOST_NAME]
    if not plain:
        return "attachment"
    utf8 = quote(name[:_MOST_NAME].encode("utf-8", "replace"), safe="")
    return f'attachment; filename="{plain}"' + ("" if plain == name else f"; filename*=UTF-8''{utf8}")
