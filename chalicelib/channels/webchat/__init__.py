"""Web chat: our own channel. A page posts what the visitor writes and fetches what is said to them.

A session token, which only the visitor's browser knows, opens one thread. What we keep as the visitor's address is the
token's hash, so reading messages, contacts or a backup never gives anyone a session.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

from chalicelib.channels.contract import (
    Channel,
    Denied,
    Event,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Response,
    Said,
    Status,
)
from chalicelib.channels.webchat import identity, uploads
from chalicelib.channels.wire import malformed
from chalicelib.domain.exchange import Call
from chalicelib.domain.message import MAX_TEXT_BYTES, READ, Content
from chalicelib.ports import ids
from chalicelib.wire.fields import MAX_ID, Fields
from chalicelib.wire.json_body import mended

LABEL = "Webchat"
CAN = frozenset({"receive", "status", "pull"})
SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list", "location", "contact"})
SECRETS = {"identity_secret": "optional"}
STATUSES = {"read": READ}
"""The widget reports reading alone; delivered is what the edge notes when a message is fetched."""

_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_READ = 100
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def address_of(session: str) -> str:
    """The address that stands for a session: `wc` and 26 characters (130 bits) of its SHA-256 in base32."""
    digest = hashlib.sha256(session.encode("utf-8", "replace")).digest()
    return "wc" + base64.b32encode(digest).decode().lower()[:26]


def provider_id(address: str, id: str) -> str:
    """What stands for the id that a page gives a message. Without the address before it, one visitor's id could silence
    another's message."""
    return f"{address}.{id}"


def is_session(text: str) -> bool:
    """Whether a text has the form of a session token: 256 random bits as URL-safe base64, without padding."""
    return _SESSION.fullmatch(text) is not None


def cors(channel: Channel, origin: str, url: str = "") -> dict[str, str] | None:
    """The CORS headers for a page of `origin`; None where the channel's `allowed_origins` do not name it.

    No origin means no browser, and there is nothing for CORS to guard. The page that we serve ourselves (the origin
    of `url`, the address called) is always allowed.
    """
    if not origin:
        return {}
    allowed = channel.settings.get("allowed_origins") or ["*"]
    own = "/".join(url.split("/")[:3])
    if "*" not in allowed and origin not in allowed and origin != own:
        return None
    return {
        "Access-Control-Allow-Origin": "*" if "*" in allowed else origin,
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Expose-Headers": "Retry-After",
        "Access-Control-Max-Age": "86400",
        "Vary": "Origin",
    }


def receive(request: Request, channel: Channel) -> Received | Denied:
    """What a page posts: `{"session"?, "text" and/or "postback", "id"?, "identity"?}`, `{"session","email","id"?}`,
    `{"session","id","files","text"?}`, or `{"session","read"}`.

    The answer is 202 `{"session", "message_id"}`; the edge fills in the message's id, which it makes from the cause.
    `postback` is a payload or `{"payload","title"}`, `text` beside it is its title; `read` is one message id or
    an array of up to 100; `identity` is a token of `webchat.identity`; `email` is where somebody may answer; `files`
    were put where `steps.fetch_media:offer` said (`webchat.uploads`).
    """
    if request.method != "POST":
        return Denied(405, "method_not_allowed", "messages are posted")
    headers = cors(channel, request.headers.get("origin", ""), request.url)
    if headers is None:
        return Denied(403, "origin_not_allowed", "the channel's allowed_origins do not name this page's origin")
    found = _received(request, channel, headers)
    return replace(found, headers=headers) if isinstance(found, Denied) else found


