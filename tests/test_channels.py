"""Walks every channel adapter through the examples in its folder, and holds all of them to the same promises.

An example is `examples/<verb>__<variant>.json`: `why` it is there, the `call`, the `http` exchanges it leads to and
what it `gives`. `PARLEY_UPDATE_EXAMPLES=1` rewrites `gives` from what the adapter does now; read the difference.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import channels
from chalicelib.channels import addresses
from chalicelib.channels.contract import (
    Channel,
    Connected,
    Denied,
    Event,
    Ignored,
    Moved,
    Outgoing,
    Received,
    Refused,
    Request,
    Said,
    Sent,
    TryLater,
)  # fmt: skip
from chalicelib.channels.wire import GROUP, in_a_group
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.identities import normalised
from chalicelib.domain.message import TYPES, Content
from chalicelib.ports import ids
from chalicelib.wire.contents import SENDABLE
from tests.channels.signatures import FORM, Posted, form_body, signed
from tests.channels.walking import (
    EXAMPLES,
    FOLDER,
    HOOK,
    NOW_MS,
    OF_PRESETS,
    VERBS,
    carried_out,
    channel_of,
    exchange,
    kind_of,
    named,
    outgoing_of,
)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids that are made read the same in every run."""
    monkeypatch.setattr(ids, "token", lambda n_bytes=32: "T" * 43)
    monkeypatch.setattr(ids, "new", lambda prefix: f"{prefix}_new")


@pytest.mark.parametrize(
    "path", [path for path in [*EXAMPLES, *OF_PRESETS] if not path.stem.startswith("pull__")], ids=named
)
def test_example(path: Path) -> None:
    example = json.loads(path.read_text())
    gives = json.loads(json.dumps(carried_out(path, example)))
    if os.environ.get("PARLEY_UPDATE_EXAMPLES") and gives != example.get("gives"):
        path.write_text(json.dumps(example | {"gives": gives}, indent=2, ensure_ascii=False) + "\n")
    else:
        assert gives == example["gives"]


@pytest.mark.parametrize("path", [*EXAMPLES, *OF_PRESETS], ids=named)
def test_examples_are_written_as_the_console_shows_them(path: Path) -> None:
    example = json.loads(path.read_text())
    verb, variant = path.stem.split("__")
    assert verb in VERBS
    assert variant
    assert example["why"].endswith(".")
    assert example["gives"]
    given = example["call"].get("channel", {})
    channels.settings_model(kind_of(path)).model_validate(given.get("settings", {}))
    adapter = channels.load(kind_of(path))
    assert channels.any_secrets(adapter) or set(given.get("secrets", {})) <= set(adapter.SECRETS)


@pytest.mark.parametrize("kind", channels.KINDS)
def test_all_that_an_adapter_declares_has_an_example(kind: str) -> None:
    adapter = channels.load(kind)
    stems = {path.stem for path in EXAMPLES if path.parts[-3] == kind}
    shows = "send" if "send" in adapter.CAN else "pull"
    for wanted in [f"{ability}__" for ability in adapter.CAN] + [f"{shows}__{type}" for type in adapter.SHOWS]:
        assert any(stem.startswith(wanted) for stem in stems), f"{kind} says it can: add {wanted}*.json"


@pytest.mark.parametrize("kind", channels.KINDS)
def test_an_adapter_declares_only_what_the_contract_knows(kind: str) -> None:
    adapter: Any = channels.load(kind)
    assert adapter.LABEL
    assert not adapter.CAN - {*VERBS}
    assert not adapter.SHOWS - {*SENDABLE}
    assert ("send" in adapter.CAN) != ("pull" in adapter.CAN)
    assert set(adapter.SECRETS.values()) <= {"required", "optional", "spare", "made", "token"}
    assert set(adapter.STATUSES.values()) <= {"sent", "delivered", "read", "failed"}
    assert (FOLDER / kind / "about.md").read_text().startswith("# ")
    model = channels.settings_model(kind)
    assert model.model_config["extra"] == "forbid"
    for name, field in model.model_json_schema()["properties"].items():
        # Only what says so is judged, when it is saved, by the rules of the calls that will be made.
        assert not re.search(r"https?", field.get("pattern", "")) or field.get("format") == "uri", name


