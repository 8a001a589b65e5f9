"""Calls of one run after another: over the same connection while it is good, over another one where it is not."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import time_machine

from chalicelib.domain.exchange import Exchange
from chalicelib.ports import kept_http
from chalicelib.ports.http import Web

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = b"{}"


class Server:
    """Answers each request; where told so, hangs up without a word, as impatient servers do."""

    def __init__(self, listener: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        self.connections: list[socket.socket] = []
        self._listener = listener

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        with connection, suppress(OSError):
            while received := connection.recv(65536):
                request += received
                if request.endswith(BODY):
                    request = b""
                    connection.sendall(ANSWER)


@contextmanager
def listening() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener)
        thread = threading.Thread(target=server.accept, daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture(autouse=True)
def _begun() -> Iterator[None]:
    kept_http.forget()
    yield
    kept_http.forget()


def call(server: Server) -> Exchange:
    """One run with one call, which may not be sent twice."""

    async def work(web: Web) -> Exchange:
        return await web("POST", server.url, headers={}, body=BODY)

    return kept_http.run(work)


def test_a_second_run_goes_over_the_connection_of_the_first() -> None:
    with listening() as server:
        assert [call(server).error for _ in range(3)] == ["", "", ""]
        assert len(server.connections) == 1


def test_a_connection_that_was_closed_between_two_runs_is_not_gone_over() -> None:
    with listening() as server:
        for _ in range(3):
            assert call(server).error == ""
            server.connections[-1].shutdown(socket.SHUT_RDWR)
        assert len(server.connections) == 3


@pytest.mark.parametrize("moved", [60, -60])
def test_after_a_while_everything_is_new(moved: float) -> None:
    with listening() as server, time_machine.travel(1_790_000_000, tick=False) as traveller:
        assert call(server).error == ""
        traveller.shift(moved)
        assert call(server).error == ""
        assert len(server.connections) == 2


def test_of_a_run_that_fails_nothing_goes_on() -> None:
    left: list[str] = []

    async def lingers() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            left.append("ended")
            raise

    async def work(web: Web) -> Any:
        left.append("begun")
        task = asyncio.ensure_future(lingers())
        await asyncio.sleep(0)
        raise SystemExit(str(task))

    with pytest.raises(SystemExit):
        kept_http.run(work)
    assert left == ["begun", "ended"]
    with listening() as server:
        assert call(server).error == ""
