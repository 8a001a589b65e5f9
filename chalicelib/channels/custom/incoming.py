"""What a gateway posts: messages and statuses, each wrong field noted by its JSON pointer."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.channels.contract import Changed, Consent, Event, Group, Happened, Ignored, Moved, Said, Status
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain import notice
from chalicelib.domain.consent import ALL, SCOPES
from chalicelib.domain.identities import EMAIL, PHONE, normalised
from chalicelib.domain.message import DELIVERED, FAILED, READ, SENT, Content, Media
from chalicelib.ports import clock
from chalicelib.wire.fields import Fields
from chalicelib.wire.json_body import escaped, word

STATUSES = {"sent": SENT, "delivered": DELIVERED, "read": READ, "failed": FAILED}
CHANGES = ("edited", "deleted", "reaction")
NOT_HAPPENED = (*notice.CHANGES, *notice.CONSENTS)
_WHAT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_FILES, _MOST_WHY, _MOST_SHOWN, _MOST_DETAILS, _MOST_REPLY = 20, 200, 1000, 20, 3


def event(fields: Fields, now_ms: int) -> Event:
    """The event that an object holds; of use only while nothing is noted as wrong."""
    if fields.given.get("type") != "status" and _in_a_group(fields):
        # Whatever else is wrong with it: nobody reads it, and the private ones beside it are to be taken.
        return Ignored(GROUP)
    kind = fields.text("type", required=True)
    if kind == "status":
        return _status(fields, now_ms)
    if kind in CHANGES:
        return _changed(fields, kind, now_ms)
    if kind == "moved":
        return _moved(fields, now_ms)
    if kind == "consent":
        return _consent(fields, now_ms)
    if kind == "happened":
        return _happened(fields, now_ms)
    if kind and kind != "message":
        fields.refuse("type", f"must be message, status, moved, consent, happened, {', '.join(CHANGES)}")
    return _said(fields, now_ms)


def _in_a_group(fields: Fields) -> bool:
    """Whether it was said to many and is passed over: a message that names its group is read as the group's."""
    given = fields.given
    named = given.get("type") == "message" and _names_group(given.get("group"))
    marks = {} if named else given
    return in_a_group(marks, word(given.get("from")), word(given.get("to")))


def _names_group(group: Any) -> bool:
    return isinstance(group, dict) and isinstance(group.get("id"), str) and bool(group["id"].strip())


def _changed(fields: Fields, kind: str, now_ms: int) -> Event:
    about = fields.text("about", required=True)
    text = fields.text("text", required=True, most=2**20) if kind == "edited" else ""
    if kind == "reaction":
        text = fields.text("emoji", most=64)
    address, id = fields.text("from", required=True), fields.text("id")
    return Changed(address, kind, about, _time(fields, "at", now_ms), id, text, fields.flag("echo"))


def _moved(fields: Fields, now_ms: int) -> Moved:
    was = _identities(fields.inside("was")) if fields.has("was") else ()
    address, to, id = (fields.text(name, required=True) for name in ("from", "to", "id"))
    return Moved(address, to, _time(fields, "at", now_ms), id, _identities(fields), was)


def _consent(fields: Fields, now_ms: int) -> Consent:
    address, id = (fields.text(name, required=True) for name in ("from", "id"))
    if not fields.has("given"):
        fields.refuse("given", "required")
    scope = fields.text("scope") or ALL
    if scope not in SCOPES:
        fields.refuse("scope", f"must be one of {', '.join(SCOPES)}")
    given, why = fields.flag("given") if fields.has("given") else False, fields.text("why", most=_MOST_WHY)
    return Consent(address, given, _time(fields, "at", now_ms), scope, why, id, _identities(fields))


def _happened(fields: Fields, now_ms: int) -> Happened:
    address, id, what = (fields.text(name, required=True) for name in ("from", "id", "what"))
    if what and (not _WHAT.fullmatch(what) or what in (*CHANGES, *NOT_HAPPENED)):
        fields.refuse("what", "must be a word of a-z, 0-9 and _, and none that is told otherwise")
    text, name = fields.text("text", most=_MOST_SHOWN), fields.text("name")
    details = _details(fields.inside("details"))
    return Happened(address, what, _time(fields, "at", now_ms), id, name, text, details, _identities(fields))


def _details(fields: Fields) -> dict[str, Any]:
    """What else is to be known of it: a few names with texts, numbers, true or false."""
    if len(fields.given) > _MOST_DETAILS:
        fields.refuse("", f"must have at most {_MOST_DETAILS} members")
        return {}
    found: dict[str, Any] = {}
    for name, value in fields.given.items():
        if not _WHAT.fullmatch(name) or name == "name":
            fields.refuse(escaped(name), "must be a word of a-z, 0-9 and _, other than name")
        elif isinstance(value, bool):
            found[name] = value
        elif isinstance(value, int | float):
            found[name] = fields.number(name, -(2**53), 2**53)
        elif value is not None:
            found[name] = fields.text(name, most=_MOST_SHOWN)
    return found


