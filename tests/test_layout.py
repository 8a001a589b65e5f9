"""The layout of the code is a rule, and rules that hold are tests: who may import whom, what is called what."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("layout")  # each process that runs one of them parses all modules first
ROOT = Path(__file__).parents[1]
PRODUCT = ROOT / "chalicelib"

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # Values and pure rules. The one library is the rule engine: a condition is part of deciding.
    "domain": ("domain", "flows"),
    "flows": ("domain", "flows"),
    # The ways out of the process. `Exchange` and `Call` are what adapters, bots and desks are handed of them.
    "ports": ("domain.exchange", "wire.json_body", "ports", "__version__"),
    # Reading what others send, for whoever is sent something.
    "wire": ("domain", "wire"),
    # Adapters translate: what is pure in ports (time as text, ids, signatures) is no way out, and they may use it. What
    # owners describe is evaluated as mappings of sources are, in processes that may end.
    "channels": (
        "domain", "wire", "channels", "ports.clock", "ports.ids", "ports.signing", "ports.child", "sources.engine",
        "sources.expressions",
    ),
    "bots": ("domain", "wire", "bots"),
    "desks": ("domain", "wire", "desks"),
    "transformers": ("domain", "transformers"),
    # Events of other systems read as messages; what is done with them is the steps'. What the engine of mappings runs
    # in is a process of its own.
    "sources": ("domain", "wire", "sources", "ports.child"),
    "tables": ("domain", "ports", "tables"),
    # Changes of rows as events, for whoever subscribes.
    "announcing": ("domain", "ports", "tables", "announcing"),
    # What `deliver`, `send` and their retries share; steps may not import each other.
    "lanes": ("domain", "wire", "ports", "tables", "channels", "bots", "desks", "announcing", "files", "lanes"),
    # Files of messages, for the steps that get, take or send them, and the API that takes them.
    "files": ("domain", "ports", "tables", "channels", "files"),
    # What edges and the API share. What is posted to a trigger is read as webhooks of channels are; what an adapter
    # gives becomes events; and that an agent types is shown as that a bot does.
    "inbound": (
        "domain", "wire", "ports", "tables", "bots", "desks", "sources", "channels",
        "lanes.signals", "inbound",
    ),
    # What the steps share that serve pages of web chats.
    "visitors": ("domain", "ports", "tables", "channels", "visitors"),
    # What `announce` does for consoles, and `fire_timer` when it has to be done again; how the API and sockets show it.
    "inbox": ("domain", "ports", "tables", "inbox"),
    # What `observe` does, and `fire_timer` when it has to be done again.
    "figures": ("domain", "ports", "tables", "figures"),
    "steps": (
        "domain", "wire", "ports", "tables", "channels", "bots", "desks", "sources", "transformers", "flows",
        "announcing", "lanes", "inbound", "inbox", "figures", "visitors", "files",
    ),
    "api": (
        "domain", "wire", "ports", "tables", "channels", "bots", "desks", "sources", "transformers", "flows",
        "inbound", "inbox.views", "files", "api", "__version__",
    ),
    # A client of the documented API, for people: it knows nothing but that, and how files of contacts are read.
    "cli": ("cli", "domain.file_text", "domain.contact_file"),
    # The web page: files, no code.
    "console": (),
}  # fmt: skip
"""Package -> what of `chalicelib` its modules may import, by prefix."""

LIBRARIES: dict[str, tuple[str, ...]] = {
    "domain": ("cronsim", "datalogic_py", "email_validator", "phonenumbers"),
    "flows": (),
    "wire": (),
    "bots": (),
    "desks": (),
    # As steps: edges of channels share how a request is read.
    "inbound": ("chalice",),
    # Mappings are JSONata.
    "sources": ("jsonatapy",),
    "announcing": (),
    "inbox": (),
    "figures": (),
    "files": (),
    "lanes": (),
    "visitors": (),
    # Settings are pydantic models, in a module that only the API loads. Who a visitor is comes as a JSON Web Token.
    # What owners write for an SMS gateway is Liquid, in a process of its own. What of a mail is new a library finds.
    "channels": ("jwt", "liquid", "mailparser_reply", "pydantic", "pydantic_core"),
    # A route is told of a request and answers with a response; nothing else of Chalice is used.
    "steps": ("chalice",),
    "tables": ("boto3", "pynamodb"),
    "cli": ("rich", "typer"),
}
"""Package -> the libraries it may import; one that is not named here may import any."""

MOST_LINES = 300
LONGER: dict[str, str] = {}
"""Longer files, each with its reason."""

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc", "shared_code"}
LAZY = ("pydantic", "aiohttp", "pynamodb", "boto3")
"""What a cold start must not pay for before a step needs it."""


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """What a module imports, also within functions, each name in full."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who imports whom"
            yield from (f"{node.module}.{one.name}" for one in node.names)


