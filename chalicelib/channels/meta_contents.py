"""The content of one message from Messenger or Instagram, by what is attached to it.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messages and
https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels.meta import at_most, inside, unsupported
from chalicelib.domain.message import EXPIRING, Content, Media
from chalicelib.wire.fields import MAX_ID
from chalicelib.wire.json_body import dicts, word

_FILES = {"image": "image", "sticker": "image", "video": "video", "audio": "audio", "file": "file"}
_SHARED = {
    "story_mention": "file", "share": "file", "ig_post": "file", "like_heart": "image", "reel": "video",
    "ig_reel": "video",
}  # fmt: skip
"""What of Instagram is shared: of a story or a post nothing says whether it is a picture or a film."""
_WORDED = ("fallback", "template")
_MOST_CHARACTERS = 4096
"""Of a title, a payload or an address."""
_MOST_ITEMS = 30
"""Files of one message."""
_REFERRAL = ("ref", "source", "type", "ad_id", "referer_uri")
_AD = ("ad_title", "photo_url", "video_url", "post_id", "product_id", "flow_id")
_AROUND = ("mid", "is_echo", "app_id", "metadata", "reply_to", "referral", "nlp", "text", "is_unsupported", "seq")
"""Members of a message that are not what it says."""


def content_of(message: dict[str, Any]) -> Content:
    """What is said. What cannot be read is an event `unsupported` with what was given: somebody did say something, and
    Meta is answered 200 for it, so that it comes no second time."""
    found = _said(message)
    more: dict[str, Any] = {}
    reply, referral = inside(message, "reply_to"), inside(message, "referral")
    if quoted := word(reply.get("mid")):
        more["in_reply_to"] = quoted[:MAX_ID]
    if story := _texts(inside(reply, "story"), ("id", "url")):
        more["story"] = story
    if referral:
        # The advertisement or the product that they came from.
        more["referral"] = referral_of(referral)
    text, cut = at_most(found.text)
    if cut:
        # A provider cannot be told 413, and the rest of what was said is better than nothing of it.
        more["truncated"] = True
    return Content(found.type, text, found.media, found.details | more)


def postback_of(value: dict[str, Any]) -> Content:
    """What somebody pressed, and what brought them to it."""
    payload, title = _text(value, "payload"), _text(value, "title")
    details: dict[str, Any] = {"payload": payload or title, "title": title}
    if referral := inside(value, "referral"):
        details["referral"] = referral_of(referral)
    return Content("postback", title, details=details)


def referral_of(value: dict[str, Any]) -> dict[str, Any]:
    """Where somebody came from: a link, an advertisement, a product."""
    ad = _texts(inside(value, "ads_context_data"), _AD)
    product = _texts(inside(value, "product"), ("id",))
    return _texts(value, _REFERRAL) | ({"ad": ad} if ad else {}) | ({"product": product} if product else {})


def _said(message: dict[str, Any]) -> Content:
    text, quick, attached = word(message.get("text")), inside(message, "quick_reply"), dicts(message.get("attachments"))
    if payload := _text(quick, "payload"):
        return Content("postback", text, details={"payload": payload, "title": text[:_MOST_CHARACTERS]})
    if message.get("is_unsupported") is True:
        return _unsupported("Meta does not pass on what was sent", message)
    if attached:
        return _attached(attached[:_MOST_ITEMS], text, message)
    return Content(text=text) if text else _unsupported("a message without text or file", message)


def _attached(attached: list[dict[str, Any]], text: str, message: dict[str, Any]) -> Content:
    files: list[tuple[str, Media]] = []
    lines, trouble = [text] if text else [], ""
    shared: list[dict[str, str]] = []
    details: dict[str, Any] = {}
    for item in attached:
        kind, payload = _text(item, "type")[:64], inside(item, "payload")
        url = _url(payload)
        if kind == "location" and (place := _place(item, payload)):
            return Content("location", text, details=place)
        if kind in _WORDED:
            words = _words(item, payload)
            # What is shared by a link comes with a text that holds the link, or without any.
            lines += [line for line in words if line not in text]
            shared.append(_texts(payload | item, ("type", "title", "url")))
            trouble = trouble or ("" if words or text else f"{kind} without words")
        elif (kind in _FILES or kind in _SHARED) and url:
            name = _text(payload, "name")[:MAX_ID]
            files.append((_FILES.get(kind) or _SHARED[kind], Media(EXPIRING + url, name=name)))
            details |= _texts(payload, ("sticker_id",))
            shared += [{"type": kind} | _texts(payload, ("title",))] if kind in _SHARED else []
        else:
            trouble = f"{kind} without a URL" if kind in _FILES or kind in _SHARED else f"unknown attachment: {kind}"
            files += [("file", Media(EXPIRING + url))] if url else []
    details |= {"shared": shared} if shared else {}
    if trouble:
        return _unsupported(trouble, message, tuple(media for _, media in files))
    kinds = {kind for kind, _ in files}
    type = "text" if not files else kinds.pop() if len(kinds) == 1 else "file"
    return Content(type, "\n".join(lines), tuple(media for _, media in files), details)


def _unsupported(reason: str, message: dict[str, Any], media: tuple[Media, ...] = ()) -> Content:
    rest = {key: value for key, value in message.items() if key not in _AROUND}
    return Content("event", word(message.get("text")), media, unsupported(reason, rest))


def _place(item: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    given = inside(payload, "coordinates")
    place = {"latitude": given.get("lat"), "longitude": given.get("long")}
    if not all(isinstance(at, int | float) and not isinstance(at, bool) and abs(at) <= 180 for at in place.values()):
        return {}
    return place | ({"name": title} if (title := _text(item, "title")) else {})


def _words(item: dict[str, Any], payload: dict[str, Any]) -> list[str]:
    """What a shared link or a template says to people."""
    ones = [payload, *dicts(payload.get("elements")), *dicts(inside(payload, "product").get("elements"))]
    said = [_text(one, name) for one in ones for name in ("text", "title", "subtitle")]
    said += [_text(item, "title"), _url(payload) or _url(item)]
    return list(dict.fromkeys(line for line in said if line))


def _url(payload: dict[str, Any]) -> str:
    url = _text(payload, "url")
    return url if url.startswith(("https://", "http://")) else ""


def _text(value: dict[str, Any], name: str) -> str:
    return word(value.get(name))[:_MOST_CHARACTERS]


def _texts(value: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: text for name in names if (text := _text(value, name))}
