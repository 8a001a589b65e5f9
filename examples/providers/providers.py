"""The providers as a whole: what a call of theirs is answered, faults included, and what people do on their phones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examples.providers import kinds
from examples.providers.faults import EVERYBODY, Fault
from examples.providers.kinds import Answer, Asked, Deed
from examples.providers.posting import arranged
from examples.providers.world import Account, Bubble, Call, Hook, Person, World

Fetch = Callable[[str], Awaitable[tuple[int, bytes, str]]]
"""(status, content, type) of what lies at an address; status 0 without an answer."""
_BECOMES = {"read": ("sent", "delivered", "read"), "failed": ("failed",), "none": ("sent",)}
_LONG = 8
"""Characters from which on a secret is blanked out of addresses."""


@dataclass
class Providers:
    """All of them, for one world."""

    world: World
    fetch: Fetch
    now: Callable[[Sequence[Hook]], Awaitable[None]]
    """Posts webhooks, and waits for their answers."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def open_all(self) -> None:
        """Have the accounts that are there from the start."""
        for kind in kinds.names():
            module = kinds.load(kind)
            self.world.open(module.opened(module.CHANNEL))

    async def answered(
        self,
        kind: str,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        *,
        at: str,
    ) -> Answer | None:
        """What a call of a kind's API is answered, which is `at` this address; None where it gets no answer."""
        module = kinds.load(kind)
        named = {name.lower(): value for name, value in headers.items()}
        asked = Asked(kind, method, path, dict(query), named, body, f"{at}/{kind}{module.BASE}", self.fetch)
        to = module.addressee(asked, self.world)
        person = to[1].id if to and to[1] else EVERYBODY
        fault = self.world.faults.of(kind, person)
        word = self.world.faults.answer(kind, person) if to else "ok"
        if word == "silent":
            self._called(asked, Answer(0, None))
            return None
        answer: Answer
        if word not in ("ok", "slow"):
            answer = module.refusal(word, fault.wait_s)
            self._called(asked, answer)
            return answer
        answer = await module.answer(asked, self.world)
        self._called(asked, answer)
        if to and to[1]:
            await self._tell(module, to[0], to[1], fault)
        if word == "slow":
            await self.sleep(fault.wait_s)
        return answer

    def does(self, deed: Deed, person: Person, account: Account) -> None:
        """Somebody does something on a phone; kinds.Impossible where they cannot."""
        hooks = kinds.load(account.kind).told(deed, person, account, self.world)
        self.world.post(arranged(hooks, self.world.faults.of(account.kind, person.id)))

    def reads(self, bubble: Bubble) -> None:
        """Somebody reads what they were sent."""
        if not bubble.mine and bubble.state in ("sent", "delivered"):
            self.world.post(kinds.load(bubble.kind).receipts(bubble, ("read",), self.world))
            bubble.state = "read"
            self.world.touch(bubble)

    async def _tell(self, module: Any, account: Account, person: Person, fault: Fault) -> None:
        """What becomes of what the call has sent."""
        states = _BECOMES.get(fault.receipts, ("sent", "delivered"))
        for bubble in self.world.thread(account, person):
            if bubble.mine or bubble.state:
                continue
            hooks = arranged(module.receipts(bubble, states, self.world), fault)
            # Nobody hears more than the provider tells.
            known = (*module.TELLS, "failed") if module.TELLS else ()
            bubble.state = next((one for one in reversed(states) if one in known), "sent")
            self.world.touch(bubble)
            if "early" in fault.hooks:
                await self.now(hooks)
            else:
                self.world.post(hooks)

    def _called(self, asked: Asked, answer: Answer) -> None:
        sent = asked.json or asked.body[:2000].decode("utf-8", "replace")
        told = f"{len(answer.body)} bytes" if isinstance(answer.body, bytes) else answer.body
        path = asked.path
        for account in self.world.of_kind(asked.kind):
            for secret in account.secrets.values():
                path = path.replace(secret, "…") if len(secret) > _LONG else path
        self.world.calls.append(Call(asked.kind, asked.method, path, sent, answer.status, told))
        self.world.touch()


def channel(kind: str, at: str) -> dict[str, Any]:
    """A channel of a kind as a bundle has it, whose provider is `at` this address."""
    module = kinds.load(kind)
    where = getattr(module, "WHERE", "api_base")
    settings = {**module.CHANNEL["settings"], where: f"{at}/{kind}{module.BASE}"}
    named = {"name": f"simulated {module.LABEL}", "kind": kind}
    return named | {"settings": settings, "secrets": module.CHANNEL["secrets"]}