def _package(path: Path) -> str:
    return path.relative_to(PRODUCT).parts[0].removesuffix(".py")


def _within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_package_has_its_place() -> None:
    packages = {path.name for path in PRODUCT.iterdir() if path.is_dir() and any(path.glob("*.py"))}

    assert packages <= set(MAY_IMPORT)


def test_who_imports_whom() -> None:
    wrong = [
        f"{_name(path)} imports {name}"
        for path in _modules("chalicelib")
        if path.parent != PRODUCT
        for name in _imports(path)
        if name.startswith("chalicelib") and not _within(name.removeprefix("chalicelib."), MAY_IMPORT[_package(path)])
    ]

    assert wrong == []


def test_no_package_is_imported_by_what_it_imports() -> None:
    """Also not in a circle: what two need of each other stands below both."""
    arrows: dict[str, set[str]] = {}
    for path in _modules("chalicelib"):
        if path.parent != PRODUCT:
            inner = {name.split(".")[1] for name in _imports(path) if name.startswith("chalicelib.")}
            arrows.setdefault(_package(path), set()).update(inner & set(MAY_IMPORT))
    left = {package: inner - {package} for package, inner in arrows.items()}
    while lowest := [package for package, inner in left.items() if not inner & set(left)]:
        for package in lowest:
            del left[package]

    assert left == {}, "a circle among these"


API = ("http", "kinds", "setup", "conversations", "figures", "deliveries", "contacts", "console", "openapi")
"""The API's packages, from the ground up: each may import itself and those before it."""


def test_the_api_has_floors() -> None:
    wrong = [
        f"{_name(path)} imports {name}"
        for floor, package in enumerate(API)
        for path in _modules(f"chalicelib/api/{package}")
        for name in _imports(path)
        if name.startswith("chalicelib.api.") and name.split(".")[2] not in API[: floor + 1]
    ]

    assert wrong == []
    assert {path.name for path in (PRODUCT / "api").iterdir() if path.is_dir() and any(path.glob("*.py"))} == set(API)


def test_no_step_imports_another() -> None:
    wrong = [
        f"{_name(path)} imports {name}"
        for path in _modules("chalicelib/steps")
        for name in _imports(path)
        if name.startswith("chalicelib.steps")
    ]

    assert wrong == []


def test_no_adapter_imports_another() -> None:
    kinds = {path.parent.name for path in PRODUCT.glob("channels/*/__init__.py")}
    wrong = [
        f"{_name(path)} imports {name}"
        for path in _modules("chalicelib/channels")
        if path.parent.name in kinds
        for name in _imports(path)
        for kind in kinds - {path.parent.name}
        if _within(name, (f"chalicelib.channels.{kind}",))
    ]

    assert wrong == []


def test_libraries_stand_where_they_belong() -> None:
    wrong = [
        f"{_name(path)} imports {name}"
        for path in _modules("chalicelib")
        if _package(path) in LIBRARIES
        for name in _imports(path)
        if name.partition(".")[0] not in (*sys.stdlib_module_names, "chalicelib", *LIBRARIES[_package(path)])
    ]

    assert wrong == []


def test_the_product_imports_nothing_around_it() -> None:
    wrong = [
        f"{_name(path)} imports {name}"
        for path in [ROOT / "app.py", *_modules("chalicelib")]
        for name in _imports(path)
        if _within(name, ("infra", "tests", "bench", "prove", "examples"))
    ]

    assert wrong == []


READERS = {
    "announcing/event_payload.py": "a message that a subscription has a route of",
    "api/conversations/desks_threads.py": "of history only how to read several things at once",
    "api/conversations/direct.py": "what the bot of a direct conversation said",
    "api/conversations/messages.py": "keys of scope agent and admin alone are given notes",
    "api/conversations/persons.py": "of a person, which threads there are",
    "api/conversations/recent.py": "history passes over notes",
    "api/conversations/timeline.py": "keys of scope agent and admin alone are given notes",
    "api/deliveries/attempts.py": "keys of scope agent and admin alone are given notes",
    "api/deliveries/attention.py": "of history only how to read several things at once",
    "api/deliveries/deliveries.py": "the lanes in which outcomes of triggers were told",
    "api/deliveries/lanes.py": "as attention",
    "api/setup/rule_compare.py": "what customers said alone",
    "files/fetching.py": "notes have no files",
    "inbound/of_call.py": "states of what was to be spoken",
    "inbound/of_status.py": "statuses of what was sent",
    "inbox/rows.py": "a chat's last message is none",
    "lanes/providers.py": "the state of what was sent",
    "lanes/recent_context.py": "history passes over notes",
    "lanes/signals.py": "ids of what customers said",
    "lanes/webhooks.py": "the last messages of a thread are without notes",
    "steps/answer_call.py": "of what is said to customers: notes have another direction",
    "steps/converse.py": "the only writer",
    "steps/erase.py": "removes them",
    "steps/fan_out.py": "notes have no routes, and the bus hears of none",
    "steps/fetch_media.py": "notes have no files",
    "steps/fire_timer.py": "as fan_out",
    "steps/poll_channel.py": "what visitors are shown",
    "steps/push.py": "what visitors are shown",
}
"""Module -> why no note gets out by what it reads of messages. Who adds one says why, and asks it in
`tests/journeys/test_notes.py`."""