@pytest.mark.parametrize("kind", channels.KINDS)
def test_who_is_written_to_first_is_the_same_as_when_they_write_themselves(kind: str) -> None:
    """An adapter that knows somebody by a number or an address, and says so, spells both in one way."""
    paths = [path for path in EXAMPLES if path.parts[-3] == kind and path.stem.startswith("receive__")]
    said = [
        one["said"]
        for path in paths
        for one in json.loads(path.read_text())["gives"].get("events", ())
        if "said" in one
    ]
    for one in said:
        for of, value in one.get("identities", ()):
            if of in ("phone", "email") and one["address"] in (value, value.removeprefix("+")):
                assert addresses.of_identity(kind, of, value) == one["address"], (of, value)
                # But where a country writes its numbers in two ways: who has such a one is looked for by both.
                assert normalised(of, value) != value or addresses.spelled(kind, value, "")[0] == one["address"]


@pytest.mark.parametrize("kind", channels.KINDS)
def test_an_adapter_is_cheap_to_import(kind: str) -> None:
    heavy = ("pydantic", "boto3", "aiohttp", "requests", "chalice.app", "liquid", "jsonatapy")
    code = f"import sys, chalicelib.channels.{kind}; sys.exit(', '.join(set(sys.modules) & set({heavy!r})) or 0)"
    root = FOLDER.parents[1]
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=root)
    assert run.returncode == 0, f"importing {kind} also imports {run.stderr}"


@cache
def a_channel(kind: str) -> Channel:
    """A channel as some example has it, so that signatures can be made for it."""
    for path in EXAMPLES:
        call = json.loads(path.read_text())["call"]
        if path.parts[-3] == kind and call.get("channel"):
            return channel_of(call)
    return Channel("chn_1", {}, {})


@cache
def schemes(kind: str) -> tuple[Any, ...]:
    """How its examples are signed with that channel's secrets."""
    found, secrets = [], set(a_channel(kind).secrets.values())
    for path in EXAMPLES:
        scheme = json.loads(path.read_text())["call"].get("request", {}).get("signed")
        if path.parts[-3] == kind and scheme and scheme not in found:
            [given] = scheme.values()
            found += [scheme] if (given if isinstance(given, str) else given["secret"]) in secrets else []
    return tuple(found)


def resigned(kind: str, body: bytes, content_type: str = "application/json", method: str = "POST") -> dict[str, str]:
    """Headers with every signature that an adapter may ask for, so that fuzzing gets past the door."""
    headers = {"content-type": content_type}
    for scheme in schemes(kind):
        with suppress(UnicodeDecodeError):
            headers |= signed(scheme, Posted(body, NOW_MS, HOOK, method, {"content-type": content_type}))
    return headers


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def seeds(kind: str, member: str) -> list[Any]:
    """What the requests of its examples hold, as `body` or as `form`."""
    requests = [json.loads(path.read_text())["call"].get("request", {}) for path in EXAMPLES if path.parts[-3] == kind]
    return [request[member] for request in requests if member in request]


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**400, "", " ", "x", "1", "x" * 5000, "9" * 5000, "\ud800", [], [1], ["x"], [[]], [{}],
    {}, {"x": 1}, "9999999999", "2999-01-01T00:00:00Z",
)  # fmt: skip


def bent(value: Any) -> Iterator[Any]:
    """The value with every part of it, one at a time, left out or replaced by each odd thing."""
    yield from ODD
    if isinstance(value, dict):
        for key in value:
            yield {name: item for name, item in value.items() if name != key}
            yield from ({**value, key: odd} for odd in bent(value[key]))
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from ([*value[:at], odd, *value[at + 1 :]] for odd in bent(item))


def holds(kind: str, body: bytes, content_type: str = "application/json") -> None:
    channel = a_channel(kind)
    for method in ("POST", "GET"):
        request = Request(method, resigned(kind, body, content_type, method), {}, body, NOW_MS, HOOK)
        received: Any = channels.load(kind).receive(request, channel)
        assert isinstance(received, Received | Denied)
        if isinstance(received, Received):
            for event in received.events:
                json.dumps(asdict(event), allow_nan=False, ensure_ascii=False).encode()
                assert not isinstance(event, Said) or (0 < len(event.address) <= 256 and 0 <= event.at_ms <= NOW_MS)
                assert isinstance(event, Ignored) or len(event.provider_id) <= 512


@pytest.mark.parametrize("kind", channels.KINDS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_receiving_never_raises(kind: str, data: st.DataObject) -> None:
    holds(kind, data.draw(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())))


@pytest.mark.parametrize("kind", channels.KINDS)
def test_receiving_holds_against_every_example_with_anything_odd_in_it(kind: str) -> None:
    for seed in seeds(kind, "body"):
        for body in bent(seed):
            holds(kind, json.dumps(body).encode())
    for seed in seeds(kind, "form"):
        for form in bent(seed):
            holds(kind, form_body(form if isinstance(form, dict) else {"": form}), FORM)


