"""The local run is not broken by a second one, by `make clean`, or in silence."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra import clean, folder_lock, installing
from infra.local.demo import _ports, _setup
from infra.local.emulator import HOST, Emulator, free_port
from infra.reads import ROOT

HOLDS = """
import sys, time
from pathlib import Path
from infra import folder_lock
with folder_lock.held(Path(sys.argv[1]), address="http://127.0.0.1:4566") as lock:
    # What inherits the lock outlives us, as the emulator does for as long as it writes.
    import subprocess
    subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(lock,))
    print("held", flush=True)
    time.sleep(60)
"""


def start(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """What `make run` starts."""
    command = [sys.executable, "-m", "infra.local", "--folder", str(folder), *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def seen(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a folder, and when it was written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """The folder of a local run, with what a second one must not touch."""
    for name in (
        "stack.json",
        "admin_key",
        "demo-ports.json",
        "demo-desk-url",
        "emulator.log",
        ".tmp/worker/code.py",
        "state/dynamodb.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_a_second_run_says_who_runs_and_touches_nothing(running: Path) -> None:
    with folder_lock.held(running, address="http://127.0.0.1:4566"):
        before = seen(running)
        refused = start(running, "--port", str(free_port()))
        with pytest.raises(folder_lock.Held):
            clean.clean(running)

        assert refused.returncode == 1
        assert f"(pid {os.getpid()}, http://127.0.0.1:4566)" in refused.stderr and refused.stderr.count("\n") == 1
        assert seen(running) == before
    with folder_lock.held(running):
        pass


def test_a_port_that_is_taken_costs_nothing(running: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        refused = start(running, "--port", str(port))

    assert refused.returncode == 1
    assert f"port {port} is taken by another program; choose another one with PORT=" in refused.stderr
    assert (running / "state" / "dynamodb.json").exists() and (running / "admin_key").exists()


def test_what_lies_there_is_closed_to_others(running: Path) -> None:
    """Keys, tokens and what people said; also where a run of before left it open."""
    for path in running.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        assert start(running, "--port", str(other.getsockname()[1])).returncode == 1

    assert (running / folder_lock.NAME).exists()
    for path in running.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_address_of_the_demos_desk_is_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "demo-desk-url"
    for _ in range(2):
        _setup().write_secret(file, "http://127.0.0.1:1/webhooks/desks/token")
        assert file.stat().st_mode & 0o777 == 0o600
        file.chmod(0o644)


@pytest.mark.parametrize("port", ["99999", "0", "-1", "eighty", "", "٤", "1e3"])
def test_what_is_no_port_is_refused_in_a_sentence(running: Path, port: str) -> None:
    before = seen(running)
    refused = start(running, f"--port={port}")

    assert refused.returncode == 1
    assert refused.stderr == f"not running: PORT={port} is no port; a port is a number from 1 to 65535\n"
    assert seen(running) == before


def test_the_emulator_of_a_run_that_was_killed_is_waited_for(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(tmp_path), "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        with pytest.raises(folder_lock.Held, match=rf"a local run is already there .*pid {first.pid}"):
            folder_lock.held(tmp_path, patience_s=60).__enter__()
        first.send_signal(signal.SIGKILL)
        first.wait()
    told: list[str] = []
    with pytest.raises(folder_lock.Held, match="was killed"):
        folder_lock.held(tmp_path).__enter__()
    with folder_lock.held(tmp_path, patience_s=30, say=told.append):
        assert len(told) == 1 and "its emulator is still there" in told[0]


def test_clean_keeps_what_belongs_to_stages(running: Path) -> None:
    keys = [running / stage / "admin_key" for stage in ("prod", "dev", "state", "package", "tmp", "local")]
    for key in keys:
        key.parent.mkdir(exist_ok=True)
        key.write_text("pk_...")
    (running / "package" / "0123456789ab").mkdir()

    kept = clean.clean(running)

    assert sorted(path for path in running.rglob("*") if path.is_file()) == sorted(keys)
    assert kept == sorted(key.parent for key in keys)
    for key in keys:
        key.unlink()
        key.parent.rmdir()
    assert clean.clean(running) == [] and not running.exists()
    assert clean.clean(running) == []


def test_of_an_emulator_that_died_is_said_what_is_lost(tmp_path: Path) -> None:
    emulator = Emulator(1, tmp_path, started_at=2_000_000_000)
    assert "all that was set up and said is lost" in emulator.how_it_died()
    tables = tmp_path / "state" / "dynamodb.json"
    tables.parent.mkdir()
    tables.touch()
    os.utime(tables, (1_900_000_000, 1_900_000_000))
    times = (datetime.fromtimestamp(at, UTC).astimezone() for at in (2_000_000_000, 1_900_000_000))
    began, stood = (f"{at:%Y-%m-%d %H:%M:%S}" for at in times)
    assert f"since {began}" in emulator.how_it_died() and f"stood at {stood}" in emulator.how_it_died()
    os.utime(tables, (2_000_000_009, 2_000_000_009))
    assert "nothing is lost" in emulator.how_it_died()


def test_the_demo_listens_where_it_did_before(tmp_path: Path) -> None:
    file = tmp_path / "demo-ports.json"
    first = _ports(file, (0, 0))
    assert _ports(file, (8701, 8702)) == first
    with socket.socket() as other:
        other.bind((HOST, first[0]))
        other.listen()
        second = _ports(file, (0, 0))
        assert second[0] != first[0] and second[1] == first[1]
    for broken in ("", "[]", '{"bot": "x"}', '{"bot": 0, "desk": 70000}'):
        file.write_text(broken)
        assert all(0 < port < 65536 for port in _ports(file, (0, 0)))
        assert json.loads(file.read_text()).keys() == {"bot", "desk"}


def _desk(chats: Path) -> Any:
    spec = importlib.util.spec_from_file_location("demo_desk", ROOT / "examples" / "demo" / "desk.py")
    assert spec is not None and spec.loader is not None
    desk: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(desk)
    server = desk.listen(["--chats-file", str(chats), "--events-url-file", str(chats.with_name("url")), "--port", "0"])
    server.server_close()
    return desk


def test_the_demos_desk_knows_its_chats_after_a_restart(tmp_path: Path) -> None:
    started = {"type": "chat.started", "data": {"conversation_id": "cv_1", "contact": {"name": "Ana"}, "transcript": [
        {"type": "text", "text": "I need a person", "author": {"kind": "user"}},
    ]}}  # fmt: skip
    (tmp_path / "url").write_text("http://127.0.0.1:1/")
    desk = _desk(tmp_path / "chats.json")
    desk.take(started)
    again = _desk(tmp_path / "chats.json")
    assert "I need a person" in again.page() and "Ana" in again.page()
    again.act({"conversation": "cv_1", "do": "close"})
    assert "does not answer" in again.page() and "Reply" in again.page(), "it was not closed"


LINES = [
    "Collecting boto3==1.0 (from -r requirements.txt (line 1))", "  Downloading boto3.whl (1.0 MB)",
    "Requirement already satisfied: six in ./lib", "Collecting boto3==1.0", "Collecting pynamodb", None,
    "Installing collected packages: boto3, pynamodb", None, "Successfully installed boto3-1.0 pynamodb-2.0",
]  # fmt: skip


def test_what_is_installed_is_told_as_it_comes(tmp_path: Path) -> None:
    def clock(step: float) -> Iterator[float]:
        at = 0.0
        while True:
            yield at
            at += step

    slow, quick = clock(3.0), clock(0.01)
    assert list(installing.told(iter(LINES), 3, lambda: next(slow))) == [
        "1 of 3: boto3", "2 of 3: six", "3 of 3: pynamodb", "still getting pynamodb, 3 s",
        "putting 2 packages in their place", "still putting 2 packages in their place, 3 s",
    ]  # fmt: skip
    assert list(installing.told(iter(LINES[:5]), 3, lambda: next(quick))) == [], "what is quick needs no telling"
    (tmp_path / "some.txt").write_text("boto3==1.0\nuvicorn[all]==2.0\n    # via x\n")
    assert installing.wanted(["-r", str(tmp_path / "some.txt")]) == 2


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14)])
def test_another_python_is_refused_in_a_sentence(version: tuple[int, int]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    program = makefile.partition("SUITS := ")[2].partition("\n\n")[0].replace("\\\n", "").strip()
    pretended = f"import sys; sys.version_info = {(*version, 0)}; {program.removeprefix('import sys; ')}"
    refused = subprocess.run([sys.executable, "-c", pretended], capture_output=True, text=True, check=False)
    here = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (refused.returncode, here.returncode) == (1, 0)
    assert f"is Python {version[0]}.{version[1]}; Parley needs 3.11, 3.12 or 3.13" in refused.stderr
