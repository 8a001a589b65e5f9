"""Files of messages, kept in the stage's bucket: providers hold what a user sends for minutes or days only."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError

from chalicelib.ports import aws
from chalicelib.ports.settings import settings

URL_S = 300
"""How long a link to a file works."""


def keep(key: str, body: bytes, mime_type: str) -> None:
    """Keep a file; the same again changes nothing."""
    kind = mime_type or "application/octet-stream"
    aws.client("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=body, ContentType=kind)


def has(key: str) -> bool:
    """Whether a file is kept."""
    try:
        aws.client("s3").head_object(Bucket=settings().media_bucket, Key=key)
    except ClientError as error:
        # Without the right to list, S3 answers 403 for what is not there.
        if error.response["Error"]["Code"] in ("404", "403", "NoSuchKey"):
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
