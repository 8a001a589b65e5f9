"""A run with faults: people talk while AWS fails and workers die, then everything has to come to rest."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.emulator import HOST, free_port
from infra.local.stack import Stack, stack
from prove import verdict, workers
from prove.people import CHAT, HANDED, OWN, TRIGGER, Person, start
from prove.place import place
from prove.proxy import Proxy, proxy
from tests.stack.conftest import Platform

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is done and what fails."""

    seed: int
    seconds: float = 60
    share: float = 0.025
    """Of the calls to AWS that go wrong."""
    outage_every_s: float = 20
    """All tables fail for `outage_s` about so often; 0: never."""
    outage_s: float = 1.5
    kill_every_s: float = 10
    """A worker is killed about so often; 0: never."""
    customers: int = 6
    """On each of the two channels."""
    pause_s: float = 2
    """Between two texts of a person."""
    visibility_s: int | None = 20
    """After how long the queues hand out again what a killed worker had; None: their own minutes."""
    settle_s: float = 180
    """How long everything has to come to rest."""


@dataclass
class Outcome:
    """What came of it."""

    violations: list[str]
    figures: dict[str, float]
    killed: Counter[str] = field(default_factory=Counter)


def run(plan: Plan, say: Say = lambda _: None) -> Outcome:
    """Run it from nothing."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="parley-prove-")))
        port = free_port()
        faults = held.enter_context(proxy(f"http://{HOST}:{port}", plan.seed, folder))
        # Without IAM, which every other whole-stack test has: the proxy changes the Host that was signed.
        environment = {"AWS_ENDPOINT_URL": faults.url}
        deployed = stack(port=port, auth=False, emulator_env=environment, visibility_s=plan.visibility_s, say=say)
        up = held.enter_context(deployed)
        # Nothing of it is to be kept, so it need not be stopped in order.
        held.callback(up.emulator.kill)
        here = held.enter_context(place(Platform(up)))
        names = [(kind, at) for kind in (CHAT, OWN) for at in range(plan.customers)]
        names += [(HANDED, at) for at in range(max(1, plan.customers // 3))] + [(TRIGGER, 0), (TRIGGER, 1)]
        people = [Person(f"{kind}{at}", kind, here) for kind, at in names]
        say(f"{len(people)} people talk for {plan.seconds:.0f} s, seed {plan.seed}")
        killed = _disturbed(plan, up, faults, people)
        say("no more faults; all has to come to rest")
        late = _settled(plan, up, people)
        found = [*verdict.told(people), *late, *here.troubles]
        figures = verdict.figures(people, here) | {"seconds to rest": late.took_s}
        calls = faults.figures()["requests"]
        figures |= {"calls to AWS": calls["total"], "faulty calls": calls["faulted"]}
        return Outcome(found, figures, killed)


def _disturbed(plan: Plan, up: Stack, faults: Proxy, people: list[Person]) -> Counter[str]:
    """Have people talk, and everything fail meanwhile; ends when they have said all."""
    dice, killed = random.Random(plan.seed), Counter[str]()
    faults.disturb(plan.share)
    threads = start(people, plan.seconds, plan.pause_s, plan.seed)
    over, stop = threading.Event(), time.monotonic() + plan.seconds

    def next_after(every_s: float) -> float:
        return time.monotonic() + every_s * dice.uniform(0.5, 1.5) if every_s else float("inf")

    outage, kill = next_after(plan.outage_every_s), next_after(plan.kill_every_s)
    while time.monotonic() < stop:
        if time.monotonic() > outage:
            faults.fail_tables(plan.outage_s, plan.share)
            outage = next_after(plan.outage_every_s)
        if time.monotonic() > kill:
            if name := workers.kill_one(up.emulator.pid or 0, up.stage, dice):
                killed[name] += 1
            kill = next_after(plan.kill_every_s)
        over.wait(0.1)
    faults.calm()
    for thread in threads:
        thread.join(plan.settle_s)
    return killed


class Late(list[str]):
    """What still stands after all that time, and how long it took."""

    took_s: float = 0


def _settled(plan: Plan, up: Stack, people: list[Person]) -> Late:
    began = time.monotonic()
    left = ["not all was heard"]
    while time.monotonic() < began + plan.settle_s:
        if verdict.done(people) and not (left := verdict.standing(up)):
            break
        time.sleep(1)
    else:
        left = verdict.standing(up) or left
    late = Late(left)
    late.took_s = time.monotonic() - began
    return late
