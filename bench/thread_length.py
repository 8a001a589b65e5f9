"""Whether a thread's length changes what a round trip costs: 10, 10 000 and 1 000 000 messages.

What is seeded: the thread's row with `last_seq` = N, and the newest min(N, 10 000) real messages and as many finished
deliveries in the bot's lane, with keys and numbers as they would have. The million's older 990 000 rows are left out,
because nothing on the path names them: each query begins at the tail or at the visitor's cursor and ends within a page.
`rows_read` shows that it does.

What is compared: calls, request units, bytes to and from AWS, rows read, and the Lambdas' own time (between the calls,
as neither moto nor the emulator has a database's tree: both search a partition row by row, and their time says nothing
of DynamoDB's). The goal is for every one of these ratios.
"""

from __future__ import annotations

import copy
import gc
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.meter import Tally
from bench.place import Place, moto
from bench.report import Goal, Result

LENGTHS = (10, 10_000, 1_000_000)
ROWS = 10_000
TRIPS = 9


@dataclass
class Visitor:
    """One of the three people, each with a thread of another length."""

    session: str
    after: str
    trips: list[tuple[Tally, float]] = field(default_factory=list)


def measure() -> Result:
    """All lengths, in turns."""
    with moto() as new, new() as place:
        visitors = {length: _visitor(place, length) for length in LENGTHS}
        # Old rows would be looked at by Python's collector in the middle of our own time.
        gc.collect()
        gc.disable()
        for at in range(TRIPS):
            place.cloud.meter.with_units = at == TRIPS - 1
            for visitor in visitors.values():
                _trip(place, visitor)
        gc.enable()
    found = {length: _figures(visitor) for length, visitor in visitors.items()}
    first, names = found[LENGTHS[0]], ("calls", "write_units", "read_units", "bytes", "rows_read", "own_ms")
    rows = [[f"{length} messages", *(one[name] for name in names)] for length, one in found.items()]
    ratios = {name: max(one[name] for one in found.values()) / first[name] for name in names}
    rows.append(["largest, times the shortest", *(ratios[name] for name in names)])
    columns = ["thread", "AWS calls", "write u.", "read u.", "bytes moved", "rows read", "own CPU ms"]
    goals = [Goal(f"{name.replace('_', ' ')}, times the shortest", 1.05, ratio) for name, ratio in ratios.items()]
    note = f"Real rows: at most {ROWS} of messages and as many of deliveries; see bench/thread_length.py for why."
    figures = {"lengths": {str(length): one for length, one in found.items()}, "ratios": ratios}
    return Result(
        "thread_length", "A round trip on threads of different lengths", columns, rows, goals, [note], figures
    )


def _visitor(place: Place, length: int) -> Visitor:
    place.new_visitor()
    place.cloud.meter.with_units = False
    for _ in range(14):
        # Its last twelve events and ten deliveries are there at every length, as they would be.
        place.says()
        place.polls()
        place.cloud.pump()
    _lengthen(place, length)
    return Visitor(place.session, place.after)


def _figures(visitor: Visitor) -> dict[str, float]:
    tally = visitor.trips[-1][0]
    return {
        "calls": len(tally.calls),
        "write_units": tally.write_units,
        "read_units": tally.read_units,
        "bytes": tally.bytes_moved,
        "rows_read": sum(call.rows for call in tally.calls),
        "own_ms": median(own for _, own in visitor.trips) * 1000,
    }


def _trip(place: Place, visitor: Visitor) -> None:
    place.session, place.after = visitor.session, visitor.after
    place.cloud.cpu.clear()
    place.cloud.meter.away_s = 0.0
    tally = place.start()
    place.says()
    assert place.polls()
    place.cloud.pump()
    own_s = sum(map(sum, place.cloud.cpu.values())) - place.cloud.meter.away_s
    visitor.trips.append((tally, own_s))
    visitor.after = place.after


def _lengthen(place: Place, length: int) -> None:
    """Put older rows before those that are there, and number all as the last ones of `length`."""
    from chalicelib.channels.webchat import address_of
    from chalicelib.domain.thread import thread_id
    from tests.cloud import _moto_table

    messages, deliveries, threads = (
        _moto_table(place.cloud._table(name)) for name in ("messages", "deliveries", "threads")
    )
    id = thread_id(place.made["chat"]["id"], address_of(place.session))
    thread = next(key for key in messages.items if key.value == id)
    there = list(messages.items[thread].items())
    shift, kind, oldest = max(0, length - len(there)), type(thread), there[0][1]
    rows: dict[Any, Any] = {}
    for seq in range(max(1, shift - ROWS + len(there) + 1), shift + 1):
        rows[kind({"N": str(seq)})] = _numbered(oldest, seq, kind)
    for key, item in there:
        seq = int(key.value) + shift
        rows[kind({"N": str(seq)})] = _numbered(item, seq, kind)
    messages.items[thread] = rows
    state = next(row for key, row in threads.items[thread].items() if key.value == "thread").attrs["state"].value
    state["last_seq"] = kind({"N": str(int(state["last_seq"].value) + shift)})
    place.after = str(int(place.after) + shift)
    for lane, done in deliveries.items.items():
        if lane.value.startswith(id[3:]):
            finished, older = next(iter(done.values())), {}
            for at in range(min(shift, ROWS)):
                copied = copy.copy(finished)
                copied.attrs = finished.attrs | {"key": kind({"S": f"{at:042d}"})}
                older[copied.attrs["key"]] = copied
            deliveries.items[lane] = older | dict(done)


def _numbered(item: Any, seq: int, kind: Any) -> Any:
    copied = copy.copy(item)
    copied.attrs = item.attrs | {"seq": kind({"N": str(seq)})}
    return copied


if __name__ == "__main__":
    measure().keep()
