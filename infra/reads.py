"""Which of our modules a Lambda can run: read from the source, without running it.

A Lambda's function in `app.py` imports its step inside; from there the imports are followed through `chalicelib`,
also those inside functions. What is imported by a computed name (adapters, bots) is not followed: those
packages import no tables and no queues, which a test of the layers holds them to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from chalicelib.api.http import blueprint
from chalicelib.api.http import routes as routing
from infra import declared
from infra.edges import edge_of

ROOT = Path(__file__).resolve().parent.parent
OURS = "chalicelib"


@cache
def modules_of(name: str) -> frozenset[str]:
    """Names of all modules of ours that a Lambda can import."""
    found: set[str] = set()
    todo = list(_starts(name))
    while todo:
        module = todo.pop()
        if module not in found:
            found.add(module)
            todo.extend(_imports(module))
    return frozenset(found)


def _starts(name: str) -> Iterator[str]:
    """The modules that a Lambda's own function, or the functions of an edge's routes, import."""
    if any(one.name == name for one in declared.lambdas()):
        yield from _imported_by("app", _function("app", name))
        return
    for route in declared.routes():
        if edge_of(route.path) != name:
            continue
        if route.module == "app":
            yield from _imported_by("app", _function("app", route.function))
        elif route.module == blueprint.__name__:
            yield from _named_in_the_table(route.path)
        else:
            yield route.module


def _named_in_the_table(path: str) -> Iterator[str]:
    """Modules of the functions that the API's route table names, as text, for a path."""
    for entry in routing.of_path(path).values():
        if entry.scope != routing.EDGE:
            # What stands between a request and these functions: keys, idempotency.
            yield f"{OURS}.api.http.dispatch"
        yield f"{OURS}.{entry.function.partition(':')[0]}"
        if entry.plural:
            yield f"{OURS}.api.kinds.{entry.plural}"


@cache
def _imports(module: str) -> frozenset[str]:
    return frozenset(_imported_by(module, _tree(module)))


def _imported_by(module: str, node: ast.AST) -> Iterator[str]:
    """Modules of ours that a piece of source imports, except under TYPE_CHECKING."""
    for inner in _running(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names if _exists(alias.name))
        elif isinstance(inner, ast.ImportFrom):
            base = _absolute(module, inner)
            if _exists(base):
                yield base
            # `from chalicelib.tables import config` imports a module, `from x import f` a name of one.
            yield from (f"{base}.{alias.name}" for alias in inner.names if _exists(f"{base}.{alias.name}"))


def _running(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _running(child)


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module if _path(module).name == "__init__.py" else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def _function(module: str, name: str) -> ast.AST:
    for node in ast.walk(_tree(module)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            return node
    raise LookupError(f"{module}.py has no function {name}")


def _exists(module: str) -> bool:
    return module.split(".")[0] == OURS and _path(module).exists()


def _path(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text(encoding="utf-8"))


def queues_named(name: str) -> set[str]:
    """Queues that a Lambda's modules put work on by a name written in the call, `queues.send("threads.fifo", ...)`."""
    named = set()
    for module in modules_of(name):
        for node in ast.walk(_tree(module)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "queues.send" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    named.add(str(first.value))
    return named


@cache
def aws_services() -> frozenset[str]:
    """AWS services that anything of ours calls, `aws.client("sqs")`; LookupError where one is not named in the call."""
    named = set()
    for path in sorted((ROOT / OURS).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "aws.client":
                first = node.args[0]
                if not isinstance(first, ast.Constant):
                    raise LookupError(
                        f"{path}:{node.lineno}: the service must be written out; the package keeps only those"
                    )
                named.add(str(first.value))
    return frozenset(named)
