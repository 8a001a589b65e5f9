"""The page on which one unsubscribes, and what is posted to it by one click.

https://www.rfc-editor.org/rfc/rfc8058: a mail program posts without cookies and follows no redirects. Programs that
look for danger open every link of a mail, so that a GET changes nothing.
"""

from __future__ import annotations

from html import escape

from chalicelib.channels.contract import Channel, Consent, Denied, Received, Request, Response
from chalicelib.channels.email_ses import addresses
from chalicelib.domain.consent import MARKETING

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def left(request: Request, channel: Channel) -> Received | Denied:
    """The page for a GET, and that somebody unsubscribes for a POST. 404 for a word that is not of our making."""
    word = request.query.get("leave", "")
    address = addresses.leaver(word, channel.secrets.get("link_secret", ""))
    if not address:
        return Denied(404, "unknown_link", "the link is not complete")
    who = escape(str(channel.settings.get("from_name") or channel.settings.get("address") or ""))
    if request.method != "POST":
        form = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'
        text = f"<h1>Unsubscribe</h1><p>{escape(address)} gets no more news from {who}.</p>{form}"
        return Received((), Response(200, _page(text), _HEADERS))
    consent = Consent(address, False, request.now_ms, MARKETING, "unsubscribed by a link")
    text = f"<h1>Done</h1><p>{escape(address)} gets no more news from {who}.</p>"
    return Received((consent,), Response(200, _page(text), _HEADERS))


def _page(text: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Unsubscribe</title></head><body><main>{text}</main></body></html>"
    )
