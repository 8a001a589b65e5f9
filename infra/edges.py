"""One Lambda per HTTP edge.

Chalice gives all routes one function. Here the routes of each edge get a copy of it with its own role, memory,
timeout and concurrency: a flood on one webhook, or a hundred waiting chat pages, then leaves the others alone.
The code, the test client and `chalice local` notice nothing.
"""

from __future__ import annotations

import copy
from typing import Any

from infra import declared

EDGES: dict[str, tuple[str, ...]] = {
    "receive_channel": ("/channels/{}/webhook",),
    "poll_channel": ("/channels/{}/messages", "/channels/{}/widget.js", "/channels/{}/chat"),
    "answer_call": ("/channels/{}/call",),
    "receive_bot": ("/webhooks/bots/{}",),
    "receive_desk": ("/webhooks/desks/{}",),
    "receive_trigger": ("/v1/integration/trigger/{}/event",),
    "receive_source": ("/v1/sources/{}/events",),
    "fetch_media": ("/media/{}/{}", "/channels/{}/files"),
}
"""Edge -> its paths with their parameters unnamed. What is in no edge is `api`."""
API = "api"


def edge_of(path: str) -> str:
    """The edge that answers a path."""
    shape = declared.shape(path)
    return next((edge for edge, paths in EDGES.items() if shape in paths), API)


def present() -> tuple[str, ...]:
    """The edges that have at least one route, `api` last."""
    edges = {edge_of(route.path) for route in declared.routes()}
    return (*(edge for edge in EDGES if edge in edges), *((API,) if API in edges else ()))


def names() -> tuple[str, ...]:
    """Every Lambda: the edges, then the event-driven ones."""
    return (*present(), *(one.name for one in declared.lambdas()))


def logical(name: str) -> str:
    """Resource name of a Lambda; Chalice has a name of its own for the API's."""
    return "APIHandler" if name == API else declared.pascal(name)


def split(template: dict[str, Any]) -> None:
    """Give each edge of the packaged template its own function, role and permission to be called."""
    resources = template["Resources"]
    for edge in present():
        if edge == API:
            continue
        function = copy.deepcopy(resources["APIHandler"])
        function["Properties"]["Role"] = {"Fn::GetAtt": [f"{logical(edge)}Role", "Arn"]}
        permission = copy.deepcopy(resources["APIHandlerInvokePermission"])
        permission["Properties"]["FunctionName"] = {"Ref": logical(edge)}
        resources[logical(edge)] = function
        resources[f"{logical(edge)}Role"] = copy.deepcopy(resources["ApiHandlerRole"])
        resources[f"{logical(edge)}InvokePermission"] = permission
