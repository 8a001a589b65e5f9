"""A ticket that opens a console's socket, as a browser sends a socket no header that says whose it is.

Written before it is answered: cut off in between, it ends by itself within a minute.
"""

from __future__ import annotations

from pydantic import BaseModel

from chalicelib.api.http.call import Answer, Call
from chalicelib.api.http.fields import Fields, body
from chalicelib.api.http.formats import ServiceId
from chalicelib.ports import clock
from chalicelib.ports.clock import rfc3339
from chalicelib.ports.settings import settings
from chalicelib.ports.web import Problem
from chalicelib.tables import config, console_sockets
from chalicelib.tables.console_sockets import Ticket


class TicketFor(Fields):
    """What the socket is to tell of."""

    service_id: ServiceId


class TicketAnswer(BaseModel):
    """A ticket, good once and for a minute, for a page of the origin that asked."""

    ticket: str
    """For the query of the socket's address."""
    url: str | None
    """Where sockets open; null where this deployment has none."""
    expires_at: str


def issue(call: Call) -> Answer:
    """A ticket for a socket that tells of a service's inbox what beats tell."""
    service = call.caller.need_service(body(call, TicketFor).service_id)
    if config.get("service", service) is None:
        raise Problem(404, "not_found", f"there is no service {service!r}")
    whose = Ticket(service, call.caller.who["id"], call.caller.desks)
    origin = call.headers.get("origin") or ""
    ticket, until = console_sockets.issue(whose, origin=origin, now_ms=clock.now_ms())
    return Answer(200, {"ticket": ticket, "url": settings().live_url or None, "expires_at": rfc3339(until)})
