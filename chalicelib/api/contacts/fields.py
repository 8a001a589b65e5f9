"""What contacts are made of, as they are given and answered; what is wrong with them is said field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from chalicelib.api.http.fields import Fields, Members, invalid, small
from chalicelib.api.http.formats import ServiceId, mail_address, named
from chalicelib.domain import contact as rules
from chalicelib.domain.contact import (
    MOST_ATTRIBUTES,
    MOST_IDENTITIES,
    MOST_TAGS,
    Data,
    Identity,
    each_once,
    identities_of,
)
from chalicelib.domain.group import mixed
from chalicelib.domain.identities import MOST_EXTERNAL, WrongIdentities, keys_of, normalised, spellings
from chalicelib.ports.clock import from_rfc3339
from chalicelib.tables.contact_rows import consent_changes
from chalicelib.wire.json_body import escaped

MOST_PURPOSES = 50

Tag = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    Field(json_schema_extra={"pattern": r"\S"}),
]
Shown = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Given = Annotated[str, StringConstraints(max_length=1000)]
Attributes = Annotated[Members, AfterValidator(lambda value: small(value, most=MOST_ATTRIBUTES))]
"""Of so many bytes of JSON."""
_CONSENT: dict[str, Any] = {
    "anyOf": [
        {"type": "boolean"},
        {
            "type": "object",
            "required": ["given"],
            "additionalProperties": False,
            "properties": {
                "given": {"type": "boolean"},
                "at": {"type": "string", "format": "date-time"},
                "source": {"type": "string", "maxLength": 200},
                "why": {"type": "string", "maxLength": 200},
            },
        },
    ]
}


def _consent(*also: dict[str, Any]) -> Any:
    given = {"anyOf": [*_CONSENT["anyOf"], *also]}
    names = {"minLength": 1, "maxLength": 100}
    most = {"type": "object", "maxProperties": MOST_PURPOSES, "propertyNames": names, "additionalProperties": given}
    return WithJsonSchema(most)


_MIXED = "must not be a group's and a person's at once"
_FORMS = {"phone": "phone", "email": "email", "channel": "channel-address", "external": "external-id"}


_PLAIN = r"[^\u0000-\u001f\u007f-\u009f]"
_PATTERNS = {
    "channel": rf"^[a-z]{{2}}_[a-z0-9]{{10,26}}:{_PLAIN}+$",
    "external": rf"^{_PLAIN}*[^\s\u0000-\u001f\u007f-\u009f]{_PLAIN}*$",
}


def _identity(kind: str, format: str) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "string", "format": format}
    value |= {"pattern": _PATTERNS[kind]} if kind in _PATTERNS else {}
    value |= {"maxLength": MOST_EXTERNAL} if kind == "external" else {}
    return {"properties": {"kind": {"const": kind}, "value": value}}


class IdentityFields(Fields):
    """An identity of a person."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_identity(*one) for one in _FORMS.items()]})

    kind: Literal["phone", "email", "channel", "external"]
    value: Given


def _external() -> Any:
    pattern = f"^({_PATTERNS['external'][1:-1]})?$"
    return Field(json_schema_extra={"format": "external-id", "pattern": pattern, "maxLength": MOST_EXTERNAL})


class ContactLine(Fields):
    """What is said of a person. `email`, `phone` and `external_id` are short for identities of these kinds."""

    name: Shown | None = None
    email: Annotated[Given, mail_address(1000)] | None = None
    phone: Annotated[Given, named("phone")] | None = None
    external_id: Annotated[Given, _external()] | None = None
    identities: Annotated[list[IdentityFields], Field(max_length=MOST_IDENTITIES)] = []
    attributes: Attributes = {}
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []
    consent: Annotated[dict[str, Any], _consent()] = {}
    """Purpose -> true, false or `{"given": boolean, "at"?, "source"?, "why"?}`."""


class Contact(ContactLine):
    """A person."""

    service_id: ServiceId


class IdentityChange(Fields):
    """Identities that a person gets or loses."""

    add: Annotated[list[IdentityFields], Field(max_length=MOST_IDENTITIES)] = []
    remove: Annotated[list[IdentityFields], Field(max_length=100)] = []


class ContactChange(Fields):
    """What is to change: `attributes` and `consent` are merge patches, `tags` replace those that are there, of which
    `add_tags` and `remove_tags` leave the others."""

    name: Shown | None = None
    attributes: Members | None = None
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] | None = None
    add_tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []
    remove_tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []
    consent: Annotated[dict[str, Any], _consent({"type": "null"})] | None = None
    identities: IdentityChange = IdentityChange()


class MaybeSame(Fields):
    """A contact that may be the same person, and the kind of its identity that said so."""

    contact_id: str
    because: Literal["phone", "email", "channel", "external"]


class ContactAnswer(Fields):
    """A person, as it stands."""

    id: str
    service_id: str
    name: str | None
    identities: list[IdentityFields]
    attributes: dict[str, Any]
    tags: list[str]
    consent: dict[str, Any]
    conversations: dict[str, str]
    """Conversation -> the source of its messages, the latest first."""
    merged_ids: list[str]
    """Contacts that were merged into this one."""
    shadow: bool
    """Known from events of other systems alone."""
    maybe_same: list[MaybeSame]
    """Other contacts with whose identities this one's were named together: perhaps to be merged."""
    created_at: str
    updated_at: str


