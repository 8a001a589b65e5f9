"""Other people's JSON: one way to read it, and one measure of what can be kept.

Who can put right what is wrong (an owner, a bot, a desk) is told: `read`, then `faults`. Who cannot (a provider, a
system that posts its own events) is not refused over a torn emoji or a long number: `mended`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from chalicelib.domain.exchange import Exchange
from chalicelib.domain.loose import dicts as dicts
from chalicelib.domain.loose import word as word

MAX_DEPTH = 20
"""Levels; DynamoDB takes 32, and what comes lies within something of ours."""
MAX_WHOLE, TINIEST, HUGEST = 10**38, 1e-100, 1e100
"""DynamoDB holds 38 digits and powers from -130 to 125, and raises for others: what was accepted would be stuck."""
MOST_DIGITS = 400
"""Of a number that becomes text: longer ones are no ids, and no numbers that anybody counts with."""
EXACT = 2**53
"""Beyond it a float, and so JSONata and JavaScript, take two whole numbers for one."""
_LONG = 30
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_HALF = "half of a surrogate pair"


def read(raw: bytes) -> Any:
    """A body as JSON; ValueError where it is none. What it holds may be unfit to be kept: `faults` says where."""
    try:
        return json.loads(raw, parse_int=_bounded)
    except RecursionError:
        raise ValueError("nested too deep") from None


def json_of(exchange: Exchange) -> Any:
    """The body of a response as JSON; None where it is none."""
    try:
        return read(exchange.body)
    except ValueError:
        return None


def mended(raw: bytes, *, exact: bool = False) -> Any:
    """A body as JSON that can be kept; ValueError where it is none, also for NaN and what is infinite.

    Half of a surrogate pair becomes U+FFFD, and a number too close to nothing 0. `exact`: whole numbers beyond 2**53
    and others that no table holds become text, as ids of many systems are that long and two must not become one.
    """
    whole: Callable[[str], int | str] = _exact if exact else _finite_whole
    part: Callable[[str], float | str] = _held if exact else _finite
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse, parse_int=whole, parse_float=part)
        if _SURROGATE.search(text):
            torn = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
            value = json.loads(torn.decode("utf-16", "replace"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def faults(value: Any, at: str = "", *, deeper: int = MAX_DEPTH) -> Iterator[tuple[str, str]]:
    """(JSON pointer, message) of what makes a value unfit to be stored and sent on; `deeper` levels may follow."""
    if deeper < 0:
        yield at, f"is nested more than {MAX_DEPTH} deep"
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str) or not name or not is_text(name):
                yield at, f"holds a member whose name is empty or holds {_HALF}"
            else:
                yield from faults(inner, f"{at}/{escaped(name)}", deeper=deeper - 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from faults(inner, f"{at}/{index}", deeper=deeper - 1)
    elif isinstance(value, str):
        if not is_text(value):
            yield at, f"holds {_HALF}"
    elif isinstance(value, int | float):
        if not _can_be_kept(value):
            yield at, "is a number that cannot be kept"
    elif value is not None:
        yield at, "is nothing that JSON can say"


def escaped(name: str) -> str:
    """A member's name within a JSON pointer (https://www.rfc-editor.org/rfc/rfc6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def is_text(text: str) -> bool:
    """Whether it is Unicode text, which half of a surrogate pair is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _bounded(digits: str) -> int | float:
    # int() of very many digits is quadratic, and Python refuses it beyond 4300. An infinity is a fault of its own.
    return int(digits) if len(digits) <= 2 * _LONG else float("inf")


def _finite_whole(digits: str) -> int:
    if len(digits) > 2 * _LONG:
        raise ValueError(f"{digits[:_LONG]}... is too large")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:_LONG]} is too large")
    return number if abs(number) > TINIEST else 0.0


def _exact(digits: str) -> int | str:
    if len(digits) < 16:
        return int(digits)
    return digits[:MOST_DIGITS] if len(digits) > 17 or abs(int(digits)) > EXACT else int(digits)


def _held(text: str) -> float | str:
    number = float(text)
    if abs(number) > HUGEST:
        return text[:MOST_DIGITS]
    return 0.0 if abs(number) < TINIEST else number


def _can_be_kept(number: float) -> bool:
    if isinstance(number, int):
        return abs(number) < MAX_WHOLE
    return number == 0 or TINIEST < abs(number) < HUGEST
