"""The words of a mail that has them in HTML alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr"})
_BLANKS = re.compile(r"[^\S\n]+")
_DEEPEST = 20


class _Words(HTMLParser):
    """Gathers what is shown; what is quoted gets a `>` before each line, as in mails of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[tuple[int, str]] = [(0, "")]
        self._unseen, self._quoted = 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _UNSEEN:
            self._unseen += 1
        if tag == "br":
            self._line()
        elif tag in _BLOCKS:
            self._block()
        if tag == "blockquote":
            self._quoted = min(self._quoted + 1, _DEEPEST)
            self.lines[-1] = (self._quoted, self.lines[-1][1])
        if tag == "li":
            self._add("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag in _BLOCKS and tag not in _VOID:
            self._block()
        if tag == "blockquote":
            self._quoted = max(0, self._quoted - 1)
            self.lines[-1] = (self._quoted, self.lines[-1][1])
        if tag in ("td", "th"):
            self._add(" ")

    def handle_data(self, data: str) -> None:
        self._add(_BLANKS.sub(" ", data.replace("\n", " ").replace("\xa0", " ")))

    def _add(self, text: str) -> None:
        if not self._unseen:
            quoted, before = self.lines[-1]
            self.lines[-1] = (quoted, before + (text if before else text.lstrip()))

    def _line(self) -> None:
        if not self._unseen:
            self.lines.append((self._quoted, ""))

    def _block(self) -> None:
        if self.lines[-1][1].strip():
            self._line()


def words(html: str) -> str:
    """What a reader sees of it, a line for each block. Anything is taken, whatever is wrong with it."""
    reader = _Words()
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError):
        # What was read so far is more than nothing: some declarations break the parser of the standard library.
        pass
    lines = [("> " * quoted + text.strip()).rstrip() for quoted, text in reader.lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
