"""Whether SES lets us send from the channel's address.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html: of the address itself, else of its
domain. What is not verified yet may be in an hour, when the DNS says so: the channel stands, and says what it lacks.
"""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.email_ses import errors
from chalicelib.channels.email_ses.addresses import normal
from chalicelib.channels.email_ses.place import called
from chalicelib.channels.wire import answered
from chalicelib.domain.exchange import Call
from chalicelib.wire.json_body import word

_UNKNOWN = "NotFoundException"


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """What SES knows of the address."""
    address = normal(str(channel.settings.get("address", "")))
    for identity in (address, address.rpartition("@")[2]):
        exchange = await called("GET", f"identities/{quote(identity, safe='@')}", None, channel, call)
        if exchange.status == 404 and errors.read(exchange)[0] == _UNKNOWN:
            continue
        if trouble := errors.of(exchange, 0):
            return trouble
        given = answered(exchange)
        if not isinstance(given.get("VerifiedForSendingStatus"), bool):
            return TryLater("not SES's answer")
        if given["VerifiedForSendingStatus"] is not True:
            status = word(given.get("VerificationStatus"))[:64] or "PENDING"
            return Refused("not_verified", f"SES has not verified {identity} yet: {status}")
        dkim = given.get("DkimAttributes")
        facts = {
            "name": address,
            "identity": identity,
            "dkim": word(dkim.get("Status"))[:64].lower() if isinstance(dkim, dict) else "",
            "configuration_set": word(given.get("ConfigurationSetName"))[:64],
        }
        return Connected({name: value for name, value in facts.items() if value})
    return Refused("unknown_identity", f"SES has no identity for {address}, nor for its domain")
