"""Twilio's API and webhooks, as all of its channels have them: https://www.twilio.com/docs (November 2026)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from examples.providers.kinds import Answer, Asked
from examples.providers.world import Account, Hook, World

ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
AUTH_TOKEN = "simulated-auth-token"
_AT = re.compile(r"/2010-04-01/Accounts/([^/.]+)(?:/(.+?))?\.json")
_FILE = re.compile(r"/2010-04-01/Accounts/[^/]+/(?:Messages/\w+/Media|Recordings)/(\w+)(?:\.mp3)?")


def sid(prefix: str) -> str:
    """A new id of Twilio's."""
    return prefix + secrets.token_hex(16)


def opened(kind: str, channel: dict[str, Any]) -> Account:
    """The number, or what else it sends from."""
    settings = channel["settings"]
    id = str(settings.get("from") or settings.get("messaging_service_sid")).removeprefix("whatsapp:")
    return Account(kind, id, id, settings, channel["secrets"])


def no(status: int, code: int, message: str, *, wait_s: int = 0) -> Answer:
    """An error of Twilio's: https://www.twilio.com/docs/api/errors"""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more_info, "status": status}
    return Answer(status, body, {"retry-after": str(wait_s)} if wait_s else {})


def fields(asked: Asked) -> dict[str, list[str]]:
    """Of a form, each with all of its values."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(asked.body.decode("utf-8", "replace"), keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def path_of(asked: Asked) -> str:
    """What is asked for within an account: `Messages`, `Calls/CA1`; empty where it is something else."""
    at = _AT.fullmatch(asked.path)
    return (at[2] or "") if at else ""


def answer(asked: Asked, world: World) -> Answer | None:
    """What is answered about accounts, numbers and files, and to who has no token; None: the kind has to answer."""
    if of := _FILE.fullmatch(asked.path):
        file = world.files.get(of[1])
        return Answer(200, file.body, {"content-type": file.type}) if file else no(404, 20404, "not found")
    owners = [one for one in world.of_kind(asked.kind) if asked.headers.get("authorization") == _basic(one)]
    if not owners:
        return no(401, 20003, "Authenticate")
    at = _AT.fullmatch(asked.path)
    if at is None:
        return None
    if at[1] != owners[0].settings["account_sid"]:
        return no(404, 20404, f"The requested resource {asked.path} was not found")
    what = at[2] or ""
    if what == "":
        return Answer(200, {"sid": at[1], "status": "active", "friendly_name": "Simulated account"})
    if what == "IncomingPhoneNumbers":
        wanted = asked.query.get("PhoneNumber", "")
        found = [_number(one) for one in owners if one.id == wanted or not wanted]
        return Answer(200, {"incoming_phone_numbers": found})
    if what.startswith("IncomingPhoneNumbers/"):
        one = next((one for one in owners if _number(one)["sid"] == what.partition("/")[2]), None)
        return _told(asked, one, world) if one else no(404, 20404, "not found")
    return None


def _number(account: Account) -> dict[str, Any]:
    sid = "PN" + hashlib.md5(account.id.encode()).hexdigest()
    can = {"voice": account.kind == "voice_twilio", "sms": account.kind != "voice_twilio"}
    return {"sid": sid, "phone_number": account.id, "friendly_name": "Simulated number", "capabilities": can}


def _told(asked: Asked, account: Account, world: World) -> Answer:
    """Where a number calls from now on; what stands behind # says how often."""
    for name in ("SmsUrl", "VoiceUrl"):
        if url := asked.form.get(name):
            account.url = url.partition("#")[0]
            world.touch()
    if url := asked.form.get("StatusCallback"):
        account.hook = account.hook | {"status": url.partition("#")[0]}
    return Answer(200, _number(account))


def _basic(account: Account) -> str:
    pair = f"{account.settings['account_sid']}:{account.secrets['auth_token']}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def signature(url: str, form: Mapping[str, str], token: str) -> str:
    """https://www.twilio.com/docs/usage/security: over the URL, and each field with its value, sorted."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def hook(account: Account, form: Mapping[str, str], *, url: str = "", after_s: float = 0, bubble: str = "") -> Hook:
    """A call of Twilio's, signed for the URL that it goes to."""
    to = (url or account.url).partition("#")[0]
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": signature(to, form, account.secrets["auth_token"]),
        "i-twilio-idempotency-token": secrets.token_hex(8),
    }
    return Hook(account, urlencode(form).encode(), headers, after_s, bubble, url=to)


def statuses(
    account: Account, message: str, url: str, to: str, states: Sequence[str], words: Mapping[str, str], error: int
) -> list[Hook]:
    """What became of a message, to where it was said that it is to be told; states that have no word are not told."""
    found = []
    for place, state in enumerate(states):
        if url and (word := words.get(state)):
            form = {"MessageSid": message, "SmsSid": message, "MessageStatus": word, "SmsStatus": word, "To": to}
            form |= {"From": account.id, "AccountSid": account.settings["account_sid"], "ApiVersion": "2010-04-01"}
            form |= {"ErrorCode": str(error)} if state == "failed" else {}
            found.append(hook(account, form, url=url, after_s=0.3 + 0.6 * place))
    return found
