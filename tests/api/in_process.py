"""The application as WSGI, for tools that speak HTTP: each request reaches Chalice as API Gateway would hand it on."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from chalice.app import Chalice
from chalice.local import RouteMatcher

from infra.gateway import ANSWERS
from tests.cloud import Context


class Gateway:
    """API Gateway in front of the application."""

    def __init__(self, app: Chalice) -> None:
        self._app, self._routes = app, RouteMatcher(list(app.routes))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, answered, payload = self._answer(environ["REQUEST_METHOD"], _target(environ), headers, body)
        start_response(f"{status} .", [*_each(answered)])
        return [payload]

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, Any], bytes]:
        try:
            found = self._routes.match_route(path)
            known = method in self._app.routes[found.route]
        except ValueError:
            known = False
        if not known:
            status, code, detail = ANSWERS["MISSING_AUTHENTICATION_TOKEN"]
            problem = {"status": status, "code": code, "detail": detail}
            return status, {"Content-Type": "application/problem+json"}, json.dumps(problem).encode()
        event = {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": found.route,
                "identity": {"sourceIp": "127.0.0.1"},
                "path": path.partition("?")[0],
            },
            "headers": headers,
            "pathParameters": {name: unquote(value) for name, value in found.captured.items()},
            "stageVariables": {},
            "multiValueQueryStringParameters": found.query_params or None,
            # It hands on every body as bytes.
            "body": base64.b64encode(body).decode() if body else None,
            "isBase64Encoded": bool(body),
        }
        answer = self._app(event, Context())
        text = answer.get("body") or ""
        payload = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        return answer["statusCode"], {**answer["headers"], **answer["multiValueHeaders"]}, payload


def _target(environ: WSGIEnvironment) -> str:
    """Path and query as they were sent: what a path's parameter holds is still escaped."""
    path = quote(str(environ["REQUEST_URI"]).partition("?")[0].encode("latin-1"), safe="%/:@!$&'()*+,;=-._~")
    return f"{path}?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else path


def _each(headers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one)
