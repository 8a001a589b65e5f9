"""What all channels of Twilio share: how a call of theirs is known to be theirs, how it is read, and their API's doors.

https://www.twilio.com/docs/usage/security, .../usage/webhooks/webhook-shared-keys (a public beta in September 2026) and
https://www.twilio.com/docs/usage/requests-to-twilio.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

from chalicelib.channels.contract import Channel, Denied, Request
from chalicelib.channels.wire import SOON_S
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

SECRETS = {"auth_token": "required", "shared_key": "optional"}
API_BASE = "https://api.twilio.com"
VERSION = "2010-04-01"
FORM = "application/x-www-form-urlencoded"
TWIML = "text/xml; charset=utf-8"
"""What Twilio wants its calls answered with, else it warns the owner: https://www.twilio.com/docs/api/errors/12300"""
OVERRIDES = "#rc=3&rp=all"
"""Behind a URL that Twilio is to call: tried three times more, also where we answer 5xx, and not once more after a
failed connection alone. https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides"""
_HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_PORTS = {"https": 443, "http": 80}
_MOST_FIELDS = 1000

Fields = Sequence[tuple[str, str]]
"""Of a form, in their order; a name may stand several times."""


def denied(request: Request, channel: Channel) -> Denied | None:
    """The refusal of a call that does not bear the account's signature; None where it does."""
    form = _form(request)
    if form is None:
        return Denied(400, "malformed_form", f"the form has more than {_MOST_FIELDS} fields")
    if not _signed(request, channel, form):
        return Denied(401, "bad_signature", "X-Twilio-Signature is not that of the account's auth token")
    return None


def fields(request: Request) -> dict[str, str]:
    """What Twilio tells: a form by POST, the query by GET. Of a name that stands several times the first; blank ones
    too."""
    by_query = parse_qsl(_query(request), keep_blank_values=True) if request.method == "GET" else []
    return dict(reversed(by_query or _form(request) or []))


def _form(request: Request) -> list[tuple[str, str]] | None:
    """The fields of the body, none where it is no form; None where they are too many to be Twilio's."""
    if request.method == "GET" or not request.headers.get("content-type", "").lower().startswith(FORM):
        return []
    try:
        text = request.body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None


def _signed(request: Request, channel: Channel, form: Fields) -> bool:
    """Whether somebody signed it who has the account's auth token, or the key that it says it is signed with.

    The URL is the public one: as it was called, or as Twilio was told it, should a proxy of the owner's call us by
    another name. Twilio writes its port into it or does not, and nowhere says whether it signs the fragment.
    """
    settings = request.headers.get("x-twilio-webhooks-signature-settings", "")
    secret = channel.secrets.get("shared_key" if settings else "auth_token", "")
    digest = _HASHES.get(_algorithm(settings))
    given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    if not secret or digest is None or not (form or _is_hashed(request)):
        return False
    values: dict[str, set[str]] = {}
    for name, value in form:
        values.setdefault(name, set()).add(value)
    told = "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    found = False
    for url in [whole for one in _urls(request, channel) for whole in (one, one + OVERRIDES)]:
        mac = hmac.new(secret.encode("utf-8", "replace"), (url + told).encode("utf-8", "replace"), digest).digest()
        found |= hmac.compare_digest(given, base64.b64encode(mac))
    return found


def _algorithm(settings: str) -> str:
    """Of `key=<id of the key>,algorithm=<its name>`; an algorithm that is not known here opens nothing."""
    named = [part.partition("=") for part in settings.split(",")]
    return next((value.strip().upper() for name, _, value in named if name.strip() == "algorithm"), "HMAC_SHA1")


def _is_hashed(request: Request) -> bool:
    """Whether the URL, which alone is signed of what is no form, vouches for the body: of none there is nothing to."""
    if not request.body or request.method == "GET":
        return True
    given = parse_qs(_query(request)).get("bodySHA256", [""])[0]
    return hmac.compare_digest(given.encode("utf-8", "replace"), hashlib.sha256(request.body).hexdigest().encode())


def _urls(request: Request, channel: Channel) -> Iterator[str]:
    query = _query(request)
    told = channel.webhook_url + (f"?{query}" if query else "")
    for url in (request.url, told) if channel.webhook_url else (request.url,):
        scheme, host, rest = _taken_apart(url)
        yield url
        if scheme in _PORTS:
            name, _, port = host.rpartition(":")
            host = name if port.isascii() and port.isdecimal() else host
            yield f"{scheme}://{host}{rest}"
            yield f"{scheme}://{host}:{_PORTS[scheme]}{rest}"


def _query(request: Request) -> str:
    return request.url.partition("?")[2]


def _taken_apart(url: str) -> tuple[str, str, str]:
    """(scheme, host with its port, what follows) of a URL, be it one or not."""
    scheme, _, rest = url.partition("://")
    end = next((at for at, one in enumerate(rest) if one in "/?#"), len(rest))
    return scheme, rest[:end], rest[end:]


def base_url(channel: Channel, product: str = "api") -> str:
    """Where one of Twilio's products has its API, without a slash at its end: `api`, `messaging`, `content`, ...

    Each has a host of its own, also in another region (`api.dublin.ie1.twilio.com`); a mock has one for all.
    """
    base = (word(channel.settings.get("api_base")) or API_BASE).rstrip("/").removesuffix(f"/{VERSION}")
    host = _taken_apart(base)[1]
    is_theirs = host.startswith("api.") and host.endswith(".twilio.com")
    return base.replace("://api.", f"://{product}.", 1) if is_theirs else base


def of_account(channel: Channel, path: str) -> str:
    """The URL of something of the channel's account: `Messages.json`, `Calls/CA123.json`, ..."""
    return f"{base_url(channel)}/{VERSION}/Accounts/{quote(account(channel), safe='')}/{path}"


def account(channel: Channel) -> str:
    """The id of the channel's account: `AC...`."""
    return word(channel.settings.get("account_sid"))


def authorised(channel: Channel) -> dict[str, str]:
    """The header that opens the account."""
    pair = f"{account(channel)}:{channel.secrets.get('auth_token', '')}".encode("utf-8", "replace")
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


async def posted(url: str, form: Fields, channel: Channel, call: Call, *, timeout_s: float = SOON_S) -> Exchange:
    """Post a form to the API; a name that stands several times is given several times."""
    body = urlencode(form, errors="replace").encode()
    headers = {"content-type": FORM, **authorised(channel)}
    return await call("POST", url, headers=headers, body=body, timeout_s=timeout_s)


async def asked(url: str, channel: Channel, call: Call, *, timeout_s: float = SOON_S) -> Exchange:
    """Ask the API for something."""
    return await call("GET", url, headers=authorised(channel), timeout_s=timeout_s)
