"""What is wrong is refused by name, everywhere, and nothing that was accepted gets stuck (contract section 0)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.stack.conftest import NOWHERE, Deployment, Platform, Reply
from tests.stack.signed import signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

ODD: tuple[Any, ...] = ([{"x": [1]}], 10**40, True, "\ud800", {"": {}})
"""Values that no field of ours takes, whatever its type."""
UNREADABLE = (b"{", b'{"a": ' + b"[" * 4000 + b"]" * 4000 + b"}", b"\xff")
TAKES_ANYTHING = ("/v1/triggers/{id}/invoke", "/v1/sources/{id}/events")
WHOLE = (b"[]", b"null", b'{"a": NaN}')


@pytest.fixture(scope="module")
def described(platform: Platform) -> dict[str, Any]:
    found: dict[str, Any] = platform.get("/v1/openapi.json", key=None)
    return found


def members(described: dict[str, Any], operation: dict[str, Any]) -> list[str]:
    """Names of the members of an operation's body."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    while "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", ()))


def hostile(described: dict[str, Any], ids: dict[str, str]) -> Iterator[tuple[str, str, bytes | None]]:
    """Calls that are all wrong: every operation with an unknown id, and with odd bodies and queries.

    What no operation can read or take whole goes to each in turn, as all read alike.
    """
    unknown, unreadable, whole = cycle(("%C2%B2", "x" * 2000, "nothing")), cycle(UNREADABLE), cycle(WHOLE)
    for path, operations in described["paths"].items():
        real = path.replace("{id}", ids.get(path.split("/")[2], "nothing")) if path.startswith("/v1/") else path
        for method, operation in operations.items():
            if "{" in path:
                yield method, re.sub(r"{\w+}", lambda _: next(unknown), path), None if method == "get" else b"{}"
            if method == "get" and "limit" in (one["name"] for one in operation["parameters"]):
                yield method, f"{path}?limit=101", None
            if names := members(described, operation):
                yield method, real, next(unreadable)
                if path not in TAKES_ANYTHING:
                    odd = json.dumps({name: ODD[n % len(ODD)] for n, name in enumerate(names)}).encode()
                    yield from ((method, real, body) for body in (odd, next(whole), b'{"unknown_field": 1}'))


def test_every_operation_refuses_what_is_wrong_by_name(platform: Platform, described: dict[str, Any]) -> None:
    validate(described)
    ids = platform.one_of_each(platform.service())
    calls = list(hostile(described, ids))
    assert len(calls) > 100

    def refused(call: tuple[str, str, bytes | None]) -> str:
        method, where, body = call
        reply = platform.call(method.upper(), where, body)
        shown = f"{method} {where[:60]} {(body or b'')[:60]!r}: {reply.status} {reply.raw[:200]!r}"
        try:
            assert 400 <= reply.status < 500 and re.fullmatch(r"[a-z][a-z0-9_]*", reply.code), shown
        except (AssertionError, KeyError, ValueError):
            return shown
        return ""

    with ThreadPoolExecutor(4) as several:
        wrong = [shown for shown in several.map(refused, calls) if shown]
    assert not wrong, "\n".join(wrong[:10])
    assert platform.call("GET", "/v1/no/such/path").code == "not_found"


