"""JSONata expressions (https://jsonata.org) of people we do not know, checked before use and run within bounds.

The engine is imported at the first expression. Its bounds are time, depth and the length of lists, looked at between
calls: one call of a function may still take all memory, or seconds, and end its process. So nothing here is called but
in a process that may end: `child`.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MOST_CHARACTERS = 2000
TIMEOUT_MS = 250
"""Of one expression over one event; a usual one takes a few microseconds."""
MOST_DEPTH = 100
MOST_ITEMS = 10_000
MOST_RESULT = 64 * 1024
"""Characters of JSON that an expression may give."""
_MOST_PADDED, _MOST_PICTURE = 1000, 200

_CODE = re.compile(
    r"^(?:Parse error: |Invalid syntax: |Runtime error: |Argument error: |Format error: )*([A-Z]\d{4}): ?"
)
_OPEN_COMMENT = "Unclosed comment"
"""The one error of the parser that has no code."""
_OF_HOST = re.compile(r"^host function raised \w+: ")
_AT_THE_END = {
    "S0101": "a text or pattern is not closed",
    "S0105": "a name in backquotes is not closed",
    "S0106": "a comment is not closed",
    "S0203": "the expression ends too early",
    "S0207": "the expression ends too early",
}
"""Errors of an expression of which more could make a right one, by the code of
https://github.com/jsonata-js/jsonata/blob/master/src/jsonata.js."""
_SENTENCES = _AT_THE_END | {
    "S0104": "an escape sequence is not complete",
    "S0201": "this is not expected here",
    "S0202": "this is not expected here",
    "S0204": "this is no operator",
    "S0211": "this cannot stand at the beginning of a term",
    "S0217": "the parent operator % has no parent here",
    "U1002": "is nested too deep",
    "D1011": "is nested too deep",
    "D1012": f"took longer than {TIMEOUT_MS} ms",
    "D2014": "makes a list that is too long",
    "D2015": f"makes a list of more than {MOST_ITEMS} items",
}
_of_thread = threading.local()
_CALLED = re.compile(r"non-function: (\$\w+)")


class Failed(Exception):
    """An expression could not be evaluated, or gave more than is taken; the text is a sentence for people."""

    def __init__(self, why: str, *, function: str = "") -> None:
        super().__init__(why)
        self.function = function
        """Name of what it calls and does not exist."""


@dataclass(frozen=True, slots=True)
class Gave:
    """What the expressions of a mapping gave over one event."""

    given: dict[str, Any]
    """JSON pointer within the mapping -> value."""
    wrong: list[tuple[str, str]]
    """(JSON pointer, sentence) of those that failed."""


class Data:
    """An event as the engine has it: made once, read by each expression."""

    def __init__(self, event: Any) -> None:
        from jsonatapy import JsonataData

        self.held = JsonataData.from_json(json.dumps(event, ensure_ascii=False))


def problem(expression: str) -> str:
    """What is wrong with an expression and where, `position 7: ...` counted from 1; empty where it can be used."""
    if len(expression) > MOST_CHARACTERS:
        return f"must have at most {MOST_CHARACTERS} characters"
    error = _error_of(expression)
    if error:
        at = len(expression) + 1 if _is_at_the_end(error) else _position(expression)
        return f"position {at}{_near(expression, at)}: {_sentence(error)}"
    if (found := re.search(r"\$eval\b", expression)) is not None:
        return f"position {found.start() + 1}{_near(expression, found.start() + 1)}: $eval is not available here"
    try:
        evaluated(expression, Data({}))
    except Failed as failed:
        # Over an empty event only what holds for every event is known to be wrong.
        if failed.function:
            at = expression.find(failed.function) + 1
            return f"position {at}{_near(expression, at)}: {failed}"
    return ""


def gave(texts: dict[str, str], event: dict[str, Any]) -> Gave:
    """What expressions, named by their places, give over an event."""
    data = Data(event)
    found = Gave({}, [])
    for path, text in texts.items():
        try:
            found.given[path] = evaluated(text, data)
        except Failed as failed:
            found.wrong.append((path, str(failed)))
    return found


def evaluated(expression: str, data: Data) -> Any:
    """What an expression gives over an event, as JSON has it; None also for nothing. Failed where it gives none."""
    try:
        given = _compiled(expression).evaluate_data_to_json(
            data.held, timeout=TIMEOUT_MS, max_stack_depth=MOST_DEPTH, max_sequence_length=MOST_ITEMS
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the engine is no Exception, and an event must not stop an edge
        called = _CALLED.search(str(error))
        function = called[1] if called else ""
        raise Failed(f"{function} is no function" if called else _sentence(str(error)), function=function) from None
    if len(given) > MOST_RESULT:
        raise Failed(f"gives more than {MOST_RESULT} characters")
    return json.loads(given)


def _compiled(expression: str) -> Any:
    # What the engine compiled belongs to the thread that had it compiled; in another it panics.
    if not hasattr(_of_thread, "compiled"):
        _of_thread.compiled = lru_cache(maxsize=1024)(_compile)
    return _of_thread.compiled(expression)


def _compile(expression: str) -> Any:
    import jsonatapy

    made = jsonatapy.compile(expression)
    # The engine's own would fill the memory, or take minutes, for one wrong number.
    made.register_override("pad", _pad)
    made.register_override("formatNumber", _format_number)
    made.register_override("eval", _refuse)
    return made


def _pad(text: Any, width: Any = None, filler: Any = " ") -> Any:
    if text is None:
        return None
    if not isinstance(text, str) or not isinstance(width, int | float) or not isinstance(filler, str):
        raise ValueError("$pad takes a text, a width and a filler")
    if abs(width) > _MOST_PADDED:
        raise ValueError(f"$pad fills up to {_MOST_PADDED} characters")
    missing = max(0, abs(int(width)) - len(text))
    filled = ((filler or " ") * missing)[:missing]
    return text + filled if width > 0 else filled + text


def _format_number(number: Any, picture: Any = "", options: Any = None) -> Any:
    import jsonatapy

    if number is None:
        return None
    if len(str(picture)) > _MOST_PICTURE:
        raise ValueError(f"$formatNumber takes a picture of up to {_MOST_PICTURE} characters")
    given = {"number": number, "picture": picture, "options": options or {}}
    return jsonatapy.evaluate("$formatNumber($number, $picture, $options)", None, given)


def _refuse(*_: Any) -> Any:
    raise ValueError("$eval is not available here")


def _error_of(expression: str) -> str:
    try:
        _compiled(expression)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return str(error) or type(error).__name__
    return ""


def _is_at_the_end(error: str) -> bool:
    code = _CODE.match(error)
    return code[1] in _AT_THE_END if code else _OPEN_COMMENT in error


def _position(expression: str) -> int:
    """Where an expression goes wrong, from 1: the engine does not say, so it is asked about shorter and shorter ones.

    What is only not finished yet is right so far.
    """
    import jsonatapy

    at = len(expression)
    while at > 1:
        try:
            jsonatapy.compile(expression[: at - 1])
        except ValueError as error:
            if not _is_at_the_end(str(error)):
                at -= 1
                continue
        break
    return at


def _near(expression: str, at: int) -> str:
    text = expression[at - 1 : at + 19].splitlines()
    return f" near {text[0]!r}" if text and text[0].strip() else ""


def _sentence(error: str) -> str:
    code = _CODE.match(error)
    if code and code[1] in _SENTENCES:
        return _SENTENCES[code[1]]
    if _OPEN_COMMENT in error:
        return _AT_THE_END["S0106"]
    return (_OF_HOST.sub("", _CODE.sub("", error)) or "could not be evaluated")[:300]
