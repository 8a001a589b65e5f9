"""Whether an attempt at a webhook counts, for bots, desks and subscribers alike."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.exchange import Exchange
from chalicelib.wire.token import token_in


@dataclass(frozen=True, slots=True)
class Delivered:
    """The webhook took it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not. `error` is one word: an `Exchange.error`, `redirect`, `http_<status>` or `token_mismatch`."""

    error: str


Outcome = Delivered | Failed


def outcome(exchange: Exchange, *, token: str | None) -> Outcome:
    """What an attempt came to: delivered by a 2xx that holds the `token`, where one is set."""
    if exchange.error:
        return Failed(exchange.error)
    if 300 <= exchange.status < 400:
        return Failed("redirect")
    if not 200 <= exchange.status < 300:
        return Failed(f"http_{exchange.status}")
    if token and not token_in(exchange, token):
        return Failed("token_mismatch")
    return Delivered()
