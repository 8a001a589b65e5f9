"""What is known of a gateway: a preset of ours (`presets/*/profile.json`), what the channel's settings say, or both.

Members that the settings have in `send`, `receive` and `signature` take the place of the preset's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.channels.sms import approved
from chalicelib.channels.sms.approved import Approved

FOLDER = Path(__file__).parent / "presets"
PRESETS = tuple(sorted(path.parent.name for path in FOLDER.glob("*/profile.json")))
STATES = ("sent", "delivered", "read", "failed")
PASSED_OVER = "ignored"
"""What a gateway's word for a state may stand for beside ours: it says nothing of the message."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """One gateway, as data."""

    send: Plain = field(default_factory=dict)
    receive: Plain = field(default_factory=dict)
    signature: Plain = field(default_factory=dict)
    sender: str = ""
    api_base: str = ""
    country: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    templates: tuple[Approved, ...] = ()
    stop_words: tuple[str, ...] | None = None
    """Languages whose words end consent; None: all that we know."""


def of(settings: Plain) -> Profile:
    """The profile of a channel with these settings."""
    name = str(settings.get("preset") or "")
    preset = _preset(name) if name in PRESETS else {}
    stop_words = settings.get("stop_words", preset.get("stop_words"))
    return Profile(
        send={**_part(preset, "send"), **_part(settings, "send")},
        receive={**_part(preset, "receive"), **_part(settings, "receive")},
        # One scheme's secret and header are none of another's.
        signature=_part(settings, "signature") or _part(preset, "signature"),
        sender=str(settings.get("from") or ""),
        api_base=str(settings.get("api_base") or preset.get("api_base") or "").rstrip("/"),
        country=str(settings.get("country") or ""),
        options={**_part(preset, "options"), **_part(settings, "options")},
        templates=approved.of(settings),
        stop_words=tuple(stop_words) if isinstance(stop_words, list) else None,
    )


def _part(given: Plain, name: str) -> dict[str, Any]:
    found = given.get(name)
    return dict(found) if isinstance(found, dict) else {}


@cache
def _preset(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name / "profile.json").read_text(encoding="utf-8"))
    return found


def expressions(profile: Profile) -> dict[str, str]:
    """JSON pointer within the settings -> JSONata, of all that read what the gateway posts."""
    mapping, status = profile.receive.get("mapping") or {}, profile.receive.get("status") or {}
    named = {f"/receive/mapping/{name}": mapping.get(name) for name in ("from", "text", "id", "name", "at")}
    named |= {f"/receive/status/{name}": status.get(name) for name in STATUS_PARTS}
    return {path: str(text) for path, text in named.items() if text}


STATUS_PARTS = ("id", "state", "own_id", "to", "code", "reason", "at")


def answers(profile: Profile) -> dict[str, str]:
    """JSON pointer within the settings -> JSONata, of all that read what the gateway answers."""
    errors = profile.send.get("errors") or {}
    named = {"/send/id": profile.send.get("id")}
    named |= {f"/send/errors/{name}": errors.get(name) for name in ("code", "reason")}
    return {path: str(text) for path, text in named.items() if text}


def templates(profile: Profile) -> dict[str, tuple[str, str]]:
    """JSON pointer within the settings -> (Liquid, place) of all that a message is put into. A body that is an object
    is filled in member by member, and encoded then."""
    send = profile.send
    found = {"/send/url": (str(send.get("url") or ""), "url")}
    found |= {f"/send/headers/{name}": (str(text), "header") for name, text in (send.get("headers") or {}).items()}
    body = send.get("body")
    if isinstance(body, str):
        found["/send/body"] = (body, place_of(content_type(profile)))
    elif body is not None:
        found |= {path: (text, "text") for path, text in _leaves(body, "/send/body")}
    return found


def content_type(profile: Profile) -> str:
    """The media type of what is sent."""
    return str(profile.send.get("content_type") or JSON)


def place_of(content_type: str) -> str:
    """How values stand in a text of a media type: json, form, xml, or as they are."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON or kind.endswith("+json"):
        return "json"
    if kind == FORM:
        return "form"
    return "xml" if kind in ("text/xml", "application/xml", "text/html") or kind.endswith("+xml") else "text"


def _leaves(value: Any, at: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in _leaves(inner, f"{at}/{name}")]
    if isinstance(value, list):
        return [leaf for number, inner in enumerate(value) for leaf in _leaves(inner, f"{at}/{number}")]
    return [(at, value)] if isinstance(value, str) else []


def filled_body(value: Any, given: Mapping[str, str], at: str = "/send/body") -> Any:
    """A body that is an object with its templates filled in; members that came to nothing are left out."""
    if isinstance(value, dict):
        inside = {name: filled_body(inner, given, f"{at}/{name}") for name, inner in value.items()}
        return {name: inner for name, inner in inside.items() if inner != ""}
    if isinstance(value, list):
        return [filled_body(inner, given, f"{at}/{number}") for number, inner in enumerate(value)]
    return given.get(at, "") if isinstance(value, str) else value
