"""What a gateway posts, read by the channel's expressions: messages, receipts, and who wants to hear no more.

Nothing that a customer said is lost over an expression that does not fit it: what has a sender and no readable text is
an event `unsupported` with what was given; where nobody can be told as its sender, the gateway is answered 400, so that
it comes again once the owner has mended the mapping.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.channels.contract import Consent, Denied, Event, Ignored, Received, Request, Response, Said, Status
from chalicelib.channels.sms import consents, engines, numbers, profile, sent_as
from chalicelib.channels.sms.profile import Profile
from chalicelib.channels.wire import GROUP, in_a_group, malformed
from chalicelib.domain.identities import PHONE
from chalicelib.domain.message import FAILED, MAX_TEXT_BYTES, Content
from chalicelib.ports import clock, ids
from chalicelib.wire.json_body import faults, mended

MOST = 500
"""Messages and receipts of one post."""
_MOST_ADDRESS, _MOST_ID, _MOST_NAME, _MOST_WORD = 100, 200, 200, 300
_MOST_GIVEN = 16 * 1024
_SECONDS_BELOW = 100_000_000_000
"""A smaller number is seconds, a larger one milliseconds."""
_EACH = "/receive/each"
_NEITHER = "neither a message nor a receipt"


def read(request: Request, known: Profile) -> Received | Denied:
    """The events of a post, and what the gateway is answered once they are kept."""
    try:
        return _read(request, known)
    except _Unreadable as unreadable:
        return _refused(unreadable.wrong)
    except engines.TooMany:
        return Denied(503, "too_many", "there was no time to read all of the post", headers={"Retry-After": "30"})
    except ValueError as error:
        return malformed(error)


class _Unreadable(Exception):
    """Nothing of a post can be read; `wrong` says why, as (path, sentence)."""

    def __init__(self, wrong: list[tuple[str, str]]) -> None:
        super().__init__()
        self.wrong = wrong


def _read(request: Request, known: Profile) -> Received | Denied:
    documents = _documents(request, known)
    if len(documents) > MOST:
        return Denied(413, "too_large", f"more than {MOST} messages and receipts in one post")
    if next(faults(documents), None):
        return Denied(400, "malformed_json", "the body is nested too deep, or holds what cannot be kept")
    events, wrong = list[Event](), list[tuple[str, str]]()
    for document, (given, errors) in zip(documents, engines.gave(profile.expressions(known), documents), strict=True):
        for row in _rows(given, errors):
            events += _Reading(row, errors, document, known, request.now_ms, wrong).events()
    if wrong and all(isinstance(one, Ignored) for one in events):
        raise _Unreadable(wrong)
    return Received(tuple(events), _answer(known))


def _refused(wrong: list[tuple[str, str]]) -> Denied:
    told = "; ".join(f"{path}: {why}" for path, why in wrong[:10])
    return Denied(400, "unreadable", told[:500], tuple((f"/settings{path}", why) for path, why in wrong[:10]))


def _answer(known: Profile) -> Response:
    given = known.receive.get("answer")
    return Response(200, given if isinstance(given, str | dict) else {})


def _documents(request: Request, known: Profile) -> list[Any]:
    """What expressions are asked over: the body as JSON or a form, or the query, and each of several. ValueError where
    the body is none of these."""
    document = _document(request)
    for name in known.receive.get("parse") or ():
        if isinstance(document, dict) and isinstance(document.get(name), str):
            document = {**document, name: mended(document[name].encode("utf-8", "replace"), exact=True)}
    if isinstance(document, list):
        return document
    if each := known.receive.get("each"):
        [(given, errors)] = engines.gave({_EACH: str(each)}, [document])
        if errors:
            raise _Unreadable(errors)
        found = given.get(_EACH)
        return found if isinstance(found, list) else [document if found is None else found]
    return [document]


def _document(request: Request) -> Any:
    if request.method == "GET" or not request.body.strip():
        return dict(request.query)
    if "form" in request.headers.get("content-type", "").lower():
        found: dict[str, Any] = {}
        for name, value in parse_qsl(request.body.decode("utf-8", "replace"), True, max_num_fields=1000):
            before = found.get(name)
            found[name] = value if before is None else [*before, value] if isinstance(before, list) else [before, value]
        return found
    return mended(request.body, exact=True)


def _rows(given: Mapping[str, Any], errors: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """What the expressions gave: once, or of each of several where they gave lists, all of one length."""
    lengths = {path: len(value) for path, value in given.items() if isinstance(value, list)}
    if not lengths:
        return [dict(given)]
    most = max(lengths.values())
    for path, length in lengths.items():
        if length != most:
            errors.append((path, f"gives {length} values where others give {most}: say what each is by receive.each"))
            return [{}]
    return [
        {path: value[at] if isinstance(value, list) else value for path, value in given.items()}
        for at in range(min(most, MOST))
    ]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One message or receipt."""

    given: Mapping[str, Any]
    errors: list[tuple[str, str]]
    document: Any
    known: Profile
    now_ms: int
    wrong: list[tuple[str, str]]

    def events(self) -> tuple[Event, ...]:
        """What it is. A receipt is one whose state is a word that is described; all else with a sender is a message."""
        state = self.word("/receive/status/state", _MOST_WORD)
        named = self.word("/receive/status/id", _MOST_ID), self.word("/receive/status/own_id", _MOST_ID)
        meant = self.meant(state)
        if meant and any(named):
            return self.status(meant, *named)
        address = self.word("/receive/mapping/from", _MOST_ADDRESS)
        if _in_a_group(self.document, address):
            return (Ignored(GROUP),)
        spoken = self.given.get("/receive/mapping/text") is not None
        # Where receipts are told by their state, what has none and a sender is a message all the same: a picture, say.
        if address and (spoken or (self.known.receive.get("status") and not state and not self.errors)):
            return self.said(numbers.spelled(address, self.known.country))
        if wrong := [one for one in self.errors if one not in self.wrong]:
            self.wrong.extend(wrong)
            return (Ignored(f"unreadable: {wrong[0][0]} {wrong[0][1]}"[:300]),)
        if self.given.get("/receive/mapping/from") is not None and not address:
            self.wrong.append(("/receive/mapping/from", "gives no text and no number"))
            return (Ignored("unreadable: no sender"),)
        return (Ignored(f"unknown state {state}" if state and any(named) else _NEITHER),)

    def meant(self, state: str) -> str:
        """What a word of the gateway's is here; empty where it is not described."""
        states: Mapping[str, str] = (self.known.receive.get("status") or {}).get("states") or {}
        folded = {word.casefold(): ours for word, ours in states.items()}
        return str(states.get(state) or folded.get(state.casefold(), "")) if state else ""

    def status(self, state: str, provider_id: str, own: str) -> tuple[Event, ...]:
        """A receipt; a failure that says that they want to hear no more is said of whom the message went to."""
        if state == profile.PASSED_OVER:
            return (Ignored(f"state {self.word('/receive/status/state', _MOST_WORD)}"),)
        code, reason = (self.word(f"/receive/status/{name}", _MOST_WORD) for name in ("code", "reason"))
        (own_id, part), at_ms = sent_as.read(own), self.at("/receive/status/at")
        error = {"code": code or "failed", "reason": reason} if state == FAILED else None
        status = Status(provider_id, state, at_ms, error=error, own_id=own_id, part=part)
        to = numbers.spelled(self.word("/receive/status/to", _MOST_ADDRESS), self.known.country)
        opting = (self.known.receive.get("status") or {}).get("opted_out") or ()
        if error is None or not to or code not in opting:
            return (status,)
        why = (f"{code}: {reason}" if reason else code)[:200]
        return status, Consent(to, False, at_ms, why=why, provider_id=provider_id or own)

    def said(self, address: str) -> tuple[Event, ...]:
        """A message, or that somebody wants to hear no more. That they do again is a message, too: it may be a word of
        the bot's."""
        at_ms, name = self.at("/receive/mapping/at"), self.word("/receive/mapping/name", _MOST_NAME)
        known = ((PHONE, address),) if numbers.is_number(address) else ()
        provider_id = self.word("/receive/mapping/id", _MOST_ID) or self.cause(address, at_ms)
        text = self.text()
        if text is None:
            return (Said(address, provider_id, self.unsupported(), at_ms, name, known),)
        asked, details = consents.asked(text, self.known.stop_words), dict[str, Any]()
        consent = Consent(
            address, bool(asked), at_ms, why=text.strip()[:200], provider_id=provider_id, identities=known
        )
        raw = text.encode()
        if len(raw) > MAX_TEXT_BYTES:
            text, details = raw[:MAX_TEXT_BYTES].decode("utf-8", "ignore"), {"truncated": True}
        said = Said(address, provider_id, Content(text=text, details=details), at_ms, name, known)
        return (said,) if asked is None else (consent, said) if asked else (consent,)

    def cause(self, address: str, at_ms: int) -> str:
        """The id of a message whose gateway has none: from who said what when, where it says when. Without that a
        repeat cannot be told from the same words once more, and both are kept."""
        if "/receive/mapping/at" not in self.given or self.given["/receive/mapping/at"] is None:
            return ""
        return ids.from_cause("sms", address, str(at_ms), str(self.given.get("/receive/mapping/text")))

    def text(self) -> str | None:
        """What was said; None where the expression gives what is no text."""
        value = self.given.get("/receive/mapping/text")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        return _clean(value if isinstance(value, str) else json.dumps(value))

    def unsupported(self) -> Content:
        """All of what could not be read."""
        details: dict[str, Any] = {"name": "unsupported", "reason": "the mapping gives no text"}
        given = _clean(json.dumps(self.document, ensure_ascii=False, separators=(",", ":")))
        too_long = len(given.encode()) > _MOST_GIVEN
        return Content("event", details=details | ({"truncated": True} if too_long else {"given": given}))

    def word(self, path: str, most: int) -> str:
        """A text, or a number as JSON spells it; empty for all else, and for what is too long to be one."""
        value = self.given.get(path)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        text = _clean(str(value)).strip()
        return text if len(text) <= most else ""

    def at(self, path: str) -> int:
        """A time: RFC 3339, or seconds or milliseconds since 1970; now where it is none, or still to come."""
        text = self.word(path, 40)
        try:
            number = float(text)
            at_ms = int(number * 1000) if number < _SECONDS_BELOW else int(number)
        except (ValueError, OverflowError):
            try:
                at_ms = clock.from_rfc3339(text) if text else self.now_ms
            except (ValueError, OverflowError):
                at_ms = self.now_ms
        return at_ms if 0 < at_ms <= self.now_ms else self.now_ms


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _in_a_group(document: Any, *addresses: str) -> bool:
    """Whether it, or an object in it, was said to many."""
    if isinstance(document, dict):
        named = [value for key, value in document.items() if key.lower() in ("from", "to") and isinstance(value, str)]
        inner = any(_in_a_group(value) for value in document.values() if isinstance(value, dict | list))
        return inner or in_a_group(document, *addresses, *named)
    return isinstance(document, list) and any(_in_a_group(one) for one in document)
