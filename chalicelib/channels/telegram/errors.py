"""What the Bot API says no with: what passes, what the owner has to mend, and what is a no to the message.

https://core.telegram.org/bots/api#making-requests and #responseparameters. Its codes are those of HTTP, so that what is
wrong stands in the words alone.
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import word

OWNERS = frozenset({
    401,  # the token was withdrawn
    404,  # no such token, or nothing of Telegram's at `api_base`
    409,  # somebody else asks for the bot's updates
})  # fmt: skip
"""Nothing is wrong with the message: it waits for the owner to mend the bot, where a refusal would lose it."""
THROTTLED = 429
_LONGEST_WAIT_S = 24 * 3600
_GONE = ("blocked by the user", "user is deactivated")
"""Of 403: they do not want to hear from the bot, or cannot any more. Others: it was put out of a group, or was never
spoken to."""
_NOT_FETCHED = (
    "failed to get http url content", "wrong file identifier/http url specified", "webpage_curl_failed",
    "webpage_media_empty",
)  # fmt: skip
"""Of 400: Telegram could not get a file from its address, perhaps for a moment."""


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where Telegram took what it was given."""
    code, reason = read(exchange)
    if 200 <= exchange.status < 300 and code < 300:
        return None
    later = unanswered(exchange, now_ms)
    if later or code == THROTTLED:
        asked = later.after_s if later else 0
        error = f"{code}: {reason}" if reason else later.error if later else f"http_{code}"
        return TryLater(error[:300], _asked_s(exchange) or asked)
    if code in OWNERS or code >= 500:
        return TryLater(f"{code}: {reason or 'Telegram gave no reason'}"[:300])
    reason = reason or f"Telegram answered {code}"
    return Refused(str(code), reason, opted_out=code == 403 and any(one in reason.lower() for one in _GONE))


def read(exchange: Exchange) -> tuple[int, str]:
    """Code and words of an answer: those that it holds where it says that it is an error, else its status alone."""
    given = answered(exchange)
    code = given.get("error_code")
    if given.get("ok") is True or not isinstance(code, int) or not 300 <= code < 600:
        code = exchange.status
    return code, word(given.get("description"))[:500]


def moved_to(exchange: Exchange) -> str:
    """The id of the supergroup that a group has become; empty where it has not."""
    return word(_parameters(exchange).get("migrate_to_chat_id"))[:64] if exchange.status == 400 else ""


def not_fetched(exchange: Exchange) -> bool:
    """Whether Telegram could not get the file that a message is to show."""
    code, reason = read(exchange)
    return code == 400 and any(one in reason.lower() for one in _NOT_FETCHED)


def _parameters(exchange: Exchange) -> dict[str, Any]:
    found = answered(exchange).get("parameters")
    return found if isinstance(found, dict) else {}


def _asked_s(exchange: Exchange) -> int:
    """For how long Telegram wants to be left alone, which it says in the body."""
    asked = _parameters(exchange).get("retry_after")
    return min(asked, _LONGEST_WAIT_S) if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0 else 0