def identities_given(given: ContactLine, country: str) -> tuple[list[Identity], list[tuple[str, str]]]:
    """(the identities, what is wrong with them)."""
    wrong: list[tuple[str, str]] = []
    found: list[Identity] = []
    try:
        found = keys_of(given.model_dump(include={"email", "phone", "external_id"}), country)
    except WrongIdentities as error:
        wrong = [(f"/{field}", why) for field, why in error.errors]
    listed, also = spelled(given.identities, country, "/identities")
    all = list(dict.fromkeys([*found, *listed]))
    return all, wrong + also + ([("/identities", _MIXED)] if mixed(all) else [])


def spelled(given: Sequence[IdentityFields], country: str, path: str) -> tuple[list[Identity], list[tuple[str, str]]]:
    """(identities in their one spelling, what is wrong with them)."""
    found: list[Identity] = []
    wrong: list[tuple[str, str]] = []
    for n, one in enumerate(given):
        try:
            found.append((one.kind, normalised(one.kind, one.value, country=country)))
        except ValueError as error:
            wrong.append((f"{path}/{n}/value", str(error)))
    return found, wrong


def wrong_consent(consent: dict[str, Any], *, patch: bool = False) -> list[tuple[str, str]]:
    """What is wrong with consent by purpose."""
    wrong = []
    if len(consent) > MOST_PURPOSES:
        wrong.append(("/consent", f"must have at most {MOST_PURPOSES} purposes"))
    for purpose, given in consent.items():
        path = f"/consent/{escaped(purpose)}"
        if len(purpose) > 100:
            wrong.append(("/consent", "has a purpose of more than 100 characters"))
        elif isinstance(given, dict):
            wrong += [(f"{path}/{field}", why) for field, why in _wrong_given(given)]
        elif not isinstance(given, bool) and not (patch and given is None):
            wrong.append((path, 'must be true, false or {"given": boolean, "at", "source", "why"}'))
    return wrong


def _wrong_given(given: dict[str, Any]) -> list[tuple[str, str]]:
    wrong = [(escaped(name), "is not known here") for name in given if name not in ("given", "at", "source", "why")]
    if not isinstance(given.get("given"), bool):
        wrong.append(("given", "must be true or false"))
    for name in ("source", "why"):
        if name in given and not (isinstance(given[name], str) and len(given[name]) <= 200):
            wrong.append((name, "must be a text of at most 200 characters"))
    if "at" in given:
        try:
            from_rfc3339(given["at"])
        except (TypeError, ValueError):
            wrong.append(("at", "must be an RFC 3339 time with a zone"))
    return wrong


def _tagged(tags: Sequence[str], patch: ContactChange) -> list[str]:
    left = [one for one in tags if one not in patch.remove_tags]
    return list(dict.fromkeys([*left, *(one for one in patch.add_tags if one not in patch.remove_tags)]))


def changed(data: Data, patch: ContactChange, country: str) -> tuple[Data, list[Identity]]:
    """(the data as it will be, the identities that are new to it); Problem 422 names every wrong field."""
    before, data = data, dict(data)
    add, wrong = spelled(patch.identities.add, country, "/identities/add")
    remove, also = spelled(patch.identities.remove, country, "/identities/remove")
    wrong += also
    own = identities_of(data)
    added = [one for one in dict.fromkeys(add) if one not in own]
    # In whichever spelling it is kept.
    remove += [(kind, other) for kind, value in remove for other in spellings(kind, value)]
    left = each_once([*(one for one in own if one not in remove), *added])
    if added and len(left) > MOST_IDENTITIES:
        wrong.append(("/identities/add", f"a contact has at most {MOST_IDENTITIES} identities"))
    if mixed(left):
        wrong.append(("/identities/add", _MIXED))
    if patch.consent is not None:
        wrong += wrong_consent(patch.consent, patch=True)
    if wrong:
        raise invalid(wrong)
    if "name" in patch.model_fields_set:
        data["name"] = patch.name or ""
    if patch.attributes is not None:
        data["attributes"] = rules.patched(data.get("attributes", {}), patch.attributes)
        if rules.size(data["attributes"]) > MOST_ATTRIBUTES:
            wrong.append(("/attributes", f"must be at most {MOST_ATTRIBUTES} bytes of JSON together"))
    elif "attributes" in patch.model_fields_set:
        data["attributes"] = {}
    if "tags" in patch.model_fields_set:
        data["tags"] = list(dict.fromkeys(patch.tags or ()))
    if patch.add_tags or patch.remove_tags:
        data["tags"] = _tagged(data.get("tags", ()), patch)
        if patch.add_tags and len(data["tags"]) > MOST_TAGS:
            wrong.append(("/add_tags", f"a contact has at most {MOST_TAGS} tags"))
    if "consent" in patch.model_fields_set:
        purposes = {**data.get("consent", {}), **(patch.consent or {})} if patch.consent is not None else {}
        data["consent"] = {purpose: given for purpose, given in purposes.items() if given is not None}
        if len(data["consent"]) > max(MOST_PURPOSES, len(before.get("consent", {}))):
            wrong.append(("/consent", f"must have at most {MOST_PURPOSES} purposes"))
        if len(consent_changes(before, data)) > MOST_PURPOSES:
            # Of somebody with whom others were merged there may be more; each is noted with the change.
            wrong.append(("/consent", f"must change at most {MOST_PURPOSES} purposes at a time"))
    if wrong:
        raise invalid(wrong)
    data["identities"] = [{"kind": kind, "value": value} for kind, value in left]
    return data, added
