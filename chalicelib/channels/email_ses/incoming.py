"""A mail as what somebody said: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.channels.contract import Channel, Consent, File, Ignored, Received, Request, Said
from chalicelib.channels.email_ses import addresses, bounded, reading, trace
from chalicelib.channels.email_ses.reading import Letter
from chalicelib.channels.email_ses.trace import Trace
from chalicelib.domain.message import MAX_TEXT_BYTES, UPLOADED, Content, Media

KEY, RECIPIENT, THREADS = "ses-id", "recipient", "address-of-thread"
"""Headers with which the step hands a mail over: the id under which SES keeps it, to whom it was handed, and whom the
thread is with that the recipient's address names."""
REFERENCE = UPLOADED
"""Files are kept at once: nobody need ask for them."""
_MOST_REPLY = 900
"""Bytes of JSON of what an answer is put together from."""


def mail(request: Request, channel: Channel) -> Received:
    """What a mail says, its files with it. Nothing of it is refused: it comes no second time."""
    letter, told = reading.read(request.body), trace.of(request.body, request.headers.get(KEY, ""))
    key = channel.secrets.get("link_secret", "")
    own = addresses.normal(str(channel.settings.get("address", "")))
    _, tag = addresses.untagged(request.headers.get(RECIPIENT) or told.recipient)
    known = request.headers.get(THREADS, "")
    if told.virus == "FAIL":
        return Received((Ignored("mail with a virus"),))
    if known and addresses.thread_of(tag, addresses.LEAVE, key):
        why = Consent(known, False, request.now_ms, "marketing", "unsubscribed by mail", _id(letter, request))
        return Received((why,))
    if not letter.sender:
        return Received((Ignored("mail without a sender"),))
    if addresses.untagged(letter.sender)[0] == own:
        return Received((Ignored("mail from the channel's own address"),))
    said = _said(letter, told, request)
    if known and addresses.thread_of(tag, addresses.THREAD, key):
        # Whoever has the word was written to, as somebody or for somebody: it is said on that thread.
        said = _of_thread(said, known)
    files = {f"{REFERENCE}{at}": File(one.body, one.mime_type) for at, one in enumerate(letter.files)}
    return Received((said,), files=files)


def _said(letter: Letter, told: Trace, request: Request) -> Said:
    trusted = told.vouches_for(letter.sender)
    content = _content(letter)
    marks = {"unverified": not trusted, "spam": told.spam == "FAIL"}
    details = content.details | {name: True for name, holds in marks.items() if holds}
    automatic = letter.automatic or ("no sender" if told.empty_sender else "")
    if automatic:
        details |= {"automatic": automatic}
    return Said(
        letter.sender,
        _id(letter, request),
        replace(content, details=details),
        request.now_ms,
        letter.name if letter.name.lower() != letter.sender else "",
        (("email", letter.sender),) if trusted else (),
        # A machine's mail is nothing that can be answered.
        reply={} if automatic else _reply(letter),
        automatic=bool(automatic) or told.spam == "FAIL",
    )


def _of_thread(said: Said, address: str) -> Said:
    """The same, of whom the thread is with; who else wrote it is told, and nothing is learned of them."""
    if said.address == address:
        # Nobody but who reads that address's mails has the word of its thread.
        details = {name: value for name, value in said.content.details.items() if name != "unverified"}
        return replace(said, content=replace(said.content, details=details), identities=(("email", address),))
    details = said.content.details | {"from": {"address": said.address, "name": said.name}}
    return replace(said, address=address, name="", identities=(), content=replace(said.content, details=details))


def _id(letter: Letter, request: Request) -> str:
    """The sender's id of the mail, as one that is handed over again has another of SES's."""
    return letter.message_id or request.headers.get(KEY, "")


def _content(letter: Letter) -> Content:
    text, cut = _at_most(bounded.new_part(letter.text))
    whole, whole_cut = _at_most(letter.text.strip())
    details: dict[str, Any] = {"subject": letter.subject} if letter.subject else {}
    if whole != text and not cut:
        details["whole"] = whole
    if cut or whole_cut:
        details["truncated"] = True
    if letter.answers:
        details["in_reply_to"] = letter.answers[0]
    if letter.left_out:
        details["files_left_out"] = letter.left_out
    media = tuple(
        Media(f"{REFERENCE}{at}", one.mime_type, len(one.body), one.name) for at, one in enumerate(letter.files)
    )
    return Content(_type(media, text), text or letter.subject, media, details)


def _type(media: tuple[Media, ...], text: str) -> str:
    """A mail with words is a text, whatever is attached; one without is what it brings."""
    if text or not media:
        return "text"
    kind = media[0].mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"


def _reply(letter: Letter) -> Mapping[str, str]:
    """What an answer is put together from: what it is an answer to, and what that was about."""
    references = [*letter.references, letter.message_id] if letter.message_id else [*letter.references]
    found = {"id": letter.message_id, "subject": letter.subject[:200]}
    while True:
        given = {name: value for name, value in (found | {"references": " ".join(references)}).items() if value}
        if len(json.dumps(given).encode()) <= _MOST_REPLY or not references:
            return given if len(json.dumps(given).encode()) <= _MOST_REPLY else {"id": letter.message_id}
        # The first says which conversation it is, the last what is answered.
        references = [references[0], *references[2:]] if len(references) > 2 else references[1:]


def _at_most(text: str) -> tuple[str, bool]:
    raw = text.encode("utf-8", "replace")
    return (text, False) if len(raw) <= MAX_TEXT_BYTES else (raw[:MAX_TEXT_BYTES].decode("utf-8", "ignore"), True)
