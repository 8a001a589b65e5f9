"""A request as a function of the API gets it, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.api.http.routes import SCOPES, Route
from chalicelib.ports.web import Problem


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by API key or session."""

    id: str
    """Who is said to have done it: the person's id, or the key's where it is nobody's."""
    scopes: frozenset[str]
    service: str = ""
    """The only service that it may see; empty: all."""
    person: dict[str, str] = field(default_factory=dict)
    """Its `id` and `name`, as conversations show who has them."""
    email: str = ""
    desks: frozenset[str] | None = None
    """The only desks whose conversations it may see and touch; None: all. What that means for each operation says
    `narrowed`."""
    until_ms: int = 0
    """When its session ends if it is not used any more; 0 where it has shown a key."""

    @property
    def role(self) -> str:
        """The highest of its scopes; empty: none."""
        return highest(self.scopes)

    @property
    def who(self) -> dict[str, str]:
        """id and name of who calls, whoever it is."""
        return self.person or {"id": self.id, "name": ""}

    @property
    def is_person(self) -> bool:
        """Whether a person calls, by a session or a key of theirs: then what is done is their doing, whatever is said
        of it. A plain key may speak for others."""
        return bool(self.until_ms) or self.who["id"].startswith("pe_")

    def may(self, scope: str) -> bool:
        """Whether the key has the scope: admin may all, agent what read may too."""
        return any(one in self.scopes for one in SCOPES[: SCOPES.index(scope) + 1])

    def need_service(self, service: str) -> str:
        """The service, if the caller may see it; Problem 403 else."""
        if self.service and service != self.service:
            raise Problem(403, "other_service", "this key is limited to another service")
        return service

    def need_desk(self, desk: str) -> None:
        """Problem 403 where the caller does not answer a desk's conversations."""
        if self.desks is not None and desk not in self.desks:
            raise Problem(403, "other_desk", "you answer other desks than this one")


def highest(scopes: frozenset[str]) -> str:
    """The scope that includes the others; empty where there is none."""
    return next((scope for scope in SCOPES if scope in scopes), "")


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
