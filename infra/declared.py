"""What `app.py` and the tables declare, as plain values; the rest of `infra` derives everything from these."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal

PLACEHOLDER = "dead-letters"
"""The queue that `bury` names in `app.py`: stands for every dead-letter queue, and is none itself."""

SourceKind = Literal["queue", "stream", "schedule", "socket"]


@dataclass(frozen=True, slots=True)
class Lambda:
    """A Lambda that an event source wakes."""

    name: str
    kind: SourceKind
    source: str
    """Short name of the queue, or of the table with the stream (several joined by `+`); else ""."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Short names of the queues or tables."""
        return tuple(self.source.split("+")) if self.source else ()

    @property
    def logical(self) -> str:
        """Its resource name in the template, as Chalice makes it."""
        return pascal(self.name)


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the API and the function that answers it."""

    path: str
    methods: tuple[str, ...]
    module: str
    function: str

    @property
    def shape(self) -> str:
        """The path with its parameters unnamed: `/channels/{}/webhook`."""
        return shape(self.path)


@cache
def chalice_app() -> Any:
    """The Chalice application."""
    # Chalice and boto3 want a region even where nothing is called. Not set when this module is loaded, as a deployment
    # must see that nobody said one.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return import_module("app").app


@cache
def lambdas() -> tuple[Lambda, ...]:
    """The event-driven Lambdas, in the order of `app.py`; before them those that sockets wake (`infra/sockets.py`)."""
    found = [Lambda(one.name, "socket", "") for one in chalice_app().pure_lambda_functions]
    for event in chalice_app().event_sources:
        if queue := getattr(event, "queue", None):
            found.append(Lambda(event.name, "queue", queue))
        elif table := getattr(event, "stream_arn", None):
            found.append(Lambda(event.name, "stream", table))
        elif hasattr(event, "schedule_expression"):
            found.append(Lambda(event.name, "schedule", ""))
        else:
            raise TypeError(f"{event.name}: infra knows no event source of the kind {type(event).__name__}")
    return tuple(found)


@cache
def routes() -> tuple[Route, ...]:
    """The routes, in the order in which they were declared."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for path, by_method in chalice_app().routes.items():
        for method, entry in by_method.items():
            view = entry.view_function
            # Decorators keep the view's own module and name (functools.wraps).
            found.setdefault((path, view.__module__, view.__name__), []).append(method)
    return tuple(
        Route(path, tuple(sorted(methods)), module, function) for (path, module, function), methods in found.items()
    )


@cache
def queues() -> tuple[str, ...]:
    """Short names of the queues that a Lambda reads, without the dead-letter queues."""
    return tuple(
        queue for one in lambdas() if one.kind == "queue" and one.source != PLACEHOLDER for queue in one.sources
    )


@cache
def streamers() -> tuple[Lambda, ...]:
    """The Lambdas that read a table's stream."""
    return tuple(one for one in lambdas() if one.kind == "stream")


@cache
def models() -> dict[str, Any]:
    """Short name of each table -> its PynamoDB model."""
    from chalicelib.tables import MODEL_NAMES

    return {name: getattr(import_module(f"chalicelib.tables.{name}"), model) for name, model in MODEL_NAMES}


def dead(queue: str) -> str:
    """Short name of the queue that takes a queue's dead letters; FIFO where the queue is, as SQS demands."""
    return f"{queue.removesuffix('.fifo')}-dead.fifo" if queue.endswith(".fifo") else f"{queue}-dead"


def stream_dead(name: str) -> str:
    """Short name of the queue that takes what a stream's Lambda could not do."""
    return f"{name}-dead"


def dead_queues() -> tuple[str, ...]:
    """Short names of every dead-letter queue: all that `bury` reads."""
    return (*(dead(queue) for queue in queues()), *(stream_dead(one.name) for one in streamers()))


def shape(path: str) -> str:
    """A path with its parameters unnamed."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def pascal(name: str) -> str:
    """A name as CloudFormation resources have it: `threads-dead.fifo` -> `ThreadsDeadFifo`."""
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", name) if part)
