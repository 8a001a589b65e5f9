"""Gets files of messages from their providers soon after they came, as providers hold them for minutes or days only.

No message waits for it: `fan_out` puts a task on the queue `media` for each file that only its provider has. A file is
known by its message's id and its number, so a run that was cut off anywhere is made again, and finds it kept or gets
it once more. A provider that does not give it now is asked again by the queue, in the same waits as after a failure of
ours; after the last the task is a dead letter, for a person to replay, and `fetch_media` still asks the provider when
somebody opens the file. What a provider gives no more is known as such from then on.

Cut off after the file is kept and before its message is looked at once more (`files/fetching.py`), the task comes again
and finds the message, or removes the file.
"""

from __future__ import annotations

import asyncio
from typing import Any

from chalicelib.channels.contract import TryLater
from chalicelib.domain.file_copy import FileCopy
from chalicelib.files import fetching, keeping
from chalicelib.files.keeping import Kept
from chalicelib.ports import clock, http, log, queues, redelivery
from chalicelib.ports.lambdas import again

_PATIENCE_S = 45.0
"""How long a file may take: 100 MB from a server that gives little more than two megabytes a second."""


def run(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch of `media`; files that are not to be had now come again."""
    failed = []
    for record in event["Records"]:
        received = redelivery.receives(record)
        try:
            later = handle(queues.body_of(record), attempt=received)
        except Exception:
            log.crash("copy_media", receive_count=received)
            later = TryLater("crash")
        if later:
            failed.append((record, max(redelivery.wait_s(received), min(later.after_s, redelivery.WAITS_S[-1]))))
    return again(failed)


def handle(body: dict[str, Any], *, attempt: int = 1) -> TryLater | None:
    """Get one file and keep it; TryLater where its provider does not give it now."""
    started, copy = clock.now_ms(), FileCopy.of(body)
    kept = asyncio.run(_copied(copy))
    later = kept if isinstance(kept, TryLater) else None
    log.step(
        "copy_media",
        message=copy.message,
        file=copy.number,
        outcome=kept.error if isinstance(kept, TryLater) else kept.refused or "kept",
        bytes=0 if isinstance(kept, TryLater) else kept.size,
        attempt=attempt,
        trace=copy.trace,
        took_ms=clock.now_ms() - started,
    )
    return later


async def _copied(copy: FileCopy) -> Kept | TryLater:
    message = fetching.has_file(copy.thread, copy.seq, copy.message, copy.number)
    if message is None:
        return fetching.forgotten(copy.message, copy.number)
    if before := keeping.find(copy.message, copy.number):
        return before
    async with http.web() as make:
        return await fetching.fetch(message, copy.number, make, patience_s=_PATIENCE_S)
