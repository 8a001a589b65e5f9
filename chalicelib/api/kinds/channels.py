"""Channels: connected addresses of providers. What is in `settings` and `secrets` is the adapter's to say."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib import channels
from chalicelib.api.http.fields import Fields, Members, Name, Secret, callable_url, invalid, pointers, small
from chalicelib.api.http.formats import ServiceId
from chalicelib.api.http.masks import unmasked
from chalicelib.api.http.takes import Takes
from chalicelib.api.kinds import connection
from chalicelib.api.kinds.connection import CONNECTION
from chalicelib.api.kinds.contract import Draft, Kind, Settled, Shown
from chalicelib.channels import limits
from chalicelib.ports import ids, signing
from chalicelib.ports.settings import settings
from chalicelib.tables import channel_places
from chalicelib.tables.config import Resource

NAMED_FREELY = r"^[A-Za-z_][A-Za-z0-9_]{0,39}$"
"""Of a kind that takes secrets of any names, as its templates call them."""
SHORTEST = 32
"""Characters of an optional secret, with which somebody signs: the hash's own length (RFC 7518, 3.2)."""
SHORTEST_TOKEN = 8
"""Characters of a token that the owner brings; guessing it takes calls, which are counted."""
MADE = ("made", "token")
"""Needs of secrets that are made here where nobody brings one."""
OURS = "hook_"
"""How a token begins that was made here."""


def _by_kind(schema: dict[str, Any]) -> None:
    """Settings and secrets as the adapter of each kind has them."""
    schema["oneOf"] = [_of_kind(kind) for kind in connectable()]


def _of_kind(kind: str) -> dict[str, Any]:
    settings = _alone(channels.settings_model(kind).model_json_schema())
    adapter = channels.load(kind)
    wanted = adapter.SECRETS
    required = [name for name, need in wanted.items() if need == "required"]
    secrets: dict[str, Any] = {"properties": {name: _secret(need) for name, need in wanted.items()}}
    if channels.any_secrets(adapter):
        # A form for them has no fields.
        secrets = {name: one for name, one in secrets.items() if one}
        secrets["patternProperties"] = {NAMED_FREELY: {"anyOf": [_secret("required"), {"type": "null"}]}}
    needed = (["settings"] if settings.get("required") else []) + (["secrets"] if required else [])
    return {
        "required": needed,
        "properties": {
            "kind": {"const": kind},
            "settings": settings,
            "secrets": secrets | {"required": required, "additionalProperties": False},
        },
    }


def _alone(schema: dict[str, Any]) -> Any:
    """A schema with what it refers to in its place, as it becomes a part of another; names that no pattern of an object
    knows are none of its own."""
    named = schema.pop("$defs", {})

    def whole(value: Any) -> Any:
        if isinstance(value, list):
            return [whole(one) for one in value]
        if not isinstance(value, dict):
            return value
        if (at := str(value.get("$ref", ""))).startswith("#/$defs/"):
            value = named[at.removeprefix("#/$defs/")] | {name: one for name, one in value.items() if name != "$ref"}
        more = {"additionalProperties": False} if "patternProperties" in value else {}
        return {name: whole(one) for name, one in value.items()} | more

    return whole(schema)


def _secret(need: str) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 1000}
    if need == "required":
        return text
    if need == "token":
        return {"anyOf": [text | {"minLength": SHORTEST_TOKEN, "format": "webhook-token"}, {"type": "null"}]}
    more: dict[str, dict[str, Any]] = {"optional": {"minLength": SHORTEST}, "made": {"format": "signing-secret"}}
    return {"anyOf": [text | more.get(need, {}), {"type": "null"}]}


def connectable() -> list[str]:
    """The kinds that can be connected: threads of triggers and sources have kinds, too, but nobody connects them."""
    return [one for one in channels.KINDS if "receive" in channels.load(one).CAN]


class Channel(Fields):
    """A connected address."""

    model_config = ConfigDict(json_schema_extra=_by_kind)

    service_id: ServiceId
    kind: str
    name: Name
    settings: Members = {}
    secrets: dict[Annotated[str, Field(min_length=1)], Secret | None] = {}
    """By name; null removes one that is optional."""


class ChannelAnswer(Fields):
    """A connected address, as it stands."""

    id: str
    service_id: str
    kind: str
    name: str
    settings: dict[str, Any]
    secrets_set: list[str]
    """Names of the secrets that are kept."""
    status: Literal["unverified", "active"]
    """`unverified`: its provider was not asked, did not answer, or knows it no more. It is used all the same."""
    status_reason: str | None = None
    """What the last check came to, where it did not pass."""
    facts: dict[str, str] = {}
    """What the provider says of the address: `name`, `number`, `quality`, ..."""
    verified_at: str | None = None
    token_expires_at: str | None = None
    """Null: not known, or never."""
    webhook_url: str
    chat_url: str | None = None
    widget_url: str | None = None
    live_url: str | None = None
    """Of a web chat: where its pages open a WebSocket."""
    takes: Takes
    """What it takes in one message, as its kind does."""
    secrets: dict[str, str] | None = None
    """Secrets that Parley made: shown once."""
    created_at: str
    updated_at: str


