"""MiniStack as a process of ours: started, waited for, stopped, cleaned up after.

It is started in a session of its own, so that a Ctrl-C in the terminal reaches us alone and it is stopped in order:
on SIGTERM it writes its state down, and what came since is lost where it is killed instead.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.local import processes
from infra.reads import ROOT

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "000000000000"
_MENDED = Path(__file__).with_name("mended.py")
_START_S = 30
_STOP_S = 30
_SETTLE_S = 4
_QUEUE = re.compile(r"(http://(?:localhost|127\.0\.0\.1):)\d+(/\d{12}/)")
"""URL of a queue, in parts: before its port and after it."""
_CLIENT = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=120)


class NotStarted(Exception):
    """The emulator did not come up."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def executable() -> Path:
    """The emulator's command: of `.venv-local`, or PARLEY_EMULATOR."""
    path = Path(os.environ.get("PARLEY_EMULATOR", ROOT / ".venv-local" / "bin" / "ministack"))
    if not path.exists():
        raise NotStarted(f"{path} is not there; `make setup` puts it there")
    return path


@dataclass
class Emulator:
    """One MiniStack; all it writes is below `folder`."""

    port: int
    folder: Path
    auth: bool = True
    """Enforce each function's own IAM policy."""
    env: dict[str, str] = field(default_factory=dict)
    """Further environment of the emulator, which its Lambdas inherit."""
    inherits: tuple[int, ...] = ()
    """Descriptors that it keeps open while it runs."""
    died: Callable[[Emulator], None] | None = None
    """Called, by a thread of its own, as soon as it has ended and nobody here has ended it."""
    started_at: float = 0
    """Seconds since 1970."""
    _process: subprocess.Popen[bytes] | None = None
    _ending: bool = False

    @property
    def endpoint(self) -> str:
        """Where AWS is."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """The emulator's own output."""
        return self.folder / "emulator.log"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process else None

    def client(self, service: str, *, endpoint_url: str = "") -> Any:
        """A boto3 client of the emulator, or of an API of its, with the rights of its root account."""
        return boto3.client(
            service,
            endpoint_url=endpoint_url or self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's fixed root credentials
            config=_CLIENT,
        )

    def start(self) -> None:
        """Start and wait until it answers; NotStarted with the end of its log where it does not."""
        self._need_port()
        self._forget_stream_positions()
        self._bring_queues_here()
        temporary = self._temporary
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        # Without the script's folder among the places where modules are looked for.
        command = [str(executable().with_name("python")), "-P", str(_MENDED)]
        self._ending, self.started_at = False, time.time()
        self._process = processes.start(
            command,
            log=self.log,
            append=True,
            env=self._environment(temporary),
            cwd=self.folder,
            inherits=self.inherits,
        )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise NotStarted(f"the emulator did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()

    @property
    def _temporary(self) -> Path:
        # A stage's folder stands beside it, and no stage's name begins so.
        return self.folder / ".tmp"

    def _need_port(self) -> None:
        """NotStarted where the port cannot be had."""
        other = "choose another one with PORT="
        with socket.socket() as probe:
            taken = probe.connect_ex((HOST, self.port)) == 0
        with socket.socket() as probe:
            # What was served a minute ago stands in no one's way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except PermissionError:
                raise NotStarted(f"port {self.port} is not open to you; {other}") from None
            except OSError:
                taken = True
        if taken:
            raise NotStarted(f"port {self.port} is taken by another program; {other}")

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        if self.died and self._process is process and not self._ending:
            self.died(self)

    def how_it_died(self) -> str:
        """What a person has to know of an emulator that ended by itself: how, and what is lost by it."""
        code = self._process.poll() if self._process else None
        how = "ended" if code is None else f"was killed by {_signal(-code)}" if code < 0 else f"ended with code {code}"
        written = self.written_at()
        if written and written >= self.started_at:
            lost = "It wrote down what it had; nothing is lost."
        elif written:
            lost = (
                f"What was set up and said since {_clock(self.started_at)}, when it was started, is lost; "
                f"what stood at {_clock(written)} is kept."
            )
        else:
            lost = "It had nothing written down yet: all that was set up and said is lost."
        return f"the emulator {how}. {lost} Its log is {self.log}"

    def written_at(self) -> float | None:
        """When it last wrote its tables down, in seconds since 1970; None where it never did."""
        try:
            return (self.folder / "state" / "dynamodb.json").stat().st_mtime
        except FileNotFoundError:
            return None

    def _environment(self, temporary: Path) -> dict[str, str]:
        state = self.folder / "state"
        # Nothing of the caller's AWS set-up may reach the Lambdas, least of all real credentials.
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PARLEY_", "PYTHON"))}
        return kept | {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": HOST,
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AUTH": str(self.auth).lower(),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            # Its Lambdas' code folders are left behind there on SIGTERM; the folder is ours to remove.
            "TMPDIR": str(temporary),
            # A person who thinks for a while does not want to meet cold starts; surplus workers cost memory until then.
            "LAMBDA_WARM_TTL_SECONDS": "1800",
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            **self.env,
        }

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def _forget_stream_positions(self) -> None:
        """Have streams read from their beginning again.

        MiniStack 1.5.33 keeps how far each Lambda has read, but not the records: after a restart it would pass over
        as many new ones as it had read before.
        """
        kept = self.folder / "state" / "lambda.json"
        if kept.exists():
            state = json.loads(kept.read_text(encoding="utf-8"))
            positions = (state.get("payload") or {}).get("dynamodb_stream_positions")
            if isinstance(positions, dict) and positions.get("data"):
                positions["data"] = {}
                kept.write_text(json.dumps(state), encoding="utf-8")

    def _bring_queues_here(self) -> None:
        """Have queues answer under this port.

        MiniStack keeps a queue under its URL, and with it the port that it had when the queue was made: on another one
        whoever asks by name is given a URL that nothing is read from, and no step would run any more.
        """
        for name in ("sqs", "cloudformation"):
            kept = self.folder / "state" / f"{name}.json"
            if kept.exists():
                was = kept.read_text(encoding="utf-8")
                now = _QUEUE.sub(rf"\g<1>{self.port}\g<2>", was)
                if now != was:
                    kept.write_text(now, encoding="utf-8")

    def _settle(self) -> None:
        """Let what is under way come to rest: stream records that no Lambda has read are not kept over a stop."""
        sqs = self.client("sqs")
        deadline = time.monotonic() + _SETTLE_S
        quiet = 0
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while quiet < 3 and time.monotonic() < deadline:
            time.sleep(0.2)
            urls = sqs.list_queues().get("QueueUrls", ())
            counts = (sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] for url in urls)
            quiet = 0 if any(int(count[name]) for count in counts for name in names) else quiet + 1

    def stop(self) -> None:
        """Stop in order: everything is kept in `folder/state` for the next start."""
        self._ending = True
        if self._process and self._process.poll() is None:
            with contextlib.suppress(Exception):  # whatever it answers, it is to be stopped
                self._settle()
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self) -> None:
        """End it and its Lambdas at once, as a power cut would; what came since the last stop is lost."""
        self._ending = True
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        self._process = None
        shutil.rmtree(self._temporary, ignore_errors=True)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _clock(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
