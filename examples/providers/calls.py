"""Telephone calls of Twilio's: a call fetches TwiML and does what it says, until somebody hangs up.

https://www.twilio.com/docs/voice/twiml (November 2026). What is spoken is shown; who is called answers, presses keys,
speaks as text, and hangs up.
"""

from __future__ import annotations

import io
import wave
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin
from xml.etree import ElementTree

from examples.providers import twilio
from examples.providers.world import Account, Bubble, Person, World, now_ms

MOST_STEPS = 500
TICK_S = 0.2
SPEAKS_S = 0.3
"""How long a sentence takes here: it is read, not heard."""
RING, GOING, OVER = "ringing", "in-progress", "completed"


@dataclass(frozen=True)
class Line:
    """The ways out of a call: posting, getting a file, and waiting."""

    post: Callable[[str, bytes, dict[str, str]], Awaitable[tuple[int, bytes]]]
    fetch: Callable[[str], Awaitable[tuple[int, bytes, str]]]
    sleep: Callable[[float], Awaitable[None]]


@dataclass
class Telephone:
    """One call, with somebody at one end of it."""

    id: str
    account: Account
    person: Person
    world: World
    inbound: bool
    url: str
    """Where the TwiML is fetched that it begins with."""
    status_url: str = ""
    events: frozenset[str] = frozenset({"completed"})
    rings_s: int = 60
    status: str = GOING
    keys: deque[str] = field(default_factory=deque)
    """What was pressed and not taken yet, key by key."""
    words: deque[str] = field(default_factory=deque)
    """What was said and not taken yet."""
    began_ms: int = 0
    recorded: str = ""

    def show(self, **more: Any) -> None:
        """What the phone shows of it."""
        shown = {"id": self.id, "status": self.status, "inbound": self.inbound} | more
        self.world.set_flag(self.account, self.person, "call", shown if self.status != OVER else None)

    def say(self, text: str, *, mine: bool = False, type: str = "text", **more: Any) -> None:
        """A line of what is heard."""
        number = self.world.number()
        account, person = self.account, self.person
        self.world.add(Bubble(f"{self.id}.{number}", account.kind, account.id, person.id, mine, type, text, **more))

    def fields(self, **more: str) -> dict[str, str]:
        """What every request of a call tells."""
        there, ours = self.person.phone, self.account.id
        ends = {"From": there, "To": ours} if self.inbound else {"From": ours, "To": there}
        direction = "inbound" if self.inbound else "outbound-api"
        told = {"CallSid": self.id, "AccountSid": self.account.settings["account_sid"], "ApiVersion": "2010-04-01"}
        told |= {"CallStatus": self.status, "Direction": direction, "FromCountry": "GB", "CallerName": ""}
        return told | ends | {"Caller": ends["From"], "Called": ends["To"]} | more

    async def asks(self, line: Line, url: str, **more: str) -> ElementTree.Element | None:
        """A request, signed as Twilio signs it: the TwiML that it is answered with. None where there is none."""
        to, form = url.partition("#")[0], self.fields(**more)
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "x-twilio-signature": twilio.signature(to, form, self.account.secrets["auth_token"]),
        }
        status, body = await line.post(to, urlencode(form).encode(), headers)
        if not 200 <= status < 300:
            self.say(f"An application error has occurred ({status})", type="event")
            return None
        try:
            return ElementTree.fromstring(body)
        except ElementTree.ParseError:
            self.say("An application error has occurred (no TwiML)", type="event")
            return None

    async def tells(self, line: Line, status: str, **more: str) -> None:
        """A status callback, to who asked for it."""
        if self.status_url and status in self.events:
            await self.asks(line, self.status_url, CallStatus=status, CallbackSource="call-progress-events", **more)

    async def runs(self, line: Line) -> None:
        """The whole call."""
        if not self.inbound and not await self._taken(line):
            return
        self.began_ms = now_ms()
        self.show()
        await self._goes(line)
        took = str((now_ms() - self.began_ms) // 1000)
        self.status = OVER
        self.say("The call is over", type="event")
        self.show()
        await self.tells(line, OVER, CallDuration=took)

    async def _taken(self, line: Line) -> bool:
        """Whether the phone is answered while it rings."""
        self.show()
        await self.tells(line, "initiated")
        waited = 0.0
        while self.status == RING and waited < self.rings_s:
            await line.sleep(TICK_S)
            waited += TICK_S
        if self.status == GOING:
            return True
        became, self.status = ("busy" if self.status == OVER else "no-answer"), OVER
        self.say("Not answered" if became == "no-answer" else "Declined", type="event")
        self.show()
        await self.asks(line, self.status_url, CallStatus=became) if self.status_url else None
        return False

    async def _goes(self, line: Line) -> None:
        document = await self.asks(line, self.url)
        for _ in range(MOST_STEPS):
            if document is None or self.status == OVER:
                return
            document = await self._does(line, document)

    async def _does(self, line: Line, document: ElementTree.Element) -> ElementTree.Element | None:
        """Do what one document says; gives the one that it leads to, None where the call is over."""
        for verb in document:
            if self.status == OVER:
                return None
            given = dict(verb.attrib)
            match verb.tag:
                case "Say" | "Play" | "Pause":
                    await self._heard(line, verb)
                case "Redirect":
                    return await self.asks(line, urljoin(self.url, (verb.text or "").strip()))
                case "Hangup" | "Reject":
                    return None
                case "Gather":
                    if (more := await self._gathered(line, verb, given)) is not None:
                        return await self.asks(line, urljoin(self.url, given.get("action", self.url)), **more)
                case "Record":
                    if (more := await self._left(line, given)) is not None:
                        return await self.asks(line, urljoin(self.url, given.get("action", self.url)), **more)
                case "Dial":
                    number = "".join(verb.itertext()).strip()
                    self.say(f"Put through to {number}; they talk, and hang up", type="event")
                    await line.sleep(SPEAKS_S)
                    more = {"DialCallStatus": "completed", "DialCallDuration": "9", "DialCallSid": twilio.sid("CA")}
                    if "action" not in given:
                        continue
                    return await self.asks(line, urljoin(self.url, given["action"]), **more)
                case _:
                    self.say(f"An application error has occurred ({verb.tag})", type="event")
                    return None
        return None

    async def _heard(self, line: Line, verb: ElementTree.Element) -> None:
        text = "".join(verb.itertext()).strip()
        if verb.tag == "Say":
            self.say(text)
            await line.sleep(SPEAKS_S)
        elif verb.tag == "Play":
            status, body, type = await line.fetch(text)
            id = self.world.keep_file(body, type, "") if status == 200 else ""
            self.say("", type="audio", files=[{"id": id, "type": type, "name": "a recording"}])
        else:
            for _ in range(int(float(verb.get("length", "1")) / TICK_S)):
                if self.status == OVER:
                    return
                await line.sleep(TICK_S)

    async def _gathered(self, line: Line, verb: ElementTree.Element, given: Mapping[str, str]) -> dict[str, str] | None:
        """What was pressed or said, also while it is spoken; None where the call goes on with the next verb."""
        for one in verb:
            if not self.keys and not self.words:
                await self._heard(line, one)
        takes = given.get("input", "dtmf").split()
        most, ends = int(given.get("numDigits", "0")), given.get("finishOnKey", "#")
        pressed, waited, timeout = "", 0.0, float(given.get("timeout", "5"))
        # A reader is slower than a listener.
        patience = timeout * (1 if self.world.flag(self.account, self.person, "hasty") else 6)
        self.show(listens=sorted(takes))
        while self.status == GOING and waited < patience:
            if self.words and "speech" in takes:
                said = self.words.popleft()
                self.show()
                return {"SpeechResult": said, "Confidence": "0.94"}
            if self.keys:
                key, waited = self.keys.popleft(), 0.0
                patience = timeout
                if key == ends:
                    break
                pressed += key
                if most and len(pressed) == most:
                    break
                continue
            await line.sleep(TICK_S)
            waited += TICK_S
        self.show()
        if self.status != GOING:
            return None
        if pressed:
            return {"Digits": pressed}
        return {"Digits": ""} if given.get("actionOnEmptyResult") == "true" else None

    async def _left(self, line: Line, given: Mapping[str, str]) -> dict[str, str] | None:
        """A message after the tone: what is written counts as spoken."""
        self.say("(a tone)", type="event")
        self.show(listens=["speech"])
        waited = 0.0
        while self.status == GOING and not self.words and waited < 60:
            await line.sleep(TICK_S)
            waited += TICK_S
        self.show()
        if not self.words:
            return None
        self.words.popleft()
        file = self.world.keep_file(_silence(), "audio/mpeg", "message.mp3")
        base = self.account.settings.get("api_base", "")
        at = f"{base}/2010-04-01/Accounts/{self.account.settings['account_sid']}/Recordings/{file}"
        told = {"RecordingUrl": at, "RecordingSid": twilio.sid("RE"), "RecordingDuration": "3"}
        if to := given.get("recordingStatusCallback"):
            await self.asks(line, urljoin(self.url, to), RecordingStatus="completed", **told)
        return told


def _silence() -> bytes:
    """A second of nothing."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 8000)
    return made.getvalue()
