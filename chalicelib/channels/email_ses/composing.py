"""A message as a mail: MIME, in seven bits, as SES takes it (https://docs.aws.amazon.com/ses/latest/dg/send-email-raw.html).

`Message-ID` and `Date` are SES's own, so an answer is known by what it answers (`In-Reply-To`, `References`) and by the
address that is answered to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from html import escape
from urllib.parse import quote

from chalicelib.channels.contract import Channel, File, Outgoing
from chalicelib.channels.email_ses import addresses
from chalicelib.domain.consent import SERVING, TRANSACTIONAL
from chalicelib.domain.message import Media
from chalicelib.domain.thread import thread_id
from chalicelib.wire.json_body import word

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=200)
_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}[^\s<>\"'.,;:!?)\]]")
_ANSWER = re.compile(r"\s*(?:re|aw|sv|antw|r)(?:\[\d+\])?\s*:\s*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,250}")
_MOST_SUBJECT, _MOST_GUESSED = 200, 78
_MACHINES = ("bot", "event", "system")


def composed(message: Outgoing, channel: Channel, files: Sequence[tuple[Media, File]], links: Sequence[Media]) -> bytes:
    """The mail: `files` are attached, `links` stand below the text."""
    mail = EmailMessage(policy=_POLICY)
    own, key = str(channel.settings.get("address", "")), channel.secrets.get("link_secret", "")
    mail["From"] = _address(own, _line(word(channel.settings.get("from_name"))))
    mail["To"] = _address(message.address)
    mail["Subject"] = subject(message) or own
    answer_to = addresses.tagged(own, addresses.THREAD, thread_id(channel.id, message.address), key)
    if answer_to != own:
        mail["Reply-To"] = _address(answer_to)
    _threaded(mail, message)
    if message.author in _MACHINES:
        # Whoever is away does not write to a machine: https://www.rfc-editor.org/rfc/rfc3834#section-5
        mail["Auto-Submitted"] = "auto-replied" if message.reply.get("id") else "auto-generated"
    if (word(message.content.details.get("purpose")) or TRANSACTIONAL) not in SERVING and key:
        _leavable(mail, message, channel, key)
    text = "\n".join(line for line in (message.content.text, *(one.for_people for one in links)) if line)
    mail.set_content(_plain(text) + "\n", cte="quoted-printable")
    mail.add_alternative(_html(_plain(text)), subtype="html", cte="quoted-printable")
    for item, file in files:
        kind, _, sub = (file.mime_type or item.mime_type or "application/octet-stream").partition(";")[0].partition("/")
        name = _line(item.name) or item.for_people.rpartition("/")[2][:100] or "file"
        mail.add_attachment(file.body, maintype=kind or "application", subtype=sub or "octet-stream", filename=name)
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        # The same at each attempt, and nothing that stands in what is encoded.
        part.set_boundary(f"=_{hashlib.sha256(message.id.encode()).hexdigest()[:32]}_{number}")
    return mail.as_bytes()


def sender(channel: Channel) -> str:
    """By whom mails are, as a header says it."""
    name = _line(word(channel.settings.get("from_name")))
    return formataddr((name, str(channel.settings.get("address", ""))))


def subject(message: Outgoing) -> str:
    """What a mail is about: as it says, or what the mail was about that it answers, or how its text begins."""
    if given := _line(word(message.content.details.get("subject"))):
        return given[:_MOST_SUBJECT]
    if asked := _line(message.reply.get("subject", "")):
        while found := _ANSWER.match(asked):
            asked = asked[found.end() :]
        return f"Re: {asked}"[:_MOST_SUBJECT]
    first = _line(next((line for line in message.content.text.splitlines() if line.strip()), ""))
    return first if len(first) <= _MOST_GUESSED else first[:_MOST_GUESSED].rpartition(" ")[0] or first[:_MOST_GUESSED]


def _threaded(mail: EmailMessage, message: Outgoing) -> None:
    id = message.reply.get("id", "")
    references = [one for one in message.reply.get("references", "").split() if _ID.fullmatch(one)]
    if not _ID.fullmatch(id):
        return
    mail["In-Reply-To"] = f"<{id}>"
    # On a line each, as a line has 998 characters at most.
    mail["References"] = " ".join(f"<{one}>" for one in dict.fromkeys([*references, id]))


def _leavable(mail: EmailMessage, message: Outgoing, channel: Channel, key: str) -> None:
    """How one unsubscribes by one click (https://www.rfc-editor.org/rfc/rfc8058): SES signs both headers."""
    by_mail = addresses.tagged(
        str(channel.settings.get("address", "")), addresses.LEAVE, thread_id(channel.id, message.address), key
    )
    ways = [f"<{leave_url(message, channel, key)}>"] if channel.webhook_url else []
    mail["List-Unsubscribe"] = ", ".join([*ways, f"<mailto:{quote(by_mail, safe='@+.')}>"])
    if ways:
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def leave_url(message: Outgoing, channel: Channel, key: str) -> str:
    """The page on which whoever gets the mail unsubscribes."""
    return f"{channel.webhook_url}?leave={addresses.leaving(message.address, key)}"


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _html(text: str) -> str:
    """The same for programs that show HTML: the words as they are, with links that can be followed."""
    parts, at = [], 0
    for found in _LINK.finditer(text):
        parts += [escape(text[at : found.start()]), f'<a href="{escape(found[0])}">{escape(found[0])}</a>']
        at = found.end()
    body = "".join([*parts, escape(text[at:])]).replace("\n", "<br>\n")
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n<div>{body}</div>\n</body></html>\n'


def _line(text: str) -> str:
    return _CONTROL.sub(" ", _plain(text)).strip()


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
