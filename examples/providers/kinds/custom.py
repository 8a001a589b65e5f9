"""A gateway of one's own, which speaks the `custom` kind's form: JSON both ways, signed as Standard Webhooks
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Sequence
from typing import Any

from examples.providers.kinds import Answer, Asked, Deed, Impossible
from examples.providers.world import Account, Bubble, Hook, Person, World

LABEL = "Custom"
BASE = "/out"
WHERE = "send_url"
"""The setting that says where it is."""
CHANNEL: dict[str, Any] = {
    "settings": {},
    "secrets": {"signing_secret": "whsec_" + base64.b64encode(b"a secret of a simulated gateway!").decode()},
}
DEEDS = frozenset({"text", "reply", "place", "press", "edit", "delete", "react", "stop", "resume"})
TELLS = ("sent", "delivered", "read")
_GOOD_S = 300


def opened(channel: dict[str, Any]) -> Account:
    """The gateway, of which a secret tells one from another."""
    secret = str(channel["secrets"]["signing_secret"])
    id = hashlib.sha256(secret.encode()).hexdigest()[:12]
    return Account("custom", id, "Your own gateway", channel["settings"], channel["secrets"])


def address(person: Person) -> str:
    """The number."""
    return person.phone


async def answer(asked: Asked, world: World) -> Answer:
    """A message is handed over; one that was taken before is answered as it was then."""
    if asked.method != "POST" or asked.path != "/out":
        return _no(404, "nobody_here")
    account = _whose(asked, world)
    if account is None:
        return _no(401, "bad_signature")
    message, person = asked.json, _person(asked, world)
    if person is None or not (message.get("text") or message.get("media") or message.get("content")):
        return _no(422, "bad_message")
    for bubble in world.thread(account, person):
        if bubble.opaque and bubble.opaque == message.get("id"):
            return Answer(200, {"id": bubble.id})
    if world.flag(account, person, "stopped"):
        return _no(403, "opted_out")
    choices = [
        {"title": str(one.get("title")), "payload": str(one.get("payload"))}
        for one in message.get("buttons") or ()
        if "payload" in one
    ]
    said = Bubble(f"g-{secrets.token_hex(8)}", "custom", account.id, person.id, False, choices=choices)
    said.text, said.opaque = str(message.get("text") or ""), str(message.get("id") or "")
    world.add(said)
    return Answer(200, {"id": said.id})


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a message goes to."""
    account = _whose(asked, world) if asked.path == "/out" else None
    return (account, _person(asked, world)) if account else None


def refusal(fault: str, wait_s: int) -> Answer:
    """A code of HTTP."""
    if fault == "throttled":
        return Answer(429, {}, {"retry-after": str(wait_s)})
    return _no({"broken": 500, "refused": 400}.get(fault, 403), fault)


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """What became of a message, an event each."""
    account = world.accounts["custom", bubble.account]
    failed = {"error": {"code": "gone", "reason": "the phone is gone"}}
    return [
        _posted(
            account,
            {"type": "status", "id": bubble.id, "status": state} | (failed if state == "failed" else {}),
            after_s=0.3 + 0.6 * place,
        )
        for place, state in enumerate(states)
    ]


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """An event of what somebody did."""
    who, id = address(person), f"m-{secrets.token_hex(8)}"
    if deed.do in ("stop", "resume"):
        world.set_flag(account, person, "stopped", deed.do == "stop")
        consent = {"type": "consent", "id": id, "from": who, "given": deed.do == "resume", "phone": who}
        return [_posted(account, consent)]
    about = world.bubble("custom", deed.about) if deed.about else None
    if deed.do in ("edit", "delete", "react"):
        return [_posted(account, {"id": id, "from": who} | _changed(deed, about, person, world))]
    own = Bubble(id, "custom", account.id, person.id, True, state="sending", text=deed.text, about=deed.about)
    event = {"type": "message", "id": id, "from": who, "name": person.name, "phone": who} | _said(deed, own, about)
    world.add(own)
    return [_posted(account, event | ({"in_reply_to": about.id} if about else {}), bubble=id)]


def _said(deed: Deed, own: Bubble, about: Bubble | None) -> dict[str, Any]:
    match deed.do:
        case "text" | "reply":
            return {"text": deed.text}
        case "place":
            own.type, own.details = "location", deed.details
            return {"location": deed.details}
        case "press" if about:
            chosen = next((one for one in about.choices if one["payload"] == deed.payload), None)
            if chosen is None:
                raise Impossible("there is no such button")
            own.text, own.type = chosen["title"], "press"
            return {"postback": {"payload": chosen["payload"], "title": chosen["title"]}}
    raise Impossible(f"nobody can {deed.do} here")


def _changed(deed: Deed, about: Bubble | None, person: Person, world: World) -> dict[str, Any]:
    if about is None or (deed.do != "react" and not about.mine):
        raise Impossible("there is no such message of theirs")
    if deed.do == "edit":
        about.text, about.edited = deed.text, True
    elif deed.do == "delete":
        about.deleted, about.text = True, ""
    else:
        about.signs = {**about.signs, person.id: deed.text} if deed.text else {}
    world.touch(about)
    what = {"edit": "edited", "delete": "deleted", "react": "reaction"}[deed.do]
    more = {"text": deed.text} if deed.do == "edit" else {"emoji": deed.text} if deed.do == "react" else {}
    return {"type": what, "about": about.id} | more


def _no(status: int, code: str) -> Answer:
    return Answer(status, {"error": {"code": code, "reason": code.replace("_", " ")}})


def _person(asked: Asked, world: World) -> Person | None:
    return next((one for one in world.people.values() if one.phone == asked.json.get("to")), None)


def _signature(account: Account, id: str, at: str, body: bytes) -> str:
    key = base64.b64decode(account.secrets["signing_secret"].removeprefix("whsec_"))
    made = hmac.new(key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def _whose(asked: Asked, world: World) -> Account | None:
    """The account whose secret a call is signed with, within five minutes."""
    id, at = (asked.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp"))
    given = asked.headers.get("webhook-signature", "").split()
    if not at.isdigit() or abs(time.time() - int(at)) > _GOOD_S:
        return None
    return next((one for one in world.of_kind("custom") if _signature(one, id, at, asked.body) in given), None)


def _posted(account: Account, event: dict[str, Any], **more: Any) -> Hook:
    body, id, at = json.dumps(event).encode(), f"msg_{secrets.token_hex(8)}", str(int(time.time()))
    signed = {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": _signature(account, id, at, body)}
    return Hook(account, body, {"content-type": "application/json"} | signed, **more)
