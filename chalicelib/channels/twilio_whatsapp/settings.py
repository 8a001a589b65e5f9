"""The settings of a channel of WhatsApp by Twilio."""

from __future__ import annotations

from chalicelib.channels.signalling import Typing
from chalicelib.channels.twilio_sender import Sender


class Settings(Sender):
    """Which account and sender, and what customers are shown."""

    typing: Typing = False
