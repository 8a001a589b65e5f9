"""`make run`: everything on this machine with one command, until Ctrl-C.

What is written stays in `.local` for the next run. The emulator writes it down when it is stopped in order: a
SIGKILL or a power cut loses what came since the last orderly stop. A second run in the same folder is refused, and
leaves the first alone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

from infra import folder_lock, logs
from infra.deploying.refused import Refused
from infra.local.demo import PORTS as DEMO_PORTS
from infra.local.demo import NotSetUp, demo
from infra.local.emulator import HOST, Emulator, NotStarted
from infra.local.phones import NONE, phones, phones_port, phones_url
from infra.local.stack import STAGE, Say, Stack, stack
from infra.package import Unfit
from infra.reads import ROOT

LOCAL = ROOT / ".local"
_WRITTEN = ("state", "package", ".tmp", "admin_key", "stack.*", "demo-*", "emulator.log")
"""What a run writes into its folder: keys and tokens, also those of Lambda's variables, and what people said."""
_PATIENCE_S = 40
"""Longer than the emulator of a run that was killed takes to write its state down."""


def main() -> None:
    """Run until a signal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", default="4566", help="a number from 1 to 65535")
    parser.add_argument("--folder", type=Path, default=LOCAL, help="where everything is kept")
    parser.add_argument("--no-auth", action="store_true", help="do not enforce the functions' IAM policies")
    parser.add_argument("--no-demo", action="store_true", help="without the demo's bot, desk, chat page and phones")
    parser.add_argument("--no-phones", action="store_true", help="without simulated providers and their phones")
    asked = parser.parse_args()
    asked.folder = asked.folder.resolve()
    # For the emulator, its Lambdas and the demo, too: others on this machine have nothing to read there.
    os.umask(0o077)
    try:
        port = _port(asked.port)
        ending = _Ending()
        with folder_lock.held(
            asked.folder, address=f"http://{HOST}:{port}", patience_s=_PATIENCE_S, say=_began()
        ) as lock:
            _run(asked, port, lock, ending)
    except KeyboardInterrupt:
        pass
    except (NotStarted, Refused, NotSetUp, Unfit, TimeoutError, folder_lock.Held, ValueError) as error:
        sys.exit(f"not running: {error}")
    if ending.died:
        sys.exit("not running any more")
    print(f"stopped; what was written is kept in {_shown(asked.folder)}")


class _Ending:
    """That the run is to end: somebody said so by a signal, or its emulator died."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.died = False
        """Whether it ends because the emulator died."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)

    def __bool__(self) -> bool:
        return self._ended.is_set()

    def emulator_died(self, emulator: Emulator) -> None:
        """Called by another thread: say it at once, and end what the main thread is waiting for."""
        self.died = True
        print(f"\n{emulator.how_it_died()}\n", file=sys.stderr, flush=True)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        if not self:
            self._ended.set()
            # While it is still starting there is nobody who looks whether it is to end.
            raise KeyboardInterrupt


def _run(asked: argparse.Namespace, port: int, lock: int, ending: _Ending) -> None:
    """Everything, while the folder is ours."""
    say = _began()
    ready = asked.folder / "stack.json"
    ready.unlink(missing_ok=True)
    _close(asked.folder)
    try:
        # The console is told where they are, before they are there.
        at = 0 if asked.no_demo or asked.no_phones else phones_port(asked.folder)
        with stack(
            port=port,
            folder=asked.folder,
            auth=not asked.no_auth,
            env={"PARLEY_PHONES_URL": phones_url(at)} if at else {},
            inherits=(lock,),
            died=ending.emulator_died,
            say=say,
        ) as up:
            if asked.no_demo:
                _serve(up, {}, ready, say, ending)
            else:
                say("setting the demo up")
                with (
                    phones(asked.folder, port=at) if at else nullcontext(NONE) as there,
                    demo(up, ports=DEMO_PORTS, channels=there.channels) as found,
                ):
                    _serve(up, found | there.told(up, found.get("demo_service_id", "")), ready, say, ending)
    except Exception:
        # What was under way when it died fails, too.
        if not ending.died:
            raise
    finally:
        ready.unlink(missing_ok=True)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise ValueError(f"PORT={text} is no port; a port is a number from 1 to 65535")


def _began() -> Say:
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"· {time.monotonic() - began:5.1f} s  {text}", flush=True)

    return say


def _shown(folder: Path) -> str:
    return str(folder.relative_to(ROOT)) if folder.is_relative_to(ROOT) else str(folder)


def _serve(up: Stack, found: dict[str, Any], ready: Path, say: Say, ending: _Ending) -> None:
    shown = {"base_url": up.base_url, "console_url": up.console_url, "admin_key": up.admin_key, "endpoint": up.endpoint}
    _write(ready, shown | found)
    say("ready")
    _greet(up, found)
    logs.follow(up.client, STAGE, lambda line: print(line, flush=True), until=lambda: bool(ending))


def _close(folder: Path) -> None:
    """Close to others what an earlier run left open; what lies in a folder of ours is closed by it."""
    for path in (path for pattern in _WRITTEN for path in folder.glob(pattern)):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _write(path: Path, content: dict[str, Any]) -> None:
    """All of the file or nothing: whoever waits for it may read it as soon as it is there."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(new, path)


def _greet(up: Stack, found: dict[str, Any]) -> None:
    key_file = _shown(up.folder / "admin_key")
    key = f'-H "Authorization: Bearer $(cat {key_file})"'
    if chat := found.get("chat_url"):
        print(f"\n  chat     {chat}")
    if desk := found.get("desk_url"):
        print(f"  desk     {desk}")
    if simulated := found.get("phones_url"):
        print(f"  phones   {simulated}  (WhatsApp, Telegram, ... without an account)")
    print(f"  console  {up.sign_in_url()}")
    print("           (signs in once; afterwards the browser is signed in)")
    print("\n  try")
    print(f"    curl {up.base_url}/health")
    print(f"    curl {key} {up.base_url}/v1/services")
    print("    ./parley list conversations")
    print(
        "\n  Ctrl-C stops in order and keeps what was written; SIGKILL loses what came since the last stop.\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
