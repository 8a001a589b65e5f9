"""Channel adapters: one folder per provider, found by its name and imported when first met."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any, cast

from chalicelib.channels.contract import Adapter

KINDS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def load(kind: str) -> Adapter:
    """The adapter of a kind; KeyError where there is none."""
    if kind not in KINDS:
        raise KeyError(kind)
    return cast(Adapter, import_module(f"{__name__}.{kind}"))


def needs_url(adapter: Adapter) -> bool:
    """Whether an adapter says by `NEEDS_URL = True` that it uses `Channel.webhook_url`: finding that takes a read a
    minute in each process, which the others save."""
    return bool(getattr(adapter, "NEEDS_URL", False))


def settings_model(kind: str) -> Any:
    """The pydantic model of a kind's `settings` (`<kind>/settings.py`); only the API loads it."""
    return import_module(f"{__name__}.{kind}.settings").Settings
