"""Posting webhooks as providers do: those of an account in their order, and again where they are not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from examples.providers.faults import Fault
from examples.providers.world import Hook, World

AGAIN_S = (1.0, 5.0, 30.0)
"""How long after a webhook that was not taken it comes again; then no more."""

Post = Callable[[Hook], Awaitable[tuple[int, bytes]]]
"""Posts one; (status, answer), status 0 without one."""


def arranged(hooks: Sequence[Hook], fault: Fault) -> list[Hook]:
    """The webhooks that tell of one thing, in the order and as often as they are posted."""
    found = list(hooks)
    if "backwards" in fault.hooks and len(found) > 1:
        times = [one.after_s for one in found]
        found = [replace(one, after_s=at) for one, at in zip(reversed(found), times, strict=True)]
    if "early" in fault.hooks:
        found = [replace(one, after_s=0) for one in found]
    if "twice" in fault.hooks:
        found = [one for hook in found for one in (hook, hook)]
    return found


class Postman:
    """Posts what the world has to be posted, until it is stopped."""

    def __init__(self, world: World, post: Post, *, again_s: Sequence[float] = AGAIN_S) -> None:
        self._world, self._post, self._again_s = world, post, again_s
        self._queues: dict[tuple[str, str], asyncio.Queue[Hook]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self) -> None:
        """Take what is to be posted; each goes when its time has come."""
        loop = asyncio.get_running_loop()
        while self._world.hooks:
            hook = self._world.hooks.popleft()
            queue = self._queue(hook)
            if hook.after_s:
                loop.call_later(hook.after_s, queue.put_nowait, hook)
            else:
                queue.put_nowait(hook)

    async def now(self, hooks: Sequence[Hook]) -> None:
        """Post these, and wait until they were taken or given up."""
        for hook in hooks:
            await self._deliver(hook)

    async def stop(self) -> None:
        """Post no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _queue(self, hook: Hook) -> asyncio.Queue[Hook]:
        at = (hook.account.kind, hook.account.id)
        if at not in self._queues:
            self._queues[at] = asyncio.Queue()
            task = asyncio.get_running_loop().create_task(self._work(self._queues[at]))
            self._tasks.add(task)
        return self._queues[at]

    async def _work(self, queue: asyncio.Queue[Hook]) -> None:
        while True:
            await self._deliver(await queue.get())

    async def _deliver(self, hook: Hook) -> None:
        for wait_s in (*self._again_s, None):
            status, _ = await self._once(hook)
            if 200 <= status < 300 or wait_s is None:
                return
            await asyncio.sleep(wait_s)

    async def _once(self, hook: Hook) -> tuple[int, bytes]:
        status, body = await self._post(hook)
        if hook.bubble and (bubble := self._world.bubble(hook.account.kind, hook.bubble)) and bubble.mine:
            bubble.state = "sent" if 200 <= status < 300 else "unsent"
            bubble.details = {**bubble.details, "answered": status}
            self._world.touch(bubble)
        return status, body
