"""The readers of a mail's words, within bounds: anybody can write a mail, and both take time with the square of what
some hold, an hour of it where somebody means it so. What is long is read in a process that may end."""

from __future__ import annotations

import re
from html import unescape

from chalicelib.channels.email_ses import answers, html_text
from chalicelib.ports.child import Child

_READERS = Child("chalicelib.channels.email_ses.child")
_READ_FOR_S = 5.0
"""A usual mail takes milliseconds, and its reader half a second to start."""
_SHORT = 1000
"""Characters of what takes milliseconds, whatever it is."""
_TAG = re.compile(r"<[^<>]*>")


def words(html: str) -> str:
    """What a reader sees of HTML (html_text.py); where that takes too long, what is left of it without its tags."""
    if len(html) <= _SHORT:
        return html_text.words(html)
    found = _read("words", html)
    return unescape(_TAG.sub(" ", html)).strip() if found is None else found


def new_part(text: str) -> str:
    """What of a mail is new (answers.py); where that takes too long, all of it."""
    if len(text) <= _SHORT:
        return answers.new_part(text)
    found = _read("new_part", text)
    return text.strip() if found is None else found


def _read(reader: str, text: str) -> str | None:
    [found] = _READERS.answers(reader, [text], each_s=_READ_FOR_S, all_s=_READ_FOR_S)
    return found if isinstance(found, str) else None
