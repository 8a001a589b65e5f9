"""WhatsApp by Twilio: https://www.twilio.com/docs/whatsapp (November 2026). Choices are Content resources of its."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from examples.providers import twilio
from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.twilio import no
from examples.providers.whatsapp_messages import TEMPLATES
from examples.providers.world import Account, Bubble, Hook, Person, World, now_ms

LABEL = "WhatsApp (Twilio)"
BASE = ""
CHANNEL = {
    "settings": {"account_sid": twilio.ACCOUNT_SID, "from": "+447700900005"},
    "secrets": {"auth_token": twilio.AUTH_TOKEN},
}
DEEDS = frozenset({"text", "file", "place", "press", "reply", "stop", "resume"})
TELLS = ("sent", "delivered", "read")
WORDS = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "undelivered"}
PREFIX = "whatsapp:"
_DAY_MS = 24 * 3600 * 1000
_ONE_OF = {"twilio/quick-reply": ("actions", "title", 3, 20), "twilio/list-picker": ("items", "item", 10, 24)}
_BLANK = re.compile(r"\{\{(\w+)\}\}")


def opened(channel: dict[str, Any]) -> Account:
    """The sender."""
    return twilio.opened("twilio_whatsapp", channel)


def address(person: Person) -> str:
    """The number."""
    return person.phone


async def answer(asked: Asked, world: World) -> Answer:
    """One call of the REST APIs: of messages, senders, Content resources and typing."""
    if found := twilio.answer(asked, world):
        return found
    if asked.path.startswith("/v2/Channels/Senders"):
        return _senders(asked, world)
    if asked.path in ("/v2/Content", "/v2/ContentAndApprovals", "/v1/Content"):
        return _contents(asked, world)
    if asked.path == "/v2/Indicators/Typing.json":
        said = world.bubble("twilio_whatsapp", asked.form.get("messageId", ""))
        if said is None:
            return no(400, 20001, "messageId is not that of a message")
        account = world.accounts["twilio_whatsapp", said.account]
        world.set_flag(account, world.people[said.person], "typing", now_ms() + 25_000)
        return Answer(200, {"success": True})
    if twilio.path_of(asked) != "Messages" or asked.method != "POST":
        return no(404, 20404, f"The requested resource {asked.path} was not found")
    return await _message(asked, world)


def _senders(asked: Asked, world: World) -> Answer:
    mine = world.of_kind("twilio_whatsapp")
    rows = [{"sid": f"XE{one.id.lstrip('+')}", "sender_id": PREFIX + one.id, "status": "ONLINE"} for one in mine]
    if asked.method == "GET":
        return Answer(200, {"senders": rows, "meta": {"key": "senders"}})
    sid = asked.path.rpartition("/")[2]
    for row, account in zip(rows, mine, strict=True):
        if row["sid"] == sid:
            account.url = str((asked.json.get("webhook") or {}).get("callback_url", "")).partition("#")[0]
            world.touch()
            return Answer(202, row)
    return no(404, 20404, "no such sender")


def _contents(asked: Asked, world: World) -> Answer:
    """Those that were made, and templates that are approved from the start."""
    made: list[dict[str, Any]] = world.live.setdefault("twilio_whatsapp/contents", [])
    if asked.method == "POST":
        content = {**asked.json, "sid": twilio.sid("HX")}
        [(type, value)] = (content.get("types") or {"": {}}).items()
        many, _, most, _ = _ONE_OF.get(type, ("", "", 0, 0))
        if not 0 < len(value.get(many, [])) <= most:
            return no(400, 21654, "the content has no such type, or too many choices")
        made.append(content)
        return Answer(201, content)
    approved: list[dict[str, Any]] = [
        {
            "sid": f"HX{number:032d}", "friendly_name": name, "language": "en",
            "types": {"twilio/text": {"body": _body(one)}},
        }
        for number, (name, one) in enumerate(TEMPLATES.items(), 1)
    ]  # fmt: skip
    wanted = re.compile(asked.query.get("ContentName", ""))
    every = approved if asked.path.endswith("Approvals") else [*made, *approved]
    found = [one for one in every if wanted.search(one["friendly_name"])]
    return Answer(200, {"contents": found, "meta": {"key": "contents"}})


def _body(template: dict[str, Any]) -> str:
    return str(next(one["text"] for one in template["components"] if one["type"] == "BODY"))


async def _message(asked: Asked, world: World) -> Answer:
    form = asked.form
    account = world.account("twilio_whatsapp", form.get("From", "").removeprefix(PREFIX))
    person = _person(form, world)
    if account is None or not form.get("From", "").startswith(PREFIX):
        return no(400, 63007, "Twilio could not find a Channel with the specified From address")
    if person is None:
        return no(400, 21211, f"The 'To' number {form.get('To')} is not a valid phone number.")
    if world.flag(account, person, "stopped"):
        return no(400, 21610, "Attempt to send to unsubscribed recipient")
    bubble = _shown(form, world)
    if isinstance(bubble, Answer):
        return bubble
    for link in twilio.fields(asked).get("MediaUrl", []):
        status, body, type = await asked.fetch(link)
        if status != 200:
            return no(400, 21620, "Invalid media URL(s)")
        bubble.type = family(type)
        bubble.files.append({"id": world.keep_file(body, type, ""), "type": type, "name": ""})
    bubble.id, bubble.account, bubble.person = twilio.sid("SM"), account.id, person.id
    bubble.opaque = form.get("StatusCallback", "")
    world.set_flag(account, person, "typing", 0)
    if bubble.type != "template" and now_ms() - (world.flag(account, person, "heard_ms") or 0) > _DAY_MS:
        bubble.state, bubble.details = "failed", {"error": "63016: outside the allowed window"}
        world.post(twilio.statuses(account, bubble.id, bubble.opaque, form["To"], ("failed",), WORDS, 63016))
    world.add(bubble)
    return Answer(201, {"sid": bubble.id, "status": "queued", "error_code": None})


def _shown(form: dict[str, str], world: World) -> Bubble | Answer:
    bubble = Bubble("", "twilio_whatsapp", "", "", False, text=form.get("Body", ""))
    if len(bubble.text) > 1600:
        return no(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    if place := form.get("PersistentAction", ""):
        at, _, label = place.removeprefix("geo:").partition("|")
        latitude, _, longitude = at.partition(",")
        bubble.type = "location"
        bubble.details = {"latitude": latitude, "longitude": longitude, "name": bubble.text, "address": label}
    if sid := form.get("ContentSid", ""):
        return _filled(sid, json.loads(form.get("ContentVariables") or "{}"), bubble, world)
    if not bubble.text and not form.get("MediaUrl"):
        return no(400, 21619, "A text message body or media urls must be specified.")
    return bubble


def _filled(sid: str, variables: dict[str, str], bubble: Bubble, world: World) -> Bubble | Answer:
    """A Content resource with its blanks filled."""

    def fill(text: str) -> str:
        return _BLANK.sub(lambda blank: variables.get(blank[1], ""), text)

    for number, one in enumerate(TEMPLATES.values(), 1):
        if sid == f"HX{number:032d}":
            bubble.type, bubble.text = "template", fill(_body(one))
            return bubble
    made = next((one for one in world.live.get("twilio_whatsapp/contents", []) if one["sid"] == sid), None)
    if made is None:
        return no(400, 21655, "The ContentSid is invalid")
    [(type, value)] = made["types"].items()
    many, named, most, longest = _ONE_OF[type]
    bubble.type, bubble.text = "buttons" if many == "actions" else "list", fill(value["body"])
    bubble.choices = [
        {"title": fill(one[named]), "payload": fill(one["id"]), "description": fill(one.get("description", ""))}
        for one in value[many]
    ]
    wrong = len(bubble.choices) > most or any(not 0 < len(one["title"]) <= longest for one in bubble.choices)
    return no(400, 21656, "The ContentVariables Parameter is invalid") if wrong or not bubble.text else bubble


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a message goes to."""
    account = world.account("twilio_whatsapp", asked.form.get("From", "").removeprefix(PREFIX))
    return (account, _person(asked.form, world)) if account and twilio.path_of(asked) == "Messages" else None


