"""What adapters share: refusals over HTTP, what a provider's answer means, and what is said to many."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.channels.contract import Denied, TryLater
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import MAX_TEXT_BYTES
from chalicelib.wire.json_body import mended, word
from chalicelib.wire.retry_after import retry_after

SOON_S, FETCHED_S = 5.0, 15.0
"""How long a provider is given to take a message, and one with a file that it fetches meanwhile from where it lies:
tried again as its answer was not waited for, the customer has it each time."""
GROUP = "group message"
"""What is passed over that was said to many: whoever spoke must not be answered as if they had said it to us alone."""
_OF_MANY = re.compile(r"[0-9-]+@g\.us|[^@]*@(broadcast|newsletter)", re.IGNORECASE)
"""Addresses of WhatsApp's own network that are nobody's: a group, those who get a broadcast, a channel's readers."""


def malformed(error: ValueError) -> Denied:
    """The answer to a body that is no JSON."""
    return Denied(400, "malformed_json", f"the body is no JSON: {error}"[:300])


def in_a_group(message: Mapping[str, Any], *addresses: str) -> bool:
    """Whether a message was said to a group, by its own members or by an address that it comes from or goes to."""
    return (
        bool(message.get("group") or message.get("group_id"))
        or word(message.get("recipient_type")) == "group"
        or any(_OF_MANY.fullmatch(address.strip()) for address in addresses)
    )


def answered(exchange: Exchange) -> dict[str, Any]:
    """The JSON object that an exchange brought; empty where it brought none."""
    try:
        value = mended(exchange.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def unanswered(exchange: Exchange, now_ms: int) -> TryLater | None:
    """TryLater where an exchange failed, was throttled, or the other side is broken; None where there is an answer.

    Also for a target that our own guard refuses and for redirects: the owner has to mend the settings, and until then
    the messages wait, where a refusal would lose them.
    """
    if exchange.error and not 200 <= exchange.status < 300:
        return TryLater(exchange.error)
    if exchange.status in (408, 425, 429) or not 200 <= exchange.status < 500 or 300 <= exchange.status < 400:
        return TryLater(f"http_{exchange.status}", retry_after(exchange.headers, now_ms=now_ms))
    return None


def is_nowhere(exchange: Exchange, code: str) -> bool:
    """Whether nothing of the provider's is where we called, as it says no without a code of its own: the owner has to
    mend the address in the settings."""
    return exchange.status in (404, 405) and not code


def at_most(text: str) -> tuple[str, bool]:
    """(a text of at most as many bytes as a message's text may have, whether that cut it)."""
    raw = text.encode("utf-8", "replace")
    return (text, False) if len(raw) <= MAX_TEXT_BYTES else (raw[:MAX_TEXT_BYTES].decode("utf-8", "ignore"), True)
