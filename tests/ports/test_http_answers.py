"""What the other side may answer, and what the port makes of it."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
import zlib
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from chalicelib.ports import http
from chalicelib.wire.retry_after import retry_after
from tests.ports.conftest import Read, Serve


def test_an_answer_comes_back_whole(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_json({"ok": True}, headers={"X-One": "1"})

    exchange = http.call_once("POST", httpserver.url_for("/hook"), headers={"X-A": "b"}, body=b"{}", allow_private=True)

    assert (exchange.status, exchange.error, json.loads(exchange.body)) == (200, "", {"ok": True})
    assert exchange.headers["x-one"] == "1"
    assert exchange.took_ms >= 0


def test_the_user_agent_is_ours_and_framing_headers_are_not_the_callers(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("ok")

    http.call_once(
        "POST",
        httpserver.url_for("/hook"),
        headers={
            "user-agent": "curl",
            "Host": "inside",
            "Transfer-Encoding": "chunked",
            "Content-Length": "1",
            "X": "y",
        },
        body=b"abc",
        allow_private=True,
    )

    request, _ = httpserver.log[0]
    assert request.headers["User-Agent"] == http.USER_AGENT
    assert request.headers["User-Agent"].startswith("Parley/")
    assert request.headers["Host"] == f"{httpserver.host}:{httpserver.port}"
    assert (request.headers["Content-Length"], request.data, request.headers["X"]) == ("3", b"abc", "y")


def test_a_redirect_is_an_answer_and_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(
        status=302, headers={"Location": httpserver.url_for("/private")}
    )
    httpserver.expect_request("/private").respond_with_data("the metadata")

    exchange = http.call_once("GET", httpserver.url_for("/hook"), headers={}, allow_private=True)

    assert (exchange.status, exchange.error) == (302, "")
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


@pytest.mark.parametrize("status", [204, 304, 404, 500, 503])
def test_every_status_is_an_answer(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data(b"", status=status)

    exchange = http.call_once("POST", httpserver.url_for("/hook"), headers={}, allow_private=True)

    assert (exchange.status, exchange.error) == (status, "")


def test_a_large_answer_is_cut_at_the_cap(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(b"a" * 10_000_000)

    exchange = http.call_once("GET", httpserver.url_for("/hook"), headers={}, cap=1000, allow_private=True)

    assert (exchange.status, exchange.error, exchange.body) == (200, "too_large", b"a" * 1000)


def test_an_answer_of_exactly_the_cap_is_whole(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(b"a" * 1000)

    exchange = http.call_once("GET", httpserver.url_for("/hook"), headers={}, cap=1000, allow_private=True)

    assert (exchange.error, len(exchange.body)) == ("", 1000)


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_answer_is_unpacked(httpserver: HTTPServer, name: str, pack: object) -> None:
    packed = pack(b'{"token":"t"}')  # type: ignore[operator]
    httpserver.expect_request("/hook").respond_with_data(packed, headers={"Content-Encoding": name})

    exchange = http.call_once("GET", httpserver.url_for("/hook"), headers={}, allow_private=True)

    assert (exchange.error, exchange.body) == ("", b'{"token":"t"}')


def test_a_packed_bomb_is_unpacked_no_further_than_the_cap(httpserver: HTTPServer) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    httpserver.expect_request("/hook").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})

    exchange = http.call_once("GET", httpserver.url_for("/hook"), headers={}, cap=100_000, allow_private=True)

    assert (exchange.error, len(exchange.body)) == ("too_large", 100_000)


def test_what_only_claims_to_be_packed_is_a_protocol_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(b"plain", headers={"Content-Encoding": "gzip"})

    assert http.call_once("GET", httpserver.url_for("/hook"), headers={}, allow_private=True).error == "protocol"


def test_headers_of_one_name_are_joined(serve: Serve, read_request: Read) -> None:
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nVia: a\r\nvia: b\r\nContent-Length: 0\r\n\r\n")

    async def run() -> Any:
        async with serve(twice) as port, http.web(allow_private=True) as call:
            return await call("GET", f"http://127.0.0.1:{port}/", headers={})

    assert asyncio.run(run()).headers["via"] == "a, b"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"",
    ],
    ids=["ssh", "status", "length", "cut", "chunk", "long_header", "many_headers", "nothing"],
)
def test_what_is_no_http_is_a_protocol_error(serve: Serve, read_request: Read, answer: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    async def run() -> Any:
        async with serve(babble) as port, http.web(allow_private=True) as call:
            return await call("POST", f"http://127.0.0.1:{port}/", headers={"webhook-id": "1"}, body=b"{}")

    exchange = asyncio.run(run())
    assert (exchange.status, exchange.error) == (0, "protocol")


def test_a_reset_is_a_protocol_error_and_a_closed_port_a_connect_error(serve: Serve, read_request: Read) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.transport.abort()

    async def run() -> Any:
        async with http.web(allow_private=True) as call:
            async with serve(reset) as port:
                broken = await call("POST", f"http://127.0.0.1:{port}/", headers={}, body=b"{}")
            return broken, await call("POST", f"http://127.0.0.1:{port}/", headers={}, body=b"{}")

    broken, closed = asyncio.run(run())
    assert (broken.error, closed.error) == ("protocol", "connect")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"X": "a\r\nY: b"}),
        *(("POST", {"X": f"a{char}b"}) for char in "\0\x01\x13\x1f\x7f"),
        ("POST", {"X y": "a"}),
        ("PO ST", {}),
        ("POST", {"X": "\ud800"}),
        ("POST", {"": "a"}),
    ],
)
def test_a_malformed_header_is_a_value_and_nothing_is_sent(
    httpserver: HTTPServer, method: str, headers: dict[str, str]
) -> None:
    exchange = http.call_once(method, httpserver.url_for("/hook"), headers=headers, allow_private=True)

    assert (exchange.error, httpserver.log) == ("bad_header", [])


def test_a_kept_connection_that_was_closed_is_no_failure_of_a_repeatable_call(serve: Serve, read_request: Read) -> None:
    seen: list[int] = []

    async def answer_one_then_hang_up_on_the_next(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = len(seen)
        seen.append(0)
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        seen[connection] += 1
        await read_request(reader)
        seen[connection] += 1

    async def run(headers: dict[str, str]) -> Any:
        seen.clear()
        async with serve(answer_one_then_hang_up_on_the_next) as port, http.web(allow_private=True) as call:
            url = f"http://127.0.0.1:{port}/"
            return [await call("POST", url, headers=headers, body=b"{}") for _ in range(2)]

    assert [exchange.error for exchange in asyncio.run(run({"webhook-id": "dl_1"}))] == ["", ""]
    assert seen == [2, 1]
    assert [exchange.error for exchange in asyncio.run(run({}))] == ["", "protocol"]


def test_many_calls_run_at_the_same_time(serve: Serve, read_request: Read) -> None:
    waiting: list[asyncio.Event] = []

    async def answer_once_all_are_here(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        waiting.append(asyncio.Event())
        if len(waiting) == 20:
            for event in waiting:
                event.set()
        await waiting[-1].wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def run() -> Any:
        async with serve(answer_once_all_are_here) as port, http.web(allow_private=True) as call:
            url = f"http://127.0.0.1:{port}/"
            return await asyncio.gather(*(call("POST", url, headers={}, body=b"{}") for _ in range(20)))

    assert {exchange.error for exchange in asyncio.run(run())} == {""}


def test_importing_the_port_does_not_import_aiohttp() -> None:
    check = "import sys, chalicelib.ports.http, chalicelib.ports.signing; print(int('aiohttp' in sys.modules))"

    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "0\n"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("0", 0), ("99999999999999999999", 3600), ("7200", 3600),
        ("Sat, 21 Nov 2026 01:01:30 GMT", 90), ("Sat, 21 Nov 2026 00:00:00 GMT", 0),
        ("Sat, 21 Nov 2099 00:00:00 GMT", 3600),
        ("", 0), ("-5", 0), ("1.5", 0), ("soon", 0), ("Sat, 99 Nov 2026", 0), ("\u0661", 0), ("12 Foo 99999", 0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value: str, seconds: int) -> None:
    now_ms = 1_795_222_800_000  # 2026-11-21T01:00:00Z

    assert retry_after({"retry-after": value}, now_ms=now_ms, most_s=3600) == seconds
    assert retry_after({}, now_ms=now_ms, most_s=3600) == 0
