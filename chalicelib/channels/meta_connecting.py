"""Whether Meta knows a token, until when, and having a Page or an account call us.

https://developers.facebook.com/docs/graph-api/reference/debug_token,
https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps and
https://developers.facebook.com/documentation/instagram-platform/webhooks (November 2026).
"""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.channels import meta_errors
from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.meta import authorised, inside
from chalicelib.channels.meta_kind import Kind
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

_BAD_TOKEN, _BAD_PARAMETER = "190", "100"


async def connect(channel: Channel, call: Call, kind: Kind) -> Connected | TryLater | Refused:
    """What Meta says of the Page or account and its token.

    With a `webhook_url` it is subscribed to the app whose token that is: where the app calls, its dashboard says. An
    account that is linked to a Page is left to its owner, as what is subscribed to replaces what the Page had before.
    """
    own, about, linked = kind.own_id(channel), f"/settings/{kind.own}", kind.is_linked(channel)
    # An account's own token opens what it is of, and says which one it is; a Page's has to be let in.
    path, fields = (own, f"id,{kind.named}") if kind.is_of_page(channel) else ("me", f"user_id,{kind.named}")
    exchange = await call("GET", kind.at(channel, path, fields=fields), headers=authorised(channel))
    if wrong := _trouble(exchange, about):
        return wrong
    given = answered(exchange)
    id = word(given.get("user_id")) or word(given.get("id"))
    if not id:
        return TryLater("not Meta's answer")
    if id != own:
        return Refused("another_account", f"the token is that of {id[:64]}", at=about)
    facts = {name: value for name in kind.named.split(",") if (value := word(given.get(name)))}
    app, expires_ms = await token_of(channel, kind.at(channel, ""), call) if kind.is_of_page(channel) else ("", 0)
    facts |= {"app": app} if app else {}
    if channel.webhook_url and not linked:
        url = kind.at(channel, f"{own}/subscribed_apps", subscribed_fields=",".join(kind.subscribes))
        exchange = await call("POST", url, headers=authorised(channel))
        if wrong := _trouble(exchange, ""):
            return wrong
        if answered(exchange).get("success") is not True:
            return TryLater("not Meta's answer")
        facts["webhook"] = "subscribed"
    return Connected(facts, expires_ms, registers=not linked)


async def token_of(channel: Channel, base: str, call: Call) -> tuple[str, int]:
    """(the app that the token is of, when it ends in milliseconds since the epoch, 0: never), as far as Meta tells."""
    address, _, query = base.partition("?")
    token = quote(channel.secrets.get("access_token", ""), safe="")
    url = f"{address.rstrip('/')}/debug_token?input_token={token}" + (f"&{query}" if query else "")
    exchange = await call("GET", url, headers=authorised(channel))
    told = inside(answered(exchange), "data") if exchange.status == 200 else {}
    ends = told.get("expires_at")
    return word(told.get("application")), ends * 1000 if type(ends) is int and 0 < ends < 10**11 else 0


def trouble(exchange: Exchange, about: str, code: str, reason: str) -> TryLater | Refused | None:
    """What is wrong. Beyond doubt it is the token where Meta says so, and what was asked `about` where Meta, in its own
    form, does not know it: there is nothing else in these requests that could be wrong."""
    if exchange.status == 401 or code == _BAD_TOKEN:
        return Refused(code or "http_401", reason or "Meta does not know the token", at="/secrets/access_token")
    if code == _BAD_PARAMETER or (code and exchange.status == 404):
        return Refused(code, reason, at=about)
    if later := unanswered(exchange, 0):
        return TryLater(f"{code}: {reason}" if code else later.error)
    if exchange.status >= 300:
        return Refused(code or f"http_{exchange.status}", reason or f"it answered {exchange.status}")
    return None


def _trouble(exchange: Exchange, about: str) -> TryLater | Refused | None:
    code, _, reason = meta_errors.read(exchange)
    return trouble(exchange, about, code, reason)
