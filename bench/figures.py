"""What figures cost: counting what gathers in a minute, whatever is in it, and reading a day of it.

Messages are round trips of a web chat with a bot that answers in its response, each two versions of a thread and an
attempt. Each stream has several shards, and each shard a batch a minute at most: counting can cost no more than these.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench import pricing
from bench.meter import Tally
from bench.place import Place, moto
from bench.report import Goal, Result

SHARDS, STREAMS = 4, 2
"""Of a table on demand when it is new, and those that fill with each message: `threads`, `deliveries`."""
MINUTES = 60 * 24 * 30
SIZES = (1, 50)
BUSY = 1_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Counting what has gathered, of both streams together."""

    runs: int
    write_units: float
    read_units: float
    usd: float

    @property
    def each(self) -> tuple[float, float]:
        """Write units and dollars of a run."""
        return self.write_units / self.runs, self.usd / self.runs


def measure() -> Result:
    """Batches of one round trip and of fifty, a month of them, and the reading of a day."""
    found: dict[int, Batch] = {}
    with moto() as new, new() as place:
        place.says()
        place.polls()
        place.start()
        _count(place)
        for size in SIZES:
            place.start()
            for _ in range(size):
                place.says()
            place.polls()
            place.cloud.pump()
            found[size] = _count(place)
        day = _read(place)
    rows: list[list[object]] = [
        [f"a minute's {size} round trips", one.runs, one.write_units, one.read_units, one.write_units / size / 2,
         one.usd / size * pricing.MILLION]
        for size, one in found.items()
    ]  # fmt: skip
    write, usd = found[SIZES[-1]].each
    most = usd * SHARDS * STREAMS * MINUTES
    rows.append(["every minute of a month, all shards", SHARDS * STREAMS, write * SHARDS * STREAMS, "", "", most])
    rows.append(["GET /v1/figures, a day by quarters", "", 0, day, "", day * pricing.usd("dynamodb_read") * BUSY])
    columns = ["what", "runs", "write u.", "read u.", "write u. a message", "USD a million"]
    few, many = (found[size].write_units / size / 2 for size in SIZES)
    goals = [
        Goal("write units of counting for each message of fifty round trips in a minute", 0.25, many),
        Goal("dollars of a month in which something is said in each minute and shard", 5, most, "USD "),
        Goal("read units of a day by quarters of an hour", 20, day),
    ]
    notes = [
        "A round trip is two messages. The row of a month is in dollars a month, whatever is said in it.",
        f"In a minute of its own a message costs {few:.2g} write units. The round trip (`requests`) pays nothing.",
        "A day is 96 rows of a service with a channel, a bot and a desk.",
    ]
    return Result("figures", "Figures", columns, rows, goals, notes, {"most_usd_a_month": most, "day_read_units": day})


def _count(place: Place) -> Batch:
    """Count what has gathered."""
    tally: Tally = place.start()
    place.cloud.gathers = False
    place.cloud.pump()
    place.cloud.gathers = True
    usd = sum(pricing.per_million(tally).values()) / pricing.MILLION
    return Batch(len(tally.invocations), tally.write_units, tally.read_units, usd)


def _read(place: Place) -> float:
    """Read units of a day in which each quarter of an hour was as the present one."""
    from chalicelib.domain.figures import DAY_MS, STEP_MS, step_of
    from chalicelib.ports.clock import now_ms
    from chalicelib.tables.figures import FigureRow

    made = next(row for row in FigureRow.scan() if str(row.step).startswith("step#"))
    last = step_of(now_ms())
    for at in range(last - DAY_MS + STEP_MS, last + 1, STEP_MS):
        FigureRow(made.service, f"step#{at:013d}", version=1, data=made.data, expires=1).save()
    place.cloud.meter.with_units = True
    tally = place.start()
    place.http("api", "GET", f"/v1/figures?service_id={made.service}")
    return sum(call.read_units for call in tally.calls if call.operation == "Query")


if __name__ == "__main__":
    measure().keep()
