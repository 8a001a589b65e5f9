"""Examples of channel adapters carried out: what an adapter gives for a call, as plain data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from chalicelib import channels
from chalicelib.channels.contract import (
    Changed,
    Channel,
    Consent,
    Denied,
    Event,
    Happened,
    Ignored,
    LastCall,
    Moved,
    Outcome,
    Outgoing,
    Received,
    Refused,
    Request,
    Sent,
    Status,
    TryLater,
)  # fmt: skip
from chalicelib.channels.phoning import Asked, ToSpeak
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.domain.message import Content
from chalicelib.ports import clock, signing
from tests.channels import mails
from tests.channels.signatures import FORM, Posted, form_body, signed

FOLDER = Path(channels.__file__).parent
EXAMPLES = sorted(FOLDER.glob("*/examples/*.json"))
OF_PRESETS = sorted(FOLDER.glob("*/presets/*/examples/*.json"))
"""Of kinds that are described by data: how each description that we ship works."""
VERBS = (
    "receive", "status", "challenge", "send", "pull", "media", "templates", "connect", "typing", "seen", "once",
    "call",
)  # fmt: skip
HOOK = "https://parley.example/channels/chn_1/webhook"
NOW_MS = clock.from_rfc3339("2026-11-21T01:00:00Z")


def named(path: Path) -> str:
    return f"{path.parent.parent.relative_to(FOLDER)}/{path.stem}"


def kind_of(path: Path) -> str:
    """The kind that an example is of."""
    return path.relative_to(FOLDER).parts[0]


class Script:
    """A `Call` that expects the exchanges of an example in their order, and answers as it says."""

    def __init__(self, exchanges: list[dict[str, Any]]) -> None:
        self.left = list(exchanges)

    async def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_s: float = 5.0
    ) -> Exchange:
        assert self.left, f"unexpected call: {method} {url}"
        step = self.left.pop(0)
        expected = step["expects"]
        assert f"{method} {url}" == expected["call"]
        for name, value in expected.get("headers", {}).items():
            assert headers.get(name) == value, f"header {name}"
        if "json" in expected:
            assert json.loads(body) == expected["json"]
        if "form" in expected:
            assert form_of(body, expected["form"]) == expected["form"]
        if "mail" in expected:
            assert mails.plain(json.loads(body)) == expected["mail"]
        if expected.get("signed_with"):
            assert signing.verify([expected["signed_with"]], headers, body, now_ms=NOW_MS)
        return exchange(step["answers"])


def form_of(body: bytes, like: dict[str, Any]) -> dict[str, Any]:
    """A form's fields: those that stand several times as arrays, others read as JSON where the like of them is no
    text."""
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return {
        name: values if values[1:] else values[0] if isinstance(like.get(name, ""), str) else json.loads(values[0])
        for name, values in fields.items()
    }


def exchange(answer: dict[str, Any]) -> Exchange:
    body = answer.get("body", "")
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else json.dumps(body).encode()
    return Exchange(answer.get("status", 0), answer.get("headers", {}), raw, 12, answer.get("error", ""))


def channel_of(call: dict[str, Any]) -> Channel:
    plain = call.get("channel", {})
    webhook_url = call.get("connect", plain).get("webhook_url", "")
    return Channel("chn_1", plain.get("settings", {}), plain.get("secrets", {}), webhook_url)


def request_of(plain: dict[str, Any]) -> Request:
    body, query = plain.get("body", ""), plain.get("query", {})
    raw = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
    headers = {"content-type": FORM} | plain.get("headers", {}) if "form" in plain else plain.get("headers", {})
    posted = Posted(
        form_body(plain["form"]) if "form" in plain else raw,
        NOW_MS,
        plain.get("url", HOOK + (f"?{urlencode(query)}" if query else "")),
        plain.get("method", "POST"),
        headers,
    )
    headers = headers | (signed(plain["signed"], posted) if "signed" in plain else {})
    return Request(posted.method, headers, query, posted.body, NOW_MS, posted.url)


def slim(value: Any) -> Any:
    """Without what is empty, so that an example shows what matters."""
    return {key: item for key, item in value.items() if item not in ("", None, (), [], {}, False)}


def event_plain(event: Event, path: Path) -> dict[str, Any]:
    if isinstance(event, Ignored):
        # In production an unknown word is recorded and passed over; here somebody has to look at it.
        assert not event.what.startswith("unknown ") or "unknown" in path.stem, f"{named(path)}: {event.what}"
        return {"ignored": event.what}
    if isinstance(event, Status):
        return {"status": slim(asdict(event))}
    if isinstance(event, Changed | Consent):
        return {type(event).__name__.lower(): slim(asdict(event))}
    if isinstance(event, Happened):
        return {"happened": slim(asdict(event) | {"identities": [list(one) for one in event.identities]})}
    if isinstance(event, Moved):
        pairs = {name: [list(one) for one in getattr(event, name)] for name in ("identities", "gone")}
        return {"moved": slim(asdict(event) | pairs)}
    said = slim(
        asdict(event) | {"content": event.content.plain(), "identities": [list(one) for one in event.identities]}
    )
    if event.group:
        said["group"] = slim(asdict(event.group))
    return {"said": said}


def received_plain(received: Received | Denied, path: Path) -> dict[str, Any]:
    if isinstance(received, Denied):
        return {
            "denied": {"status": received.status, "code": received.code, "errors": [at for at, _ in received.errors]}
        }
    response = {"status": received.response.status, "body": received.response.body}
    told = {"call": slim(asdict(received.call))} if received.call else {}
    return {"events": [event_plain(event, path) for event in received.events], **told, "response": response}


def spoken_plain(asked: Asked | Denied, given: dict[str, Any], adapter: Any, channel: Channel) -> dict[str, Any]:
    """What a call is answered that waits for what `given` says."""
    if isinstance(asked, Denied):
        return {"denied": {"status": asked.status, "code": asked.code}}
    said = ToSpeak(
        given["after"],
        [(number, Content.of(content)) for number, content in given.get("new", ())],
        (given["last"][0], Content.of(given["last"][1])) if "last" in given else None,
        given.get("with_people", False),
        given.get("waited_s", asked.waited_s),
    )
    spoken = adapter.spoken(asked, said, channel)
    shown = {name: value for name, value in asdict(asked).items() if value not in ("", -1, 0, {}) and name != "told"}
    return {"asked": shown, "upto": spoken.upto, "response": spoken.response.body}


def outcome_plain(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Sent(provider_id, parts):
            return {"sent": provider_id, **slim({"parts": parts})}
        case TryLater(error, after_s, done, parts):
            return {"try_later": {"error": error, "after_s": after_s, **slim({"done": done, "parts": parts})}}
        case Refused(code, reason, opted_out, scope, done, parts, at):
            more = {"opted_out": scope if opted_out else "", "done": done, "parts": parts, "at": at}
            return {"refused": {"code": code, "reason": reason, **slim(more)}}


def outgoing_of(plain: dict[str, Any]) -> Outgoing:
    return Outgoing(
        plain["id"],
        plain["address"],
        Content.of(plain["content"]),
        plain.get("in_reply_to", ""),
        NOW_MS,
        plain.get("trace", ""),
        plain.get("done", 0),
        group=plain.get("group", False),
        author=plain.get("author", ""),
        reply=plain.get("reply", {}),
        said_ms=plain.get("said_ms", NOW_MS),
        call=LastCall(**plain["call"]) if "call" in plain else None,
    )


def carried_out(path: Path, example: dict[str, Any]) -> dict[str, Any]:
    adapter: Any = channels.load(kind_of(path))
    call = example["call"]
    if "speaks" in call:
        channel = channel_of(call)
        asked = adapter.asked(request_of(call["request"]), channel)
        return spoken_plain(asked, call["speaks"], adapter, channel)
    if "request" in call:
        return received_plain(adapter.receive(request_of(call["request"]), channel_of(call)), path)
    script = Script(example["http"])
    port: Call = script
    if "message" in call:
        gives = outcome_plain(asyncio.run(adapter.send(outgoing_of(call["message"]), channel_of(call), port)))
    elif "signal" in call:
        assert asyncio.run(adapter.signal(**call["signal"], channel=channel_of(call), call=port)) is None
        gives = {"shown": call["signal"]["kind"]}
    elif "templates" in call:
        page = asyncio.run(adapter.templates(channel_of(call), port, **call["templates"]))
        gives = outcome_plain(page) if isinstance(page, TryLater | Refused) else asdict(page)
    elif "connect" in call:
        found = asyncio.run(adapter.connect(channel_of(call), port))
        gives = outcome_plain(found) if isinstance(found, TryLater | Refused) else {"connected": slim(asdict(found))}
    else:
        file = asyncio.run(adapter.media(call["media"], channel_of(call), port))
        gives = (
            outcome_plain(file) if isinstance(file, TryLater | Refused) else asdict(file) | {"body": file.body.decode()}
        )
    assert not script.left, f"calls that were not made: {script.left}"
    return gives
