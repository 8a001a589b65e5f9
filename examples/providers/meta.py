"""What all of Meta's channels have: how webhooks are signed, the challenge, how the Graph API says no.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started and
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from examples.providers.kinds import Answer, Asked
from examples.providers.world import Account, Hook, World


def no(status: int, code: int, message: str, *, subcode: int = 0, details: str = "", wait_s: int = 0) -> Answer:
    """An error of the Graph API."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEf"}
    error |= {"error_subcode": subcode} if subcode else {}
    error |= {"error_data": {"messaging_product": "whatsapp", "details": details}} if details else {}
    return Answer(status, {"error": error}, {"retry-after": str(wait_s)} if wait_s else {})


BAD_TOKEN = no(401, 190, "Invalid OAuth access token - Cannot parse access token")


def known(asked: Asked, account: Account | None) -> Answer | None:
    """What is said to a call about nothing that is there, or without its token; None where it may."""
    if account is None:
        return no(400, 100, "Unsupported request. Object does not exist or cannot be loaded", subcode=33)
    return None if asked.bearer == account.secrets.get("access_token") else BAD_TOKEN


def debug_token(asked: Asked, world: World) -> Answer:
    """https://developers.facebook.com/docs/graph-api/reference/debug_token"""
    given = asked.query.get("input_token")
    valid = any(one.secrets.get("access_token") == given for one in world.of_kind(asked.kind))
    return Answer(200, {"data": {"app_id": "1", "application": "Simulated app", "is_valid": valid, "expires_at": 0}})


def hook(account: Account, body: dict[str, Any], *, after_s: float = 0, bubble: str = "") -> Hook:
    """A notification, signed over its bytes with the app's secret; letters beyond ASCII are escapes, as Meta's."""
    raw = json.dumps(body, separators=(",", ":")).encode()
    digest = hmac.new(account.secrets.get("app_secret", "").encode(), raw, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
    return Hook(account, raw, headers, after_s, bubble)
