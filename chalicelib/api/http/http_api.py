"""Calls and answers as an HTTP API of API Gateway has them (payload format 2.0), from and into a REST API's.

It has few routes: most paths of ours share one, so which of them was called is found here, and what is at none of them
is a problem of ours.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from chalicelib.api.http.routes import METHODS, OPEN, PAGE, match, of_path
from chalicelib.ports.web import Problem

Event = dict[str, Any]
Answer = dict[str, Any]

_LOST = "\ufffd"
"""What the gateway puts in the place of bytes that are no UTF-8, in bodies of types that it takes for text."""
_ANYBODY = {"Access-Control-Allow-Origin": "*"}
"""A page of any origin may see that there is nothing."""
_BY_STAGE = "$default"


def as_rest(event: Event) -> Event:
    """The call as a REST API would have told it; Problem 404, 405 where it leads nowhere, 400 where it came damaged."""
    told = event["requestContext"]
    http = told["http"]
    method, path = str(http["method"]), _path(event)
    found = match(path)
    if found is None:
        raise Problem(404, "not_found", "there is nothing at this path", headers=_ANYBODY)
    if method == "HEAD" and (get := of_path(found.path).get("GET")) and get.scope in (OPEN, PAGE):
        # As GET, whose body the gateway leaves away. What is fetched elsewhere may count as delivered.
        method = "GET"
    if method not in METHODS:
        allow = ", ".join(of_path(found.path))
        raise Problem(405, "method_not_allowed", f"this path takes {allow}", headers=_ANYBODY | {"Allow": allow})
    headers = dict(event.get("headers") or {})
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    _refuse_damaged(event, headers)
    return {
        "httpMethod": method,
        "path": path,
        "resource": found.path,
        "headers": headers,
        "multiValueQueryStringParameters": _query(event) or None,
        "pathParameters": found.names or None,
        "stageVariables": event.get("stageVariables"),
        "body": event.get("body"),
        "isBase64Encoded": bool(event.get("isBase64Encoded")),
        "requestContext": {
            **{name: told.get(name) for name in ("accountId", "apiId", "domainName", "requestId")},
            "stage": "" if told.get("stage") == _BY_STAGE else told.get("stage", ""),
            "httpMethod": method,
            "path": path,
            "resourcePath": found.path,
            "query": str(event.get("rawQueryString") or ""),
            "identity": {"sourceIp": http.get("sourceIp", ""), "userAgent": http.get("userAgent", "")},
        },
    }


def _path(event: Event) -> str:
    """The path below the stage, with one slash before it, as the gateway itself picks the route of it."""
    return "/" + str(event.get("rawPath") or "").lstrip("/")


def _query(event: Event) -> dict[str, list[str]]:
    """Names and values after the question mark, from the text as it came; Problem 400 where they are no UTF-8."""
    try:
        return parse_qs(str(event.get("rawQueryString") or ""), keep_blank_values=True, errors="strict")
    except ValueError:
        raise Problem(400, "bad_query", "what comes after the question mark is no UTF-8", headers=_ANYBODY) from None


def _refuse_damaged(event: Event, headers: dict[str, str]) -> None:
    """Problem 400 where the gateway has read a body as UTF-8 that was none: a name or a signature would be lost.

    Whoever means the letter U+FFFD itself sends as many bytes as have arrived.
    """
    body = event.get("body") or ""
    if event.get("isBase64Encoded") or _LOST not in body:
        return
    told = {name.lower(): value for name, value in headers.items()}
    if told.get("content-length") != str(len(body.encode("utf-8", "surrogatepass"))):
        code = "malformed_json" if "json" in told.get("content-type", "") else "malformed_text"
        raise Problem(400, code, "the body is no UTF-8; a file may come as application/octet-stream", headers=_ANYBODY)


def as_told(answer: Answer) -> Answer:
    """An answer of Chalice as an HTTP API takes it: a header has one value there, and cookies are told apart."""
    headers: dict[str, str] = {}
    told = {name: value for name, value in answer.items() if name not in ("headers", "multiValueHeaders")}
    singly = {name: [value] for name, value in (answer.get("headers") or {}).items()}
    for name, values in (*singly.items(), *(answer.get("multiValueHeaders") or {}).items()):
        if name.lower() == "set-cookie":
            told["cookies"] = [*told.get("cookies", ()), *values]
        else:
            headers[name] = ", ".join(values)
    return told | {"headers": headers}
