"""What people write by SMS: words, pictures, and that they want to hear no more."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.channels.contract import Event
from chalicelib.channels.twilio_incoming import Told, consents, content_of, said

WORDS = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "REVOKE", "OPTOUT", "CANCEL"), False),
    **dict.fromkeys(("START", "UNSTOP"), True),
}
"""What Twilio itself takes for it, answers, and from then on blocks or lets through:
https://help.twilio.com/articles/223134027. `YES`, which it takes for START too, may be an answer to anything."""


def events(told: Told, address: str, now_ms: int) -> Iterator[Event]:
    """A message: what is a stop is that alone, as Twilio has answered it; what takes it back may begin something."""
    consent = next(consents(told, address, WORDS, now_ms), None)
    if consent:
        yield consent
    if consent is None or consent.given:
        yield said(told, address, content_of(told), now_ms)
