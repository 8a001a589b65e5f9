"""Puts copies of items into the emulator's tables, from inside of it: a million of them in half a minute.

Run by the emulator's own Python (`PARLEY_EMULATOR_ALSO`), so it imports nothing of ours. Nobody hears of copies: no
stream has them. What is the same in all copies is kept once.
"""

from __future__ import annotations

import gc
import os
import threading
from multiprocessing.connection import Client, Listener
from typing import Any

COPIES = "PARLEY_COPIES"
"""Environment variable with the path of the socket on which copies are asked for."""
ACCOUNT, REGION = "000000000000", "us-east-1"
Order = tuple[str, dict[str, Any], dict[str, tuple[str, str]], int, int]
"""(table, item, attributes of a copy as (type, text with `{a}` and `{b}`), how many, how many with the same `a`)."""


def beside(dynamodb: Any) -> None:
    """Put copies into tables for whoever asks."""
    listener = Listener(os.environ[COPIES], "AF_UNIX")

    def serve() -> None:
        while True:
            with listener.accept() as asked:
                asked.send(copy(dynamodb, asked.recv()))

    threading.Thread(target=serve, daemon=True, name="copies").start()


def copy(dynamodb: Any, order: Order) -> int:
    """Put copies of an item into a table; gives how many it has then."""
    name, item, varied, times, each = order
    table = dynamodb._tables.get_scoped(ACCOUNT, REGION, name)
    pk, sk = table["pk_name"], table["sk_name"]
    # Else the first query would make it of all copies, and stand still for as long.
    dynamodb._index_members(table)
    gc.disable()
    for n in range(times):
        a, b = divmod(n, each)
        one = item | {name: {kind: text.format(a=a, b=b + 1)} for name, (kind, text) in varied.items()}
        keys = (dynamodb._extract_key_val(one[key]) for key in (pk, sk))
        dynamodb._set_item(table, *keys, one)
    # Python looks for garbage among all that it holds: of a million copies that takes seconds, and nobody is served.
    gc.freeze()
    gc.enable()
    return int(table["ItemCount"])


def ask(path: str, order: Order) -> int:
    """Have copies put in, by the emulator that listens at a path; how many items the table has then."""
    with Client(path, "AF_UNIX") as there:
        there.send(order)
        return int(there.recv())
