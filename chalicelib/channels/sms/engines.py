"""The two engines that work on what owners wrote, each in a process that may end without anybody else's loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.ports.child import Child, Unanswered
from chalicelib.sources.engine import ENGINE, EVENT_FOR_MS

_TEMPLATES = Child("chalicelib.channels.sms.child")
_FILLED_FOR_S = 3.0
"""For all templates of a message; a usual one takes less than a millisecond, and its engine a quarter of a second to
start."""
_READ_FOR_S = 4.0
"""For all that one post holds: gateways give up after five seconds."""
_TOO_HEAVY = "took more memory or time than it may"
Errors = list[tuple[str, str]]
"""(JSON pointer within the settings, sentence)."""
Filled = tuple[dict[str, str], Errors, dict[str, list[list[str]]]]
Gave = tuple[dict[str, Any], Errors]


def filled(
    texts: Mapping[str, tuple[str, str]], values: Sequence[Mapping[str, Any]], *, checked: bool = False
) -> list[Filled]:
    """(path -> text, what is wrong, the names used) of templates for each of `values`; `filling.filled` says more.
    TooMany where others' took all of the time, and these were not tried."""
    items = [{"texts": texts, "values": one} for one in values]
    found = list[Filled]()
    for one in _TEMPLATES.answers(checked, items, each_s=_FILLED_FOR_S, all_s=_FILLED_FOR_S):
        if one is Unanswered.LATE and not found and not checked:
            raise TooMany
        if isinstance(one, Unanswered):
            found.append(({}, [(_heaviest(texts), _TOO_HEAVY)], {}))
        else:
            found.append((one["given"], [(path, why) for path, why in one["wrong"]], one["names"]))
    return found


def _heaviest(texts: Mapping[str, tuple[str, str]]) -> str:
    """Where to look for what took too much: which of them it was, nobody lived to tell."""
    return max(texts, key=lambda path: len(texts[path][0]))


class TooMany(Exception):
    """There was not time enough for all that was asked: it is to be asked again."""


def gave(texts: Mapping[str, str], documents: Sequence[Any]) -> list[Gave]:
    """(path -> value, what is wrong) of expressions over each document. TooMany where there is no time for all."""
    found = list[Gave]()
    for one in ENGINE.answers(dict(texts), list(documents), each_s=EVENT_FOR_MS / 1000, all_s=_READ_FOR_S):
        if one is Unanswered.LATE:
            raise TooMany
        if isinstance(one, Unanswered):
            found.append(({}, [("", _TOO_HEAVY)]))
        else:
            found.append((one["given"], [(path, why) for path, why in one["wrong"]]))
    return found


def problems(texts: Mapping[str, str]) -> Errors:
    """What is wrong with expressions, and where."""
    found = ENGINE.answers(None, list(texts.values()), each_s=EVENT_FOR_MS / 1000, all_s=_READ_FOR_S)
    told = {path: one if isinstance(one, str) else one.value for path, one in zip(texts, found, strict=True)}
    return [(path, why) for path, why in told.items() if why]
