"""Half a minute in which AWS fails now and then and workers die: nothing is lost, doubled, out of order or standing."""

from __future__ import annotations

import pytest

from infra.local.emulator import NotStarted, executable
from prove.run import Plan, run

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

SEED = 2


def test_nothing_is_lost_doubled_or_left_standing() -> None:
    try:
        if not executable().with_name("microburst").exists():
            pytest.skip("microburst is not there; `make setup` puts it there")
    except NotStarted as missing:
        pytest.skip(str(missing))
    plan = Plan(seed=SEED, seconds=25, customers=3, kill_every_s=6, outage_every_s=12, pause_s=1.5)
    outcome = run(plan)
    print(outcome.figures, dict(outcome.killed))

    assert outcome.violations == [], f"python -m prove --seed {SEED} shows more"
    assert outcome.figures["faulty calls"] > 10, "the faults reached the Lambdas' calls"
    assert outcome.killed, "and workers were killed"
    assert outcome.figures["texts"] > 30
