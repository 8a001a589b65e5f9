"""Error codes of the Send API of Messenger and Instagram: what passes, what the owner has to mend, and what is a no.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes (March 2026),
https://developers.facebook.com/docs/graph-api/reference/page/messages (errors at its end) and
https://developers.facebook.com/docs/graph-api/guides/error-handling for those of the Graph API.
"""

from __future__ import annotations

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.meta import error_in
from chalicelib.channels.wire import unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import word
from chalicelib.wire.retry_after import retry_after

PASSING = frozenset({
    1, 2,       # unknown; a service is down (2 is also told of somebody who blocked the Page)
    4, 17, 32,  # calls of the app, the user, the Page
    613, 80006, # calls of this API, messages of the Page
    1200,       # cannot be sent just now
})  # fmt: skip
"""Try later: the same message may go through."""

OWNERS = frozenset({
    0, 3, 10, 190,  # token ended or withdrawn, permission missing, Page restricted
    368,            # blocked for a while, as something was taken for abuse
    2022,           # as PASSING, until the owner has settled it with Meta
    10904,          # the Page's messages are switched off
})  # fmt: skip
"""Nothing is wrong with the message: it waits for the owner to mend the Page, where a refusal would lose it."""
_PERMISSIONS = range(200, 300)

OUTSIDE_WINDOW = "outside_window"
_OUTSIDE = {("10", "2018278"), ("10", "2534022")}
"""Code and subcode for a message that comes too late, of Messenger and of Instagram."""
_AWAY = "551"
"""The person is not available, mostly as they blocked the Page or left. That is not said, so that it is no consent."""


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where Meta took what it was given.

    A refusal carries Meta's code and subcode: 551 (not available), 100/2018001 (no such user), 100 (parameters), ...
    """
    code, subcode, reason = read(exchange)
    named = f"{code}/{subcode}" if subcode else code
    if exchange.status >= 300 and (code, subcode) in _OUTSIDE:
        return Refused(OUTSIDE_WINDOW, f"{named}: {reason}")
    if exchange.status >= 300 and code == _AWAY:
        return Refused(code, reason)
    if later := unanswered(exchange, now_ms):
        return TryLater(f"{named}: {reason}"[:300], later.after_s) if code else later
    if exchange.status < 300:
        return None
    if exchange.status == 401 or (code.isdecimal() and _waits(int(code))):
        return TryLater(f"{named or 'http_401'}: {reason}"[:300], retry_after(exchange.headers, now_ms=now_ms))
    return Refused(named or f"http_{exchange.status}", reason or f"Meta answered {exchange.status}")


def is_too_late(trouble: TryLater | Refused | None) -> bool:
    """Whether the customer's last word is too long ago."""
    return isinstance(trouble, Refused) and trouble.code == OUTSIDE_WINDOW


def read(exchange: Exchange) -> tuple[str, str, str]:
    """Code, subcode and reason of what went wrong."""
    error = error_in(exchange)
    reason = word(error.get("error_user_msg")) or word(error.get("message"))
    return word(error.get("code"))[:16], word(error.get("error_subcode"))[:16], reason[:500]


def _waits(code: int) -> bool:
    return code in PASSING or code in OWNERS or code in _PERMISSIONS
