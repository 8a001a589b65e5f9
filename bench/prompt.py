"""The emulator without its nap.

Its poll loop sleeps 50 ms after each wake that found nothing, which comes or not by chance of timing, a few times in a
chain of four hops: as much as everything else together. AWS has no such step, so it is taken out, for both chains.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.emulator import executable

_START = """#!{python}
from ministack.services import lambda_svc
assert lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS == 0.05
lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0.001
from ministack.app import main
main()
"""


@contextmanager
def prompt_emulator() -> Iterator[None]:
    """Emulators that are started in the block do not nap."""
    with TemporaryDirectory(prefix="parley-bench-") as folder:
        script, before = Path(folder) / "ministack", os.environ.get("PARLEY_EMULATOR")
        script.write_text(_START.format(python=executable().with_name("python")), encoding="utf-8")
        script.chmod(0o755)
        os.environ["PARLEY_EMULATOR"] = str(script)
        try:
            yield
        finally:
            if before is None:
                del os.environ["PARLEY_EMULATOR"]
            else:
                os.environ["PARLEY_EMULATOR"] = before
