"""What Newchannel says no with: what passes, what the owner has to mend, and what is a no to the message.

https://newchannel.example/docs/errors
"""

from __future__ import annotations

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import word
from chalicelib.wire.retry_after import retry_after

OWNERS = frozenset({"no_credit", "account_locked"})
"""Nothing is wrong with the message: it waits for the owner to mend the account, where a refusal would lose it."""
OPTED_OUT = frozenset({"stopped"})
"""The user does not want to hear from us, which holds for what is said later, too."""


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where Newchannel took what it was given."""
    error = answered(exchange).get("error")
    given = error if isinstance(error, dict) else {}
    code, reason = word(given.get("code"))[:32], word(given.get("message"))[:500]
    named = ": ".join(one for one in (code, reason) if one)
    if later := unanswered(exchange, now_ms):
        return TryLater(named[:300] or later.error, later.after_s)
    if exchange.status < 300:
        return None
    if exchange.status in (401, 403) or code in OWNERS:
        return TryLater(named[:300] or f"http_{exchange.status}", retry_after(exchange.headers, now_ms=now_ms))
    reason = reason or f"Newchannel answered {exchange.status}"
    return Refused(code or f"http_{exchange.status}", reason, opted_out=code in OPTED_OUT)
