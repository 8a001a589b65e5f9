"""Until when AWS takes functions of which Python (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html)."""

from __future__ import annotations

import datetime
from typing import Any

from infra.deploying.refused import Refused, Say

ENDS = {
    "python3.11": (datetime.date(2027, 7, 31), datetime.date(2027, 8, 31)),
    "python3.12": (datetime.date(2028, 11, 30), datetime.date(2029, 1, 10)),
    "python3.13": (datetime.date(2029, 7, 31), datetime.date(2029, 8, 31)),
}
"""Runtime -> from when on AWS makes no new functions of it, and from when on it changes none."""
_NOTICE = datetime.timedelta(days=365)
_HOW = "package with a newer Python: PYTHON=python3.13 make deploy, in a fresh clone"


def of(template: dict[str, Any]) -> str:
    """The runtime of a template's functions; "" where it has none."""
    said = (one.get("Properties", {}).get("Runtime", "") for one in template["Resources"].values())
    return min(filter(None, said), default="")


def mind(runtime: str, today: datetime.date, *, new: bool, say: Say) -> None:
    """Refuse a runtime that AWS takes no more, and say a year before that it will not."""
    if runtime not in ENDS:
        return
    made, changed = ENDS[runtime]
    what, ends = ("new functions", made) if new else ("changes of functions", changed)
    if today >= ends:
        raise Refused(f"AWS takes no {what} of {runtime} since {ends}; {_HOW}")
    if today >= made - _NOTICE:
        say(f"note: AWS takes no new functions of {runtime} from {made} on, and no changes from {changed} on; {_HOW}")
