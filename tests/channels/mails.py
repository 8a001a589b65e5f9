"""Mails: those that an adapter made, as an example shows them, and those that real programs write."""

from __future__ import annotations

import base64
import email
import json
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "letters"
CORPUS: dict[str, tuple[bytes, str, list[tuple[str, str, int]]]] = {
    name: ((_FOLDER / f"{name}.eml").read_bytes(), read["text"], [(one[0], one[1], one[2]) for one in read["files"]])
    for name, read in json.loads((_FOLDER / "letters.json").read_text(encoding="utf-8")).items()
}
"""Name -> (a mail, what of it is new, (name, type, bytes) of its files)."""
_AROUND = {"content-type", "mime-version", "content-transfer-encoding"}


def mail_of(body: dict[str, Any]) -> EmailMessage:
    """The mail within a call of SES's."""
    raw = base64.b64decode(body["Content"]["Raw"]["Data"])
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    found = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """Headers, words and files of it, and what else the call says."""
    mail = mail_of(body)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert isinstance(text, EmailMessage) and isinstance(html, EmailMessage)
    files = [
        {"name": one.get_filename(), "type": one.get_content_type(), "bytes": len(one.get_payload(decode=True) or b"")}
        for one in mail.iter_attachments()
    ]
    inside = html.get_content().partition("<div>")[2].partition("</div>")[0]
    return {
        "headers": {name: str(value) for name, value in mail.items() if name.lower() not in _AROUND},
        "text": text.get_content(),
        "html": inside,
        **({"files": files} if files else {}),
        **{name: value for name, value in body.items() if name != "Content"},
    }
