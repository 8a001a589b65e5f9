"""What SES tells of mails that we sent: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html

The same object comes by EventBridge and by SNS. Nothing here raises: what is missing or of another type counts as
empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.channels.contract import Channel, Consent, Event, Happened, Ignored, Received, Request, Status
from chalicelib.channels.email_ses.addresses import normal
from chalicelib.ports import clock
from chalicelib.wire.json_body import dicts, mended, word

STATUSES = {
    "Send": "sent", "Delivery": "delivered", "Open": "read", "Bounce": "failed", "Reject": "failed",
    "Rendering Failure": "failed",
}  # fmt: skip
CHANNEL, DELIVERY = "parley_channel", "parley_delivery"
"""Tags that go out with a mail and come back in what is told of it: the channel's id, and our own of the delivery."""
BOUNCED = "bounced"
"""That a mail came back after it was delivered, in a word: who is away answers so, or a server that looked later."""
_PASSED_OVER = frozenset({"Click", "DeliveryDelay", "Subscription"})


def told(request: Request, channel: Channel) -> Received:
    """The events of one report."""
    try:
        given = mended(request.body)
    except ValueError:
        given = {}
    report = given if isinstance(given, dict) else {}
    kind = word(report.get("eventType"))
    if kind in _READ:
        return Received(tuple(_READ[kind](report, request.now_ms, channel)))
    return Received((Ignored(kind if kind in _PASSED_OVER else f"unknown report: {kind[:64]}"),))


def tag(report: Any, name: str) -> str:
    """The value of one of our tags; empty where it is not there."""
    values = _inside(_inside(report, "mail"), "tags").get(name)
    return word(values[0])[:256] if isinstance(values, list) and values else ""


def _sent(report: dict[str, Any], now_ms: int, channel: Channel) -> list[Event]:
    return [_status(report, "Send", "mail", now_ms)]


def _delivered(report: dict[str, Any], now_ms: int, channel: Channel) -> list[Event]:
    return [_status(report, "Delivery", "delivery", now_ms)]


def _opened(report: dict[str, Any], now_ms: int, channel: Channel) -> list[Event]:
    """Weak: some programs fetch the picture that tells it whether or not anybody looks."""
    if channel.settings.get("opens") is not True:
        return [Ignored("Open")]
    return [_status(report, "Open", "open", now_ms)]


def _bounced(report: dict[str, Any], now_ms: int, channel: Channel) -> list[Event]:
    bounce = _inside(report, "bounce")
    kind, sub = word(bounce.get("bounceType"))[:32], word(bounce.get("bounceSubType"))[:64]
    [recipient] = dicts(bounce.get("bouncedRecipients"))[:1] or [{}]
    reason = word(recipient.get("diagnosticCode"))[:300] or f"{kind} {sub}".strip()
    failed = _status(report, "Bounce", "bounce", now_ms, code=f"bounce_{kind}_{sub}".lower().strip("_"), reason=reason)
    # Whoever is not there will not be there later: each mail more harms how all others of ours are taken.
    gone = _consent(report, "bounce", recipient, now_ms, f"bounced: {reason}") if kind == "Permanent" else []
    # Only where it was delivered before, which we do not know: else its failure says all of it.
    return [failed, *_note(report, recipient, now_ms, reason), *gone]


def _complained(report: dict[str, Any], now_ms: int, channel: Channel) -> list[Event]:
    complaint = _inside(report, "complaint")
    kind, sub = word(complaint.get("complaintFeedbackType"))[:64], word(complaint.get("complaintSubType"))[:64]
    if kind == "not-spam":
        return [Ignored("complaint: not-spam")]
    [recipient] = dicts(complaint.get("complainedRecipients"))[:1] or [{}]
    consent = _consent(report, "complaint", recipient, now_ms, f"complaint: {kind or sub or 'spam'}")
    if sub != "OnAccountSuppressionList":
        return consent
    # SES has not sent it at all.
    return [_status(report, "Bounce", "complaint", now_ms, code="suppressed", reason="has complained before"), *consent]


def _rejected(report: dict[str, Any], now_ms: int, channel: Channel) -> list[Event]:
    reason = word(_inside(report, "reject").get("reason"))[:300] or "SES rejected it"
    return [_status(report, "Reject", "reject", now_ms, code="rejected", reason=reason)]


def _not_rendered(report: dict[str, Any], now_ms: int, channel: Channel) -> list[Event]:
    reason = word(_inside(report, "failure").get("errorMessage"))[:300] or "SES could not fill its template"
    return [_status(report, "Rendering Failure", "failure", now_ms, code="rendering_failure", reason=reason)]


_READ: dict[str, Callable[[dict[str, Any], int, Channel], list[Event]]] = {
    "Send": _sent,
    "Delivery": _delivered,
    "Open": _opened,
    "Bounce": _bounced,
    "Complaint": _complained,
    "Reject": _rejected,
    "Rendering Failure": _not_rendered,
}


def _status(
    report: dict[str, Any], kind: str, member: str, now_ms: int, *, code: str = "", reason: str = ""
) -> Status | Ignored:
    id, own = word(_inside(report, "mail").get("messageId"))[:256], tag(report, DELIVERY)
    if not id and not own:
        return Ignored("report of no mail")
    at = min(_time(_inside(report, member).get("timestamp"), now_ms), now_ms)
    return Status(id, STATUSES[kind], at, error={"code": code, "reason": reason} if code else None, own_id=own)


def _consent(report: dict[str, Any], member: str, recipient: dict[str, Any], now_ms: int, why: str) -> list[Event]:
    address = normal(word(recipient.get("emailAddress")))
    at = min(_time(_inside(report, member).get("timestamp"), now_ms), now_ms)
    id = word(_inside(report, member).get("feedbackId"))[:256]
    if not address:
        return []
    return [Consent(address, False, at, why=why[:200], provider_id=id, own_id=tag(report, DELIVERY))]


def _note(report: dict[str, Any], recipient: dict[str, Any], now_ms: int, reason: str) -> list[Event]:
    address, bounce = normal(word(recipient.get("emailAddress"))), _inside(report, "bounce")
    id, about = word(bounce.get("feedbackId"))[:256], word(_inside(report, "mail").get("messageId"))[:256]
    if not address:
        return []
    at = min(_time(bounce.get("timestamp"), now_ms), now_ms)
    return [Happened(address, BOUNCED, at, id, text=reason, details={"in_reply_to": about}, automatic=True)]


def _inside(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _time(value: Any, now_ms: int) -> int:
    try:
        return max(0, clock.from_rfc3339(word(value)))
    except (ValueError, OverflowError):
        return now_ms
