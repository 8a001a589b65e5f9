"""What memory does to a Lambda's time and price: why `infra/limits.py` gives each as much as it does.

Computed for the first round trip of `requests`: the CPU that `cpu` measured, at the share of a core that goes with
the memory, and the waits that are assumed, which no memory shortens. More memory pays where a run is CPU and somebody
waits for it; where a run waits itself it is paid for in vain.
"""

from __future__ import annotations

from typing import Any

from bench import pricing, report
from bench.pricing import Run
from bench.report import Result
from bench.requests import VARIANTS
from infra.limits import LIMITS

SIZES = (128, 256, 512, 768, 1024, 1769)


def measure() -> Result:
    """Each Lambda of the path at each size."""
    trip = report.last("requests")[VARIANTS[0].name]
    rows: list[list[Any]] = []
    figures: dict[str, Any] = {}
    for step, told in trip["runs"].items():
        run = Run(**told)
        chosen = LIMITS[step].memory_mb
        figures[step] = {size: {"ms": run.ms(size), "usd": _usd(run, size)} for size in (*SIZES, chosen)}
        rows.append([step, chosen, run.times, run.cpu_ms, run.wait_ms, *(_cell(run, size) for size in SIZES)])
    whole = sum(_usd(Run(**told), LIMITS[step].memory_mb) for step, told in trip["runs"].items())
    figures["usd_per_million"] = whole
    columns = ["Lambda", "chosen MB", "runs", "CPU ms", "waits ms", *(f"{size} MB" for size in SIZES)]
    notes = [
        "A cell: milliseconds of a run, USD of Lambda's time for a million round trips.",
        f"As chosen, Lambda's time for a million round trips is {whole:.2f} USD.",
    ]
    return Result("memory", "Memory of each Lambda of a round trip", columns, rows, notes=notes, figures=figures)


def _usd(run: Run, memory_mb: int) -> float:
    gb_s = run.times * memory_mb / 1024 * run.ms(memory_mb) / 1000
    return gb_s * pricing.usd("lambda_gb_s") * pricing.MILLION


def _cell(run: Run, memory_mb: int) -> str:
    return f"{run.ms(memory_mb):.0f} ms, {_usd(run, memory_mb):.2f}"


if __name__ == "__main__":
    measure().keep()
