"""Verification against real HTTP servers, and the states around it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.domain.tasks import EndpointBack, task_of
from chalicelib.ports import aws, queues, signing
from chalicelib.ports.clock import now_ms
from chalicelib.tables import endpoints


class Platform:
    """A bot platform that answers what it is told to."""

    def __init__(self) -> None:
        self.status, self.answer, self.calls = 200, b"{}", []  # type: tuple[int, bytes, list[Any]]

    def serve(self) -> HTTPServer:
        platform = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                platform.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(platform.status)
                self.send_header("Content-Length", str(len(platform.answer)))
                self.end_headers()
                self.wfile.write(platform.answer)

            def log_message(self, *args: Any) -> None:
                pass

        return HTTPServer(("127.0.0.1", 0), Answering)


@pytest.fixture
def platform() -> Iterator[Any]:
    made = Platform()
    server = made.serve()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}/bot"  # type: ignore[attr-defined]
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def bot(api: Any, service: str, platform: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.make(
        "bots",
        service_id=service,
        name="b",
        webhook_url=platform.url,
        verification_token="tok",
        access_token="acc",
        headers={"X-Tenant": "t1"},
    )
    return made


def woken() -> list[Any]:
    found = aws.client("sqs").receive_message(QueueUrl=queues.url("timers"), MaxNumberOfMessages=10)
    return [json.loads(one["Body"]) for one in found.get("Messages", [])]


def test_passes_and_wakes(api: Any, bot: Any, platform: Any, service: str) -> None:
    platform.answer = b'{"token": "tok"}'
    answer = api("POST", f"/v1/bots/{bot['id']}/verify")
    assert (answer.status, answer.body["status"]) == (200, "active")
    assert api("GET", f"/v1/bots/{bot['id']}").body["status"] == "active"
    headers, body = platform.calls[0]
    assert json.loads(body)["Event"] == "Verification"
    assert headers["authorization"] == "Bearer acc"
    assert headers["x-tenant"] == "t1"
    assert signing.verify([bot["signing_secret"]], headers, body, now_ms=now_ms())
    (order,) = woken()
    assert task_of(order) == EndpointBack(endpoint=bot["id"], service=service, of=order["of"])


@pytest.mark.parametrize(("status", "answer"), [(500, b"tok"), (200, b"wrong"), (200, b""), (302, b"tok")])
def test_fails(api: Any, bot: Any, platform: Any, status: int, answer: bytes) -> None:
    platform.status, platform.answer = status, answer
    failed = api("POST", f"/v1/bots/{bot['id']}/verify")
    assert (failed.status, failed.body["code"]) == (422, "verification_failed")
    assert failed.body["detail"]
    assert api("GET", f"/v1/bots/{bot['id']}").body["status"] == "unverified"
    assert woken() == []


def test_nobody_there(api: Any, service: str) -> None:
    bot = api.make("bots", service_id=service, name="b", webhook_url="http://127.0.0.1:1/")
    assert api("POST", f"/v1/bots/{bot['id']}/verify").body["code"] == "verification_failed"


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ({}, "active"),
        ({"name": "other"}, "active"),
        ({"timeout_s": 3}, "active"),
        ({"verification_token": "tok"}, "active"),
        ({"verification_token": "new"}, "unverified"),
        ({"verification_token": None}, "unverified"),
        ({"access_token": "new"}, "unverified"),
        ({"headers": {}}, "unverified"),
        ({"webhook_url": "http://127.0.0.1:2/"}, "unverified"),
        ({"suspended": True}, "suspended"),
    ],
)
def test_what_a_patch_does_to_the_status(api: Any, bot: Any, platform: Any, patch: dict[str, Any], status: str) -> None:
    platform.answer = b"tok"
    api("POST", f"/v1/bots/{bot['id']}/verify")
    assert api("PATCH", f"/v1/bots/{bot['id']}", patch).body["status"] == status
    assert api("GET", f"/v1/bots/{bot['id']}").body["status"] == status


def test_inactive_needs_an_edit(api: Any, bot: Any, platform: Any) -> None:
    platform.answer = b"tok"
    endpoints.set_status(bot["id"], endpoints.INACTIVE, at=1)
    assert api("POST", f"/v1/bots/{bot['id']}/verify").body["code"] == "edit_required"
    assert api("PATCH", f"/v1/bots/{bot['id']}", {}).body["status"] == "inactive"
    assert api("POST", f"/v1/bots/{bot['id']}/verify").status == 200


def test_suspended_comes_back_unverified(api: Any, bot: Any, platform: Any) -> None:
    api("PATCH", f"/v1/bots/{bot['id']}", {"suspended": True})
    assert api("POST", f"/v1/bots/{bot['id']}/verify").body["code"] == "suspended"
    assert api("PATCH", f"/v1/bots/{bot['id']}", {"webhook_url": platform.url + "/2"}).body["status"] == "suspended"
    assert api("PATCH", f"/v1/bots/{bot['id']}", {"suspended": False}).body["status"] == "unverified"


def test_rotation_signs_with_both(api: Any, bot: Any, platform: Any) -> None:
    platform.answer = b"tok"
    rotated = api("POST", f"/v1/bots/{bot['id']}/rotate-secret", {"overlap_s": 60})
    assert rotated.status == 200
    assert rotated.body["signing_secret"] != bot["signing_secret"]
    api("POST", f"/v1/bots/{bot['id']}/verify")
    headers, body = platform.calls[-1]
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (bot["signing_secret"], rotated.body["signing_secret"]):
        assert signing.verify([secret], headers, body, now_ms=now_ms())
    api("POST", f"/v1/bots/{bot['id']}/rotate-secret", {"overlap_s": 0})
    api("POST", f"/v1/bots/{bot['id']}/verify")
    assert len(platform.calls[-1][0]["webhook-signature"].split()) == 1


def test_a_webhook_desk(api: Any, service: str, platform: Any) -> None:
    desk = api.make("desks", service_id=service, kind="webhook", name="d", webhook_url=platform.url)
    assert desk["status"] == "unverified"
    assert "/webhooks/desks/" in desk["events_url"]
    assert desk["signing_secret"]
    assert api("POST", f"/v1/desks/{desk['id']}/verify").body["status"] == "active"


def test_apply_verifies(api: Any, platform: Any) -> None:
    bundle = {
        "service": {"name": "Care"},
        "bots": [
            {"name": "good", "kind": "webhook", "webhook_url": platform.url, "verify": True},
            {"name": "bad", "kind": "webhook", "webhook_url": "http://127.0.0.1:1/", "verify": True},
        ],
    }
    applied = api("POST", "/v1/apply", bundle).body
    assert [one["name"] for one in applied["warnings"]] == ["bad"]
    assert applied["warnings"][0]["code"] == "verification_failed"
    calls = len(platform.calls)
    again = api("POST", "/v1/apply", bundle).body
    assert len(again["unchanged"]) == 3
    assert len(platform.calls) == calls
