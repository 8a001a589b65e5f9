"""What adapters share in reading what others send: JSON that may be anything, its fields, and refusals over HTTP."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from chalicelib.channels.contract import Denied, TryLater
from chalicelib.domain.exchange import Exchange

MAX_ID = 256
"""Longest id, name or address that is taken from outside, in characters."""
GROUP = "group message"
"""What is passed over that was said to many: whoever spoke must not be answered as if they had said it to us alone."""
_OF_MANY = re.compile(r"[0-9-]+@g\.us|[^@]*@(broadcast|newsletter)", re.IGNORECASE)
"""Addresses of WhatsApp's own network that are nobody's: a group, those who get a broadcast, a channel's readers."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parsed(body: bytes) -> Any:
    """A body as JSON; ValueError where it is none.

    NaN and infinities are refused, which JSON does not know but Python reads. Half of a surrogate pair becomes U+FFFD:
    no table and no queue could hold it, and a message must not be lost over a torn emoji.
    """
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if _SURROGATE.search(text):
            whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            value = json.loads(whole)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    # DynamoDB raises for powers below -130, and no coordinate is as close to nothing as that.
    return number if abs(number) > 1e-100 else 0.0


def malformed(error: ValueError) -> Denied:
    """The answer to a body that is no JSON."""
    return Denied(400, "malformed_json", f"the body is no JSON: {error}"[:300])


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object. What is wrong with them is gathered in `wrong`, as (JSON pointer, message)."""

    given: Mapping[str, Any]
    at: str = ""
    wrong: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, name: str, message: str) -> None:
        """Note that the field `name` (the object itself where empty) is wrong."""
        self.wrong.append((f"{self.at}/{name}" if name else self.at, message))

    def has(self, name: str) -> bool:
        """Whether the field is there; null counts as absent."""
        return self.given.get(name) is not None

    def text(self, name: str, *, required: bool = False, most: int = MAX_ID) -> str:
        """A string of at most `most` characters; empty where it is absent or wrong."""
        value = self.given.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            self.refuse(name, "required" if value is None else "must be a string")
        elif required and not value.strip():
            self.refuse(name, "must not be empty")
        elif len(value) > most:
            self.refuse(name, f"must have at most {most} characters")
        else:
            return value
        return ""

    def flag(self, name: str) -> bool:
        """True or false; false where it is absent."""
        value = self.given.get(name, False)
        if not isinstance(value, bool):
            self.refuse(name, "must be true or false")
        return value is True

    def number(self, name: str, low: float, high: float) -> float:
        """A required number within both bounds."""
        value = self.given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.refuse(name, f"must be a number from {low:g} to {high:g}")
            return low
        return value

    def inside(self, name: str) -> Fields:
        """The fields of an object within; none where it is absent."""
        value = self.given.get(name, {})
        if not isinstance(value, dict):
            self.refuse(name, "must be an object")
            value = {}
        return Fields(value, f"{self.at}/{name}", self.wrong)

    def each(self, name: str, *, most: int) -> list[Fields]:
        """The fields of each object of an array within; none where it is absent."""
        value = self.given.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            self.refuse(name, f"must be an array of at most {most}")
            return []
        return objects(value, f"{self.at}/{name}", self.wrong)


def objects(values: list[Any], at: str, wrong: list[tuple[str, str]]) -> list[Fields]:
    """The fields of each object of an array; what is no object is wrong."""
    wrong += [(f"{at}/{n}", "must be an object") for n, value in enumerate(values) if not isinstance(value, dict)]
    return [Fields(value, f"{at}/{n}", wrong) for n, value in enumerate(values) if isinstance(value, dict)]


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of what should be an array of objects; empty where it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def word(value: Any) -> str:
    """A string or a whole number as text; empty for all else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30 else ""


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
        value = parsed(exchange.body)
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
        return TryLater(f"http_{exchange.status}", retry_after_s(exchange.headers, now_ms))
    return None


def retry_after_s(headers: Mapping[str, str], now_ms: int) -> int:
    """Seconds that a `Retry-After` asks for, in either of its forms (RFC 9110 10.2.3); 0 where there is none."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return int(value[:9])
    try:
        at = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, TypeError):
        return 0
    return max(0, math.ceil(at - now_ms / 1000))
