"""The settings of a channel of SMS by Twilio."""

from __future__ import annotations

from chalicelib.channels.twilio_sender import Sender as Settings

__all__ = ["Settings"]
