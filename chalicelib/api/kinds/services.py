"""Services: workspaces to which everything else belongs."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from chalicelib.api.http.fields import Fields, Name
from chalicelib.api.http.formats import Country, Language
from chalicelib.api.kinds.contract import Kind


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError only by name: it is also raised as OSError
        raise ValueError("must be a time zone of the IANA database, as Europe/Berlin") from None
    except KeyError:
        raise ValueError("must be a time zone of the IANA database, as Europe/Berlin") from None
    return name


Zone = Annotated[
    str,
    AfterValidator(_zone),
    Field(
        json_schema_extra={"format": "iana-time-zone", "pattern": r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"}
    ),
]
"""A time zone of the IANA database."""


class Service(Fields):
    """A workspace."""

    name: Name
    timezone: Zone = "UTC"
    country: Country | None = None
    """ISO 3166 code: how national phone numbers are read."""
    language: Language | None = None


class ServiceAnswer(Service):
    """A workspace, as it stands."""

    id: str
    created_at: str
    updated_at: str


KIND = Kind(name="service", model=Service, answer=ServiceAnswer, fixed=frozenset())
