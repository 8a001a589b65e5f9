"""Calls of AWS's own APIs by the guarded port, signed as the role of the function that makes them.

Signature version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. It holds for the host and the
body that it was made for, and for five minutes: whoever is called instead can do nothing with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from chalicelib.domain.exchange import AWS_SIGNS, Call, Exchange

_HOST = re.compile(r"[a-z0-9.-]+?\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?")


def signing(call: Call) -> Call:
    """The call, which signs what asks for it by its header `authorization` (`AWS_SIGNS`); all else goes as it is."""

    async def make(
        method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
    ) -> Exchange:
        asked = headers.get("authorization", "")
        if asked.startswith(AWS_SIGNS) and "=" not in asked:
            url, headers = _signed(method, url, headers, body, asked.removeprefix(AWS_SIGNS))
        return await call(method, url, headers=headers, body=body, timeout_s=timeout_s)

    return make


def _signed(method: str, url: str, headers: Mapping[str, str], body: bytes, service: str) -> tuple[str, dict[str, str]]:
    """(the URL as it is called, the headers with the signature)."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    session = _session()
    region = str(session.get_config_variable("region") or "us-east-1")
    if "{region}" in url:
        # On a developer's machine all of AWS is one address.
        own = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
        parts = urlsplit(url)
        url = f"{own}{parts.path}" if own else url.replace("{region}", region)
    named = _HOST.fullmatch(urlsplit(url).hostname or "")
    given = {name: value for name, value in headers.items() if name != "authorization"}
    request = AWSRequest(method, url, headers=given, data=body)
    SigV4Auth(session.get_credentials().get_frozen_credentials(), service, named[1] if named else region).add_auth(
        request
    )
    return url, {str(name): str(value) for name, value in request.headers.items()}


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()
