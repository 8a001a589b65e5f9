"""The package of this tree and its template, built once; and one running stack for all tests that need it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import Stack, stack
from infra.package import Package, build, here


@pytest.fixture(scope="session")
def package() -> Package:
    """The package for this machine."""
    return build(here())


@pytest.fixture(scope="session")
def template(package: Package) -> dict[str, Any]:
    """The template as it is deployed."""
    return dict(json.loads(package.template.read_text()))


@pytest.fixture(scope="session")
def up() -> Iterator[Stack]:
    """A running platform with the functions' own policies enforced."""
    with stack(visibility_s=5) as running:
        yield running
