"""A bot on somebody else's platform, spoken to by webhook: IMIconnect's wire (seed 001) and a modern one beside it.

Pure: notices in, payloads out; bodies and responses in, events out. Whoever calls it makes the HTTP call.
"""

from chalicelib.bots.webhook.answers import answers
from chalicelib.bots.webhook.events import BotEvent, read_events
from chalicelib.bots.webhook.payload import PROFILES, payload
from chalicelib.wire.events import Read
from chalicelib.wire.outcome import Delivered, Failed, Outcome, outcome
from chalicelib.wire.token import token_in
from chalicelib.wire.verification import passed, verification

__all__ = [
    "PROFILES", "BotEvent", "Delivered", "Failed", "Outcome", "Read", "answers", "outcome", "passed", "payload",
    "read_events", "token_in", "verification",
]  # fmt: skip
