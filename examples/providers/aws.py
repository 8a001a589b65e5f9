"""What an account of AWS's own services is: where S3 takes mails, and a queue what became of them.

Requests are signed as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html says.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

MAIL, REPORT = METHODS = ("MAIL", "REPORT")
"""Of hooks that go to the bucket and onto the queue."""


@dataclass(frozen=True)
class Place:
    """Where mails lie, and where their reports go; of the local run's emulator."""

    endpoint: str
    region: str
    bucket: str
    queue_url: str
    key: str = "test"
    secret: str = "test"


def read(given: dict[str, Any]) -> Place | None:
    """From JSON; None where it is not known."""
    return Place(**given) if given.get("endpoint") else None


def request(what: str, place: Place, headers: dict[str, str], body: bytes) -> tuple[str, str, dict[str, str], bytes]:
    """(method, URL, headers, body) that put a mail into the bucket, under the key that it names, or a report onto the
    queue."""
    if what == MAIL:
        url = f"{place.endpoint}/{place.bucket}/{quote(headers['x-key'], safe='/')}"
        return "PUT", url, signed(place, "PUT", url, "s3", body, {"content-type": "message/rfc822"}), body
    url, target = f"{place.endpoint}/", {"x-amz-target": "AmazonSQS.SendMessage"}
    message = json.dumps({"QueueUrl": place.queue_url, "MessageBody": body.decode()}).encode()
    sent = {"content-type": "application/x-amz-json-1.0"} | target
    return "POST", url, signed(place, "POST", url, "sqs", message, sent), message


def signed(place: Place, method: str, url: str, service: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
    """The headers of a request, with its signature."""
    at, stamp = urlsplit(url), datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    sent = headers | {"host": at.netloc, "x-amz-date": stamp, "x-amz-content-sha256": digest}
    names = ";".join(sorted(sent))
    told = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
    canonical = "\n".join((method, at.path, at.query, told, names, digest))
    scope = f"{stamp[:8]}/{place.region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{place.secret}".encode()
    for part in (stamp[:8], place.region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    opens = f"AWS4-HMAC-SHA256 Credential={place.key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {name: value for name, value in sent.items() if name != "host"} | {"authorization": opens}
