"""What a Lambda needs for its first call, made ready while its process starts.

A function starts with more CPU than its memory's share, and runs its first call with that share alone; imported there,
a step's libraries take several times as long. What fails here is tried again by the first call, which says why.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

_HTTP = "chalicelib.api.http.dispatch"
"""What stands before each function of the API."""


def preload(function: str | None = None) -> None:
    """Make ready what the function `parley-<stage>-<step>` runs; where none is given, the one that this process is.

    Nothing happens where it is none of ours, as in tests.
    """
    name = (os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "") if function is None else function).rpartition("-")[2]
    module = _HTTP if name == "api" else f"chalicelib.steps.{name}"
    with suppress(Exception):
        if not name.isidentifier() or find_spec(module) is None:
            return
        import_module(module)
        from chalicelib.ports import aws

        aws.client("dynamodb")
        aws.client("sqs")
        if "chalicelib.ports.http" in sys.modules:
            import aiohttp  # noqa: F401 (the port imports it with its first call)
        if "chalicelib.ports.sockets" in sys.modules:
            aws.client("apigatewaymanagementapi")
        # What was made so far stays for as long as the process: nobody need look through it for what is unused.
        gc.freeze()
