"""Files that Twilio holds: pictures of messages, recordings of calls.

https://www.twilio.com/docs/messaging/api/media-resource. The address opens to whoever has the account's token, or to
all, as the account has it, and leads on to where the file lies, which must not be told that token.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from chalicelib.channels import twilio, twilio_errors
from chalicelib.channels.contract import Channel, File, Refused, TryLater
from chalicelib.channels.wire import unanswered
from chalicelib.domain.exchange import Call

SCHEME = "twilio-media:"
LONGEST = 1024
"""Of an address; Twilio's own are some 150."""
_TIMEOUT_S = 25.0
"""The largest file does not come in the five seconds of a webhook."""
_HOPS = 3
_LEADS_ON = (301, 302, 303, 307, 308)
_GONE = (404, 410)


def reference(url: str) -> str:
    """What stands in `Media.url` for a file that Twilio names; empty where that is no address."""
    is_one = url.startswith(("https://", "http://")) and url.isascii() and url.isprintable() and " " not in url
    return SCHEME + url if is_one and len(url) <= LONGEST else ""


async def fetched(reference: str, channel: Channel, call: Call) -> File | TryLater | Refused:
    """The file of a reference: the token goes to Twilio, and not where that sends us on to."""
    url = reference.removeprefix(SCHEME)
    if not reference.startswith(SCHEME) or not url.startswith(("https://", "http://")):
        return Refused("bad_reference", f"no {SCHEME}<address>")
    headers, first = (twilio.authorised(channel) if _is_theirs(url, channel) else {}), _origin(url)
    for _ in range(_HOPS + 1):
        exchange = await call("GET", url, headers=headers if _origin(url) == first else {}, timeout_s=_TIMEOUT_S)
        to = exchange.headers.get("location", "")
        if exchange.status not in _LEADS_ON or not to:
            break
        try:
            url = urljoin(url, to)
        except ValueError:
            return Refused("bad_redirect", "the file's address leads to none")
    if exchange.error == "too_large":
        return Refused("too_large", "the file is larger than we take")
    if exchange.status in _GONE:
        return Refused(f"http_{exchange.status}", "Twilio has the file no longer")
    if later := unanswered(exchange, 0):
        return later
    if trouble := twilio_errors.of(exchange, 0) if exchange.status >= 300 else None:
        return trouble
    return File(exchange.body, exchange.headers.get("content-type", "").partition(";")[0].strip())


def _is_theirs(url: str, channel: Channel) -> bool:
    scheme, host = _origin(url)
    return (scheme == "https" and host.endswith(".twilio.com")) or (scheme, host) == _origin(twilio.base_url(channel))


def _origin(url: str) -> tuple[str, str]:
    try:
        at = urlsplit(url)
        return at.scheme, at.netloc.lower()
    except ValueError:
        return "", ""
