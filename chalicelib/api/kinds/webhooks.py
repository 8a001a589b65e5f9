"""What bots and desks have in common: a URL that we call, secrets for both directions, and a status that is earned."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator

from chalicelib.api.http.fields import Fields, Secret, invalid
from chalicelib.api.http.masks import unmasked
from chalicelib.api.kinds.contract import Draft, Settled
from chalicelib.domain import webhook_secrets
from chalicelib.domain.retry import DISABLE_AFTER_S, WAITS_S
from chalicelib.ports import ids, signing
from chalicelib.tables import endpoints

MAX_RETRY_S = 3600
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = ("authorization", "content-type", "content-length", "host", "user-agent", "transfer-encoding", "connection")
_OUR_PREFIXES = ("webhook-", "x-parley-")
_MOST_HEADERS = 20
SECRETS = frozenset({"verification_token", "access_token"})
NEEDS_VERIFYING = frozenset({"webhook_url", "verification_token", "access_token", "headers"})
"""Fields whose change makes an earlier verification worthless."""


def _in_any_case() -> str:
    """A regular expression for how names begin that are ours; patterns of JSON Schema know no flags."""
    words = "|".join([*(f"{name}$" for name in _OURS), *_OUR_PREFIXES])
    return f"({''.join(f'[{char.upper()}{char}]' if char.isalpha() else char for char in words)})"


def _headers(given: dict[str, str]) -> dict[str, str]:
    if len(given) > _MOST_HEADERS:
        raise ValueError(f"must be at most {_MOST_HEADERS} headers")
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is no name of a header")
        if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES):
            raise ValueError(f"{name} is set by Parley")
        if len(value) > 1000 or not value.isprintable() or not value.isascii():
            raise ValueError(f"the value of {name} must be at most 1000 printable ASCII characters")
    if len({name.lower() for name in given}) < len(given):
        raise ValueError("names a header twice")
    return given


def _waits(given: list[int]) -> list[int]:
    if sum(given) > MAX_RETRY_S:
        raise ValueError(f"must be at most {MAX_RETRY_S} seconds together")
    return given


Headers = Annotated[
    dict[str, str],
    AfterValidator(_headers),
    WithJsonSchema({
        "type": "object",
        "maxProperties": _MOST_HEADERS,
        "propertyNames": {"pattern": f"^(?!{_in_any_case()}){_HEADER_NAME.pattern}$"},
        "additionalProperties": {"type": "string", "maxLength": 1000, "pattern": "^[ -~]*$"},
    }),
]  # fmt: skip
"""Headers that go with each call, no name twice in whatever case; those that Parley sets itself are not taken. A value
`***` is that which is kept under the name."""
_Wait = Annotated[int, Field(ge=1, le=MAX_RETRY_S)]


class Retry(Fields):
    """When failed attempts are made again."""

    waits_s: Annotated[list[_Wait], Field(max_length=4), AfterValidator(_waits)] = [*WAITS_S]
    """Together at most 3600 seconds."""
    inactive_after_s: Annotated[int, Field(ge=0, le=MAX_RETRY_S)] = DISABLE_AFTER_S


IN_TIME: list[Any] = [
    {"properties": {"timeout_s": {"maximum": 5}}},
    {"properties": {"background": {"const": True}}, "required": ["background"]},
]
"""Of a webhook's schema: any of these."""


class Webhook(Fields):
    """The fields of a webhook."""

    model_config = ConfigDict(json_schema_extra={"anyOf": IN_TIME})

    verification_token: Secret | None = None
    access_token: Secret | None = None
    headers: Headers = {}
    retry: Retry = Retry()
    background: bool = False
    """Answers in the background and may take up to 25 seconds to take a delivery."""
    timeout_s: Annotated[int, Field(ge=1, le=25)] = 5
    max_age_s: Annotated[int, Field(ge=1, le=30 * 86_400)] | None = None
    """A delivery older than this is given up as `expired`."""
    suspended: bool = False
    """Set by the owner: nothing is delivered, everything waits."""

    @field_validator("timeout_s")
    @classmethod
    def _long_only_in_background(cls, seconds: int, info: ValidationInfo) -> int:
        if seconds > 5 and not info.data.get("background"):
            raise ValueError("may be more than 5 only with background: true")
        return seconds


