"""What goes wrong at a provider, as it is switched on for a kind of channel, or for one person there."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

ANSWERS = {
    "ok": "takes it",
    "throttled": "says 429, too many, with how long to wait",
    "broken": "says 500",
    "slow": "takes it, and answers too late",
    "silent": "ends the connection without an answer",
    "refused": "says never: this person cannot be reached",
    "opted_out": "says never: this person has opted out",
}
"""What a send is answered with."""
HOOKS = {
    "twice": "each webhook comes twice",
    "backwards": "read comes before delivered",
    "early": "statuses come before the answer to the send",
}
"""How webhooks come."""
RECEIPTS = {
    "read": "delivered, then read",
    "delivered": "delivered; a tap on it reads",
    "none": "sent only",
    "failed": "taken, then failed",
}
"""What becomes of a message that was taken."""
EVERYBODY = ""


class WrongFault(ValueError):
    """There is no such fault."""


@dataclass(frozen=True)
class Fault:
    """How a provider behaves to somebody."""

    answer: str = "ok"
    hooks: frozenset[str] = frozenset()
    receipts: str = "read"
    wait_s: int = 8
    """How long `throttled` says to wait, and how long `slow` takes: longer than a send is waited for."""
    times: int = 0
    """How often `answer` is given; 0: until it is switched off."""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"hooks": sorted(self.hooks)}


GOOD = Fault()


def read(given: dict[str, Any]) -> Fault:
    """A fault from JSON; WrongFault says which word is none."""
    hooks = frozenset(given.get("hooks") or ())
    fault = Fault(
        given.get("answer") or "ok",
        hooks,
        given.get("receipts") or "read",
        int(given.get("wait_s") or GOOD.wait_s),
        int(given.get("times") or 0),
    )
    wrong = [word for word, known in ((fault.answer, ANSWERS), (fault.receipts, RECEIPTS)) if word not in known]
    wrong += sorted(hooks - HOOKS.keys())
    if wrong or fault.wait_s < 0 or fault.times < 0:
        raise WrongFault(f"no such fault: {', '.join(wrong) or 'a number below 0'}")
    return fault


@dataclass
class Faults:
    """Those that are switched on."""

    on: dict[tuple[str, str], Fault] = field(default_factory=dict)
    """(kind, id of a person; EVERYBODY) -> how that kind behaves to them."""

    def of(self, kind: str, person: str) -> Fault:
        """How a kind behaves to a person; what is said of them alone goes before what is said of all."""
        return self.on.get((kind, person)) or self.on.get((kind, EVERYBODY)) or GOOD

    def switch(self, kind: str, person: str, fault: Fault) -> None:
        """From now on."""
        if fault == GOOD and person == EVERYBODY:
            self.on.pop((kind, person), None)
        else:
            self.on[kind, person] = fault

    def answer(self, kind: str, person: str) -> str:
        """What the next send is answered with: a fault that comes so many times has come once more."""
        at = (kind, person) if (kind, person) in self.on else (kind, EVERYBODY)
        fault = self.on.get(at, GOOD)
        if fault.answer == "ok" or not fault.times:
            return fault.answer
        left = fault.times - 1
        kept = Fault("ok" if not left else fault.answer, fault.hooks, fault.receipts, fault.wait_s, left)
        self.switch(*at, kept)
        return fault.answer
