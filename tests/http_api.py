"""Calls of the application as an HTTP API of API Gateway makes them, in this process.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from chalicelib.api.http.application import Application
from tests.cloud import Context

_TEXTS = ("application/json", "application/xml", "application/javascript")


@dataclass(frozen=True)
class HTTPResponse:
    """What was answered."""

    status_code: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


class Client:
    """A caller of the application; `client.http.request(...)`, as Chalice's own test client has it."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    @property
    def http(self) -> Client:
        """Itself."""
        return self

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | str = b""
    ) -> HTTPResponse:
        """Call a path, which may have a query."""
        raw = body.encode() if isinstance(body, str) else body
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if raw:
            sent.setdefault("content-length", str(len(raw)))
        path, _, query = path.partition("?")
        answer = self._app(event_of(method, path, query, sent, raw), Context())
        text = answer.get("body") or ""
        told = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        return HTTPResponse(answer["statusCode"], answer["headers"], told, tuple(answer.get("cookies", ())))

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> HTTPResponse:
        """Call with GET."""
        return self.request("GET", path, headers)

    def post(self, path: str, headers: Mapping[str, str] | None = None, body: bytes | str = b"") -> HTTPResponse:
        """Call with POST."""
        return self.request("POST", path, headers, body)

    def options(self, path: str, headers: Mapping[str, str] | None = None) -> HTTPResponse:
        """Call with OPTIONS."""
        return self.request("OPTIONS", path, headers)


def event_of(
    method: str, path: str, query: str = "", headers: dict[str, str] | None = None, body: bytes = b""
) -> dict[str, Any]:
    """A call as an HTTP API hands it on; a body of a type that it takes for text comes as text, whatever it is.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    headers = headers or {}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    told: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""},
            "requestId": "request",
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if body and (kind.startswith("text/") or kind in _TEXTS):
        told["body"] = body.decode("utf-8", "replace")
    elif body:
        told |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return told
