"""Having files got that only their providers hold: a task on the queue `media` for each."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain.file_copy import FileCopy
from chalicelib.domain.message import UPLOADED, Message
from chalicelib.ports import queues
from chalicelib.ports.queues import Entry


def order(messages: Iterable[Message]) -> None:
    """Have files of messages got; nothing is asked of anybody where they have none."""
    queues.send("media", [Entry(copy.plain()) for message in messages for copy in _held_elsewhere(message)])


def _held_elsewhere(message: Message) -> list[FileCopy]:
    return [
        FileCopy(message.thread, message.seq, message.id, number, message.trace)
        for number, item in enumerate(message.content.media)
        if not item.url.startswith(("https://", "http://", UPLOADED))
    ]
