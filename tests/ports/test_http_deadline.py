"""One deadline for the whole exchange: every way of being slow ends at it."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any, cast

import pytest

from chalicelib.ports import http
from tests.ports.conftest import Behaviour, Serve

DEADLINE_S = 0.3
MOST_MS = 3000
"""Generous, for a busy machine: every server below would go on for minutes."""


async def _drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    for byte in data * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def header_drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    await _drip(writer, b"a")


async def status_drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await _drip(writer, b"HTTP/1.1 200 OK\r\n")


async def body_drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    await _drip(writer, b"a")


async def chunk_drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await _drip(writer, b"1\r\na\r\n")


async def interim_drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await _drip(writer, b"HTTP/1.1 100 Continue\r\n\r\n")


async def no_first_byte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.Event().wait()


async def reads_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # The transport of a stream's writer is also that of its reader.
    cast(asyncio.Transport, writer.transport).pause_reading()
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    "behave", [header_drip, status_drip, body_drip, chunk_drip, interim_drip, no_first_byte, reads_nothing]
)
def test_a_slow_server_is_left_at_the_deadline(serve: Serve, behave: Behaviour) -> None:
    async def run() -> Any:
        async with serve(behave) as port, http.web(allow_private=True) as call:
            url = f"http://127.0.0.1:{port}/"
            return await call("POST", url, headers={"X": "y"}, body=b"u" * 30_000_000, timeout_s=DEADLINE_S)

    exchange = asyncio.run(run())
    assert (exchange.status, exchange.error, exchange.body) == (0, "timeout", b"")
    assert DEADLINE_S * 1000 - 50 <= exchange.took_ms < MOST_MS


def test_a_connection_that_nobody_accepts_is_left_at_the_deadline() -> None:
    # A full backlog: Linux then drops the opening packet, as a firewall would.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        try:
            exchange = http.call_once(
                "POST", f"http://127.0.0.1:{port}/", headers={}, timeout_s=DEADLINE_S, allow_private=True
            )
        finally:
            for filler in fillers:
                filler.close()

    assert exchange.error == "timeout"
    assert exchange.took_ms < MOST_MS


def test_tls_that_never_answers_is_left_at_the_deadline(serve: Serve) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def run() -> Any:
        async with serve(silent) as port, http.web(allow_private=True) as call:
            return await call("POST", f"https://127.0.0.1:{port}/", headers={}, timeout_s=DEADLINE_S)

    exchange = asyncio.run(run())
    assert exchange.error == "timeout"
    assert exchange.took_ms < MOST_MS


def test_a_name_server_that_never_answers_is_left_at_the_deadline() -> None:
    async def never(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    async def run() -> Any:
        async with http.web(allow_private=True, resolve=never) as call:
            return await call("POST", "https://bot.test/", headers={}, timeout_s=DEADLINE_S)

    exchange = asyncio.run(run())
    assert exchange.error == "timeout"
    assert exchange.took_ms < MOST_MS


def test_a_slow_one_does_not_hold_up_the_others(serve: Serve) -> None:
    async def quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def run() -> Any:
        async with serve(no_first_byte) as slow, serve(quick) as fast, http.web(allow_private=True) as call:
            ports = [slow] * 10 + [fast]
            calls = (call("POST", f"http://127.0.0.1:{port}/", headers={}, timeout_s=DEADLINE_S) for port in ports)
            start = time.monotonic()
            return await asyncio.gather(*calls), time.monotonic() - start

    exchanges, took_s = asyncio.run(run())
    assert [exchange.error for exchange in exchanges] == ["timeout"] * 10 + [""]
    assert took_s * 1000 < MOST_MS


def test_an_early_answer_counts_although_the_upload_was_not_read(serve: Serve) -> None:
    async def refuse_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        await writer.drain()
        await asyncio.Event().wait()

    async def run() -> Any:
        async with serve(refuse_at_once) as port, http.web(allow_private=True) as call:
            return await call("POST", f"http://127.0.0.1:{port}/", headers={}, body=b"u" * 30_000_000, timeout_s=5)

    exchange = asyncio.run(run())
    assert (exchange.status, exchange.error, exchange.body) == (413, "", b"big")
