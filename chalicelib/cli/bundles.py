"""`parley apply` and `export`: a service from a file, and into one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chalicelib.cli.connection import Refused
from chalicelib.cli.looking import service_of
from chalicelib.cli.screen import connected, line, refusals, session, table, warn, whole

COLOURS = {"created": "green", "updated": "yellow", "deleted": "red", "unchanged": "dim"}


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A bundle, YAML or JSON; - is what is piped in.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    secrets: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON of name -> value, for what the bundle refers to."),
    ] = None,
) -> None:
    """Make a service equal to a bundle. Prints secrets that were made: they are not shown again."""
    with refusals():
        raw = sys.stdin.buffer.read() if str(file) == "-" else _read(file)
        if secrets:
            raw = with_secrets(raw, _values(secrets))
        query = {"dry_run": "true" if dry_run else ""}
        try:
            done = connected(context)("POST", "/v1/apply", query=query, yaml=raw)
        except Refused as refused:
            if any(one["message"].endswith("under secrets") for one in refused.problem.get("errors") or ()):
                warn("values of secrets are given by --secrets FILE, a JSON object of name -> value")
            raise
    if session(context).json:
        whole(done)
    else:
        told = [(verb, one) for verb in COLOURS for one in done[verb]]
        rows = [(verb, one["kind"], one["name"], one["id"]) for verb, one in told]
        table(("", "kind", "name", "id"), rows, [COLOURS[verb] for verb, _ in told])
        if done.get("secrets"):
            line("shown this once:")
            whole(done["secrets"])
    for one in done["warnings"]:
        warn(f"{one['kind']} {one['name']}: {one['detail']}")
    if done["warnings"]:
        raise typer.Exit(1)


def export(
    context: typer.Context,
    service: Annotated[str, typer.Argument(help="Name or id of a service.")],
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="Written to; else it is printed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON in the place of YAML.")] = False,
) -> None:
    """Write a service as a bundle that `apply` finds unchanged. Secrets are references in it."""
    with refusals():
        call = connected(context)
        kind = "application/json" if as_json or (file and file.suffix == ".json") else "application/yaml"
        query = {"service_id": service_of(call, service)}
        text, _ = call.file("GET", "/v1/export", query=query, accept=kind)
        if kind == "application/json":
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode() + b"\n"
        if file is None:
            sys.stdout.write(text.decode())
            sys.stdout.flush()
            return
        # All of it or nothing: a cut must not leave half of a bundle, which removes the other half.
        part = file.with_name(file.name + ".part")
        part.write_bytes(text)
        part.replace(file)
        warn(f"written to {file}", "dim")


def with_secrets(raw: bytes, values: dict[str, str]) -> bytes:
    """A bundle with these values of what it refers to."""
    try:
        bundle = json.loads(raw)
    except ValueError:
        # JSON is YAML: behind a map in block style it is one more of its names.
        return raw.rstrip() + f"\nsecrets: {json.dumps(values, ensure_ascii=False)}\n".encode()
    if not isinstance(bundle, dict):
        return raw
    return json.dumps(bundle | {"secrets": (bundle.get("secrets") or {}) | values}).encode()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None


def _values(file: Path) -> dict[str, str]:
    try:
        given: Any = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}") from None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise typer.BadParameter(f"{file} must be an object of name -> text")
    return given
