"""Secrets of the deployment itself, which whoever deploys puts into the Parameter Store: sealed there, and in no
template, environment or shell history of ours.
https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
"""

from __future__ import annotations

from chalicelib.ports import aws
from chalicelib.ports.clock import now_ms

_KEEP_MS = 60_000
_kept: dict[str, tuple[int, str]] = {}


def secret(name: str) -> str:
    """What a parameter holds, kept for a minute; empty where there is none."""
    at, value = _kept.get(name, (-_KEEP_MS, ""))
    if not 0 <= now_ms() - at < _KEEP_MS:
        value = _read(name)
        _kept[name] = (now_ms(), value)
    return value


def forget() -> None:
    """Read them anew when they are next asked for."""
    _kept.clear()


def _read(name: str) -> str:
    client = aws.client("ssm")
    try:
        return str(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except client.exceptions.ParameterNotFound:
        return ""
