"""What a call is answered with: what was said on its thread, and what its caller can do then.

All that is new is spoken, then the caller is listened to; while nothing is new the call waits, and asks again. Every
way ends: after some silence of ours or theirs the call is put through, takes a message, or is over.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from chalicelib.channels.contract import Channel, Response
from chalicelib.channels.phoning import Asked, Spoken, ToSpeak
from chalicelib.channels.twilio import OVERRIDES
from chalicelib.channels.voice_twilio import places, speaking
from chalicelib.channels.voice_twilio.places import Place
from chalicelib.channels.voice_twilio.twiml import answer, escaped, fits, verb
from chalicelib.domain.message import Content
from chalicelib.wire.json_body import word

PAUSE_S = 1
HOLD_EVERY_S = 18
"""How often a call that waits says so."""
PROMPT_S = 9
"""After how long a call that has just begun asks what it may do, where its bot waits for a word."""
GIVE_UP_S, PEOPLE_S = 54, 600
"""For how long a bot, or people, are waited for."""
MOST_MISSED = 3
"""How often running nothing is heard or understood until the call is over."""
_TIMEOUT_S, _LONGEST_RECORDING_S, _RINGS_S = 5, 120, 30
_ONE_DIGIT = 9
_NOTHING = (0, Content())
_LONGEST = 6000
"""Characters of one message that is too long for a document."""
_PHONE = re.compile(r"\+[1-9][0-9]{4,14}")


def spoken(asked: Asked, said: ToSpeak, channel: Channel) -> Spoken:
    """The answer to a call."""
    place = places.read(asked.told)
    if said.new:
        return _new(place, said, channel)
    place = replace(place, after=said.after, about="", own="") if said.after >= 0 else place
    if place.leave and said.after >= 0:
        return Spoken(answer(verb("Hangup")))
    return Spoken(_again(place, said, channel) if not asked.waits else _waits(place, asked.address, said, channel))


def _new(place: Place, said: ToSpeak, channel: Channel) -> Spoken:
    verbs: list[str] = []
    upto, last, asked = 0, Content(), (0, Content())
    for seq, content in said.new:
        told = [*speaking.spoken(content, channel)]
        if not fits([*verbs, *told, *speaking.offered(content, channel)]):
            if verbs:
                on = replace(place, after=upto, since=said.after, about="", own="", waited=0)
                return Spoken(answer(*verbs, _redirect(places.call(channel, on))), upto)
            told = speaking.says(content.text[:_LONGEST], channel)
        before, inside = [*verbs], told
        verbs += told
        upto, last = seq, content
        if speaking.count(content):
            asked = (seq, content)
    on = replace(place, n=place.n + 1, after=upto, since=said.after, about="", own="", waited=0, missed=0, why="")
    if place.leave:
        return Spoken(answer(*verbs, verb("Hangup")), upto)
    if number := _wanted(last, "transfer"):
        return Spoken(answer(*verbs, *_put_through(number, on, channel)), upto)
    if said.with_people and (number := word(channel.settings.get("transfer_to"))) and not place.dialled:
        return Spoken(answer(*verbs, *speaking.phrase("connecting", channel), *_put_through(number, on, channel)), upto)
    if _params(last).get("hangup") is True:
        return Spoken(answer(*verbs, verb("Hangup")), upto)
    # Only the last message can be spoken into. What can be chosen is said at the end, whichever of them offers it.
    return Spoken(answer(*before, *_listens(inside, asked, on, channel)), upto)


def _again(place: Place, said: ToSpeak, channel: Channel) -> Response:
    """What was said last, once more, after why it is."""
    on = replace(place, n=place.n + 1, waited=0, why="")
    inside = speaking.phrase(place.why, channel) if place.why in ("silence", "unclear", "none") else []
    if said.last is None:
        return answer(*_listens([*inside, *speaking.phrase("prompt", channel)], _NOTHING, on, channel))
    return answer(*_listens([*inside, *speaking.spoken(said.last[1], channel)], said.last, on, channel))


def _waits(place: Place, address: str, said: ToSpeak, channel: Channel) -> Response:
    waited = said.waited_s + PAUSE_S
    if said.with_people and not place.dialled and (number := word(channel.settings.get("transfer_to"))):
        on = replace(place, n=place.n + 1)
        return answer(*speaking.phrase("connecting", channel), *_put_through(number, on, channel))
    if not place.n and said.after >= 0 and not said.with_people and waited >= PROMPT_S:
        on = replace(place, n=1, waited=0, since=said.after)
        return answer(*_listens(speaking.phrase("prompt", channel), _NOTHING, on, channel))
    if waited >= (PEOPLE_S if said.with_people else GIVE_UP_S):
        return _nobody(place, address, channel)
    hold = speaking.phrase("hold", channel) if waited // HOLD_EVERY_S > place.waited // HOLD_EVERY_S else []
    on = replace(place, waited=waited, since=-1)
    return answer(*hold, verb("Pause", length=PAUSE_S), _redirect(places.call(channel, on)))


def _nobody(place: Place, address: str, channel: Channel) -> Response:
    """Nobody answers: the call is put through, takes a message, or is over."""
    settings = channel.settings
    if (number := word(settings.get("transfer_to"))) and not place.dialled:
        on = replace(place, n=place.n + 1)
        return answer(*speaking.phrase("connecting", channel), *_put_through(number, on, channel))
    if settings.get("record") is True:
        return answer(*speaking.phrase("record", channel), *_records(place, address, channel))
    return answer(*speaking.phrase("nobody", channel), verb("Hangup"))


def over(name: str, channel: Channel) -> Response:
    """A phrase, and the end of the call."""
    return answer(*speaking.phrase(name, channel), verb("Hangup"))


def begun(place: Place, channel: Channel) -> Response:
    """The answer to a call that begins: its greeting, while the bot is asked."""
    greeting = speaking.says(word(channel.settings.get("greeting")), channel) if not place.own else []
    return answer(*greeting, _redirect(places.call(channel, place)))


def hangup() -> str:
    """The end of the call."""
    return verb("Hangup")


def goes_on(place: Place, channel: Channel) -> Response:
    """The answer that sends a call to where it waits."""
    return answer(_redirect(places.call(channel, place)))


def _listens(inside: list[str], asked: tuple[int, Content], place: Place, channel: Channel) -> list[str]:
    """Speak, and hear what the caller says or presses, also while it is spoken: of a message by its number, what can be
    chosen. Silence is told, too: what follows is for where it is not."""
    seq, last = asked
    many = speaking.count(last)
    place = replace(place, choices=many, seq=seq if many else 0)
    speech = channel.settings.get("speech") is not False
    to = places.webhook(channel, places.GATHER, place)
    one = 0 < many <= _ONE_DIGIT
    listening = verb(
        "Gather",
        *inside,
        *speaking.offered(last, channel),
        input="dtmf speech" if speech else "dtmf",
        action=to,
        method="POST",
        timeout=_TIMEOUT_S,
        speechTimeout="auto" if speech else None,
        actionOnEmptyResult=True,
        language=speaking.language(channel) if speech else None,
        hints=speaking.hints(last) if speech else None,
        numDigits=1 if one else None,
        # Without an end key the hash is a digit as any other: bots take it for a word, as `back`.
        finishOnKey="" if one else "#",
    )
    return [listening, _redirect(to)]


def _put_through(number: str, place: Place, channel: Channel) -> list[str]:
    to = places.webhook(channel, places.DIALLED, replace(place, dialled=1))
    from_ = word(channel.settings.get("from")) or None
    inside = verb("Number", escaped(number))
    return [verb("Dial", inside, action=to, method="POST", answerOnBridge=True, timeout=_RINGS_S, callerId=from_)]


def _records(place: Place, address: str, channel: Channel) -> list[str]:
    to = places.webhook(channel, places.RECORDED, place)
    told = places.webhook(channel, places.RECORDING, place, who=address) + OVERRIDES
    return [
        verb(
            "Record",
            action=to,
            method="POST",
            finishOnKey="#",
            maxLength=_LONGEST_RECORDING_S,
            playBeep=True,
            recordingStatusCallback=told,
            recordingStatusCallbackMethod="POST",
        ),
        _redirect(to),
    ]


def _redirect(url: str) -> str:
    return verb("Redirect", escaped(url), method="POST")


def _params(content: Content) -> dict[str, Any]:
    params = content.details.get("params")
    return params if isinstance(params, dict) else {}


def _wanted(content: Content, name: str) -> str:
    """A number that a bot asks the call to be put through to, by `params` of its message."""
    number = re.sub(r"[\s()./-]", "", word(_params(content).get(name)))
    return number if _PHONE.fullmatch(number) else ""