@pytest.mark.parametrize("kind", channels.KINDS)
@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"a":' * 5000, b"9" * 5000, b'"\\ud800"', b"\xff", b"NaN", b"1e999", b""]
)
def test_receiving_holds_against_bodies_that_break_parsers(kind: str, body: bytes) -> None:
    holds(kind, body)


OF_MANY = ("120363025246125486@g.us", "4915112345678-1612345678@g.us", "status@broadcast", "1612345678@broadcast")
NAMED: dict[str, Any] = {"group": {"id": "G1", "name": "Team"}}
"""How a gateway of somebody's own names a group; other marks say that there is one."""
MARKS: tuple[dict[str, Any], ...] = (
    {"group": "G1"}, {"group": ["G1"]}, {"group": {"name": "Team"}}, {"group_id": "G1"}, {"recipient_type": "group"},
    NAMED, {**NAMED, "group_id": "G1", "recipient_type": "group"},
)  # fmt: skip


ADDRESSED = {"from", "to", "from_user_id", "to_user_id", "sender", "recipient", "From", "To"}
"""Members that say from or to whom, of any provider; Telegram says in its `chat` what kind of one it is."""


def in_groups(value: Any) -> Iterator[Any]:
    """The body with all that was said in it said to a group: by each mark, and from and to each address of many."""
    for mark in MARKS:
        yield replaced(value, lambda one, mark=mark: one | mark if one.keys() & ADDRESSED else one)
    for address in OF_MANY:
        named = dict.fromkeys(ADDRESSED, address)
        yield replaced(value, lambda one, named=named: one | {key: named[key] for key in one.keys() & named.keys()})
    for kind in ("group", "supergroup", "channel", ""):
        chat = {"id": "G1", "type": kind, "title": "Team"}
        yield replaced(value, lambda one, chat=chat: one | {"chat": chat} if isinstance(one.get("chat"), dict) else one)


