"""The package of this tree and its template, built once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.package import Package, build, here


@pytest.fixture(scope="session")
def package() -> Package:
    """The package for this machine."""
    return build(here())


@pytest.fixture(scope="session")
def template(package: Package) -> dict[str, Any]:
    """The template as it is deployed."""
    return dict(json.loads(package.template.read_text()))