def settle(draft: Draft, *, posts: bool = True) -> Settled:
    """A webhook: secrets are made at first, the status is lost where a check means nothing now.

    `posts`: its owner may post events to us, and gets a URL with a token for that."""
    body = {
        key: value for key, value in draft.fields.items() if key not in SECRETS | {"suspended"} and value is not None
    }
    kept = draft.body.get("headers") or {}
    body["headers"], wrong = unmasked(draft.fields["headers"], kept, "/headers", any_case=True)
    tokens, wrong_too = unmasked({name: draft.fields[name] for name in SECRETS & draft.given}, draft.secrets, "")
    if wrong := wrong + wrong_too:
        raise invalid(wrong)
    secrets, once = {name: value for name, value in (draft.secrets | tokens).items() if value is not None}, {}
    body["verification_token_set"] = "verification_token" in secrets
    body["access_token_set"] = "access_token" in secrets
    if webhook_secrets.CURRENT not in secrets:
        once["signing_secret"] = signing.new_secret()
        secrets = webhook_secrets.first(secrets, once["signing_secret"])
    if posts:
        secrets.setdefault("token", ids.token())
        # The edge checks this hash and so needs no KMS call for each event.
        body["token_hash"] = hashlib.sha256(secrets["token"].encode()).hexdigest()
    status, edited = _status(draft, body, secrets)
    return Settled(body, secrets, once, status, edited)


def built_in(draft: Draft, names: Collection[str], *, foreign_to: str) -> Settled:
    """One that we are ourselves, of these fields alone: it is active at once, and calls nobody. Problem 422 where a
    field is given that is for those of kind webhook; `foreign_to` says of what, as in "bots"."""
    refuse(draft, draft.given - {*names, "suspended"}, foreign_to, "webhook")
    body = {key: draft.fields[key] for key in names if draft.fields[key] is not None}
    suspended = draft.fields["suspended"] if "suspended" in draft.given else None
    now = "" if draft.new else endpoints.get(draft.id).status
    if suspended is None:
        wanted = now or endpoints.ACTIVE
    else:
        wanted = endpoints.SUSPENDED if suspended else endpoints.ACTIVE
    return Settled(body, status=wanted if wanted != now else "")


def refuse(draft: Draft, foreign: Collection[str], plural: str, kind: str) -> None:
    """Problem 422 where one of these fields is given, which are for another kind."""
    if wrong := [(f"/{name}", f"is for {plural} of kind {kind}") for name in sorted(draft.given & {*foreign})]:
        raise invalid(wrong)


def _status(draft: Draft, body: dict[str, Any], secrets: dict[str, str]) -> tuple[str, bool]:
    """(new status or empty, whether it counts as edited)."""
    suspend = draft.fields["suspended"] if "suspended" in draft.given else None
    if draft.new:
        return (endpoints.SUSPENDED if suspend else endpoints.UNVERIFIED), False
    now = endpoints.get(draft.id).status
    if suspend:
        return (endpoints.SUSPENDED if now != endpoints.SUSPENDED else ""), False
    if now == endpoints.SUSPENDED and suspend is None:
        return "", False
    changed = any(draft.body.get(name) != body.get(name) for name in NEEDS_VERIFYING - SECRETS) or any(
        draft.secrets.get(name) != secrets.get(name) for name in SECRETS
    )
    if now == endpoints.SUSPENDED or changed:
        return endpoints.UNVERIFIED, False
    # An inactive one stays so, and its lanes go on waiting, but it may now be verified.
    return (now, True) if now == endpoints.INACTIVE else ("", False)


def events_url(base_url: str, edge: str, resource_id: str, token: str) -> str:
    """Where the bot or desk posts its events."""
    return f"{base_url}/webhooks/{edge}/{resource_id}.{token}"
