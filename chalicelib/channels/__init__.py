"""Channel adapters: one folder per provider, found by its name and imported when first met."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
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


def any_secrets(adapter: Adapter) -> bool:
    """Whether an adapter says by `needs(settings)` that its channels have secrets of names that their owners choose,
    beside those of `SECRETS`, and which of these they need."""
    return hasattr(adapter, "needs")


def needs(kind: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Secret name -> how a channel with these settings needs it, as of `Adapter.SECRETS`."""
    adapter: Any = load(kind)
    return {**adapter.SECRETS, **(adapter.needs(settings) if any_secrets(adapter) else {})}


def place_of(body: Mapping[str, Any]) -> str:
    """By what a channel with these fields is found, where its kind says which setting that is (`FOUND_BY`): its
    provider names the address alone. Empty for all others."""
    kind = body.get("kind")
    name = getattr(load(kind), "FOUND_BY", "") if kind in KINDS else ""
    return str((body.get("settings") or {}).get(name) or "") if name else ""


def settings_model(kind: str) -> Any:
    """The pydantic model of a kind's `settings` (`<kind>/settings.py`); only the API loads it."""
    return import_module(f"{__name__}.{kind}.settings").Settings


def keeps_links(adapter: Adapter) -> bool:
    """Whether an adapter says by `KEEPS_LINKS = True` that its other side may open a file's address whenever it likes,
    rather than get the file when it has the message: then that is one which lasts."""
    return bool(getattr(adapter, "KEEPS_LINKS", False))
