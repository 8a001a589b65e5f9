"""What runs in the child process of mails: one of the two readers, over one mail's words."""

from __future__ import annotations

from typing import Any

from chalicelib.channels.email_ses import answers, html_text
from chalicelib.ports import child

_READERS = {"words": html_text.words, "new_part": answers.new_part}


def _answer(reader: Any, text: Any) -> Any:
    return _READERS[reader](text)


if __name__ == "__main__":
    child.serve(_answer)
