"""Meta's error codes: what passes, what the owner has to mend, and what is a no.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (May 2026), which says to
go by the code, not by the HTTP status.
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.meta import error_in
from chalicelib.channels.wire import unanswered
from chalicelib.domain.consent import MARKETING
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import dicts, word
from chalicelib.wire.retry_after import retry_after

PASSING = frozenset({
    1,       # unknown, perhaps their server
    2,       # service overloaded or down
    4,       # the app's calls an hour
    80007,   # the business account's calls an hour
    130429,  # messages a second of the number
    131000,  # something went wrong
    131016,  # service unavailable
    131048,  # too many of the number's messages were blocked or reported
    131053,  # a file could not be had, often by Meta from our link
    131056,  # too many messages to this one user
    131057,  # account in maintenance
    133004,  # server unavailable
})  # fmt: skip
"""Try later: the same message may go through."""

OWNERS = frozenset({
    0, 3, 10, 190,   # token expired, withdrawn or without the permission
    33,              # number deleted
    368, 131031,     # account restricted or locked
    131005,          # access denied
    131042,          # payment
    131045, 133010, 133016,  # number not registered, or registered too often
    131037, 130497,  # the name shown is not approved; the country is not allowed
    131063,          # marketing is to go by an endpoint of its own
    131064,          # limited, as templates were filed under a wrong category
    132015, 132016,  # the template is paused or disabled
})  # fmt: skip
"""Nothing is wrong with the message: it waits for the owner to mend the account, where a refusal would lose it."""

OPTED_OUT = "131050"
"""The user has stopped marketing from this number."""

_PERMISSIONS = range(200, 300)


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where Meta took what it was given.

    A refusal carries Meta's code: 131047 (24 hours since the user's last message), 131026 (cannot be delivered), 131051
    (kind not supported), 131062 (needs a phone number), 131049 and 130472 (Meta does not deliver it, and not the same
    again within a day), 137000 (the user's keys changed), 1380xx (calls), 132xxx (template), 100 and 131008/9
    (parameters), ...
    """
    code, reason = read(error_in(exchange))
    if later := unanswered(exchange, now_ms):
        return TryLater(f"{code}: {reason}"[:300], later.after_s) if code else later
    if exchange.status < 300:
        return None
    if exchange.status == 401 or (code.isdecimal() and _waits(int(code))):
        return TryLater(f"{code or 'http_401'}: {reason}"[:300], retry_after(exchange.headers, now_ms=now_ms))
    reason = reason or f"WhatsApp answered {exchange.status}"
    return Refused(code or f"http_{exchange.status}", reason, opted_out=code == OPTED_OUT, scope=MARKETING)


def first(errors: Any) -> dict[str, str]:
    """Code and reason of the first of a status' or message's `errors`."""
    found = dicts(errors)
    code, reason = read(found[0]) if found else ("", "")
    return {"code": code or "failed", "reason": reason or "WhatsApp gave no reason"}


def read(error: dict[str, Any]) -> tuple[str, str]:
    """Code and reason of an error object: `error_data.details` says the most, then `message`, then `title`."""
    data = error.get("error_data")
    details = word(data.get("details")) if isinstance(data, dict) else ""
    reason = details or word(error.get("message")) or word(error.get("title"))
    return word(error.get("code"))[:32], reason[:500]


def _waits(code: int) -> bool:
    return code in PASSING or code in OWNERS or code in _PERMISSIONS
