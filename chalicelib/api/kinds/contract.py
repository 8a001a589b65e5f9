"""What a kind of resource says of itself, so that one set of functions makes, lists, changes and removes all kinds.

A kind is the module `chalicelib.api.kinds.<plural>` with a `KIND`. `settle` is its heart: from the fields that were
given and what stood before, it makes what is stored, what is sealed and what is shown once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from chalicelib.api.http.routes import PLURALS
from chalicelib.tables.config import Resource


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource that is being made or changed."""

    id: str
    service: str
    fields: dict[str, Any]
    """All fields of the model, defaults filled in; a secret only where it was given."""
    given: frozenset[str]
    """Names of the fields that the caller gave."""
    body: dict[str, Any]
    """What was stored before; {} of a new one."""
    secrets: dict[str, str]
    """What was sealed before."""
    now: int
    about: Mapping[str, Any] = field(default_factory=dict)
    """The service's own fields, where they are to be changed together with this; else they are in its row."""

    @property
    def new(self) -> bool:
        return not self.body


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a draft."""

    body: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict)
    once: dict[str, Any] = field(default_factory=dict)
    """Top-level fields of the answer that are shown this once."""
    status: str = ""
    """Status that its webhook gets; empty: it keeps the one it has."""
    edited: bool = False
    """Whether an inactive webhook may be verified again."""
    tasks: tuple[dict[str, Any], ...] = ()
    """What falls due because of the change, as `tables.schedule.keep` takes it; stored with it or not at all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What showing a resource may need beyond its row."""

    base_url: str
    status: str = ""


def _settle(draft: Draft) -> Settled:
    return Settled(body=draft.fields)


def _show(row: Resource, shown: Shown) -> dict[str, Any]:
    return dict(row.body or {})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource."""

    name: str
    """As in ids and rows: channel, bot, ..."""
    model: type[BaseModel]
    """What a POST takes; a PATCH takes any part of it."""
    answer: type[BaseModel]
    """What is answered, as the OpenAPI description has it."""
    refs: Mapping[str, str] = field(default_factory=dict)
    """Field -> kind of the resource, or resources, of the same service that it names."""
    secret: frozenset[str] = frozenset()
    """Fields that are sealed and never answered; `<field>_set` in the body says whether, or which, are kept."""
    makes: Callable[[dict[str, Any]], Collection[str]] = lambda _: ()
    """Of the body: names of secrets that are made where none is given."""
    fixed: frozenset[str] = frozenset({"service_id"})
    """Fields that a PATCH cannot change."""
    settle: Callable[[Draft], Settled] = _settle
    show: Callable[[Resource, Shown], dict[str, Any]] = _show
    unique: str = ""
    """Field whose value no other of this kind in the service may have."""
    webhook: bool = False
    """Whether it has a status in the table `endpoints`."""


def kind_of(plural: str) -> Kind:
    """The kind by its plural."""
    kind: Kind = import_module(f"chalicelib.api.kinds.{plural}").KIND
    return kind


def all_kinds() -> dict[str, Kind]:
    """Plural -> kind."""
    return {plural: kind_of(plural) for plural in PLURALS}
