"""Makes a package smaller and faster to start: what no function reads is dropped, the rest is compiled.

Chalice ships no .pyc and Lambda's /var/task is read-only, so every cold start would compile all it imports
(measured: 1650 ms against 683 ms for a full application). What botocore reads to make a client is mostly text for
people, packed, and the endpoints of four hundred services.
"""

from __future__ import annotations

import compileall
import gzip
import json
import shutil
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

from infra.reads import aws_services

ALWAYS = ("dynamodb", "sts")
"""Services whose descriptions botocore needs whatever we call: PynamoDB's, and that of credentials."""

_UNREAD = (
    "**/tests",
    "**/__pycache__",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.c",
    "**/*.h",
    # Powertools' OpenAPI resolver and its Swagger page: the API's own document is made otherwise.
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
    "boto3/examples",
    "bin",
)


def slim(tree: Path) -> None:
    """Drop from an unpacked package what no function reads."""
    for pattern in _UNREAD:
        for path in sorted(tree.glob(pattern)):
            if tree / "chalicelib" not in path.parents:
                _remove(path)
    # The descriptions of the other four hundred services are 20 MB.
    services = {*ALWAYS, *aws_services()}
    for folder in (tree / "botocore" / "data", tree / "boto3" / "data"):
        if folder.is_dir():
            for path in folder.iterdir():
                if path.is_dir() and path.name not in services:
                    _remove(path)
    data = tree / "botocore" / "data"
    if data.is_dir():
        _plain_descriptions(data)
        _own_endpoints(data)
    for info in tree.glob("*.dist-info"):
        for path in info.iterdir():
            # METADATA and entry_points are read by importlib.metadata; WHEEL is what our own check reads.
            # Licences stay with what they license.
            if path.name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
                _remove(path)


def _plain_descriptions(data: Path) -> None:
    """Descriptions of services as botocore reads them fastest: unpacked, without what is written for people."""
    for packed in sorted(data.glob("*/*/*.json.gz")):
        if packed.name != "examples-1.json.gz":
            said = json.loads(gzip.decompress(packed.read_bytes()))
            packed.with_suffix("").write_text(_compact(_undocumented(said)), encoding="utf-8")
        packed.unlink()


def _own_endpoints(data: Path) -> None:
    """Of the endpoints of all services, which whoever makes a client reads, those of the services that are kept."""
    models = [json.loads(path.read_text(encoding="utf-8")) for path in data.glob("*/*/service-2.json")]
    kept = {model["metadata"]["endpointPrefix"] for model in models}
    path = data / "endpoints.json"
    endpoints = json.loads(path.read_text(encoding="utf-8"))
    for partition in endpoints["partitions"]:
        partition["services"] = {name: at for name, at in partition["services"].items() if name in kept}
    path.write_text(_compact(endpoints), encoding="utf-8")


def _undocumented(value: Any) -> Any:
    if isinstance(value, dict):
        # A shape may have a member of that name, which is no text.
        text = {key for key, inner in value.items() if key == "documentation" and isinstance(inner, str)}
        return {key: _undocumented(inner) for key, inner in value.items() if key not in text}
    return [_undocumented(inner) for inner in value] if isinstance(value, list) else value


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def compile_tree(tree: Path) -> None:
    """Compile everything; never checked against the source, whose times Lambda does not keep."""
    # Paths inside tracebacks are those of Lambda.
    compileall.compile_dir(
        tree,
        stripdir=str(tree),
        prependdir="/var/task",
        quiet=2,
        workers=2,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
