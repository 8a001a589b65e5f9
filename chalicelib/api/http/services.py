"""Which service a call is about, and what it is answered where somebody else was faster."""

from __future__ import annotations

from chalicelib.api.http.call import Call
from chalicelib.api.http.fields import invalid
from chalicelib.api.http.formats import RESOURCES
from chalicelib.ports.web import Problem


def is_id(kind: str, text: str) -> bool:
    """Whether a text can be an id of the kind; a text that cannot is not looked up."""
    return RESOURCES[kind].fits(text)


def service_of_query(call: Call) -> str:
    """`?service_id=`, else the key's only service, else empty; Problem 403 for another's."""
    service = call.query.get("service_id")
    if not service:
        return call.caller.service
    call.caller.need_service(service)
    return service


def needed_service(call: Call) -> str:
    """`?service_id=`, or the only service of the key; Problem 422 where neither says which."""
    service = service_of_query(call)
    if not service:
        raise invalid([("/service_id", "is needed: this key sees more than one service")])
    return service


def meanwhile(done: int = 0, of: int = 0) -> Problem:
    """What a change is answered that was overtaken by another, perhaps when part of it was done."""
    detail = "somebody else changed this at the same time; read it and try again"
    if done:
        detail = f"somebody else changed this when {done} of {of} changes were made; read it and try again"
    return Problem(409, "changed_meanwhile", detail, headers={"Retry-After": "1"})
