"""Twilio's APIs as far as our calls go: they refuse what Twilio would, hand out ids, call back and hold files.

By hand after https://www.twilio.com/docs/messaging/api/message-resource, .../iam/api/account, .../phone-numbers/api,
.../messaging/api/service-resource, .../content/content-api-resources, .../whatsapp/api (November 2026) and the
parameters of its own library 9.13; one that is not named here is new to whoever adds it.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.outside import Answer, Heard

FILE = b"\xff\xd8\xff picture"
PARAMETERS = {
    "To", "From", "MessagingServiceSid", "StatusCallback", "Body", "MediaUrl", "ContentSid", "ContentVariables",
    "PersistentAction",
}  # fmt: skip
"""Of a message."""
Form = list[tuple[str, str]]


def refusal(form: Form) -> str:
    """What Twilio would say no to a message with; empty where it takes it."""
    given: dict[str, list[str]] = {}
    for name, value in form:
        given.setdefault(name, []).append(value)
    if unknown := given.keys() - PARAMETERS:
        return f"unknown {unknown}"
    if any(len(values) > 1 for name, values in given.items() if name != "MediaUrl"):
        return "a parameter that stands twice"
    [to] = given.get("To", [""])
    whatsapp = to.startswith("whatsapp:")
    if not to or not (given.get("From") or given.get("MessagingServiceSid")):
        return "no recipient or no sender"
    if any(one.startswith("whatsapp:") is not whatsapp for one in given.get("From", ())):
        return "63007: the sender is of another network"
    [body], files = given.get("Body", [""]), given.get("MediaUrl", [])
    if not body.strip() and not files and "ContentSid" not in given:
        return "21619: nothing is said"
    if len(body) > 1600:
        return "21617: the body is longer than 1600 characters"
    if len(files) > (1 if whatsapp else 10) or not all(one.startswith(("https://", "http://")) for one in files):
        return "21623: too many files, or one that is none"
    return _of_the_rest({name: values[0] for name, values in given.items()}, whatsapp)


def _of_the_rest(given: dict[str, str], whatsapp: bool) -> str:
    if "ContentVariables" in given:
        variables = json.loads(given["ContentVariables"])
        if "ContentSid" not in given or not all(isinstance(one, str) and one for one in variables.values()):
            return "21656: variables that are none"
    if "PersistentAction" in given and not (whatsapp and given.get("Body") and given["PersistentAction"][:4] == "geo:"):
        return "a place without a name"
    if (underscored := urlsplit(given.get("StatusCallback", "")).hostname or "") and "_" in underscored:
        return "21609: no underscores in the name of a host"
    return ""


@dataclass
class TwilioApi:
    """They, for one account."""

    account: str
    token: str
    number: str = "+14155550100"
    senders: list[str] = field(default_factory=list)
    """Senders of WhatsApp: `whatsapp:+14155550100`."""
    service: str = ""
    """Id of a messaging service."""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    """Method and path of what was called, and what was posted."""
    fails: list[tuple[int, int, str] | None] = field(default_factory=list)
    """(HTTP's status, code, message) of the next answers to messages, one after the other; None is taken."""
    url: str = ""
    webhook: str = ""
    """Where the sender calls."""
    contents: list[dict[str, Any]] = field(default_factory=list)
    """Content resources."""
    wrong: list[str] = field(default_factory=list)
    """What was refused on its own account."""
    told: list[tuple[str, bool]] = field(default_factory=list)
    """Files that were fetched, and whether the token was told."""

    def answer(self, heard: Heard) -> Answer:
        """As `Outside.answer`."""
        pair = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        knows = heard.headers.get("authorization") == f"Basic {pair}"
        path, _, query = heard.path.partition("?")
        if path.startswith("/cdn/"):
            self.told.append((path, "authorization" in heard.headers))
            return 200, FILE, {"Content-Type": "image/jpeg"}
        if not knows:
            return _no(401, 20003, "Authenticate")
        if "/Media/" in path:
            self.told.append((path, True))
            host = heard.headers["host"].replace("127.0.0.1", "localhost")
            return 307, b"", {"Location": f"http://{host}/cdn/{path.rpartition('/')[2]}"}
        posted: Any = heard.raw.decode()
        if heard.method == "POST":
            is_json = heard.headers["content-type"].startswith("application/json")
            posted = json.loads(posted) if is_json else parse_qsl(posted, keep_blank_values=True)
        self.calls.append((f"{heard.method} {path}", posted))
        return self._answer(heard.method, path, parse_qs(query), posted)

    def sent(self) -> list[dict[str, str]]:
        """The messages that were handed in, without what is the same of all; of files the last."""
        same = ("To", "From", "MessagingServiceSid", "StatusCallback")
        return [{name: value for name, value in form if name not in same} for form in self.forms()]

    def forms(self) -> list[Form]:
        """The messages that were handed in."""
        return [form for call, form in self.calls if call.endswith("/Messages.json")]

    def _answer(self, method: str, path: str, query: dict[str, list[str]], posted: Any) -> Answer:
        inside = path.removeprefix(f"/2010-04-01/Accounts/{self.account}")
        match method, inside:
            case "GET", ".json":
                return 200, {"sid": self.account, "friendly_name": "Care", "status": "active"}
            case "GET", "/IncomingPhoneNumbers.json":
                known = query["PhoneNumber"] == [self.number]
                return 200, {"incoming_phone_numbers": [{"sid": "PN1", "phone_number": self.number}] if known else []}
            case "POST", "/IncomingPhoneNumbers/PN1.json":
                self.webhook = dict(posted)["SmsUrl"]
                return 200, {"sid": "PN1"}
            case "POST", "/Messages.json":
                return self._message(posted)
            case "GET", "/v2/Channels/Senders":
                found = [
                    {"sid": f"XE{at}", "sender_id": one, "status": "ONLINE"} for at, one in enumerate(self.senders)
                ]
                return 200, {"senders": found, "meta": {"key": "senders"}}
            case "POST", "/v2/Channels/Senders/XE0":
                self.webhook = posted["webhook"]["callback_url"]
                return 202, {"sid": "XE0", "sender_id": self.senders[0]}
            case "POST", "/v2/Indicators/Typing.json":
                return 200, {"success": dict(posted)["channel"] == "whatsapp"}
            case "GET", "/v2/Content" | "/v2/ContentAndApprovals":
                pattern = query.get("ContentName", [""])[0]
                named = [one for one in self.contents if re.search(pattern, one["friendly_name"])]
                return 200, {"contents": named, "meta": {"key": "contents"}}
            case "POST", "/v1/Content":
                made = {**posted, "sid": f"HX{len(self.contents):032}"}
                self.contents.append(made)
                return 201, made
        if path == f"/v1/Services/{self.service}":
            self.webhook = dict(posted)["InboundRequestUrl"] if method == "POST" else self.webhook
            return 200, {"sid": self.service, "friendly_name": "Reminders"}
        self.wrong.append(f"{method} {path}")
        return _no(404, 20404, "The requested resource was not found")

    def _message(self, form: Form) -> Answer:
        if why := refusal(form):
            self.wrong.append(why)
            return _no(400, int(why[:5]) if why[:5].isdecimal() else 20001, why)
        if self.fails and (failed := self.fails.pop(0)):
            return _no(*failed)
        return 201, {"sid": f"SM{len(self.forms()):032}", "status": "queued", "error_code": None}


def _no(status: int, code: int, message: str) -> Answer:
    return status, {"code": code, "message": message, "status": status}
