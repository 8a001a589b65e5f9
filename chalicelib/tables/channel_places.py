"""Which channel has an address, where a provider names nothing else: a row of `config` in a partition of its own.

It is written with the channel, changed and removed with it, in its transaction: no two channels of a kind have the same
address, and none has a row that leads nowhere.
"""

from __future__ import annotations

from pynamodb.transactions import TransactWrite

from chalicelib.tables.config import Resource

_ROW = "channel"


def channel_at(kind: str, address: str) -> str:
    """Id of the channel of a kind that has an address; empty where none does. One read."""
    try:
        row = Resource.get(_partition(kind, address), _ROW, consistent_read=True)
    except Resource.DoesNotExist:
        return ""
    return str(row.name)


def change(together: TransactWrite, kind: str, channel: str, *, before: str, after: str) -> None:
    """Have a channel found by the address `after` and no longer by `before` (empty: by none), in the transaction of
    whoever changes it. That fails where another has the address."""
    if before == after:
        return
    owned = Resource.name == channel
    if before:
        gone = Resource(_partition(kind, before), _ROW)
        together.delete(gone, condition=owned | Resource.key.does_not_exist())
    if after:
        row = Resource(_partition(kind, after), _ROW, name=channel)
        together.save(row, condition=Resource.key.does_not_exist() | owned)


def _partition(kind: str, address: str) -> str:
    return f"address#{kind}#{address}"
