"""Every kind hands on a link of ours: its provider gets the file by it, or people open the address that lasts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib import channels
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import Media
from tests.channels.walking import channel_of, exchange, outgoing_of

ROOT = Path(channels.__file__).parent
BUCKET, OURS = "https://bucket.s3.example/ms_1/", "https://parley.example/media/ms_1/"
SIGNED = "?X-Amz-Signature=0a1b&response-content-disposition=attachment%3B%20filename%3D%22a%22"


def _with_files(path: Path) -> bool:
    if "call" in channels.load(path.parts[-3]).CAN:
        # Who is called is told when they answer.
        return False
    message = json.loads(path.read_text(encoding="utf-8"))["call"].get("message", {})
    return message.get("content", {}).get("type") in ("image", "audio", "video", "file")


EXAMPLES = [path for path in sorted(ROOT.glob("*/examples/send__*.json")) if _with_files(path)]


class Provider:
    """Takes whatever it is given as it does in an example, and gives files."""

    def __init__(self, example: dict[str, Any]) -> None:
        self.answers = [
            {"status": 200},
            *(one["answers"] for one in example["http"] if not one["expects"]["call"].startswith("GET")),
        ]
        self.heard: list[str] = []
        self.posts = 0

    async def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
    ) -> Exchange:
        self.heard += [url, body.decode("utf-8", "replace")]
        if method == "GET":
            return Exchange(200, {"content-type": "application/pdf"}, b"%PDF-", 1)
        self.posts += 1
        return exchange(self.answers[min(self.posts, len(self.answers) - 1)])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_file_of_ours_is_handed_on(path: Path) -> None:
    example = json.loads(path.read_text(encoding="utf-8"))
    provider, message = Provider(example), outgoing_of(example["call"]["message"])
    media = tuple(
        replace(item, url=f"{BUCKET}{n}{SIGNED}", lasting=f"{OURS}{n}") for n, item in enumerate(message.content.media)
    )
    content = replace(message.content, media=media)
    adapter: Any = channels.load(path.parts[-3])
    asyncio.run(adapter.send(replace(message, content=content), channel_of(example["call"]), provider))
    heard = "\n".join(provider.heard)
    # An example in which the provider stops at the first says nothing of the others.
    reached = media[: max(1, len(provider.heard) // 2)] if "sent" not in example["gives"] else media
    assert [item for item in reached if not _is_handed_on(item, heard)] == []


def _is_handed_on(item: Media, heard: str) -> bool:
    forms = (heard, unquote(heard), unquote(unquote(heard)))
    return any(item.url in text or item.lasting in text for text in forms)
