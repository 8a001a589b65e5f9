"""Files of messages, kept in the stage's bucket: providers hold what a user sends for minutes or days only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from chalicelib.ports import aws
from chalicelib.ports.settings import settings

URL_S = 300
"""How long a link to a file works."""
PENDING = "uploads/"
"""Where files are put from outside. What is not taken from there within a day is removed (`infra/shared.py`)."""
_MISSING = ("404", "403", "NoSuchKey", "AccessDenied")
"""How S3 says that a file is not there; without the right to list it does not say so of any."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Where somebody may put one file: by a POST of a form with these fields, and then the file as `file`.
    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """

    url: str
    fields: Mapping[str, str]


def keep(key: str, body: bytes, mime_type: str) -> None:
    """Keep a file; the same again changes nothing."""
    kind = mime_type or "application/octet-stream"
    aws.client("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=body, ContentType=kind)


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


def take(key: str, put_as: str = "") -> bool:
    """Keep under `key` what was put beside it, or beside another; the same again changes nothing. False where nothing
    was."""
    bucket, source = settings().media_bucket, PENDING + (put_as or key)
    try:
        aws.client("s3").copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": source})
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return False
        raise
    return True


def has(key: str) -> bool:
    """Whether a file is kept."""
    try:
        aws.client("s3").head_object(Bucket=settings().media_bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return False
        raise
    return True


def remove(keys: Sequence[str]) -> None:
    """Remove files; one that is not there is no trouble."""
    for at in range(0, len(keys), 1000):
        wanted = [{"Key": key} for key in keys[at : at + 1000]]
        answer = aws.client("s3").delete_objects(
            Bucket=settings().media_bucket, Delete={"Objects": wanted, "Quiet": True}
        )
        if failed := answer.get("Errors"):
            raise OSError(f"{len(failed)} files were not removed: {failed[0].get('Code')}")


def link(key: str) -> str:
    """A link to a file that works for `URL_S` seconds and shows it as a download, never as a page of ours."""
    parameters = {"Bucket": settings().media_bucket, "Key": key, "ResponseContentDisposition": "attachment"}
    return str(aws.client("s3").generate_presigned_url("get_object", Params=parameters, ExpiresIn=URL_S))
