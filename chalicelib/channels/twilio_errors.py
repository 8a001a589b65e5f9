"""Twilio's error codes: what passes, what the owner has to mend, and what is a no to the message or call.

https://www.twilio.com/docs/api/errors has a page for each. They come with the answer to a call of ours
(`{"code","message","status"}`) and later, as `ErrorCode`, with a status.
"""

from __future__ import annotations

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import word
from chalicelib.wire.retry_after import retry_after

PASSING = frozenset({
    20429,         # too many requests
    20500, 20503,  # something is down
    14107,         # so many messages of one sender to one number
    21611, 30001,  # more wait to be sent than may
    63017, 63018,  # of a channel: rate, and Meta's of its own
})  # fmt: skip
"""Try later: the same may go through."""

LONG_S = {
    30022: 60,    # messages a second of a campaign, of the carriers in the USA
    30023: 3600,  # its messages a day
    30027: 3600,  # T-Mobile's
}  # fmt: skip
"""Try later, and not for so many seconds."""

OWNERS = frozenset({
    20003, 20005, 20006, 20151,  # token, account, access, two-factor
    10001, 30002,                # the account is suspended
    21606, 21659, 21660,         # `from` is not the account's, or cannot do it
    21608,                       # a trial account, which writes to numbers that it has verified
    21408,                       # the country is not switched on
    21703, 21704,                # the messaging service has no sender, or none for this
    30018, 30024, 30032, 30034,  # a number or brand is not registered
    21210, 21215, 21219,         # of calls: `from`, country, a trial account
    63001, 63007, 63020,         # WhatsApp: token, sender, account
    63041, 63042,                # WhatsApp: template paused, switched off
})  # fmt: skip
"""Nothing is wrong with the message: it waits for the owner to mend it, where a refusal would lose it."""
OPTED_OUT = frozenset({
    21610,  # they answered STOP, so that Twilio lets nothing through to them
    63014,  # they have blocked the sender, or opted out
})  # fmt: skip
"""https://www.twilio.com/docs/api/errors/21610 and .../63014"""
WORDS = {
    21610: "they answered STOP",
    30001: "too many messages waited to be sent",
    30002: "the account is suspended",
    30003: "the phone is switched off or out of reach",
    30004: "the message is blocked: the phone takes none of its kind, or none from this sender",
    30005: "the number is unknown, or not in use any more",
    30006: "a landline, or a network that cannot be reached",
    30007: "filtered by Twilio or the network as unwanted",
    30008: "the network says no and not why",
    30011: "MMS do not go to this number",
    30019: "the files are too large for the network",
    30022: "the campaign has sent more in a second than networks take",
    30023: "the campaign has sent more in a day than networks take",
    30024: "the sender is not registered for this country",
    30032: "the toll-free number is not verified",
    30034: "the number is not registered for a campaign",
    63003: "no account of WhatsApp has this number",
    63014: "they have blocked the sender, or opted out",
    63016: "outside of 24 hours since their last message: only a template goes",
    63018: "more than the channel takes",
    63024: "no recipient that WhatsApp can reach",
}
"""What common ones say, as statuses come with the code alone."""
_MOST_REASON = 500
_DENIED = (401, 403, 404)
"""HTTP's own, of an answer without a code: wrong token, no permission, no such account."""
_FAILED = ("failed", "undelivered", "canceled")
"""What became of a message or call whose answer says so at once, with 201."""


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where Twilio took what it was given."""
    given = answered(exchange)
    code, reason = read(exchange)
    if 200 <= exchange.status < 300:
        if word(given.get("status")) not in _FAILED:
            return None
        return judged(code, reason) or Refused(str(code or "failed"), reason or "Twilio answered that it failed")
    later = unanswered(exchange, now_ms)
    found = judged(code, reason)
    if later and not isinstance(found, Refused):
        asked_s = max(later.after_s, found.after_s if found else 0)
        return TryLater(f"{code}: {reason}"[:300] if code else later.error, asked_s)
    if found:
        return found
    if exchange.status in _DENIED and code in (0, exchange.status, 20000 + exchange.status):
        error = f"{code or exchange.status}: {reason or 'Twilio gave no reason'}"
        return TryLater(error[:300], retry_after(exchange.headers, now_ms=now_ms))
    return Refused(str(code or f"http_{exchange.status}"), reason or f"Twilio answered {exchange.status}")


def judged(code: int, reason: str) -> TryLater | Refused | None:
    """What a code says by itself; None where it is one of the many that are a plain no, or none."""
    if code in OPTED_OUT:
        return Refused(str(code), reason or "they do not want to hear from this sender", opted_out=True)
    if code in PASSING or code in OWNERS or code in LONG_S:
        return TryLater(f"{code}: {reason or 'Twilio gave no reason'}"[:300], LONG_S.get(code, 0))
    return None


def read(exchange: Exchange) -> tuple[int, str]:
    """Code and words of what went wrong; 0 and empty where nothing is said."""
    given = answered(exchange)
    code = number(given.get("code")) or number(given.get("error_code"))
    return code, (word(given.get("message")) or word(given.get("error_message")))[:_MOST_REASON]


def number(code: object) -> int:
    """A code as it comes, in JSON or in a form; 0 for anything else."""
    text = word(code)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else 0


def words(code: object, *said: str) -> str:
    """Why something failed: as Twilio says, else as its code does, else empty."""
    return next((one for one in said if one), "")[:_MOST_REASON] or WORDS.get(number(code), "")