def _received(request: Request, channel: Channel, headers: dict[str, str]) -> Received | Denied:
    try:
        given = mended(request.body)
    except ValueError as error:
        return malformed(error)
    if not isinstance(given, dict):
        return Denied(422, "wrong_fields", "the body must be an object", (("", "must be an object"),))
    fields = Fields(given)
    session = fields.text("session", required=any(fields.has(name) for name in ("read", "email", "files")))
    if session and not is_session(session):
        fields.refuse("session", "must be a session token: 43 characters of URL-safe base64")
    session = session or ids.token(32)
    if fields.has("files") and not channel.settings.get("uploads"):
        fields.refuse("files", "this chat takes no files")
    visitor = _visitor(fields, channel, request.now_ms)
    if isinstance(visitor, identity.NotVouched):
        return Denied(401, visitor.code, visitor.detail, (("/identity", visitor.detail),))
    events, body = _events(fields, session, request.now_ms, visitor)
    if fields.wrong:
        return Denied(422, "wrong_fields", "; ".join(f"{at}: {why}" for at, why in fields.wrong), tuple(fields.wrong))
    if any(isinstance(event, Said) and len(event.content.text.encode()) > MAX_TEXT_BYTES for event in events):
        return Denied(
            413, "too_large", f"a message's text has at most {MAX_TEXT_BYTES} bytes", (("/text", "too long"),)
        )
    return Received(events, Response(202, body, headers))


async def send(message: Outgoing, channel: Channel, call: Call) -> Outcome:
    """Nothing is pushed to a web page; the lane of a `pull` channel is never pumped."""
    return Refused("pull_only", "web chat messages are fetched by the page")


def _visitor(fields: Fields, channel: Channel, now_ms: int) -> identity.Visitor | identity.NotVouched:
    """Who writes, as the page's server says; nobody known where it says nothing."""
    token, secret = fields.text("identity", most=identity.MOST), channel.secrets.get("identity_secret", "")
    if not token:
        return identity.Visitor("", ())
    if not secret:
        return identity.NotVouched("wrong_identity", "the channel has no identity_secret to check identity with")
    return identity.read(token, secret, now_ms=now_ms)


def _events(
    fields: Fields, session: str, now_ms: int, visitor: identity.Visitor
) -> tuple[tuple[Event, ...], dict[str, str | None]]:
    address = address_of(session)
    if fields.has("read"):
        return tuple(Status(id, READ, now_ms, address) for id in _read(fields)), {"session": session}
    if fields.has("files"):
        content = _files(fields)
    else:
        content = _address(fields) if fields.has("email") else _content(fields)
    id = fields.text("id") or ids.new("wc")
    # The widget sends its newest message again until it is taken, and nobody else knows the session: that is within
    # what a thread remembers, and needs no receipt for days.
    said = Said(
        address,
        provider_id(address, id),
        content,
        now_ms,
        name=visitor.name,
        identities=visitor.identities,
        repeatable=False,
    )
    return (said,), {"session": session, "message_id": None}


def _read(fields: Fields) -> list[str]:
    given = fields.given["read"]
    ids_read = given if isinstance(given, list) else [given]
    if not 1 <= len(ids_read) <= _MOST_READ or not all(
        isinstance(id, str) and 0 < len(id) <= MAX_ID for id in ids_read
    ):
        fields.refuse("read", f"must be a message id, or an array of 1 to {_MOST_READ}")
        return []
    return ids_read


def _files(fields: Fields) -> Content:
    fields.text("id", required=True)  # by it the page was told where to put them
    media, text = uploads.files(fields), fields.text("text", most=2**20)
    return Content(uploads.content_type(media), text, media=media)


def _address(fields: Fields) -> Content:
    """An address that the visitor leaves. It is said and no more: whoever types it need not be whose it is, so nobody
    is found by it."""
    given = fields.text("email", required=True).strip()
    if not fields.wrong and not EMAIL.fullmatch(given):
        fields.refuse("email", "must be an e-mail address")
    return Content("contact", details={"contacts": [{"name": "", "phones": [], "emails": [given]}]})


def _content(fields: Fields) -> Content:
    text = fields.text("text", required=not fields.has("postback"), most=2**20)
    if not fields.has("postback"):
        return Content(text=text)
    if isinstance(fields.given["postback"], str):
        payload, title = fields.text("postback", required=True, most=1024), text
    else:
        inside = fields.inside("postback")
        payload = inside.text("payload", required=True, most=1024)
        title = inside.text("title") or text
    return Content("postback", title, details={"payload": payload} | ({"title": title} if title else {}))
