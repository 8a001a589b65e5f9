"""Where this deployment is reached from outside: what every webhook URL begins with."""

from __future__ import annotations

from typing import Any

from chalicelib.tables import media_links

forget = media_links.forget


def base_url(context: dict[str, Any]) -> str:
    """The configured base URL (row `parley`/`settings`), else the one of the request; without a slash at its end."""
    if configured := media_links.base():
        return configured
    domain, stage = context.get("domainName", "localhost"), context.get("stage", "")
    # A custom domain maps to a stage by itself; only API Gateway's own names carry it.
    return f"https://{domain}/{stage}" if stage and ".execute-api." in domain else f"https://{domain}"
