"""What people write on WhatsApp: Twilio tells it in fields beside those of an SMS.

https://www.twilio.com/docs/messaging/guides/webhook-request#whatsapp-specific-parameters
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.channels import twilio_incoming
from chalicelib.channels.contract import Event, Happened, Said
from chalicelib.channels.twilio_incoming import Told, consents
from chalicelib.channels.whatsapp_contents import MOST_CHARACTERS, identities_of, location, postback
from chalicelib.domain.message import Content
from chalicelib.wire.fields import MAX_ID

PREFIX = "whatsapp:"
"""Before every address of WhatsApp's."""
REFERRAL = "referral"
_REFERRAL = {
    "source_type": "ReferralSourceType", "source_id": "ReferralSourceId", "source_url": "ReferralSourceUrl",
    "headline": "ReferralHeadline", "body": "ReferralBody", "ctwa_clid": "ReferralCtwaClid",
}  # fmt: skip
_PLACE = {"latitude": "Latitude", "longitude": "Longitude", "name": "Label", "address": "Address"}


def events(told: Told, address: str, now_ms: int) -> Iterator[Event]:
    """A message, or what it is besides: a stop that Twilio has answered, that somebody came by an advertisement.

    Twilio blocks nothing by itself here: only words that the owner has set up for it are a stop (`OptOutType`).
    """
    id, name, known = (
        told.get("MessageSid", "")[:MAX_ID],
        told.get("ProfileName", "")[:MAX_ID],
        _identities(told, address),
    )
    consent = next(consents(told, address, {}, now_ms), None)
    if consent:
        yield replace(consent, identities=known)
        if not consent.given:
            return
    referral = {key: text for key, field in _REFERRAL.items() if (text := told.get(field, "")[:MOST_CHARACTERS])}
    content, details = _content(told), _about(told)
    if referral and content.details.get("name") == twilio_incoming.UNSUPPORTED:
        yield Happened(address, REFERRAL, now_ms, id, name, details=referral | details, identities=known)
        return
    details |= {REFERRAL: referral} if referral else {}
    content = replace(content, details=content.details | details)
    yield Said(address, id, content, now_ms, name, known, repeatable=bool(id))


def _identities(told: Told, address: str) -> tuple[tuple[str, str], ...]:
    """By number, and by the id that the person has for this business alone."""
    return identities_of(told.get("WaId", "") or address, told.get("ExternalUserId", "").removeprefix(PREFIX))


def _content(told: Told) -> Content:
    title = told.get("ButtonText") or told.get("ListTitle") or told.get("Body", "")
    payload = told.get("ButtonPayload") or told.get("ListId") or told.get("ButtonText", "")
    if payload:
        return postback(payload[:MOST_CHARACTERS], title[:MOST_CHARACTERS])
    place = {key: text for key, field in _PLACE.items() if (text := told.get(field, ""))}
    if found := location(place):
        return replace(found, text=told.get("Body", "")[:MOST_CHARACTERS])
    return twilio_incoming.content_of(told)


def _about(told: Told) -> dict[str, Any]:
    """What is quoted, and that the words are somebody else's."""
    found: dict[str, Any] = {}
    if quoted := told.get("OriginalRepliedMessageSid", ""):
        found["in_reply_to"] = quoted[:MAX_ID]
    if "true" in (often := told.get("FrequentlyForwarded", "").lower(), told.get("Forwarded", "").lower()):
        found["forwarded"] = "often" if often == "true" else "once"
    return found