def refusal(fault: str, wait_s: int) -> Answer:
    """https://www.twilio.com/docs/api/errors"""
    if fault == "throttled":
        return no(429, 20429, "Too Many Requests", wait_s=wait_s)
    if fault == "refused":
        return no(400, 63003, "Channel could not find To address")
    if fault == "opted_out":
        return no(400, 21610, "Attempt to send to unsubscribed recipient")
    return no(500, 20500, "Internal Server Error")


def _person(form: dict[str, str], world: World) -> Person | None:
    return next((one for one in world.people.values() if PREFIX + one.phone == form.get("To")), None)


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """Status callbacks."""
    account, person = world.accounts["twilio_whatsapp", bubble.account], world.people[bubble.person]
    return twilio.statuses(account, bubble.id, bubble.opaque, PREFIX + person.phone, states, WORDS, 63024)


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """A message that came in."""
    about = world.bubble("twilio_whatsapp", deed.about) if deed.about else None
    id = twilio.sid("SM")
    own = Bubble(id, "twilio_whatsapp", account.id, person.id, True, state="sending", text=deed.text, about=deed.about)
    form = {
        "MessageSid": id, "SmsMessageSid": id, "SmsSid": id, "SmsStatus": "received", "NumSegments": "1",
        "AccountSid": account.settings["account_sid"], "ApiVersion": "2010-04-01", "ProfileName": person.name,
        "WaId": person.phone.lstrip("+"), "From": PREFIX + person.phone, "To": PREFIX + account.id, "NumMedia": "0",
        "MessageType": "text", "ReferralNumMedia": "0",
    }  # fmt: skip
    form |= (
        {"OriginalRepliedMessageSid": about.id, "OriginalRepliedMessageSender": PREFIX + account.id} if about else {}
    )
    match deed.do:
        case "text" | "reply":
            pass
        case "stop" | "resume":
            own.text = "STOP" if deed.do == "stop" else "START"
            form["OptOutType"] = own.text
            world.set_flag(account, person, "stopped", deed.do == "stop")
        case "file":
            file = world.files[deed.file]
            own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
            base = account.settings.get("api_base", "")
            at = f"{base}/2010-04-01/Accounts/{account.settings['account_sid']}/Messages/{id}/Media/{deed.file}"
            form |= {"NumMedia": "1", "MediaUrl0": at, "MediaContentType0": file.type, "MessageType": own.type}
        case "place":
            own.type, own.details = "location", deed.details
            named = {"Latitude": "latitude", "Longitude": "longitude", "Label": "name", "Address": "address"}
            form |= {field: str(deed.details[name]) for field, name in named.items() if name in deed.details}
        case "press" if about:
            chosen = next((one for one in about.choices if one.get("payload") == deed.payload), None)
            if chosen is None:
                raise Impossible("there is no such button")
            own.text, own.type = chosen["title"], "press"
            if about.type == "list":
                form |= {"ListId": deed.payload, "ListTitle": own.text, "MessageType": "interactive"}
            else:
                form |= {"ButtonPayload": deed.payload, "ButtonText": own.text, "MessageType": "button"}
        case _:
            raise Impossible(f"nobody can {deed.do} that there")
    world.set_flag(account, person, "heard_ms", now_ms())
    world.add(own)
    return [twilio.hook(account, form | {"Body": own.text}, bubble=id)]
