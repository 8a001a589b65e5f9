"""Groups: what is said to many has a thread of its own, under an address that is nobody's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalicelib.domain.identities import CHANNEL

_MARK = "group:"
"""How the address of a group begins, before the provider's own: so a person whose address reads the same has another
thread and is another contact."""


def address_of(group: str) -> str:
    """The address of a thread of a group, by the provider's."""
    return _MARK + group


def is_group(address: str) -> bool:
    """Whether an address is a group's."""
    return address.startswith(_MARK)


def providers_own(address: str) -> str:
    """An address as the provider has it."""
    return address.removeprefix(_MARK)


def of_group(identities: Iterable[Sequence[str]]) -> bool:
    """Whether an address of a group is among (kind, value) of identities."""
    return any(kind == CHANNEL and is_group(value.partition(":")[2]) for kind, value in identities)


def mixed(identities: Sequence[Sequence[str]]) -> bool:
    """Whether identities are a group's and a person's at once, which nobody has."""
    return of_group(identities) and not all(of_group([one]) for one in identities)
