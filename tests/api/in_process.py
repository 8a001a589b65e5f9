"""The application as WSGI, for tools that speak HTTP: each request reaches it as an HTTP API would hand it on."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from chalicelib.api.http.application import Application
from tests.cloud import Context
from tests.http_api import event_of


class Gateway:
    """API Gateway in front of the application."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers |= {
            name.replace("_", "-").lower(): str(environ[name])
            for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
            if environ.get(name)
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        event = event_of(environ["REQUEST_METHOD"], _path(environ), environ.get("QUERY_STRING", ""), headers, body)
        answer = self._app(event, Context())
        text = answer.get("body") or ""
        start_response(f"{answer['statusCode']} .", [*_each(answer)])
        return [base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()]


def _path(environ: WSGIEnvironment) -> str:
    """The path as it was sent, of which the gateway undoes no escape that would make it another path."""
    return quote(str(environ["REQUEST_URI"]).partition("?")[0].encode("latin-1"), safe="%/:@!$&'()*+,;=-._~")


def _each(answer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from answer["headers"].items()
    for cookie in answer.get("cookies", ()):
        yield "Set-Cookie", cookie
