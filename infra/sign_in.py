"""By whose word people sign in to the console: what the API is told of it, and where the secret lies."""

from __future__ import annotations

from typing import Any

PARAMETER = "/parley/${Stage}/oidc-client-secret"
"""A SecureString of the Parameter Store, which whoever deploys puts there: a parameter of the stack could be read in
its history, and a variable by whoever may look at the function."""
_TOLD = {
    "PARLEY_OIDC_ISSUER": "OidcIssuer",
    "PARLEY_OIDC_CLIENT_ID": "OidcClientId",
    "PARLEY_OIDC_NAME": "OidcName",
    "PARLEY_OIDC_DOMAINS": "OidcEmailDomains",
    "PARLEY_OIDC_TRUST_ADDRESSES": "OidcTrustAddresses",
    "PARLEY_OIDC_ROLES": "OidcRoles",
}


def environment() -> dict[str, Any]:
    """What the API alone is told (`chalicelib/ports/settings.py`)."""
    return {name: {"Ref": parameter} for name, parameter in _TOLD.items()}
