"""What a bot is posted, in IMIconnect's words: names and letter case exactly as printed there (contract 2.2).

https://docs.imiconnect.com/docs/bots prints the first members of each payload; those after `Timestamp` are ours.
"""

from __future__ import annotations

from typing import Any

from chalicelib.bots.webhook import standard
from chalicelib.domain import notice as notices
from chalicelib.domain.message import Content
from chalicelib.domain.notice import Notice
from chalicelib.wire.times import imi_time

PROFILES = ("imi", "generic", "standard")
"""imi and generic have the same body; they differ in how the bot is set up (access token, verification token)."""
_STATUSES = {"delivered": "Delivered", "failed": "Failed", "read": "Read"}


def payload(notice: Notice, *, profile: str, label: str, context: Any = None) -> dict[str, Any] | None:
    """The body of a delivery; None where the profile has no words for the notice, so that nothing is sent.

    `label` is the channel's name on the wire (`WhatsApp`, `FB`, ...). `context` is added where it is given.
    ValueError for an unknown profile.
    """
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}")
    if profile == "standard":
        return standard.payload(notice, label=label, context=context)
    told = _told(notice)
    if told is None:
        return None
    body = {"Conversationid": notice.conversation, "ConversationType": notice.mode, **told}
    body |= {"Channel": label, "Event": _EVENTS[notice.kind], "Timestamp": imi_time(notice.at)}
    if notice.number:
        body["Sequence"] = notice.number
    if notice.author.get("kind", "system") != "system" and notice.kind in standard.AUTHORED:
        body["Author"] = standard.author(notice)
    if speaker := standard.speaker(notice):
        body["Speaker"] = speaker
    if notice.source:
        body["MessageSource"] = notice.source
    body["Contact"] = {"id": notice.contact.get("id", ""), "name": notice.contact.get("name", "")}
    return body if context is None else body | {"Context": context}


_EVENTS = {
    notices.MESSAGE: "Incoming message",
    notices.POSTBACK: "FB POSTBACK",  # of every channel: a bot that knows the seed's name needs no second one
    notices.STATUS: "Message Delivery",
    notices.EDITED: "Message Edited",
    notices.DELETED: "Message Deleted",
    notices.REACTION: "Reaction",
    notices.HAPPENED: "Happened",
    notices.OPTED_OUT: "Opted Out",
    notices.OPTED_IN: "Opted In",
    notices.HANDOVER_FAILED: "Handover failed",
}


def _told(notice: Notice) -> dict[str, Any] | None:
    content = Content.of(notice.content)
    match notice.kind:
        case notices.MESSAGE:
            media = standard.media(content)
            told: dict[str, Any] = {
                "Message": content.text, "MessageType": content.type, "Messageid": notice.message,
                "Media": media[0] if media else "",
            }  # fmt: skip
            if len(media) > 1:
                told["MediaList"] = media
            return told | ({"Details": content.details} if content.details else {})
        case notices.HAPPENED:
            happened = standard.happened(content)
            about = {"Happened": happened, "Message": content.text, "MessageType": content.type}
            return about | {"Messageid": notice.message, "Details": content.details}
        case notices.POSTBACK:
            told = {"PostbackPayload": content.details.get("payload", content.text)}
            return told | ({"Messageid": notice.message} if notice.message else {})
        case notices.STATUS if notice.status in _STATUSES:
            told = {"Messageid": notice.message, "DeliveryStatus": _STATUSES[notice.status]}
            return told | ({"Description": standard.description(notice)} if notice.status == "failed" else {})
        case notices.EDITED | notices.REACTION:
            return {"Message": content.text, "Messageid": content.details.get("message_id", "")}
        case notices.DELETED:
            return {"Messageid": content.details.get("message_id", "")}
        case notices.OPTED_OUT | notices.OPTED_IN:
            scope, why = standard.consent(content)
            return {"Scope": scope} | ({"Description": why} if why else {})
        case notices.HANDOVER_FAILED:
            return {"Description": notice.reason}
    return None
