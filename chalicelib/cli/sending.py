"""`parley send`: the business speaks first."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.text import Text

from chalicelib.cli.connection import Connection, Refused
from chalicelib.cli.looking import service_of
from chalicelib.cli.screen import connected, line, refusals, session, warn, whole

POLL_S = 0.5
_GOES_OUT, _FAILED = "pending", "failed"
_SAYS = {
    "needs_template": "say --template NAME: `parley list templates --of {channel_id}` has those of the channel",
    "no_address": "say where: --channel ID --to ADDRESS",
}
"""Code of a refusal -> what to do about it."""


def send(
    context: typer.Context,
    to: Annotated[
        str, typer.Option(help="Id, e-mail address, phone number or other id of a contact; or an address on --channel.")
    ],
    channel: Annotated[str | None, typer.Option(help="Id of the channel; else where the contact was last.")] = None,
    text: Annotated[str | None, typer.Option(help="What is said.")] = None,
    template: Annotated[str | None, typer.Option(help="NAME or NAME:LANGUAGE of a template of the provider.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="For the template's placeholders, in their order; or NAME=VALUE each.")
    ] = None,
    file: Annotated[list[str] | None, typer.Option(help="URL of a file that goes with it.")] = None,
    subject: Annotated[str | None, typer.Option(help="Of a mail.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What it is for, by which consent is asked.")] = None,
    service: Annotated[str | None, typer.Option(help="Name or id of the service, where no id says it.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Print what became of it.")] = False,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that are waited at most.")] = 30,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print where it would go, and what stops it.")
    ] = False,
) -> None:
    """Send a message that nobody has asked for. Prints its id."""
    said = _said(text, template, param or [], file or [], subject)
    if not dry_run and (not said or len({*said} & {"text", "template", "content"}) != 1):
        raise typer.BadParameter("say --text, with --file where files go with it, or --template")
    with refusals():
        call = connected(context)
        try:
            body = _whom(call, to, channel, service) | ({"purpose": purpose} if purpose else {})
            if dry_run:
                _told(context, call("POST", "/v1/messages:try", body))
                return
            taken = call("POST", "/v1/messages", body | said)
        except Refused as refused:
            if hint := _SAYS.get(str(refused.problem.get("code"))):
                warn(hint.format(channel_id=refused.problem.get("channel_id") or channel or "ID"), "")
            raise
        if not wait:
            # Plain, so that `message=$(... send ...)` works.
            typer.echo(taken["message_id"])
            return
        became = _became(call, taken["message_id"], timeout)
    if session(context).json:
        whole(became)
    else:
        why = (became.get("error") or {}).get("reason") or ""
        line(Text(f"{taken['message_id']} is {became['state']}" + (f": {why}" if why else "")))
    if became["state"] in (_GOES_OUT, _FAILED):
        raise typer.Exit(1)


def _said(
    text: str | None, template: str | None, params: list[str], files: list[str], subject: str | None
) -> dict[str, Any]:
    """What is said, as the API takes it."""
    if template is not None:
        name, _, language = template.partition(":")
        named = [one.partition("=") for one in params]
        by_name = bool(params) and all(sign for _, sign, _ in named)
        values = {key: value for key, _, value in named} if by_name else params
        given = {"template": {"name": name, "language": language, "parameters": values}}
        return given | ({"text": text} if text else {})
    if files or subject:
        beside = (("text", text), ("media", files), ("subject", subject))
        return {"content": {name: value for name, value in beside if value}}
    return {"text": text} if text else {}


def _whom(call: Connection, to: str, channel: str | None, service: str | None) -> dict[str, Any]:
    """`service_id` and `to` of the call; whoever is named by an address or number without a channel is looked up."""
    service = service_of(call, service) if service else None
    if to.startswith("ct_"):
        service = service or call("GET", f"/v1/contacts/{to}")["service_id"]
        return {"service_id": service, "to": {"contact_id": to} | ({"channel_id": channel} if channel else {})}
    if channel:
        service = service or call("GET", f"/v1/channels/{channel}")["service_id"]
        return {"service_id": service, "to": {"channel_id": channel, "address": to}}
    kind = "email" if "@" in to else "phone" if to.lstrip("+(0")[:1].isdigit() else "external_id"
    found = call("GET", "/v1/contacts", query={"service_id": service, kind: to})["data"]
    if not found:
        warn(f"nobody is known by {to}: say on which --channel", "red")
        raise typer.Exit(1)
    return {"service_id": found[0]["service_id"], "to": {"contact_id": found[0]["id"]}}


def _told(context: typer.Context, way: dict[str, Any]) -> None:
    if session(context).json:
        whole(way)
    else:
        line(
            f"to {way['address']} by {way['channel_kind']} ({way['channel_id']}), {way['contact_id'] or 'nobody known'}"
        )
        if way["needs_template"]:
            line("only a template may be sent")
        if way["consent"]:
            line(f"the contact does not want it: {way['consent']}")
    if way["consent"]:
        raise typer.Exit(1)


def _became(call: Connection, id: str, timeout: int) -> dict[str, Any]:
    """The message, once it has gone out or failed, or as it is when the time is over."""
    until = time.monotonic() + timeout
    found: dict[str, Any] = {"id": id, "state": _GOES_OUT}
    while found["state"] == _GOES_OUT and time.monotonic() < until:
        try:
            found = call("GET", f"/v1/messages/{id}")
        except Refused as refused:
            # It is queued, and not written yet.
            if refused.status != 404:
                raise
        if found["state"] == _GOES_OUT:
            time.sleep(POLL_S)
    return found
