"""Files of a message, fetched to be attached; what is too large, or cannot be had, is a link."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.channels.contract import File
from chalicelib.channels.email_ses.limits import LIMITS, MOST_FILES
from chalicelib.channels.following import followed
from chalicelib.channels.limits import type_of
from chalicelib.channels.wire import FETCHED_S
from chalicelib.domain.exchange import Call
from chalicelib.domain.file_types import OCTETS
from chalicelib.domain.message import Media


async def fetched(media: Sequence[Media], call: Call) -> tuple[list[tuple[Media, File]], list[Media]]:
    """(files with what they hold, those that go as links): all that fits into one mail, in its order."""
    files: list[tuple[Media, File]] = []
    links: list[Media] = []
    left = MOST_FILES
    for item in media:
        file = await _file(item, call) if (item.size or 0) <= left else None
        if file is None or len(file.body) > left or LIMITS.wrong_with(file.mime_type, len(file.body)):
            links.append(item)
            continue
        left -= len(file.body)
        files.append((item, file))
    return files, links


async def _file(item: Media, call: Call) -> File | None:
    found = await followed(item.url, call, timeout_s=FETCHED_S)
    if not isinstance(found, File) or not found.body:
        return None
    kind = found.mime_type.partition(";")[0].strip().lower()
    return File(found.body, kind if kind not in ("", OCTETS) else type_of(item) or kind)
