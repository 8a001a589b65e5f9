"""What Twilio tells of calls, as values: that one begins or ends, what its caller says and presses.

https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application, .../twiml/gather, /dial, /record, and of
statuses https://www.twilio.com/docs/voice/api/call-resource#statuscallback
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.channels import twilio_media
from chalicelib.channels.contract import (
    Channel,
    Event,
    Happened,
    Ignored,
    PhoneCall,
    Received,
    Request,
    Response,
    Said,
    Status,
)
from chalicelib.channels.voice_twilio import answering, places, speaking, words
from chalicelib.channels.voice_twilio.places import Place
from chalicelib.channels.voice_twilio.twiml import answer
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.choosing import ordinal
from chalicelib.domain.message import FAILED, Content, Media
from chalicelib.wire.json_body import word

Form = Mapping[str, str]
STARTED, ENDED, TRANSFERRED = "call_started", "call_ended", "call_transferred"
NOT_TAKEN = {"busy": FAILED, "no-answer": FAILED, "failed": FAILED, "canceled": FAILED}
"""How a call of ours ends that nobody took."""
_OVER = ("completed", *NOT_TAKEN)
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_WITHHELD = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253"})
"""ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE, as the letters of a phone's keys spell them: what stands for a
number that is withheld."""
LEFT, _ANSWERED_MS = "left", 600_000
"""With what a message that was left is answered, and for how long: a bot's answer to it rings nobody."""
_MACHINES = ("machine_", "fax")
_LEAST_CONFIDENCE = 0.5
_LONGEST_SPEECH, _LONGEST_ADDRESS = 4000, 200
_KEYS = re.compile(r"[0-9*#A-Da-d]{1,64}")


def received(request: Request, form: Form, channel: Channel) -> Received:
    """What a request tells, and what its call does next."""
    sid, do, place = word(form.get("CallSid")), request.query.get("do", ""), places.read(request.query)
    if do == places.RECORDING:
        return _recording(request, form)
    if not _ID.fullmatch(sid):
        return Received((Ignored("a request without a call"),), answer())
    if in_a_group(form, word(form.get("From")), word(form.get("To"))):
        return Received((Ignored(GROUP),), answer(answering.hangup()))
    address = address_of(form)
    status = word(form.get("CallStatus"))
    if do == places.STATUS or (not do and status in _OVER):
        return _status(request, form, address, place)
    call = PhoneCall(address, sid)
    if do == places.GATHER:
        events, response = _gathered(request, form, address, place, channel)
    elif do == places.DIALLED:
        events, response = _dialled(request, form, address, place, channel)
    elif do == places.RECORDED:
        events, response = [Ignored("the end of a recording")], answering.over("thanks", channel)
    elif do == places.ANSWERED:
        events, response = _answered(request, form, address, place, channel)
    else:
        events, response = _begun(request, form, address, channel)
    return Received(tuple(events), response, call)


def address_of(form: Form) -> str:
    """The address of whom a call is with: their number, or where they withhold it the call itself."""
    is_ours = word(form.get("Direction")).startswith("outbound")
    given = word(form.get("To" if is_ours else "From")).strip()[:_LONGEST_ADDRESS]
    digits = given.lstrip("+")
    if not given or digits in _WITHHELD or not any(one.isdecimal() for one in digits):
        # Of a client or by SIP there is a name; of nobody there is nothing that would be theirs the next time.
        return given if given.partition(":")[0] in ("client", "sip") else word(form.get("CallSid"))[:64]
    return given


def _identities(address: str) -> tuple[tuple[str, str], ...]:
    return (("phone", address),) if _NUMBER.fullmatch(address) else ()


_Read = tuple[list[Event], Response]


def _begun(request: Request, form: Form, address: str, channel: Channel) -> _Read:
    sid, name = word(form.get("CallSid")), word(form.get("CallerName"))[:200]
    about = f"{sid}.start"
    details: dict[str, Any] = {"call": sid} | _told(
        form, forwarded_from="ForwardedFrom", verified="StirVerstat", country="FromCountry", to="To"
    )
    event: Event
    if text := word(channel.settings.get("start_text")):
        content = Content(text=text, details=details)
        event = Said(address, about, content, request.now_ms, name=name, identities=_identities(address))
    else:
        event = Happened(address, STARTED, request.now_ms, about, name, "Called", details=details,
                         identities=_identities(address))  # fmt: skip
    return [event], answering.begun(Place(about=about), channel)


def _answered(request: Request, form: Form, address: str, place: Place, channel: Channel) -> _Read:
    """Somebody, or something, has taken a call of ours."""
    by, policy = word(form.get("AnsweredBy")), word(channel.settings.get("machines"))
    if not by.startswith(_MACHINES):
        return [Ignored("call answered")], answering.begun(Place(own=place.own), channel)
    if policy == "leave_message" and by != "fax":
        return [Ignored("call answered by a machine")], answering.begun(Place(own=place.own, leave=1), channel)
    error = {"code": by[:64], "reason": "a machine answered the call"}
    failed = Status(word(form.get("CallSid")), FAILED, request.now_ms, address, error, place.own)
    return [failed], answer(answering.hangup())


