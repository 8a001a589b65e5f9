"""Answers over HTTP: JSON, and RFC 9457 problems that name what was wrong.

`Problem` is raised anywhere below a route; `answering` turns it, a refusing queue and our own bugs into answers,
so that no caller ever sees a stack trace or an unnamed 500.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from chalice.app import Request, Response

from chalicelib.ports import log
from chalicelib.ports.aws import is_busy
from chalicelib.ports.queues import QueueRefused
from chalicelib.wire.json_body import read

TITLES = {
    400: "Bad request",
    401: "Unauthorised",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    415: "Unsupported media type",
    422: "Unprocessable",
    429: "Too many",
    500: "Our fault",
    503: "Try again",
    504: "No answer in time",
}


class Problem(Exception):
    """An answer that says what is wrong; `errors` are (JSON pointer, message), `more` are further members."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.errors, self.more = status, code, detail, errors, more
        self.headers = headers or {}

    def response(self) -> Response:
        """As application/problem+json."""
        body = {
            "type": f"about:blank#{self.code}",
            "title": TITLES.get(self.status, "Error"),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": [{"path": path, "message": message} for path, message in self.errors],
            **self.more,
        }
        return text(self.status, json.dumps(body), {"Content-Type": "application/problem+json"} | self.headers)


def answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    json_headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return text(status, json.dumps(body, ensure_ascii=False, separators=(",", ":")), json_headers | (headers or {}))


def text(status: int, body: str, headers: Mapping[str, str]) -> Response:
    """An answer of any text."""
    wire: dict[str, str | list[str]] = dict(headers)
    return Response(body, status_code=status, headers=wire)


class Bytes(Response):
    """An answer of any bytes; API Gateway gets them as base64 and hands them on as they were.

    Chalice would have the types of such answers said for the whole application, and wants callers to ask for them by
    name, which no browser does for a script.
    """

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        wire: dict[str, str | list[str]] = dict(headers)
        super().__init__(base64.b64encode(body).decode(), status_code=status, headers=wire)

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:
        """As Lambda answers."""
        return super().to_dict(binary_types) | {"isBase64Encoded": True}


def answering(route: Callable[..., Any]) -> Callable[..., Any]:
    """Answer for what a route raises."""

    @wraps(route)
    def answered(*args: Any, **kwargs: Any) -> Any:
        try:
            return route(*args, **kwargs)
        except Problem as problem:
            return problem.response()
        except QueueRefused:
            log.crash(route.__name__)
            return Problem(
                503, "queue_unavailable", "nothing was kept; try again", headers={"Retry-After": "5"}
            ).response()
        except Exception as error:
            log.crash(route.__name__)
            if is_busy(error):
                return Problem(503, "busy", "try again in a moment", headers={"Retry-After": "2"}).response()
            return Problem(500, "internal_error", "the fault is ours; it was recorded").response()

    return answered


_PHONES, _ADDRESSES = ("phone", "contact.phone"), ("email", "contact.email")
_KEYS = ("session", "external_id")
"""Of a caller's own making, often a number or an address."""
_ZONE = re.compile(r"(T[0-9:.]+) (\d{2}:?\d{2})")


def query(request: Request) -> dict[str, str]:
    """The parameters after the question mark.

    A plus that was not escaped arrives as a space. In numbers, e-mail addresses and times a space can have been nothing
    else, so there it is a plus again; so it is in a key that is a number or an address.
    """
    return {name: _with_plus(name, value) for name, value in dict(request.query_params or {}).items()}


def _with_plus(name: str, value: str) -> str:
    if name in (*_PHONES, *_KEYS) and re.match(r"\s+\d", value):
        return f"+{value.strip()}"
    if name in _ADDRESSES or (name in _KEYS and "@" in value):
        return re.sub(r"(?<=\S) (?=\S)", "+", value)
    return _ZONE.sub(r"\1+\2", value)


def caller(request: Request) -> str:
    """Network address from which a call came, as API Gateway saw it; "" where it does not say."""
    return str((request.context.get("identity") or {}).get("sourceIp") or "")


def raw_body(request: Request, *, most: int) -> bytes:
    """The body as it came; Problem 413 where it is larger than `most` bytes."""
    given = request.raw_body or b""
    body = given.encode() if isinstance(given, str) else given
    if len(body) > most:
        raise Problem(413, "too_large", f"the body has {len(body)} bytes; at most {most} are taken")
    return body


def json_body(request: Request, *, most: int) -> Any:
    """The body as JSON; Problem 413 where it is too large (before it is parsed), 400 where it is no JSON."""
    return parsed(raw_body(request, most=most))


def parsed(raw: bytes) -> Any:
    """Bytes as JSON; Problem 400 where they are none."""
    try:
        return read(raw)
    except ValueError as error:
        raise Problem(400, "malformed_json", f"the body is no JSON: {error}"[:300]) from None
