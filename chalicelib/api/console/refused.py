"""Why somebody was not let in by an issuer's word."""

from __future__ import annotations


class Refused(Exception):
    """A word of `signing_pages.STATUSES`, and for whoever runs the deployment what exactly it was: never a code, a
    token or an address."""

    def __init__(self, word: str, why: str = "") -> None:
        super().__init__(word, why)
        self.word, self.why = word, why
