"""From a request to an answer: route, size, key, scope, then the function that the table names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from chalice.app import Request, Response

from chalicelib.api.http.routes import ADMIN, AGENT, EDGE, OPEN, PAGE, READ, Route
from chalicelib.ports import web
from chalicelib.ports.web import Problem

MAX_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by API key."""

    id: str
    scopes: frozenset[str]
    service: str = ""
    """The only service that it may see; empty: all."""

    def may(self, scope: str) -> bool:
        """Whether the key has the scope: admin may all, agent what read may too."""
        order = (ADMIN, AGENT, READ)
        return any(one in self.scopes for one in order[: order.index(scope) + 1])

    def need_service(self, service: str) -> str:
        """The service, if the caller may see it; Problem 403 else."""
        if self.service and service != self.service:
            raise Problem(403, "other_service", "this key is limited to another service")
        return service


NOBODY = Caller("", frozenset())


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a function of the API gets it."""

    route: Route
    names: dict[str, str]
    """Parameters of the path."""
    query: dict[str, str]
    headers: Any
    raw: bytes
    caller: Caller
    context: dict[str, Any]
    """API Gateway's request context."""
    lambda_context: Any = None

    @property
    def id(self) -> str:
        return self.names["id"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer; `once` are top-level fields that are shown this once and stored nowhere in the clear, `headers` are
    not repeated under an Idempotency-Key."""

    status: int
    body: Any = None
    once: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


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
    from chalicelib.api.http import auth, idempotency, queries

    # Before the key is looked up: a refusal must not cost a read per megabyte.
    raw = web.raw_body(request, most=MAX_BODY) if request.method != "GET" else b""
    caller = NOBODY if route.scope == OPEN else auth.caller(request.headers)
    if route.scope != OPEN and not caller.may(route.scope):
        raise Problem(403, "scope", f"this needs a key with the scope {route.scope}")
    query = web.query(request)
    queries.refuse(route.function, query)
    call = Call(route, names, query, request.headers, raw, caller, request.context, lambda_context)
    answer = (
        idempotency.answer(call, load(route)) if route.method == "POST" and route.scope != READ else load(route)(call)
    )
    if isinstance(answer, Response):
        # Not JSON: a file.
        return answer
    if answer.status == 204:
        return Response("", status_code=204)
    return web.answer(answer.status, answer.body | answer.once if answer.once else answer.body, answer.headers)


def load(route: Route) -> Callable[..., Any]:
    """The function that a route names."""
    module, _, name = route.function.partition(":")
    function: Callable[..., Any] = getattr(import_module(f"chalicelib.{module}"), name)
    return function
