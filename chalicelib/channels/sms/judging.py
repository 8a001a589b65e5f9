"""What is wrong with the description of a gateway, found when it is saved: templates are filled in with two samples, of
which one holds every sign that breaks something somewhere, and expressions are compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.channels.sms import engines, outgoing, profile
from chalicelib.channels.sms.profile import Profile
from chalicelib.wire.json_body import escaped

Wrong = list[tuple[str, str]]
"""(JSON pointer in the channel, sentence)."""
AWKWARD = "\"quoted\" & <b>1+1=2</b> 100% \\n 'it' {{ x }}\n\u00e4\u0926\U0001f600"
_SAMPLES = (
    {"to": "+15550100", "text": "Hello", "id": "dl_1", "ref": "sm_1", "unicode": False},
    {"to": "+4915112345678", "text": AWKWARD, "id": "dl_2", "ref": "sm_2", "unicode": True},
)
_UNDEFINED = re.compile(r"position \d+: '?([A-Za-z_.]+?)'? is undefined")


def judged(settings: Mapping[str, Any], secrets: frozenset[str]) -> tuple[Wrong, Wrong]:
    """(what is wrong, addresses that are called) of a channel with these settings and secrets of these names."""
    known, wrong = profile.of(settings), Wrong()
    reads, sends = known.receive.get("mapping") or known.receive.get("status"), bool(known.send)
    if not reads and not sends:
        return [("/settings", "needs a preset, or send or receive of your own")], []
    texts = profile.expressions(known) | profile.answers(known)
    texts |= {"/receive/each": str(known.receive["each"])} if known.receive.get("each") else {}
    wrong += [(f"/settings{path}", why) for path, why in engines.problems(texts)]
    if reads:
        wrong += _door(known, secrets)
    if not sends:
        return wrong, []
    shape = _shape(known)
    if shape:
        return wrong + shape, []
    found, urls = _filled(known, secrets)
    return wrong + found, urls


def _door(known: Profile, secrets: frozenset[str]) -> Wrong:
    scheme = known.signature.get("scheme")
    if not scheme:
        return [("/settings/signature", "is needed: how the gateway's posts are known for its own, or the scheme none")]
    if scheme != "none" and "signature" not in secrets:
        return [("/secrets/signature", f"is needed for the scheme {scheme}")]
    return []


def _shape(known: Profile) -> Wrong:
    body, place = known.send.get("body"), profile.place_of(profile.content_type(known))
    if not known.send.get("url"):
        return [("/settings/send/url", "Field required")]
    if known.send.get("method") == "GET" and body not in (None, ""):
        return [("/settings/send/body", "does not go with GET: put it into the url")]
    if isinstance(body, dict) and place not in ("json", "form"):
        return [("/settings/send/body", "must be a text: of objects there are JSON and forms")]
    return []


def _filled(known: Profile, secrets: frozenset[str]) -> tuple[Wrong, Wrong]:
    texts = profile.templates(known)
    named = dict.fromkeys(secrets, "secret")
    values: dict[str, Any] = {
        "secrets": named, "options": dict(known.options), "params": {}, "part": 1, "parts": 1, "now": 1_700_000_000,
        "webhook_url": "https://parley.example/channels/ch_1/webhook",
    }  # fmt: skip
    values |= {"from": known.sender} if known.sender else {}
    values |= {"template": {"id": "1", "name": "x"}} if known.templates else {}
    values |= {"api_base": known.api_base} if known.api_base else {}
    wrong, urls = Wrong(), list[str]()
    for given, errors, _ in engines.filled(texts, [values | one for one in _SAMPLES], checked=True):
        told = [_told(path, why) for path, why in errors]
        wrong += [one for one in told if one not in wrong]
        if not errors:
            urls.append(given["/send/url"])
            try:
                outgoing.request_of(known, given)
            except ValueError as error:
                wrong.append(("/settings/send/body", f'{error} where a text holds " or &'[:300]))
    if wrong or not urls:
        return wrong, []
    if len({_whose(url) for url in urls}) > 1:
        return [("/settings/send/url", "must lead to one host, whatever is said and to whom")], []
    return [], [("/settings/send/url", urls[0])]


def _whose(url: str) -> tuple[str, str]:
    try:
        at = urlsplit(url)
    except ValueError:
        return "", url
    return at.scheme, at.netloc


def _told(path: str, why: str) -> tuple[str, str]:
    """Where to mend it: what is not defined is to be given elsewhere."""
    found = _UNDEFINED.fullmatch(why)
    name, _, member = found[1].partition(".") if found else ("", "", "")
    by = f"is needed: {path.removeprefix('/').replace('/', '.')} speaks of it"
    if name in ("from", "api_base") and not member:
        return f"/settings/{name}", by
    if name == "options" and member:
        return f"/settings/options/{escaped(member)}", by
    if name == "secrets" and member:
        return f"/secrets/{escaped(member)}", by
    return f"/settings{path}", why
