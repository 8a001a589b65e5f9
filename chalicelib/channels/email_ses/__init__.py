"""Mail by Amazon SES: https://docs.aws.amazon.com/ses/latest/dg/Welcome.html

Mails come as files of a bucket (incoming.py, read by reading.py and trace.py), what became of ours as events of SES's
(statuses.py); both are handed over by the step `receive_mail` alone. What is called from outside is the page on which
one unsubscribes (leaving.py).
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from chalicelib.channels.contract import (
    Channel,
    Denied,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Sent,
)
from chalicelib.channels.email_ses import attaching, composing, errors, incoming, leaving, statuses
from chalicelib.channels.email_ses.connecting import connect as connect
from chalicelib.channels.email_ses.limits import LIMITS as LIMITS
from chalicelib.channels.email_ses.limits import MOST_FILE
from chalicelib.channels.email_ses.place import called
from chalicelib.channels.email_ses.statuses import CHANNEL, DELIVERY
from chalicelib.channels.email_ses.statuses import STATUSES as STATUSES
from chalicelib.channels.wire import FETCHED_S, SOON_S, answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

LABEL = "Email"
ADDRESSES = "email"
CAN = frozenset({"receive", "status", "send", "connect"})
SHOWS = frozenset({"text", "image", "audio", "video", "file"})
SECRETS = {"link_secret": "made"}
"""With it words in addresses and links are signed, so that they are known for ours; SES itself is asked by IAM."""
NEEDS_URL = True
FETCHES = MOST_FILE
FOUND_BY = "address"

_BY: dict[str, Callable[[Request, Channel], Received]] = {"MAIL": incoming.mail, "REPORT": statuses.told}
"""Methods that nobody can call from outside, where a route says what there is."""


def receive(request: Request, channel: Channel) -> Received | Denied:
    """A mail or a report of SES's, from our own step; from anywhere else somebody who unsubscribes, or 401."""
    if request.method in _BY:
        return _BY[request.method](request, channel)
    if "leave" in request.query:
        return leaving.left(request, channel)
    return Denied(401, "no_entry", "mails come by SES")


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Send one mail: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""
    content = message.content
    if not content.text and not content.media:
        return Refused("nothing_to_send", "the message has neither text nor a file")
    files, links = await attaching.fetched(content.media, call)
    try:
        raw = composing.composed(message, channel, files, links)
    except (ValueError, TypeError, LookupError) as error:
        # An address that is none in a mail, whatever else it may be.
        return Refused("malformed", f"no mail can be made of it: {error}"[:300])
    named = {CHANNEL: channel.id, DELIVERY: message.id}
    body = {
        "FromEmailAddress": composing.sender(channel),
        "Content": {"Raw": {"Data": base64.b64encode(raw).decode()}},
        "Destination": {"ToAddresses": [message.address]},
        "EmailTags": [{"Name": name, "Value": value} for name, value in named.items() if value],
    }
    if chosen := word(channel.settings.get("configuration_set")):
        body["ConfigurationSetName"] = chosen
    timeout_s = FETCHED_S if files else SOON_S
    exchange = await called("POST", "outbound-emails", body, channel, call, timeout_s=timeout_s)
    if trouble := errors.of(exchange, message.now_ms):
        return trouble
    return Sent(word(answered(exchange).get("MessageId"))[:256] or message.id)
