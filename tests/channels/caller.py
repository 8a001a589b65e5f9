"""Somebody with a telephone, as Twilio has them: does what TwiML says, and asks as Twilio asks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from tests.channels.signatures import FORM, Posted, form_body, signed

Post = Callable[[str, bytes, dict[str, str]], tuple[int, str, str]]
"""(URL, body, headers) -> (status, content type, body)."""
_sids = itertools.count(1)
_MOST = 80
"""Requests that one thing may lead to: nobody listens to more."""


@dataclass
class Call:
    """A call that goes on; `heard` is what was spoken or played since it was last asked for."""

    post: Post
    token: str
    fields: dict[str, str]
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The addresses that it was sent to."""
    gather: ElementTree.Element | None = None
    dialled: str = ""
    recording: ElementTree.Element | None = None
    over: bool = False
    last: tuple[str, dict[str, str]] = ("", {})
    between: Callable[[], Any] = lambda: None
    """Runs before each request: the world goes on while somebody listens."""
    soon: list[Callable[[], Any]] = field(default_factory=list)
    """What happens then, one before each request."""

    def goes(self, url: str, **more: str) -> None:
        """Ask, and do what is answered, until somebody is listened to or it is over."""
        queue = [(url, more)]
        for _ in range(_MOST):
            if not queue:
                return
            queue = self._does(self.request(*queue[0]))
        raise AssertionError(f"a call that goes round: {self.asked[-3:]}")

    def request(self, url: str, more: dict[str, str]) -> ElementTree.Element:
        """One request, and its answer as XML."""
        self.between()
        if self.soon:
            self.soon.pop(0)()
        self.last = (url, more)
        self.asked.append(url)
        form = self.fields | more
        body = form_body(form)
        headers = {"content-type": FORM}
        headers |= signed({"twilio": self.token}, Posted(body, 0, url, headers=headers))
        status, kind, text = self.post(url, body, headers)
        assert (status, kind.partition(";")[0]) == (200, "text/xml"), text
        assert len(text.encode()) <= 64 * 1024
        return ElementTree.fromstring(text)

    def _does(self, response: ElementTree.Element) -> list[tuple[str, dict[str, str]]]:
        self.gather = self.recording = None
        for verb in response:
            match verb.tag:
                case "Say" | "Play":
                    self.heard.append(verb.text or "")
                case "Gather":
                    self.heard += [one.text or "" for one in verb]
                    self.gather = verb
                    return []
                case "Redirect":
                    return [(verb.text or "", {})]
                case "Dial":
                    self.dialled = "".join(one.text or "" for one in verb)
                    self.gather = verb
                    return []
                case "Record":
                    self.recording = verb
                    return []
                case "Hangup":
                    self.over = True
                    return []
                case "Pause":
                    pass
                case other:
                    raise AssertionError(f"no verb of Twilio's: {other}")
        self.over = True
        return []

    def hears(self) -> list[str]:
        """What was spoken since this was last asked."""
        heard, self.heard = self.heard, []
        return heard

    def presses(self, keys: str) -> list[str]:
        """Keys, as many as are waited for."""
        assert self.gather is not None and "dtmf" in self.gather.get("input", "")
        most = int(self.gather.get("numDigits", 99))
        self.goes(self.gather.get("action", ""), Digits=keys[:most])
        return self.hears()

    def says(self, text: str, confidence: float = 0.9) -> list[str]:
        """Words, as they are understood."""
        assert self.gather is not None and "speech" in self.gather.get("input", "")
        self.goes(self.gather.get("action", ""), SpeechResult=text, Confidence=str(confidence))
        return self.hears()

    def is_silent(self) -> list[str]:
        """Nothing, for as long as is waited."""
        assert self.gather is not None and self.gather.get("actionOnEmptyResult") == "true"
        self.goes(self.gather.get("action", ""))
        return self.hears()

    def query(self) -> dict[str, str]:
        """What the address of the last request said."""
        return dict(parse_qsl(urlsplit(self.asked[-1]).query))


def sid() -> str:
    """The id of a call."""
    return f"CA{next(_sids):032x}"