def test_too_large_is_413_before_anything_else(deployment: Deployment) -> None:
    platform, own = deployment.platform, deployment.platform.make(
        "channels", service_id=deployment.service, kind="custom", name="own", settings={"send_url": NOWHERE}
    )  # fmt: skip
    deployment.visitor().says("hello")
    conversation = deployment.bot_hears("it", lambda event: "Message" in event)["Conversationid"]
    mib = b'{"text": "' + b"x" * 2**20 + b'"}'

    def custom(raw: bytes) -> Reply:
        return platform.call("POST", own["webhook_url"], raw, key=None, headers=signed(own_secret, raw))

    own_secret = own["secrets"]["signing_secret"]
    long = "ü" * 8192 + "x"
    said = {"eventid": 1001, "conversation_id": conversation, "message": long}
    message = {"type": "message", "id": "1", "from": "u", "text": long}
    for reply in (
        platform.call("POST", "/v1/apply", mib), platform.call("PATCH", f"/v1/bots/{deployment.bot['id']}", mib),
        platform.call("POST", "/messages.list", mib), custom(mib), custom(json.dumps([message]).encode()),
        deployment.desk_posts(b'{"text": "' + b"x" * 2**16 + b'"}'),
        deployment.bot_posts([said | {"message": "a"}, said]),
    ):  # fmt: skip
        assert (reply.status, reply.code) == (413, "too_large"), reply.raw[:200]
    assert custom(json.dumps(message | {"text": long[:-1]}).encode()).status == 202


def test_the_edges_refuse_what_is_wrong_and_nothing_gets_stuck(deployment: Deployment) -> None:
    """What outsiders post can be kept or is refused: what was accepted and cannot be kept would block its thread."""
    platform, visitor = deployment.platform, deployment.visitor()
    visitor.says("hello")
    conversation = deployment.bot_hears("it", lambda event: "Message" in event)["Conversationid"]
    own = platform.make(
        "channels", service_id=deployment.service, kind="custom", name="own", settings={"send_url": NOWHERE}
    )  # fmt: skip

    def custom(body: Any) -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return platform.call(
            "POST", own["webhook_url"], raw, key=None, headers=signed(own["secrets"]["signing_secret"], raw)
        )

    def chat(body: Any) -> Reply:
        return platform.call("POST", deployment.channel["webhook_url"], body, key=None)

    over = {"eventid": 1002, "conversation_id": conversation}
    event = {"type": "chat.accepted", "conversation_id": conversation}
    message = {"type": "message", "id": "1", "from": "u", "text": "x"}
    for post in (deployment.bot_posts, deployment.desk_posts, custom, chat):
        for body in (*UNREADABLE, b'{"text": NaN}', b"", b"null", b"[1]", {"text": [1]}):
            refused = post(body)
            assert refused.status in (400, 401, 422) and refused.code, (post, body, refused.raw[:200])
    for at, (reply, path) in enumerate((
        *((deployment.bot_posts(over | {"params": {"a": [value]}}), "/params/a/0")
          for value in (10**40, 1e-200, "\ud83d")),
        (deployment.bot_posts(over | {"customparam1": {"": 1}}), "/customparam1"),
        (deployment.bot_posts([over, over | {"Messageid": 5}]), "/1/Messageid"),
        (deployment.desk_posts(event | {"agent": "Ana"}), "/agent"), (deployment.desk_posts([event] * 101), ""),
        (deployment.desk_posts(event | {"timestamp": 10**40}), "/timestamp"), (chat({"text": "x", "id": 5}), "/id"),
        (chat({"postback": {"payload": ""}}), "/postback/payload"), (chat({"text": "x", "session": "x"}), "/session"),
        (custom(message | {"from": {}}), "/from"), (custom(message | {"sent_at": "soon"}), "/sent_at"),
        (custom(message | {"media": [{"url": 5}]}), "/media/0/url"),
    )):  # fmt: skip
        assert reply.status == 422 and path in [one["path"] for one in reply.json["errors"]], (at, reply.raw)
    for where in (f"/webhooks/bots/{'x' * 3000}", "/webhooks/desks/x.y", f"/channels/{'x' * 3000}/webhook"):
        assert platform.call("POST", where, {}, key=None).status == 404
    assert custom(message | {"location": {"latitude": 1e-300, "longitude": 0}}).status == 202
    assert custom(message | {"id": "2", "text": "torn \ud83d"}).status == 202
    deployment.bot_hears("both", lambda event: event.get("Message") == "torn \ufffd")
    visitor.says("still there?")
    deployment.bot_hears("it", lambda event: event.get("Message") == "still there?")
