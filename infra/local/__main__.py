"""`make run`: everything on this machine with one command, until Ctrl-C.

What is written stays in `.local` for the next run. The emulator writes it down when it is stopped in order: a
SIGKILL or a power cut loses what came since the last orderly stop.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from infra import logs
from infra.cloudformation import NotDeployed
from infra.local.demo import NotSetUp, demo
from infra.local.emulator import NotStarted
from infra.local.stack import STAGE, Stack, stack
from infra.package import Unfit
from infra.reads import ROOT

LOCAL = ROOT / ".local"


def main() -> None:
    """Run until a signal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--no-auth", action="store_true", help="do not enforce the functions' IAM policies")
    parser.add_argument("--no-demo", action="store_true", help="without the demo's bot, desk and chat page")
    asked = parser.parse_args()
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        if ended.is_set():
            return
        ended.set()
        # While it is still starting there is nobody who looks at `ended`.
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"· {time.monotonic() - began:5.1f} s  {text}", flush=True)

    ready = LOCAL / "stack.json"
    ready.unlink(missing_ok=True)
    try:
        with stack(port=asked.port, folder=LOCAL, auth=not asked.no_auth, say=say) as up:
            if asked.no_demo:
                _serve(up, {}, ready, say, ended)
            else:
                say("setting the demo up")
                with demo(up) as found:
                    _serve(up, found, ready, say, ended)
    except KeyboardInterrupt:
        pass
    except (NotStarted, NotDeployed, NotSetUp, Unfit, TimeoutError) as error:
        sys.exit(f"not running: {error}")
    finally:
        ready.unlink(missing_ok=True)
    print("stopped; what was written is kept in .local")


def _serve(up: Stack, found: dict[str, Any], ready: Path, say: Any, ended: threading.Event) -> None:
    shown = {"base_url": up.base_url, "console_url": up.console_url, "admin_key": up.admin_key, "endpoint": up.endpoint}
    _write(ready, shown | found)
    say("ready")
    _greet(up, found)
    logs.follow(up.client, STAGE, lambda line: print(line, flush=True), until=ended.is_set)


def _write(path: Path, content: dict[str, Any]) -> None:
    """All of the file or nothing: whoever waits for it may read it as soon as it is there."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(new, path)


def _greet(up: Stack, found: dict[str, Any]) -> None:
    key = '-H "Authorization: Bearer $(cat .local/admin_key)"'
    if chat := found.get("chat_url"):
        print(f"\n  chat     {chat}")
    if desk := found.get("desk_url"):
        print(f"  desk     {desk}")
    print(f"  console  {up.console_url}   (key: .local/admin_key)")
    print("\n  try")
    print(f"    curl {up.base_url}/health")
    print(f"    curl {key} {up.base_url}/v1/services")
    print(f"    curl {key} '{up.base_url}/v1/conversations?limit=5'")
    print(
        "\n  Ctrl-C stops in order and keeps what was written; SIGKILL loses what came since the last stop.\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