def replaced(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [replaced(item, change) for item in value]
    return change({key: replaced(item, change) for key, item in value.items()}) if isinstance(value, dict) else value


@pytest.mark.parametrize("kind", [kind for kind in channels.KINDS if "send" in channels.load(kind).CAN])
def test_what_is_said_to_a_group_is_never_private_whatever_it_is_and_however_it_says_so(kind: str) -> None:
    # A channel that is fetched from has sessions, each one browser's: there are no groups there.
    channel, tried, asked = a_channel(kind), 0, False
    for path in (path for path in EXAMPLES if path.parts[-3] == kind and "request" in path.read_text()):
        given = json.loads(path.read_text())
        if channels.any_secrets(channels.load(kind)):
            # What its channels read is described by each of them.
            channel = channel_of(given["call"])
        events = given["gives"].get("events", ())
        # Meta tells of consent apart from what is said, and in no group.
        kinds = {"said", "changed", "moved", "happened"} | ({"consent"} if kind == "custom" else set())
        private = [at for at, event in enumerate(events) if event.keys() & kinds]
        request = given["call"].get("request", {})
        posted = request.get("form", request.get("body"))
        # A mail, which is no JSON, has no such marks: what is said to many by it says so in headers of its own.
        asked = asked or bool(private and not isinstance(posted, str) and request.get("method", "POST") == "POST")
        for body in in_groups(posted) if private and not isinstance(posted, str) else ():
            if body == posted:
                # There is nothing in it that this mark is a mark of.
                continue
            raw, of = (form_body(body), FORM) if "form" in request else (json.dumps(body).encode(), "application/json")
            headers = resigned(kind, raw, of)
            received: Any = channels.load(kind).receive(Request("POST", headers, {}, raw, NOW_MS, HOOK), channel)
            assert isinstance(received, Received) and received.response.status < 300, (named(path), received)
            # What tells several things and is all of a call is passed over once.
            found = received.events if len(received.events) > 1 else received.events * len(events)
            for at in private:
                assert found[at] == Ignored(GROUP) or of_the_group(found[at]), (named(path), body)
            tried += 1
    assert tried >= len(MARKS) + len(OF_MANY) or not asked


def of_the_group(event: Event) -> bool:
    """Whether an event is read as said in the group that the marks name, and teaches nothing of who spoke."""
    if isinstance(event, Moved):
        return event.group and not event.identities and not event.gone
    if not isinstance(event, Said) or event.group is None:
        return False
    return event.address == "G1" != event.group.speaker != "" and not event.identities and event.name == ""


@pytest.mark.parametrize(
    "wrong", [{"id": None}, {"text": ""}, {"type": "poll"}, {"from": None}, {"sent_at": "x"}], ids=json.dumps
)
def test_what_is_wrong_with_a_group_message_is_nobodys_business(wrong: dict[str, Any]) -> None:
    channel = a_channel("custom")
    private = {"type": "message", "id": "p", "from": "+4915112345678", "text": "to you alone"}
    raw = json.dumps([{**private, "group_id": "G1", **wrong}, private]).encode()
    received: Any = channels.load("custom").receive(Request("POST", resigned("custom", raw), {}, raw, NOW_MS), channel)
    group, said = received.events
    assert group == Ignored(GROUP) and said.content.text == "to you alone"


def test_an_address_of_one_person_is_no_group() -> None:
    for address in ("4915112345678@s.whatsapp.net", "4915112345678@c.us", "ada@broadcast.example", "g.us", "US.1349"):
        assert not in_a_group({"group": "", "group_id": None, "recipient_type": "individual"}, address)


ANSWERS = st.builds(
    Exchange,
    status=st.sampled_from([0, 100, 200, 201, 204, 301, 400, 401, 403, 404, 408, 413, 422, 429, 500, 503, 599]),
    headers=st.dictionaries(st.sampled_from(["retry-after", "content-type"]), st.text(max_size=40)),
    body=st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({"error": JSON}).map(lambda value: json.dumps(value).encode()),
    took_ms=st.just(3),
    error=st.sampled_from(["", "", "timeout", "dns", "tls", "private_address", "bad_url", "too_large", "protocol"]),
)  # fmt: skip
CONTENTS = st.builds(
    Content,
    type=st.sampled_from(TYPES),
    text=st.text(max_size=30),
    details=st.dictionaries(
        st.sampled_from(["buttons", "sections", "button", "latitude", "longitude", "contacts", "name", "parameters",
                         "language", "payload", "in_reply_to"]),
        JSON | st.lists(st.fixed_dictionaries(dict.fromkeys(["title", "rows", "payload", "id", "name"], JSON))),
    ),
)  # fmt: skip


@pytest.mark.parametrize("kind", channels.KINDS)
@settings(max_examples=20, deadline=None)
@given(answer=ANSWERS, content=CONTENTS)
def test_sending_never_raises(kind: str, answer: Exchange, content: Content) -> None:
    async def call(*_: Any, **__: Any) -> Exchange:
        return answer

    message = Outgoing("dlv_1", "491511234567", content, "", NOW_MS)
    adapter: Any = channels.load(kind)
    outcome: Any = asyncio.run(adapter.send(message, a_channel(kind), call))
    assert isinstance(outcome, Sent | TryLater | Refused)
    assert not isinstance(outcome, Sent) or 200 <= answer.status < 300


@pytest.mark.parametrize("kind", [kind for kind in channels.KINDS if "send" in channels.load(kind).CAN])
def test_sending_holds_against_every_example_with_anything_odd_in_it(kind: str) -> None:
    examples = [json.loads(path.read_text()) for path in EXAMPLES if path.parts[-3] == kind]

    async def walk() -> None:
        for example in (one for one in examples if "message" in one["call"]):
            message, answer = (
                example["call"]["message"],
                (example["http"] or [{"answers": {"status": 200}}])[-1]["answers"],
            )
            for details in bent(message["content"].get("details", {})):
                content = message["content"] | {"details": details if isinstance(details, dict) else {}}
                await sent(kind, message | {"content": content}, answer)
            for body in bent(answer.get("body")):
                await sent(kind, message, answer | {"body": body})

    asyncio.run(walk())


async def sent(kind: str, message: dict[str, Any], answer: dict[str, Any]) -> None:
    async def call(*_: Any, **__: Any) -> Exchange:
        return exchange(answer)

    outcome: Any = await channels.load(kind).send(outgoing_of(message), a_channel(kind), call)
    assert isinstance(outcome, Sent | TryLater | Refused)


ASKED = [path for path in EXAMPLES if path.stem in ("connect__good", "connect__registers")]


@pytest.mark.parametrize("path", ASKED, ids=named)
def test_connecting_holds_against_answers_with_anything_odd_in_them(path: Path) -> None:
    """Each answer in its turn, the others as they are."""
    example, adapter = json.loads(path.read_text()), channels.load(path.parts[-3])
    connect: Any = adapter.connect  # type: ignore[attr-defined]

    async def walk() -> None:
        for at, step in enumerate(example["http"]):
            for body in (*bent(step["answers"]["body"]), "{", "\ud800"):
                answers = [one["answers"] for one in example["http"]]
                answers[at] = answers[at] | {"body": body}
                left = iter(answers)

                async def call(*_: Any, left: Any = left, **__: Any) -> Exchange:
                    return exchange(next(left))

                found = await connect(channel_of(example["call"]), call)
                assert isinstance(found, Connected | TryLater | Refused)
                json.dumps(asdict(found), allow_nan=False, ensure_ascii=False).encode()

    asyncio.run(walk())
