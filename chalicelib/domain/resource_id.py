"""Ids of resources: each names its service, so that whoever knows one knows where it lies."""

from __future__ import annotations

SERVICE_KEY = 10
"""Characters of a service's id that all ids of its resources begin with, behind their prefix."""


def service_of(resource_id: str) -> str:
    """The service that an id belongs to; also for ids that do not exist."""
    return f"sv_{resource_id[3 : 3 + SERVICE_KEY]}"
