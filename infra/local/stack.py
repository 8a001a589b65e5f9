"""A whole running platform for a program: whole-stack tests, crash tests and benches use it as a context manager.

    with stack() as up:
        requests.get(f"{up.base_url}/health")

Everything is below one folder; a temporary one unless `folder` is given. What is in a given folder is found again
by the next stack there.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.ports.clock import now_ms
from chalicelib.tables import sign_links
from infra import bootstrap, sockets
from infra.deploying.artifacts import Artifacts
from infra.local import fixes, formation, unpacked
from infra.local.emulator import ACCOUNT, HOST, REGION, Emulator, free_port
from infra.package import Package, build, here

STAGE = "local"
_ARTIFACTS = "parley-artifacts"

Say = Callable[[str], None]


@dataclass
class Stack:
    """A running platform."""

    emulator: Emulator
    base_url: str
    admin_key: str
    stage: str = STAGE

    @property
    def endpoint(self) -> str:
        """Where AWS is."""
        return self.emulator.endpoint

    @property
    def console_url(self) -> str:
        """The console's page."""
        return f"{self.base_url}/console"

    def sign_in_url(self) -> str:
        """The page on which one signs in, with a word that does so once, with the admin key: what stands behind # is
        sent to nobody, but browsers keep it with the address."""
        word, row = sign_links.made(self.admin_key.split("_")[1], now_ms=now_ms())
        bootstrap.put(self.client("dynamodb"), f"parley-{self.stage}-config", row)
        return f"{self.console_url}#key={word}"

    @property
    def folder(self) -> Path:
        """Where all of it is kept."""
        return self.emulator.folder

    def client(self, service: str) -> Any:
        """A boto3 client of the emulated account, with all rights."""
        return self.emulator.client(service)

    def queue_url(self, queue: str) -> str:
        """URL of a queue by its short name."""
        name = f"parley-{self.stage}-{queue}"
        return str(self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])

    def restart(self) -> None:
        """Stop in order and start again; the address and all that was kept stay the same."""
        self.emulator.stop()
        self.emulator.start()

    def crash(self) -> None:
        """Kill everything and start again: what came since the last orderly stop is lost, as the emulator has it."""
        self.emulator.kill()
        self.emulator.start()


@contextmanager
def stack(
    *,
    port: int = 0,
    folder: Path | None = None,
    auth: bool = True,
    env: Mapping[str, str] | None = None,
    emulator_env: Mapping[str, str] | None = None,
    visibility_s: int | None = None,
    package: Package | None = None,
    parameters: Mapping[str, str] | None = None,
    inherits: tuple[int, ...] = (),
    died: Callable[[Emulator], None] | None = None,
    say: Say = lambda _: None,
) -> Iterator[Stack]:
    """A platform on `port` (0: any free one), ready when the block begins and stopped in order when it ends.

    `env` goes to the functions, `emulator_env` to the emulator: `{"AWS_ENDPOINT_URL": ...}` there sends all calls of
    the Lambdas through a fault injector. `visibility_s` shortens the queues' visibility timeouts, which are
    minutes, so that a test sees what comes after a crash. `package` deploys one that was built before instead of
    this tree; `parameters` are the template's. `inherits` and `died` are the emulator's.
    """
    made = Path(tempfile.mkdtemp(prefix="parley-", dir=_in_memory())) if folder is None else None
    emulator = Emulator(
        port or free_port(), made or _folder(folder), auth, dict(emulator_env or {}), inherits=inherits, died=died
    )
    try:
        say("starting the emulator")
        emulator.start()
        yield _deployed(emulator, package, dict(env or {}), visibility_s, dict(parameters or {}), say)
    finally:
        emulator.stop()
        if made:
            shutil.rmtree(made, ignore_errors=True)


def _in_memory() -> str | None:
    """A roomy file system in memory: what the emulator writes need not wait for a disk."""
    try:
        return "/dev/shm" if shutil.disk_usage("/dev/shm").free > 4 * 2**30 else None  # noqa: S108
    except OSError:
        return None


def _folder(folder: Path | None) -> Path:
    assert folder is not None  # noqa: S101 - the caller made one otherwise
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _deployed(
    emulator: Emulator,
    package: Package | None,
    env: dict[str, str],
    visibility_s: int | None,
    parameters: dict[str, str],
    say: Say,
) -> Stack:
    if package is None:
        say("packaging")
        package = packaged()
    say("deploying")
    archive = unpacked.archive(package.zip, emulator.folder / "package")
    env = sockets.on_emulator(emulator.endpoint) | env
    template = fixes.adapted(json.loads(package.template.read_text(encoding="utf-8")), env, visibility_s)
    outputs = formation.deploy(
        emulator.client,
        Artifacts(emulator.client("s3"), _ARTIFACTS, ACCOUNT, REGION),
        stage=STAGE,
        archive=archive,
        template=template,
        parameters={"Stage": STAGE, "Protect": "off", "Alarms": "off"} | parameters,
    )
    unpacked.forget_others(archive)
    fixes.after_deploying(emulator.client, STAGE)
    base_url = f"http://{HOST}:{emulator.port}/_aws/execute-api/{outputs['HttpApiId']}"
    dynamodb = emulator.client("dynamodb")
    bootstrap.say_where(dynamodb, outputs["ConfigTable"], base_url)
    key = bootstrap.admin_key(dynamodb, outputs["ConfigTable"], emulator.folder / "admin_key", name="local admin")
    return Stack(emulator, base_url, key)


@cache
def packaged() -> Package:
    """This tree's package for this machine, built once per process."""
    return build(here())
