"""What a gateway's answer means: sent, later, the owner's to mend, or never.

`send.errors` names by the gateway's own codes which is which: `code` is an expression that finds the code in an answer
(without one, and where it finds none, the code is the HTTP status), `ok`, `later`, `owner`, `refused` and `opted_out`
list codes. What is in none of them is judged by the HTTP status; a code in an answer of 2xx that is not `ok` is a no.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.channels.contract import Outcome, Refused, Sent, TryLater
from chalicelib.channels.sms import engines, profile
from chalicelib.channels.sms.profile import Profile
from chalicelib.channels.wire import unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import mended
from chalicelib.wire.retry_after import retry_after

OWNERS = frozenset({401, 402, 403, 404, 405, 407})
"""HTTP statuses of what the owner can mend: a key, an account without money, an address. The message waits."""
LISTS = ("ok", "later", "owner", "refused", "opted_out")
_MOST_CODE, _MOST_REASON, _MOST_ID = 100, 500, 200


def outcome(exchange: Exchange, known: Profile, ref: str, now_ms: int) -> Outcome:
    """What came of a request. Blocks while expressions are evaluated."""
    if exchange.error and not exchange.status:
        return TryLater(exchange.error)
    given, unread = _read(exchange, known)
    lists: Mapping[str, Any] = known.send.get("errors") or {}
    code = _word(given.get("/send/errors/code"), _MOST_CODE)
    reason = _word(given.get("/send/errors/reason"), _MOST_REASON) or _said(exchange)
    kind = next((name for name in LISTS if _listed(code or str(exchange.status), lists.get(name))), "")
    error = f"{code or exchange.status}: {reason}" if reason else code or f"http_{exchange.status}"
    taken = 200 <= exchange.status < 300
    if taken and (exchange.error or unread):
        # It was taken; what else was said is too long, did not come to its end, or there was no time to read it.
        return Sent(ref)
    match kind:
        case "later" | "owner":
            return TryLater(error[:300], retry_after(exchange.headers, now_ms=now_ms))
        case "refused" | "opted_out":
            return Refused(code or str(exchange.status), reason, opted_out=kind == "opted_out")
    if taken and (kind == "ok" or not code):
        return _id(given, known, ref, reason)
    if later := unanswered(exchange, now_ms):
        return later
    if exchange.status in OWNERS:
        return TryLater(error[:300])
    return Refused(code or f"http_{exchange.status}", reason or f"the gateway answered {exchange.status}")


def _read(exchange: Exchange, known: Profile) -> tuple[dict[str, Any], bool]:
    """(what the expressions find in an answer, whether others' took all of the time for that)."""
    texts, document = profile.answers(known), _document(exchange)
    if not texts or document is None:
        return {}, False
    try:
        [(given, _)] = engines.gave(texts, [document])
    except engines.TooMany:
        return {}, True
    return given, False


def _id(given: Mapping[str, Any], known: Profile, ref: str, reason: str) -> Sent | Refused:
    """Sent, by the gateway's id: one that says where it is, and gives none, has not said yes."""
    if not known.send.get("id"):
        return Sent(ref)
    if id := _word(given.get("/send/id"), _MOST_ID):
        return Sent(id)
    return Refused("no_id", f"the answer has no id where send.id looks for it: {reason}"[:_MOST_REASON])


def _listed(code: str, codes: Any) -> bool:
    """Whether a list names a code: as it is, or by how it begins and a `*`."""
    for one in codes if isinstance(codes, list) else ():
        if code == one or (one.endswith("*") and code.startswith(one[:-1])):
            return True
    return False


def _document(exchange: Exchange) -> Any:
    """What expressions are asked over: JSON, else the text itself; None where there is none."""
    if not exchange.body.strip():
        return None
    try:
        return mended(exchange.body[: 256 * 1024], exact=True)
    except ValueError:
        return exchange.body[:4096].decode("utf-8", "replace")


def _said(exchange: Exchange) -> str:
    """An answer in words, where nothing tells which of them say why."""
    return " ".join(exchange.body[:2048].decode("utf-8", "replace").split())[:_MOST_REASON]


def _word(value: Any, most: int) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode().strip()[:most]