def settle(draft: Draft) -> Settled:
    """Settings as the adapter's model has them, and its secrets; made ones are shown once."""
    kind = draft.fields["kind"]
    kinds = connectable()
    if kind not in kinds:
        raise invalid([("/kind", f"must be one of {', '.join(kinds)}")])
    wrong: list[tuple[str, str]] = []
    settings: dict[str, Any] = {}
    model = None
    try:
        model = channels.settings_model(kind).model_validate(draft.fields["settings"])
        settings = small(model.model_dump(mode="json"), most=16_384)
        wrong += _not_callable(model)
    except ValidationError as error:
        wrong += pointers(error, "/settings")
    except ValueError as error:
        wrong.append(("/settings", str(error)))
    given, nowhere = unmasked(draft.fields["secrets"], draft.secrets, "/secrets")
    wanted = channels.needs(kind, settings)
    if channels.any_secrets(channels.load(kind)):
        named = [name for name in {**draft.secrets, **given} if re.fullmatch(NAMED_FREELY, name)]
        wanted = dict.fromkeys(named, "any") | wanted
    secrets, made, errors = _secrets(wanted, draft.secrets, given)
    if model is not None and not (wrong or nowhere or errors) and hasattr(model, "judged"):
        wrong, urls = model.judged(frozenset(secrets))
        wrong += [(path, why) for path, url in urls if (why := _why_not(url))]
    place = channels.place_of({"kind": kind, "settings": settings})
    if place and channel_places.channel_at(kind, place) not in ("", draft.id):
        wrong.append((f"/settings/{channels.load(kind).FOUND_BY}", "is another channel's"))  # type: ignore[attr-defined]
    if wrong := wrong + (nowhere or errors):
        raise invalid(wrong)
    body = {key: draft.fields[key] for key in ("service_id", "kind", "name")}
    body |= {"settings": settings, "secrets_set": sorted(secrets)}
    body |= {CONNECTION: draft.body[CONNECTION]} if CONNECTION in draft.body else {}
    return Settled(body, secrets, {"secrets": made} if made else {})


def _not_callable(model: BaseModel) -> list[tuple[str, str]]:
    """What is wrong with those settings that are URLs which Parley will call: fields of the format `uri`."""
    wrong = []
    for name, field in type(model).model_fields.items():
        extra = field.json_schema_extra
        if not (isinstance(extra, dict) and extra.get("format") == "uri"):
            continue
        url = getattr(model, name)
        if url is not None and (why := _why_not(url)):
            wrong.append((f"/settings/{name}", why))
    return wrong


def _why_not(url: str) -> str:
    """Why a URL cannot be called; empty where it can."""
    try:
        callable_url(url)
    except ValueError as error:
        return str(error)
    return ""


def _secrets(
    wanted: Any, kept: dict[str, str], given: dict[str, str | None]
) -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """(all secrets, those made now, what is wrong)."""
    wrong = [
        (f"/secrets/{name}", f"is none of {', '.join(wanted) or 'this kind: it has none'}")
        for name in given
        if name not in wanted
    ]
    secrets = {name: value for name, value in (kept | given).items() if value is not None and name in wanted}
    made = {}
    for name, need in wanted.items():
        if name in secrets:
            if need == "optional" and given.get(name) and len(secrets[name]) < SHORTEST:
                wrong.append((f"/secrets/{name}", f"must have at least {SHORTEST} characters"))
            if need == "made" and given.get(name) and not signing.usable(secrets[name]):
                wrong.append((f"/secrets/{name}", "must be whsec_ and base64 of 24 to 64 bytes"))
            if need == "token" and given.get(name) and len(secrets[name]) < SHORTEST_TOKEN:
                wrong.append((f"/secrets/{name}", f"must have at least {SHORTEST_TOKEN} characters"))
        elif need == "required":
            wrong.append((f"/secrets/{name}", "Field required"))
        elif need in MADE:
            secrets[name] = made[name] = signing.new_secret() if need == "made" else OURS + ids.token()
    return secrets, made, wrong


def makes(body: dict[str, Any]) -> list[str]:
    """Names of the secrets that Parley makes for this kind of channel."""
    return [name for name, need in channels.needs(body["kind"], body.get("settings") or {}).items() if need in MADE]


def has_token(body: dict[str, Any]) -> bool:
    """Whether calls of a channel's provider bring a token."""
    kind = str(body.get("kind"))
    return kind in channels.KINDS and "token" in channels.needs(kind, body.get("settings") or {}).values()


def door(row: Resource, base_url: str, opened: dict[str, str]) -> dict[str, Any]:
    """`webhook_url` with the token that calls have to bring, where Parley made it: the provider can be given it as it
    is. A token of the owner's own is answered nowhere."""
    needs = channels.needs(row.body["kind"], row.body.get("settings") or {})
    found = [value for name, value in opened.items() if needs.get(name) == "token" and value.startswith(OURS)]
    return {"webhook_url": f"{base_url}/channels/{row.id}/webhook?token={quote(found[0], safe='')}"} if found else {}


def show(row: Resource, shown: Shown) -> dict[str, Any]:
    """The fields, where the provider calls, and what can be sent."""
    at = f"{shown.base_url}/channels/{row.id}"
    urls: dict[str, Any] = {"webhook_url": f"{at}/webhook", "takes": limits.shown(row.body["kind"])}
    if row.body["kind"] == "webchat":
        urls |= {"chat_url": f"{at}/chat", "widget_url": f"{at}/widget.js"}
        urls |= {"live_url": live_url} if (live_url := settings().live_url) else {}
    body = {name: value for name, value in row.body.items() if name != CONNECTION}
    return body | connection.shown(row.body) | urls


KIND = Kind(
    name="channel", model=Channel, answer=ChannelAnswer, secret=frozenset({"secrets"}),
    makes=makes, fixed=frozenset({"service_id", "kind"}), settle=settle, show=show,
)  # fmt: skip
