"""The four replacements: the cloud (moto), the web (real servers on loopback), time and ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.cloud import Cloud, running, set_environment

set_environment()

import pytest  # noqa: E402


@pytest.fixture(scope="session")
def _cloud() -> Iterator[Callable[[], Cloud]]:
    with running() as fresh:
        yield fresh


@pytest.fixture
def cloud(_cloud: Callable[[], Cloud]) -> Cloud:
    """An empty deployment on moto."""
    return _cloud()
