"""SMS by any gateway, which is described by data: how it is asked to send, what it posts, and how it signs that.

The description is a preset of ours, or the channel's own settings: Liquid for what is sent, JSONata for what is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.channels.contract import Channel, Denied, Outcome, Outgoing, Received, Request
from chalicelib.channels.sms import incoming, outgoing, profile, signatures
from chalicelib.channels.sms.approved import templates as templates
from chalicelib.channels.sms.outgoing import LIMITS as LIMITS
from chalicelib.channels.sms.outgoing import SHOWS as SHOWS
from chalicelib.domain.exchange import Call

LABEL = "SMS"
ADDRESSES = "phone"
CAN = frozenset({"receive", "status", "send", "templates"})
SECRETS: dict[str, str] = {}
"""Any that the templates name, and what `needs` says."""
STATUSES = {state: state for state in profile.STATES}
NEEDS_URL = True


def needs(settings: Mapping[str, Any]) -> dict[str, str]:
    """Who signs nothing brings a token in the address that they are told, which is made where nobody gave it."""
    signature = profile.of(settings).signature
    by_token = signature.get("scheme") == "query" and signature.get("name") in (None, signatures.PARAMETER)
    return {"signature": "token"} if by_token else {}


def receive(request: Request, channel: Channel) -> Received | Denied:
    """Read a post of the gateway's, JSON or a form, or the query of a GET: 401 where it is not signed as the settings
    say, 400 where no expression can read it, else 200."""
    known = profile.of(channel.settings)
    if not signatures.holds(request, known.signature, channel.secrets.get("signature", "")):
        scheme = known.signature.get("scheme") or "any"
        return Denied(401, "bad_signature", f"the call is not signed by {scheme} with the channel's secret")
    return incoming.read(request, known)


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Ask the gateway to send a text, in as many requests as it is parts."""
    return await outgoing.send(message, channel, call, profile.of(channel.settings))
