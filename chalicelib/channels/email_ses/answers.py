"""What of a mail is new: without what it quotes and without its signature."""

from __future__ import annotations

import re

_MOST, _LONGEST_LINE = 16 * 1024, 1000
"""Characters that are looked through, as the patterns by which quotes are found take time with the square of them."""
_QUOTED = re.compile(r"(?:\n[^\n>]{0,300}:)?\s*(?:\n>[^\n]*)+\s*\Z")
_BLANK_LINES = re.compile(r"\n{3,}")


def new_part(text: str) -> str:
    """The words above the quote; all of them where nothing would be left."""
    text = _BLANK_LINES.sub("\n\n", text)
    if len(text) > _MOST or any(len(line) > _LONGEST_LINE for line in text.splitlines()):
        return _QUOTED.sub("", text[-4 * _MOST :]).strip() if len(text) <= 4 * _MOST else text
    # Its patterns of all languages take a tenth of a second to build, and few processes read mails.
    from mailparser_reply.constants import MAIL_LANGUAGES
    from mailparser_reply.parser import EmailMessage

    # Lists are no signatures, which it would take them for.
    read = EmailMessage(text=text, languages=[*MAIL_LANGUAGES], keep_hyphen_lists=True).read()
    found = next((body for one in read.replies if (body := one.body)), "")
    return found or text.strip()
