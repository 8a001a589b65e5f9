"""Getting a file of a message from its provider, and keeping it.

What the provider says of it once and for all is kept, too (`keeping.refuse`); what may pass is not. A person may be
erased, or the message deleted, while the file is on its way: so the message is looked at once more behind it, and where
that is gone, so is the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib import channels
from chalicelib.channels.contract import Channel, File, Refused, TryLater
from chalicelib.channels.following import followed
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.domain.file_types import MOST_BYTES, OCTETS, normal
from chalicelib.domain.message import EXPIRING, Message
from chalicelib.files import keeping
from chalicelib.files.keeping import Kept
from chalicelib.ports import media, redact, secrets
from chalicelib.ports.http import Web
from chalicelib.tables import config, messages

_SOON_S = 5.0
"""Whatever an adapter gives longer than this is the file itself."""


async def fetch(message: Message, number: int, make: Web, *, patience_s: float = 0) -> Kept | TryLater:
    """Get a file and keep it; `patience_s` is how long that may take where it is more than its adapter would give it.

    Not kept as refused is what says nothing of the file: that its channel is gone (`channel_gone`), or the message.
    """
    item = message.content.media[number]
    found = await _found(message, item.url, _patient(make, patience_s))
    if isinstance(found, TryLater):
        return found
    if found is _CHANNEL_GONE:
        return Kept(OCTETS, 0, refused=_CHANNEL_GONE.code)
    if isinstance(found, Refused):
        kept = keeping.refuse(message.id, number, found.code)
    else:
        # The provider's word for the file, where the message has none that says anything.
        said = item.mime_type if normal(item.mime_type) not in ("", OCTETS) else found.mime_type
        kept = keeping.keep(message.id, number, found.body, said)
    return kept if has_file(message.thread, message.seq, message.id, number) else forgotten(message.id, number)


def has_file(thread: str, seq: int, message: str, number: int) -> Message | None:
    """The message, while it is there and has the file: one that was deleted has none."""
    row = messages.get(thread, seq)
    found = messages.of_row(row) if row is not None else None
    return found if found is not None and found.id == message and number < len(found.content.media) else None


def forgotten(message: str, number: int) -> Kept:
    """Have nothing kept of a file whose message is gone."""
    media.remove([keeping.key_of(message, number)])
    return Kept(OCTETS, 0, refused="message_gone")


_CHANNEL_GONE = Refused("channel_gone", "its channel is gone")


async def _found(message: Message, reference: str, call: Call) -> File | TryLater | Refused:
    if reference.startswith(EXPIRING):
        return await followed(reference.removeprefix(EXPIRING), call)
    adapter: Any = channels.load(message.channel_kind)
    row = config.get("channel", message.channel)
    if row is None or "media" not in adapter.CAN:
        return _CHANNEL_GONE
    opened = secrets.unseal(row.sealed or "", owner=message.channel)
    channel = Channel(message.channel, (row.body or {}).get("settings") or {}, opened)
    found: File | TryLater | Refused = await adapter.media(reference, channel, call)
    match found:
        # A provider may repeat what it was given.
        case TryLater(error):
            return replace(found, error=redact.of_provider(error, opened, channel.settings))
        case Refused(code):
            return replace(found, code=redact.of_provider(code, opened, channel.settings))
    return found


def _patient(make: Web, patience_s: float) -> Call:
    async def call(
        method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
    ) -> Exchange:
        timeout_s = max(timeout_s, patience_s) if timeout_s > _SOON_S else timeout_s
        return await make(method, url, headers=headers, body=body, timeout_s=timeout_s, cap=MOST_BYTES[""])

    return call
