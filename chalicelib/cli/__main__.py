"""`parley`: list, show and follow everything; apply and export bundles; verify, replay, make keys; post, ask, send."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from chalicelib.cli import bundles, contacts, figures, looking, replays, rules, sending, sources, things, triggers
from chalicelib.cli.screen import Session, connected, line, refusals, session, terminal, whole

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Speak with a Parley deployment.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
app.command("list")(looking.listing)
app.command()(looking.show)
app.command()(looking.tail)
app.command()(figures.figures)
app.command()(bundles.apply)
app.command()(bundles.export)
app.command()(replays.replay)
app.command()(sending.send)
app.add_typer(keys, name="keys")
app.add_typer(contacts.app, name="contact")
app.add_typer(rules.app, name="rules")
app.add_typer(sources.app, name="source")
app.add_typer(triggers.app, name="trigger")


class Output(StrEnum):
    """How it is printed."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


@app.callback()
def _connect(
    context: typer.Context,
    base_url: Annotated[str | None, typer.Option(help="Base URL; else PARLEY_BASE_URL or the local run.")] = None,
    key: Annotated[str | None, typer.Option(help="API key; else PARLEY_KEY or the local run's.")] = None,
    output: Annotated[Output, typer.Option(help="auto: text on a terminal, JSON elsewhere.")] = Output.AUTO,
) -> None:
    context.obj = Session(base_url, key, json=output == Output.JSON or (output == Output.AUTO and not terminal()))


@app.command()
def verify(
    context: typer.Context, id: Annotated[str, typer.Argument(help="Id of a bot, desk, subscription or channel.")]
) -> None:
    """Verify a webhook, which is used from then on; of a channel, ask its provider whether it knows it."""
    with refusals():
        thing = {"dk_": "desks", "sb_": "subscriptions", "ch_": "channels"}.get(id[:3], "bots")
        done = connected(context)("POST", f"/v1/{thing}/{id}/verify", {})
    if session(context).json:
        whole(done)
        return
    line(f"{id} is {done['status']}")
    for name, value in done.get("facts", {}).items():
        line(f"{name}: {value}")


@app.command("try")
def try_now(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Id of a delivery, or of a bot, desk or subscription: all that waits.")],
) -> None:
    """Make the attempt at once that a delivery waits for, or all that a webhook's lanes wait for."""
    with refusals():
        kind = things.KINDS.get(id.partition("_")[0], "")
        path = f"/v1/deliveries/{id}/try" if kind == "deliveries" else f"/v1/{kind or 'bots'}/{id}/lanes:try"
        done = connected(context)("POST", path, {})
    said = f"{done['id']} is tried" if "id" in done else f"{done['count']} lanes are tried, ten a second"
    whole(done) if session(context).json else line(said)


@app.command("sign-out")
def sign_out(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="Id of a person.")],
    forget_account: Annotated[
        bool, typer.Option("--forget-account", help="Also forget by which account of the issuer they sign in.")
    ] = False,
) -> None:
    """End every session of a person, wherever; their keys stay."""
    with refusals():
        done = connected(context)("POST", f"/v1/people/{id}/sign-out", {"forget_account": forget_account})
    whole(done) if session(context).json else line(f"{done['count']} sessions have ended")


@keys.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument()],
    scope: Annotated[list[str], typer.Option(help="admin, agent or read.")],
    service: Annotated[str | None, typer.Option(help="The only service that it may see.")] = None,
) -> None:
    """Make an API key and print it: it is not shown again."""
    with refusals():
        made = connected(context)("POST", "/v1/keys", {"name": name, "scopes": scope, "service_id": service})
    # Plain, so that `key=$(... keys create ...)` works.
    typer.echo(made["key"])


@app.command()
def openapi(context: typer.Context) -> None:
    """Print the OpenAPI description."""
    with refusals():
        typer.echo(json.dumps(connected(context)("GET", "/v1/openapi.json"), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    app(prog_name="parley")