def _status(fields: Fields, now_ms: int) -> Status:
    state = fields.text("status", required=True)
    if state and state not in STATUSES:
        fields.refuse("status", f"must be one of {', '.join(STATUSES)}")
    error = fields.inside("error")
    said = {"code": _code(error), "reason": error.text("reason", most=1000)}
    until, own = fields.has("until"), fields.text("delivery_id")
    provider_id = fields.text("id", required=not until and not own)
    failed = said if STATUSES.get(state) == FAILED else None
    at_ms, address = _time(fields, "at", now_ms), fields.text("to", required=until)
    until_ms = _time(fields, "until", now_ms) if until else 0
    if until and failed:
        fields.refuse("until", "does not go with failed: of which message is to be said")
    return Status(provider_id, STATUSES.get(state, ""), at_ms, address, failed, own, until_ms=until_ms)


def _code(error: Fields) -> str:
    return word(error.given.get("code")) if isinstance(error.given.get("code"), int) else error.text("code")


def _said(fields: Fields, now_ms: int) -> Said:
    address, name, group = fields.text("from", required=True), fields.text("name"), None
    if _names_group(fields.given.get("group")):
        inside = fields.inside("group")
        group = Group(speaker=address, speaker_name=name, name=inside.text("name"))
        address, name = inside.text("id", required=True), ""
    return Said(
        address=address,
        provider_id=fields.text("id", required=True),
        content=_content(fields),
        at_ms=_time(fields, "sent_at", now_ms),
        name=name,
        identities=() if group else _identities(fields),
        echo=fields.flag("echo"),
        group=group,
        reply=_reply(fields.inside("reply")),
        reply_until_ms=_until(fields, "reply_until"),
    )


def _reply(fields: Fields) -> dict[str, str]:
    """What the gateway wants with an answer: a few names with texts."""
    if len(fields.given) > _MOST_REPLY:
        fields.refuse("", f"must have at most {_MOST_REPLY} members")
        return {}
    return {name: fields.text(name, required=True) for name in fields.given if _known_name(fields, name)}


def _known_name(fields: Fields, name: str) -> bool:
    if not _WHAT.fullmatch(name):
        fields.refuse(escaped(name), "must be a word of a-z, 0-9 and _")
    return bool(_WHAT.fullmatch(name))


def _until(fields: Fields, name: str) -> int:
    """A time to come, in milliseconds; 0 where none is given."""
    if not (text := fields.text(name)):
        return 0
    try:
        return max(1, clock.from_rfc3339(text))
    except (ValueError, OverflowError):
        fields.refuse(name, "must be an RFC 3339 time with a zone")
    return 0


def _content(fields: Fields) -> Content:
    text = fields.text("text", most=2**20)
    quoted = fields.text("in_reply_to")
    details: dict[str, Any] = {"in_reply_to": quoted} if quoted else {}
    media = tuple(_file(item) for item in fields.each("media", most=_MOST_FILES))
    if fields.has("postback"):
        payload, title = _postback(fields)
        details |= {"payload": payload} | ({"title": title} if title else {})
        return Content("postback", text or title, media, details)
    if fields.has("location"):
        place = fields.inside("location")
        details |= {"latitude": place.number("latitude", -90, 90), "longitude": place.number("longitude", -180, 180)}
        details |= {key: value for key in ("name", "address") if (value := place.text(key, most=1000))}
        return Content("location", text, media, details)
    if not media and not text.strip() and not fields.wrong:
        fields.refuse("", "a message needs text, media, postback or location")
    return Content(_kind(media[0]) if media else "text", text, media, details)


def _postback(fields: Fields) -> tuple[str, str]:
    if isinstance(fields.given["postback"], str):
        return fields.text("postback", required=True, most=1024), ""
    inside = fields.inside("postback")
    return inside.text("payload", required=True, most=1024), inside.text("title")


def _file(item: Fields) -> Media:
    url = item.text("url", required=True, most=2048)
    if url and not url.startswith(("https://", "http://")):
        item.refuse("url", "must be an http or https address")
    size = item.number("size", 0, 2**40) if item.has("size") else None
    return Media(url, item.text("mime_type"), None if size is None else int(size), item.text("name"))


def _kind(item: Media) -> str:
    kind = item.mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"


def _identities(fields: Fields) -> tuple[tuple[str, str], ...]:
    found = []
    for kind in (PHONE, EMAIL):
        if not (given := fields.text(kind).strip()):
            continue
        try:
            # In the spelling that everybody is found by: what identifies nobody is said to who posts it.
            found.append((kind, normalised(kind, given)))
        except ValueError as error:
            fields.refuse(kind, str(error))
    return tuple(found)


def _time(fields: Fields, name: str, now_ms: int) -> int:
    text = fields.text(name)
    try:
        at_ms = clock.from_rfc3339(text) if text else now_ms
    except (ValueError, OverflowError):
        at_ms = -1
    if at_ms < 0:
        fields.refuse(name, "must be an RFC 3339 time with a zone, after 1970")
    # A gateway whose clock runs ahead must not put its messages after all that is still to come.
    return min(at_ms, now_ms)
