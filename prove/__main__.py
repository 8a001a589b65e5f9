"""`make prove ARGS="--minutes 10 --seed 7"`: a run with faults; exits with 1 where anything was violated."""

from __future__ import annotations

import argparse
import random
import sys
import time

from prove.run import Plan, run


def main() -> int:
    """Run as asked and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="throws the dice; printed")
    parser.add_argument("--share", type=float, default=0.025, help="of calls to AWS that go wrong (0.025)")
    parser.add_argument("--customers", type=int, default=6, help="on each of the two channels (6)")
    parser.add_argument("--kill-every", type=float, default=10, help="seconds between killed workers; 0: none")
    parser.add_argument("--outage-every", type=float, default=20, help="seconds between outages of tables; 0: none")
    parser.add_argument("--visibility", type=int, default=20, help="of the queues, in seconds; 0: as on AWS")
    asked = parser.parse_args()
    began = time.monotonic()
    plan = Plan(
        seed=asked.seed,
        seconds=asked.minutes * 60,
        share=asked.share,
        customers=asked.customers,
        kill_every_s=asked.kill_every,
        outage_every_s=asked.outage_every,
        visibility_s=asked.visibility or None,
        settle_s=180 if asked.visibility else 900,
    )
    outcome = run(plan, lambda text: print(f"· {time.monotonic() - began:5.1f} s  {text}", flush=True))
    for name, value in outcome.figures.items():
        print(f"{name:32} {value}")
    print(f"{'killed':32} {', '.join(f'{name} {n}' for name, n in sorted(outcome.killed.items())) or 'nobody'}")
    for violation in outcome.violations:
        print(f"VIOLATED: {violation}")
    print(f"seed {plan.seed}: {len(outcome.violations)} violations")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
