"""References to secrets in a bundle: `{"secret": NAME}` where a secret would stand.

A bundle is kept in files and shown to people, so an exported one names its secrets and does not tell them. Applied, a
reference is the value that the bundle gives under `secrets`; without one, it is what is kept in that very place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.api.http.routes import plural_of
from chalicelib.api.kinds.contract import Kind
from chalicelib.tables.config import Resource
from chalicelib.wire.json_body import escaped

HEADERS = "headers"
"""People put keys for their platform there, so that each header is a secret, too."""
MAPS = (HEADERS, "secrets")
"""Places that hold several, each under its name."""
_WORD = "secret"


def of_row(kind: Kind, row: Resource) -> dict[str, Any]:
    """Field -> reference, or references by name, of the secrets that the owner of a resource gave."""
    body, at = dict(row.body or {}), f"{plural_of(kind.name)}/{row.name}"
    found: dict[str, Any] = {}
    for place in sorted(kind.secret):
        kept = body.get(f"{place}_set")
        if kept is True:
            found[place] = {_WORD: f"{at}/{place}"}
        elif kept and (given := [name for name in kept if name not in kind.makes(body)]):
            found[place] = {name: {_WORD: f"{at}/{place}/{name}"} for name in given}
    if body.get(HEADERS):
        found[HEADERS] = {name: {_WORD: f"{at}/{HEADERS}/{name}"} for name in body[HEADERS]}
    return found


class References:
    """The references of one bundle, with the values that it gives."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._used: set[str] = set()

    def resolve(self, kind: Kind, path: str, item: dict[str, Any], row: Resource | None) -> list[tuple[str, str]]:
        """Put what is referred to into an item; gives what is wrong. What stays as it is kept is left out."""
        body = dict(row.body or {}) if row else {}
        wrong: list[tuple[str, str]] = []
        for place in sorted(kind.secret | {HEADERS} & kind.model.model_fields.keys()):
            given = item.get(place)
            if place not in MAPS:
                if name := _name(given):
                    wrong += self._put(item, place, name, f"{path}/{place}", body.get(f"{place}_set") is True)
            elif isinstance(given, dict):
                members = item[place] = dict(given)
                for member, value in given.items():
                    if name := _name(value):
                        at = f"{path}/{place}/{escaped(str(member))}"
                        wrong += self._put(members, member, name, at, _stands(body, place, member))
                        if place == HEADERS and member not in members and _stands(body, place, member):
                            # All headers are given at once, so what stays has to be said again.
                            members[member] = body[HEADERS][member]
        return wrong

    def unused(self) -> list[tuple[str, str]]:
        """Values that nothing refers to: a misspelt name must not be passed over."""
        return [
            (f"/secrets/{escaped(name)}", "nothing refers to it") for name in self._values if name not in self._used
        ]

    def _put(self, where: dict[str, Any], key: str, name: str, path: str, stands: bool) -> list[tuple[str, str]]:
        if name in self._values:
            self._used.add(name)
            where[key] = self._values[name]
            return []
        del where[key]
        return [] if stands else [(path, f"is kept nowhere yet: give the value of {name!r} under secrets")]


def _stands(body: dict[str, Any], place: str, member: str) -> bool:
    return member in (body.get(place if place == HEADERS else f"{place}_set") or ())


def _name(value: Any) -> str:
    """The name in a reference; empty where it is none."""
    named = value[_WORD] if isinstance(value, dict) and value.keys() == {_WORD} else ""
    return named if isinstance(named, str) else ""
