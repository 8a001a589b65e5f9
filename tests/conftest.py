"""The four replacements: the cloud (moto), the web (real servers on loopback), time and ids."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Generator, Iterator

from tests import dates
from tests.cloud import Cloud, running, set_environment

set_environment()

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# The same examples each time: a failure is of the change that it came with. `--hypothesis-profile=search` draws others.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("search", derandomize=False)
settings.load_profile("same")

# By default all that is young is looked through each time that 700 objects were made, and a worker has half a million.
gc.set_threshold(100_000, 20, 5)

TRAVELLERS = (
    "api", "bots", "channels", "desks", "domain", "inbound", "journeys", "sources", "steps", "tables",
    "test_channels.py",
)  # fmt: skip
"""Folders, and files beside them, whose tests have a day each. Others speak to processes, or to OpenSSL, which are not
taken along."""


GROUPS = ("stack", "pages", "operations", "matrix", "package", "browser", "emulator", "layout")
"""Groups of tests that share what takes long to make, in the order in which workers begin with them: those of the whole
stack, on one of each, wait for half of the time. What is left for the end is single tests, of which everybody takes
some."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--day", default="", choices=["", *dates.DAYS], help="run all tests on this day of tests/dates.py")
    parser.addoption(
        "--shuffled", default="", metavar="SEED", help="run tests in another order, the same for each SEED"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_begins)
    if seed := config.getoption("--shuffled"):
        random.Random(seed).shuffle(items)


def _begins(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group")
    return GROUPS.index(group.args[0]) if group else len(GROUPS)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: that it is looked through no more makes it cheap to look through all else."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _day(request: pytest.FixtureRequest) -> Iterator[None]:
    folder = request.path.relative_to(request.config.rootpath / "tests").parts[0]
    day = dates.day_of(request.node.nodeid, request.config.getoption("--day")) if folder in TRAVELLERS else "today"
    request.node.user_properties.append(("day", day))
    with dates.on(day):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections += [("day", f"--day {day}") for name, day in item.user_properties if name == "day"]
    return report


@pytest.fixture(scope="session")
def _cloud() -> Iterator[Callable[[], Cloud]]:
    with running() as fresh:
        yield fresh


@pytest.fixture
def cloud(_cloud: Callable[[], Cloud]) -> Cloud:
    """An empty deployment on moto."""
    return _cloud()
