"""A message in the words of the Send API: one request body, or several where there is no one message for it.

https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages and
https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/messaging-api
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from chalicelib.channels import fallback, meta_errors
from chalicelib.channels.contract import Channel, Outcome, Outgoing, Refused, Sent
from chalicelib.channels.meta import authorised, inside, own_id
from chalicelib.channels.meta_incoming import MARK
from chalicelib.channels.meta_kind import BUTTONS, SHOWS, Kind
from chalicelib.channels.splitting import pieces
from chalicelib.channels.wire import FETCHED_S, SOON_S, answered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.domain.message import Content, Media
from chalicelib.wire.json_body import dicts, word

Body = dict[str, Any]
_ATTACHED = ("image", "audio", "video", "file")
_BY_PEOPLE = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
"""What a person says more than 24 hours after the last word, and within seven days of it:
https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message (one tag for both)"""
_ACTIONS = {"typing": "typing_on", "seen": "mark_seen"}


async def send(message: Outgoing, channel: Channel, call: Call, kind: Kind) -> Outcome:
    """Post the message to `<api_base>/<Page or account>/messages`.

    What has no one message there (a text that is too long, words beside a file, several files) goes out as several, in
    order; the id is the last one's. Where one of them must wait, those before it are not sent again.
    """
    bodies = bodies_of(message, kind)
    if not bodies:
        return Refused("nothing_to_send", "the message has neither text nor anything that is shown there")
    parts: list[str] = []
    # Should there be fewer than went out once, by a newer version of this code, there is still one to be heard of.
    for body in bodies[min(message.done, len(bodies) - 1) :]:
        exchange = await _post(body, channel, call, kind)
        trouble = meta_errors.of(exchange, message.now_ms)
        if (
            meta_errors.is_too_late(trouble)
            and message.author == "agent"
            and channel.settings.get("human_agent") is True
        ):
            exchange = await _post(body | _BY_PEOPLE, channel, call, kind)
            trouble = meta_errors.of(exchange, message.now_ms)
        if trouble:
            return replace(trouble, done=message.done + len(parts), parts=tuple(parts))
        parts.append(word(answered(exchange).get("message_id")) or message.id)
    return Sent(parts[-1], tuple(parts[:-1]))


def _is_by_people(message: Outgoing, channel: Channel) -> bool:
    return message.author == "agent" and channel.settings.get("human_agent") is True


async def signal(what: str, address: str, channel: Channel, call: Call, kind: Kind) -> None:
    """Show that somebody writes, for 20 seconds or until the answer, or that all was read."""
    await _post({"recipient": {"id": address}, "sender_action": _ACTIONS[what]}, channel, call, kind)


async def _post(body: Body, channel: Channel, call: Call, kind: Kind) -> Exchange:
    url = kind.at(channel, f"{kind.sends_as(channel)}/messages")
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = {"content-type": "application/json", **authorised(channel)}
    timeout_s = FETCHED_S if _is_fetched(body) else SOON_S
    return await call("POST", url, headers=headers, body=raw, timeout_s=timeout_s)


def _is_fetched(body: Body) -> bool:
    """Whether Meta gets a file from its address before it answers."""
    return bool(inside(inside(inside(body, "message"), "attachment"), "payload").get("url"))


def bodies_of(message: Outgoing, kind: Kind) -> list[Body]:
    """The request bodies of a message, in the order in which they are posted."""
    parts = _parts(fallback.adapted(message.content, SHOWS, kind.limits), kind)
    for place, part in enumerate(parts, 1):
        if kind.metadata:
            # Comes back in the echo, whatever becomes of the answer.
            part["metadata"] = MARK + own_id(message.id, last=place == len(parts))
    to = {"recipient": {"id": message.address}, "messaging_type": "RESPONSE"}
    bodies: list[Body] = [{**to, "message": part} for part in parts]
    if bodies and message.in_reply_to and kind.replies:
        bodies[0]["reply_to"] = {"mid": message.in_reply_to}
    return bodies


def _parts(content: Content, kind: Kind) -> list[Body]:
    if content.type in ("buttons", "list"):
        return _choices(content, kind)
    if content.type in _ATTACHED and content.media:
        return [*_files(content), *_texts(content.text, kind)]
    return _texts(fallback.in_text(content).text, kind)


def _texts(text: str, kind: Kind) -> list[Body]:
    return [{"text": part} for part in pieces(text, kind.limits)]


def _files(content: Content) -> list[Body]:
    return [{"attachment": {"type": _family(content, item), "payload": {"url": item.url}}} for item in content.media]


def _family(content: Content, item: Media) -> str:
    if content.type in _ATTACHED:
        return content.type
    family = item.mime_type.partition("/")[0]
    return family if family in _ATTACHED else "file"


def _choices(content: Content, kind: Kind) -> list[Body]:
    """Few choices of which some lead somewhere are buttons, which stay; all others are quick replies, which go with
    the next message. Both stand under the last part, as nothing may follow them."""
    offered, leading = fallback.choices(content), fallback.links(content)
    if leading and len(offered) + len(leading) <= BUTTONS:
        return [*_files(content), *_buttons(content, offered, leading, kind)]
    lines = [content.text.strip(), *_rows(content), *fallback.link_lines(content)]
    # Words are required; a question without any is asked by its answers.
    text = "\n".join(line for line in lines if line) or " / ".join(one["title"] for one in offered)
    parts = _texts(text, kind)
    replies = [{"content_type": "text", "title": one["title"], "payload": one["payload"]} for one in offered]
    if parts and replies:
        parts[-1]["quick_replies"] = replies
    return [*_files(content), *parts]


def _rows(content: Content) -> list[str]:
    """What a list says beside the titles that can be chosen."""
    lines = []
    for section in dicts(content.details.get("sections")):
        told = [(word(row.get("title")), word(row.get("description"))) for row in dicts(section.get("rows"))]
        lines += [word(section.get("title")), *(f"{title} - {more}" for title, more in told if more)]
    return lines


def _buttons(content: Content, offered: list[dict[str, str]], leading: list[dict[str, str]], kind: Kind) -> list[Body]:
    titles = " / ".join(one["title"] for one in (*offered, *leading))
    texts = pieces(content.text, kind.limits) or [titles]
    # The longest text above buttons is shorter than a message.
    texts[-1:] = pieces(texts[-1], kind.above_buttons()) or [titles]
    buttons = [{"type": "postback", "title": one["title"], "payload": one["payload"]} for one in offered]
    buttons += [{"type": "web_url", "title": one["title"], "url": one["url"]} for one in leading]
    template = {"template_type": "button", "text": texts[-1], "buttons": buttons}
    attachment = {"attachment": {"type": "template", "payload": template}}
    return [*({"text": text} for text in texts[:-1]), attachment]