def _gathered(request: Request, form: Form, address: str, place: Place, channel: Channel) -> _Read:
    keys, speech = word(form.get("Digits")).strip(), word(form.get("SpeechResult")).strip()[:_LONGEST_SPEECH]
    if keys and _KEYS.fullmatch(keys):
        if place.choices and keys.isdecimal():
            if not 1 <= int(keys) <= place.choices:
                return _missed("none", place, channel)
            content = Content("postback", details={"payload": ordinal(int(keys), place.seq), "keys": keys})
        else:
            content = Content(text=keys, details={"keys": keys})
    elif speech:
        sure = _confidence(form)
        if 0 < sure < _LEAST_CONFIDENCE and place.missed < answering.MOST_MISSED - 1:
            return _missed("unclear", place, channel)
        content = _spoken(speech, sure, place, channel)
    else:
        return _missed("silence", place, channel)
    sid = word(form.get("CallSid"))
    said = Said(address, f"{sid}.{place.n}", content, request.now_ms, identities=_identities(address))
    on = Place(n=place.n, after=place.after, since=place.since, dialled=place.dialled)
    return [said], answering.goes_on(on, channel)


def _spoken(speech: str, sure: float, place: Place, channel: Channel) -> Content:
    """What was said; where it may be the number of a choice, that too, should it be no choice's title."""
    details: dict[str, Any] = {"speech": True} | ({"confidence": sure} if sure else {})
    number = words.number(speech, speaking.language(channel)) if place.choices else 0
    if 1 <= number <= place.choices:
        details["ordinal"] = ordinal(number, place.seq)
    return Content(text=speech, details=details)


def _missed(why: str, place: Place, channel: Channel) -> _Read:
    """Nothing was heard, or nothing that could be meant: it is asked again, some times."""
    on = replace(place, missed=place.missed + 1, why=why, seq=0, choices=0)
    if on.missed >= answering.MOST_MISSED:
        return [Ignored(f"call: {why}, the last time")], answering.over("goodbye", channel)
    return [Ignored(f"call: {why}")], answering.goes_on(on, channel)


def _confidence(form: Form) -> float:
    """How sure Twilio is of what it heard, 0 to 1; 0 where it does not say."""
    try:
        found = float(word(form.get("Confidence"))[:20])
    except ValueError:
        return 0.0
    return round(found, 3) if 0 < found <= 1 else 0.0


def _dialled(request: Request, form: Form, address: str, place: Place, channel: Channel) -> _Read:
    """A call that was put through has come back."""
    became = word(form.get("DialCallStatus"))[:64]
    details = {"call": word(form.get("CallSid")), "status": became} | _told(form, seconds="DialCallDuration")
    event = Happened(
        address,
        TRANSFERRED,
        request.now_ms,
        f"{word(form.get('CallSid'))}.{place.n}.dialled",
        text=f"Put through: {became}",
        details=details,
        identities=_identities(address),
    )
    if became in ("completed", "answered"):
        return [event], answer(answering.hangup())
    on = replace(place, n=place.n + 1, why="", waited=0)
    return [event], answering.goes_on(on, channel)


def _status(request: Request, form: Form, address: str, place: Place) -> Received:
    """What became of a call; what was said in it and not heard is failed by who keeps the messages."""
    sid, status = word(form.get("CallSid")), word(form.get("CallStatus"))[:64]
    if status not in _OVER:
        known = status in ("queued", "initiated", "ringing", "in-progress", "answered")
        call = PhoneCall(address, sid) if known else None
        return Received((Ignored(f"call {status}" if known else f"unknown call status {status}"),), answer(), call)
    events: list[Event] = []
    if status in NOT_TAKEN and place.own:
        code = word(form.get("SipResponseCode"))[:64]
        error = {"code": status, "reason": f"nobody took the call: {status}" + (f" (SIP {code})" if code else "")}
        events.append(Status(sid, NOT_TAKEN[status], request.now_ms, address, error, place.own))
    else:
        details = {"call": sid, "status": status} | _told(form, seconds="CallDuration", direction="Direction")
        ended = Happened(address, ENDED, request.now_ms, f"{sid}.end", text="Call ended", ends=True, details=details,
                         identities=_identities(address))  # fmt: skip
        events.append(ended)
    return Received(tuple(events), answer(), PhoneCall(address, sid, ended=True))


def _recording(request: Request, form: Form) -> Received:
    """A message that a caller left. Twilio names nobody here: who it was stands in the address that it was given."""
    sid, address = word(form.get("RecordingSid")), request.query.get("who", "")[:_LONGEST_ADDRESS]
    reference = twilio_media.reference(word(form.get("RecordingUrl")) + ".mp3")
    if word(form.get("RecordingStatus")) not in ("", "completed") or not _ID.fullmatch(sid) or not address:
        return Received((Ignored("a recording that is none"),), answer())
    if not reference:
        return Received((Ignored("a recording without an address"),), answer())
    details: dict[str, Any] = {"recording": sid} | _told(form, seconds="RecordingDuration", call="CallSid")
    content = Content("audio", media=(Media(reference, "audio/mpeg", name="message.mp3"),), details=details)
    said = Said(address, sid, content, request.now_ms, identities=_identities(address), reply={LEFT: sid},
                reply_until_ms=request.now_ms + _ANSWERED_MS)  # fmt: skip
    return Received((said,), answer())


def _told(form: Form, **names: str) -> dict[str, str]:
    return {key: text[:200] for key, name in names.items() if (text := word(form.get(name)))}
