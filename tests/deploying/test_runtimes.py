"""A Python that AWS takes no more is told a year before, and refused when it is so."""

from __future__ import annotations

import datetime
import json
from importlib import resources

import pytest

from infra.deploying import runtimes
from infra.deploying.refused import Refused
from infra.package import build, here

_MADE, _CHANGED = runtimes.ENDS["python3.12"]
_DAY = datetime.timedelta(days=1)


def test_the_dates_are_those_of_aws() -> None:
    file = resources.files("cfnlint.data.AdditionalSpecs") / "LmbdRuntimeLifecycle.json"
    said = json.loads(file.read_text(encoding="utf-8"))
    for runtime, ends in runtimes.ENDS.items():
        assert tuple(day.isoformat() for day in ends) == (said[runtime]["create-block"], said[runtime]["update-block"])


@pytest.mark.parametrize(
    ("day", "new", "told", "refused"),
    [
        (_MADE - 366 * _DAY, True, False, False),
        (_MADE - 365 * _DAY, True, True, False),
        (_MADE - _DAY, True, True, False),
        (_MADE, True, False, True),
        (_MADE, False, True, False),
        (_CHANGED - _DAY, False, True, False),
        (_CHANGED, False, False, True),
    ],
)
def test_it_is_told_and_refused_in_time(day: datetime.date, new: bool, told: bool, refused: bool) -> None:
    said: list[str] = []
    if refused:
        with pytest.raises(Refused, match=r"python3\.13"):
            runtimes.mind("python3.12", day, new=new, say=said.append)
    else:
        runtimes.mind("python3.12", day, new=new, say=said.append)
    assert bool(said) == told


def test_our_runtime_is_known() -> None:
    template = json.loads(build(here()).template.read_text(encoding="utf-8"))
    assert runtimes.of(template) in runtimes.ENDS
    assert runtimes.of({"Resources": {}}) == ""
