"""From a request to an answer: route, size, key, scope, then the function that the table names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from chalice.app import Request, Response

from chalicelib.api.http.call import NOBODY, Call
from chalicelib.api.http.routes import EDGE, OPEN, PAGE, READ, Route
from chalicelib.ports import web
from chalicelib.ports.web import Problem

MAX_BODY = 1024 * 1024


def serve(routes: dict[str, Route], request: Request, lambda_context: Any, names: dict[str, str]) -> Response:
    """Answer a request to a path with these routes."""
    response: Response = answered(routes, request, lambda_context, names)
    return response


@web.answering
def answered(routes: dict[str, Route], request: Request, lambda_context: Any, names: dict[str, str]) -> Response:
    """As `serve`, but raising."""
    route = routes.get(request.method)
    if route is None:
        allow = ", ".join(routes)
        raise Problem(405, "method_not_allowed", f"this path takes {allow}", headers={"Allow": allow})
    if route.scope in (EDGE, PAGE):
        response: Response = load(route)(request, **names)
        return response
    from chalicelib.api.http import auth, idempotency, narrowed, queries

    # Before the key is looked up: a refusal must not cost a read per megabyte.
    raw = web.raw_body(request, most=MAX_BODY) if request.method != "GET" else b""
    caller = NOBODY if route.scope == OPEN else auth.caller(request, body=bool(raw))
    if route.scope != OPEN and not caller.may(route.scope):
        raise Problem(403, "scope", f"this needs a key with the scope {route.scope}")
    if caller.desks is not None:
        narrowed.refuse(route.function)
    query = web.query(request)
    queries.refuse(route.function, query)
    call = Call(route, names, query, request.headers, raw, caller, request.context, lambda_context)
    answer = (
        idempotency.answer(call, load(route))
        if route.method == "POST" and route.scope not in (READ, OPEN)
        else load(route)(call)
    )
    if isinstance(answer, Response):
        # Not JSON: a file.
        return answer
    if answer.status == 204:
        return web.text(204, "", answer.headers)
    return web.answer(answer.status, answer.body | answer.once if answer.once else answer.body, answer.headers)


def load(route: Route) -> Callable[..., Any]:
    """The function that a route names."""
    module, _, name = route.function.partition(":")
    function: Callable[..., Any] = getattr(import_module(f"chalicelib.{module}"), name)
    return function
