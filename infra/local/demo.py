"""The demo beside a local stack: its bot and its desk as processes, its bundle applied."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from infra.local import processes
from infra.local.emulator import HOST, free_port
from infra.local.stack import Stack
from infra.reads import ROOT

DEMO = ROOT / "examples" / "demo"
PORTS = (8701, 8702)
"""Of the bot and the desk, where nobody else listens there."""
_START_S = 15


class NotSetUp(Exception):
    """The platform refused the demo."""


@contextmanager
def demo(
    up: Stack, *, ports: tuple[int, int] = (0, 0), channels: Sequence[Mapping[str, Any]] = ()
) -> Iterator[dict[str, Any]]:
    """The demo running; gives what `.local/stack.json` says of it. Nothing where there is no demo.

    Its bot and its desk listen where they did before in this stack's folder, else on `ports` (0: any free one); where
    somebody else listens there by now, on other ones. What the desk's page shows is kept in that folder, too.
    `channels` are more than its own chat, as bundles have them.
    """
    if not (DEMO / "setup.py").exists():
        yield {}
        return
    events_url_file = up.folder / "demo-desk-url"
    bot_port, desk_port = _ports(up.folder / "demo-ports.json", ports)
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_start(up, "bot", bot_port))
        chats = ("--chats-file", str(up.folder / "demo-chats.json"))
        started.append(_start(up, "desk", desk_port, "--events-url-file", str(events_url_file), *chats))
        for process, port in zip(started, (bot_port, desk_port), strict=True):
            wait(process, port)
        yield _set_up(up, bot_port, desk_port, events_url_file, channels)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _set_up(
    up: Stack, bot_port: int, desk_port: int, events_url_file: Path, channels: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    try:
        found: dict[str, Any] = _setup().set_up(
            up.base_url,
            up.admin_key,
            bot_port=bot_port,
            desk_port=desk_port,
            events_url_file=events_url_file,
            channels=channels,
        )
    except urllib.error.HTTPError as error:
        raise NotSetUp(f"{error.url}: {error.code} {error.read().decode(errors='replace')[:1000]}") from error
    return found


def _start(up: Stack, name: str, port: int, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(DEMO / f"{name}.py"), "--port", str(port), *more]
    return processes.start(command, log=up.folder / f"demo-{name}.log")


def _ports(file: Path, wanted: tuple[int, int]) -> tuple[int, int]:
    bot, desk = kept_ports(file, {"bot": wanted[0], "desk": wanted[1]}).values()
    return bot, desk


def kept_ports(file: Path, wanted: Mapping[str, int]) -> dict[str, int]:
    """The ports of these programs; the same as before where they can be had."""
    ports = dict(wanted)
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(file.read_text(encoding="utf-8"))
        ports = {name: int(kept[name]) for name in wanted}
    found = {name: port if _free(port) else free_port() for name, port in ports.items()}
    file.write_text(json.dumps(found) + "\n", encoding="utf-8")
    return found


def _free(port: int) -> bool:
    if not 0 < port < 65536:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Until somebody answers on the port."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=1):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"the demo does not listen on port {port}")


def _setup() -> Any:
    path = Path(DEMO / "setup.py")
    spec = spec_from_file_location("parley_demo_setup", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
