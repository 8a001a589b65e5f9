"""Who calls: the API key of the Authorization header."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api.http.call import Caller
from chalicelib.domain import bearer
from chalicelib.ports.web import Problem
from chalicelib.tables import tokens


def caller(headers: Mapping[str, str]) -> Caller:
    """The caller, by `Authorization: Bearer pk_<key id>_<secret>`; Problem 401 for anything else."""
    row = tokens.api_key(bearer.of_header(headers.get("authorization")))
    if row is None:
        raise Problem(
            401,
            "unauthorised",
            "an API key is needed: Authorization: Bearer pk_...",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Caller(row.id, frozenset(row.body.get("scopes", ())), row.body.get("service_id") or "")
