"""What is not done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]
"""boto3's clients of one account and region, by the name of the service."""
Say = Callable[[str], None]
Sleep = Callable[[float], None]


class Refused(Exception):
    """What was asked for is not done; says why, and what to do."""
