"""A desk on a contact-centre platform, spoken to by webhook (contract 3; the wire is ours).

Its shape follows Webex Engage's virtual agents and conversation nodes, as IMIconnect's own is not published.
"""

from chalicelib.desks.webhook.events import TYPES, DeskEvent, read_events
from chalicelib.desks.webhook.payload import payload
from chalicelib.wire.events import Read
from chalicelib.wire.outcome import Delivered, Failed, Outcome, outcome
from chalicelib.wire.token import token_in
from chalicelib.wire.verification import passed, verification

__all__ = [
    "TYPES", "Delivered", "DeskEvent", "Failed", "Outcome", "Read", "outcome", "passed", "payload", "read_events",
    "token_in", "verification",
]  # fmt: skip
