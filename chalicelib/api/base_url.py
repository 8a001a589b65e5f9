"""Where this deployment is reached from outside: what every webhook URL begins with."""

from __future__ import annotations

from typing import Any

from chalicelib.ports.clock import now_ms
from chalicelib.tables import config

_KEEP_MS = 60_000
_kept: tuple[int, str] = (-_KEEP_MS, "")


def base_url(context: dict[str, Any]) -> str:
    """The configured base URL (row `parley`/`settings`), else the one of the request; without a slash at its end."""
    configured = _configured()
    if configured:
        return configured.rstrip("/")
    domain, stage = context.get("domainName", "localhost"), context.get("stage", "")
    # A custom domain maps to a stage by itself; only API Gateway's own names carry it.
    return f"https://{domain}/{stage}" if stage and ".execute-api." in domain else f"https://{domain}"


def forget() -> None:
    """Read it anew at the next request."""
    global _kept
    _kept = (-_KEEP_MS, "")


def _configured() -> str:
    global _kept
    if now_ms() - _kept[0] >= _KEEP_MS:
        _kept = (now_ms(), str(config.system_settings().get("base_url", "")))
    return _kept[1]
