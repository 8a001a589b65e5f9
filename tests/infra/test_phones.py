"""The simulator as a process: its page, what it keeps, and what goes wrong at it when it is told to."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from examples.providers import faults, kinds
from examples.providers.faults import Fault, Faults
from examples.providers.kinds import Deed
from examples.providers.posting import arranged
from examples.providers.providers import Providers
from examples.providers.world import Account, Hook, World
from infra.local.phones import phones, phones_port
from infra.reads import ROOT

WHATSAPP = {"authorization": "Bearer EAAsimulated"}


def ask(url: str, path: str, given: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        body = None if given is None else json.dumps(given)
        sent = {} if given is None else {"Content-Type": "application/json"}
        connection.request("GET" if given is None else "POST", path, body, sent | headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_it_keeps_people_and_what_was_said(tmp_path: Path) -> None:
    with phones(tmp_path, port=phones_port(tmp_path, port=0)) as there:
        status, headers, page = ask(there.url, "/")
        assert status == 200 and "default-src 'self'" in headers["Content-Security-Policy"]
        for name in re.findall(rb'(?:href|src)="((?:look|page)/[^"]+)"', page):
            assert ask(there.url, f"/{name.decode()}")[0] == 200, name
        assert ask(there.url, "/phones/state", Host="parley.example")[0] == 421, "a name that leads here"
        for path in ("/page/..%2fserver.py", "/page/.hidden", "/look/app.js", "/phones/files/f1", "/nobody/v1"):
            assert ask(there.url, path)[0] == 404, path
        assert [one["kind"] for one in there.channels] == list(kinds.names())
        status, _, raw = ask(there.url, "/phones/people", {"name": "Ines Ito"})
        person = json.loads(raw)["id"]
        deed = {"kind": "telegram", "account": "110201543", "person": person, "do": "text", "text": "hi"}
        assert ask(there.url, "/phones/deeds", deed)[0] == 200
        assert ask(there.url, "/phones/deeds", deed | {"do": "fly"})[0] == 409
        assert ask(there.url, "/phones/deeds", deed | {"person": "p99"})[0] == 404
        plain = {"Content-Type": "text/plain"}
        assert ask(there.url, "/phones/deeds", deed, **plain)[0] == 415, "another page cannot post so unasked"
        assert ask(there.url, "/phones/faults", {"kind": "whatsapp", "answer": "gone"})[0] == 422

        message = {"messaging_product": "whatsapp", "to": "447700900101", "type": "text", "text": {"body": "x"}}
        to = "/whatsapp/v24.0/106540352242922/messages"
        assert ask(there.url, to, message, authorization="Bearer another")[0] == 401
        for answer, wanted in (("throttled", 429), ("broken", 500), ("refused", 400)):
            assert ask(there.url, "/phones/faults", {"kind": "whatsapp", "answer": answer, "times": 1})[0] == 200
            assert ask(there.url, to, message, **WHATSAPP)[0] == wanted
        assert ask(there.url, "/phones/faults", {"kind": "whatsapp", "answer": "silent", "times": 1})[0] == 200
        with pytest.raises(http.client.RemoteDisconnected):
            ask(there.url, to, message, **WHATSAPP)
        assert ask(there.url, to, message, **WHATSAPP)[0] == 200, "it was to go wrong once"
        calls = json.loads(ask(there.url, "/phones/calls")[2])
        assert [one["status"] for one in calls if one["kind"] == "whatsapp"] == [401, 429, 500, 400, 0, 200]

    kept = tmp_path / "demo-phones.json"
    told = json.loads(kept.read_text())
    told["bubbles"][0]["of_a_later_version"] = 1
    kept.write_text(json.dumps(told))
    with phones(tmp_path, port=phones_port(tmp_path, port=0)) as again:
        assert again.url == there.url
        state = json.loads(ask(again.url, "/phones/state?after=0")[2])
    assert [one["name"] for one in state["people"]] == ["Asha Rao", "Tom Keller", "Ines Ito"]
    said = [(one["kind"], one["text"], one["mine"]) for one in state["bubbles"]]
    assert said == [("telegram", "hi", True), ("whatsapp", "x", False)]
    assert (tmp_path / "demo-phones.json").stat().st_mode & 0o077 == 0


def test_faults_of_one_go_before_those_of_all() -> None:
    on = Faults()
    on.switch("sms", faults.EVERYBODY, Fault("broken"))
    on.switch("sms", "p1", Fault("throttled", times=2))
    assert [on.answer("sms", "p2") for _ in range(2)] == ["broken", "broken"]
    assert [on.answer("sms", "p1") for _ in range(3)] == ["throttled", "throttled", "ok"]
    on.switch("sms", faults.EVERYBODY, Fault())
    assert (on.answer("sms", "p2"), on.answer("mail", "p1")) == ("ok", "ok")


def test_webhooks_come_as_often_and_in_the_order_that_is_wanted() -> None:
    account = Account("x", "1", "", {}, {})
    hooks = [Hook(account, body, {}, at) for at, body in enumerate((b"sent", b"delivered", b"read"))]

    def come(*words: str) -> list[tuple[bytes, float]]:
        return [(one.body, one.after_s) for one in arranged(hooks, Fault(hooks=frozenset(words)))]

    assert come("backwards") == [(b"read", 0), (b"delivered", 1), (b"sent", 2)]
    assert come("early") == [(b"sent", 0), (b"delivered", 0), (b"read", 0)]
    assert [body for body, _ in come("twice")] == [b"sent", b"sent", b"delivered", b"delivered", b"read", b"read"]


def test_what_is_simulated_shares_nothing_with_what_it_judges() -> None:
    for path in (ROOT / "examples" / "providers").rglob("*.py"):
        assert "chalicelib." not in path.read_text(encoding="utf-8").replace("`chalicelib", ""), path


def test_a_status_may_come_before_the_answer_and_the_answer_too_late() -> None:
    told: list[Any] = []

    async def now(hooks: Any) -> None:
        told.extend(json.loads(one.body)["entry"][0]["changes"][0]["value"]["statuses"][0]["status"] for one in hooks)

    async def sleep(seconds: float) -> None:
        told.append(seconds)

    async def fetch(url: str) -> tuple[int, bytes, str]:
        return 404, b"", ""

    world = World()
    providers = Providers(world, fetch, now, sleep)
    providers.open_all()
    [account], person = world.of_kind("whatsapp"), world.people["p1"]
    providers.does(Deed("text", "hi"), person, account)
    world.hooks.clear()
    world.faults.switch("whatsapp", "p1", Fault("slow", frozenset({"early"}), wait_s=9))
    message = {"messaging_product": "whatsapp", "to": "447700900101", "type": "text", "text": {"body": "x"}}
    asked = providers.answered(
        "whatsapp", "POST", f"/v24.0/{account.id}/messages", {}, WHATSAPP, json.dumps(message).encode(), at="http://x"
    )
    answer = asyncio.run(asked)
    assert answer is not None and answer.status == 200
    assert told == ["sent", "delivered", "read", 9] and not world.hooks
    # A link that leads to nothing is taken at first, and fails afterwards.
    image = message | {"type": "image", "image": {"link": "http://127.0.0.1:1/gone.png"}}
    asked = providers.answered(
        "whatsapp", "POST", f"/v24.0/{account.id}/messages", {}, WHATSAPP, json.dumps(image).encode(), at="http://x"
    )
    assert asyncio.run(asked) is not None
    [failed] = world.hooks
    assert b'"code":131053' in failed.body