def test_who_reads_messages_knows_of_notes() -> None:
    reading = {"messages", "message_ranges", "history", "source_feed"}
    found = {
        str(path.relative_to(PRODUCT))
        for path in PRODUCT.rglob("*.py")
        if path.parent.name != "tables"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "chalicelib.tables"
        if reading & {one.name for one in node.names}
    }
    assert found == {*READERS}


def test_nobody_patches() -> None:
    wrong = [
        _name(path)
        for path in _modules("chalicelib", "infra", "tests", "bench", "prove", "examples")
        for name in _imports(path)
        if _within(name, ("unittest.mock", "mock", "pytest_mock"))
    ]

    assert wrong == []


def _lambdas() -> dict[str, ast.FunctionDef]:
    """The decorated functions of `app.py`."""
    return {
        node.name: node
        for node in _tree(ROOT / "app.py").body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }


def test_a_lambda_is_called_as_its_step() -> None:
    from chalicelib.api.http.routes import EDGE, TABLE

    edges = {route.function.partition(":")[0].removeprefix("steps.") for route in TABLE if route.scope == EDGE}
    steps = {path.stem for path in (PRODUCT / "steps").glob("*.py")} - {"__init__"}

    assert {*_lambdas(), *edges} == steps
    assert not edges & set(_lambdas())


@pytest.mark.parametrize("name", sorted(_lambdas()))
def test_a_lambda_has_no_logic(name: str) -> None:
    told, imported, returned = (ast.unparse(node) for node in _lambdas()[name].body)

    assert told
    assert imported == f"from chalicelib.steps import {name} as step"
    # Whose dead letters are whose, is known by what is declared here.
    more = ", app.event_sources" if name == "bury" else ""
    # Of sockets Chalice hands on what comes, without a class of its own.
    given = "event, context" if name == "live" else f"event.to_dict(), event.context{more}"
    assert returned == f"return step.run({given})"


def test_every_route_names_a_function() -> None:
    from chalicelib.api.http.dispatch import load
    from chalicelib.api.http.routes import TABLE

    for route in TABLE:
        assert callable(load(route)), route


def test_every_operation_says_what_agents_of_some_desks_get() -> None:
    """All, what is theirs, or nothing: `narrowed` names each that an agent may ask, once."""
    from chalicelib.api.http import narrowed
    from chalicelib.api.http.routes import AGENT, READ, TABLE

    named = [one for kind in (narrowed.OF_SERVICE, narrowed.OF_THEIRS, narrowed.NOBODYS) for one in kind]

    assert {route.function for route in TABLE if route.scope in (AGENT, READ)} == {*named}
    assert len(named) == len({*named})


def test_a_step_has_one_way_in_and_logs_under_its_name() -> None:
    for path in _modules("chalicelib/steps"):
        if path.stem == "__init__":
            continue
        functions = [node.name for node in _tree(path).body if isinstance(node, ast.FunctionDef)]
        assert functions[0] == "run", f"{_name(path)} is read from its entry function on"
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("log.step", "log.metrics"):
                assert ast.unparse(node.args[0]) == repr(path.stem), f"{_name(path)}:{node.lineno}"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        _name(path)
        for path in [ROOT / "app.py", *_modules("chalicelib", "infra", "tests", "bench", "prove", "examples")]
        if _tree(path).body and not ast.get_docstring(_tree(path))
    ]

    assert silent == []


def test_names_say_something() -> None:
    found = [
        _name(path)
        for folder in ("chalicelib", "infra", "tests", "bench", "prove")
        for path in (ROOT / folder).rglob("*")
        if path.stem.lower() in FORBIDDEN_NAMES
    ]

    assert found == []


def test_files_are_of_one_idea() -> None:
    long = {
        _name(path)
        for path in _modules("chalicelib", "infra")
        if len(path.read_text(encoding="utf-8").splitlines()) >= MOST_LINES
    }

    assert long == set(LONGER), "a longer file needs its reason in LONGER, and a reason needs its file"


def test_a_cold_start_pays_for_one_step_alone() -> None:
    program = f"import app, sys; print([name for name in {LAZY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


def test_no_link_is_committed() -> None:
    """Whoever merges one has what is ignored under its name removed, as a virtual environment."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=False).stdout

    assert [line for line in listed.splitlines() if line.startswith("120000")] == []
