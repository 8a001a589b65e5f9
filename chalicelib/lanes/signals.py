"""What a customer is shown beside messages: that theirs was read, and that somebody writes.

Only where the channel's settings ask for it (`typing`, `seen`) and its adapter can. Nothing waits for it, keeps it or
tries it again: what goes wrong is a line in the log. In a thread each goes out once in ten seconds at most.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from chalicelib import channels
from chalicelib.channels.contract import Channel
from chalicelib.domain import group
from chalicelib.domain.exchange import Call
from chalicelib.domain.group import providers_own
from chalicelib.domain.notice import Notice
from chalicelib.ports import clock, http, log, secrets
from chalicelib.tables import kept_channels, messages, receipts

TYPING, SEEN = "typing", "seen"
EVERY_MS = 10_000
_LOOKED_THROUGH = 20
"""Messages of a thread in which the customer's last is looked for."""
_PATIENCE_S, _AT_THE_EDGE_S = 1, 2


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that goes out now."""

    kind: str
    channel_kind: str
    address: str
    about: str
    """The provider's id of the customer's message."""
    channel: Channel


def can(channel_kind: str, kind: str) -> bool:
    """Whether channels of a kind have such a signal at all."""
    return kind in channels.load(channel_kind).CAN


def wanted(kind: str, thread: str, seq: int, channel_kind: str, channel: str, address: str) -> Signal | None:
    """A signal about a message of a thread (0: the customer's last), where it is to go out now, which is noted."""
    row = kept_channels.get(channel)
    if row is None or not (row.body.get("settings") or {}).get(kind):
        return None
    now = clock.now_ms()
    if not receipts.first_in(f"{kind}#{thread}", for_ms=EVERY_MS, now_ms=now):
        return None
    about = _said(thread, seq)
    if not about:
        return None
    opened = Channel(channel, row.body["settings"], secrets.unseal(row.sealed or "", owner=channel))
    return Signal(kind, channel_kind, providers_own(address), about, opened)


def _said(thread: str, seq: int) -> str:
    """The provider's id of what the customer said."""
    if seq:
        row = messages.get(thread, seq)
        return str(row.provider_id or "") if row is not None else ""
    said = messages.last(thread, limit=_LOOKED_THROUGH)
    return next((one.provider_id for one in said[::-1] if one.direction == "in" and one.provider_id), "")


async def give(signal: Signal, call: Call) -> None:
    """Let it out, whatever comes of it."""
    adapter: Any = channels.load(signal.channel_kind)
    try:
        await adapter.signal(signal.kind, group.providers_own(signal.address), signal.about, signal.channel, call)
    except Exception as error:
        log.trouble("signal.failed", channel=signal.channel.id, kind=signal.kind, error=type(error).__name__)


def give_once(kind: str, thread: str, channel_kind: str, channel: str, address: str) -> None:
    """One about the customer's last message, for who is not asynchronous; it takes two seconds at most."""
    if not can(channel_kind, kind):
        return
    try:
        if signal := wanted(kind, thread, 0, channel_kind, channel, address):
            asyncio.run(_given_soon(signal))
    except Exception as error:
        log.trouble("signal.failed", channel=channel, kind=kind, error=type(error).__name__)


async def _given_soon(signal: Signal) -> None:
    async with http.web() as call:
        await asyncio.wait_for(give(signal, call), _AT_THE_EDGE_S)


class Beside:
    """Signals that go out while something else is done, and are given up a moment after that is over."""

    def __init__(self) -> None:
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}
        """By thread."""

    def begin(self, call: Call, kind: str, notice: Notice) -> None:
        """Begin one about a notice's message. Its reads are made in another thread: nothing stands still for them."""
        if can(notice.channel_kind, kind):
            task = asyncio.create_task(_found_and_given(call, kind, notice))
            self._tasks.setdefault(notice.thread, set()).add(task)

    async def over(self, thread: str) -> None:
        """Wait for a thread's for a second, which is as long as its next message may have to; then end them."""
        if tasks := self._tasks.pop(thread, None):
            _, late = await asyncio.wait(tasks, timeout=_PATIENCE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _found_and_given(call: Call, kind: str, notice: Notice) -> None:
    of = notice.thread, notice.seq, notice.channel_kind, notice.channel, notice.address
    try:
        signal = await asyncio.to_thread(wanted, kind, *of)
    except Exception as error:
        log.trouble("signal.failed", channel=notice.channel, kind=kind, error=type(error).__name__)
        return
    if signal is not None:
        await give(signal, call)
