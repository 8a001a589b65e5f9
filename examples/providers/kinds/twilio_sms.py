"""SMS and MMS by Twilio: https://www.twilio.com/docs/messaging (November 2026)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from examples.providers import twilio
from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.twilio import no
from examples.providers.world import Account, Bubble, Hook, Person, World

LABEL = "SMS (Twilio)"
BASE = ""
CHANNEL = {
    "settings": {"account_sid": twilio.ACCOUNT_SID, "from": "+15005550006"},
    "secrets": {"auth_token": twilio.AUTH_TOKEN},
}
DEEDS = frozenset({"text", "file", "stop", "resume"})
TELLS = ("sent", "delivered")
WORDS = {"sent": "sent", "delivered": "delivered", "failed": "undelivered"}


def opened(channel: dict[str, Any]) -> Account:
    """The number."""
    return twilio.opened("twilio_sms", channel)


def address(person: Person) -> str:
    """The number."""
    return person.phone


async def answer(asked: Asked, world: World) -> Answer:
    """One call of the REST API."""
    if found := twilio.answer(asked, world):
        return found
    if twilio.path_of(asked) != "Messages" or asked.method != "POST":
        return no(404, 20404, f"The requested resource {asked.path} was not found")
    given, form = twilio.fields(asked), asked.form
    account, person = world.account("twilio_sms", form.get("From", "")), _person(form, world)
    if account is None:
        return no(400, 21606, f"The From phone number {form.get('From')} is not a valid, SMS-capable phone number")
    if person is None:
        return no(400, 21211, f"The 'To' number {form.get('To')} is not a valid phone number.")
    if world.flag(account, person, "stopped"):
        return no(400, 21610, "Attempt to send to unsubscribed recipient")
    text, links = form.get("Body", ""), given.get("MediaUrl", [])
    if len(text) > 1600:
        return no(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    if not text and not links:
        return no(400, 21602, "Message body is required")
    bubble = Bubble(twilio.sid("SM"), "twilio_sms", account.id, person.id, False, text=text)
    for link in links:
        status, body, type = await asked.fetch(link)
        if status != 200:
            return no(400, 21620, "Invalid media URL(s)")
        bubble.files.append({"id": world.keep_file(body, type, ""), "type": type, "name": ""})
    bubble.opaque = form.get("StatusCallback", "")
    world.add(bubble)
    segments = str(max(1, -(-len(text) // 153)))
    told = {"sid": bubble.id, "status": "queued", "num_segments": segments, "error_code": None, "to": person.phone}
    return Answer(201, told)


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a message goes to."""
    account = world.account("twilio_sms", asked.form.get("From", ""))
    return (account, _person(asked.form, world)) if account and twilio.path_of(asked) == "Messages" else None


def refusal(fault: str, wait_s: int) -> Answer:
    """https://www.twilio.com/docs/api/errors"""
    if fault == "throttled":
        return no(429, 20429, "Too Many Requests", wait_s=wait_s)
    if fault == "refused":
        return no(400, 21614, "'To' number is not a valid mobile number")
    if fault == "opted_out":
        return no(400, 21610, "Attempt to send to unsubscribed recipient")
    return no(500, 20500, "Internal Server Error")


def _person(form: dict[str, str], world: World) -> Person | None:
    return next((one for one in world.people.values() if one.phone == form.get("To")), None)


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """Status callbacks; nobody hears whether an SMS was read."""
    account, person = world.accounts["twilio_sms", bubble.account], world.people[bubble.person]
    return twilio.statuses(account, bubble.id, bubble.opaque, person.phone, states, WORDS, 30005)


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """A message that came in; those that stop and start are answered by Twilio itself, and told all the same."""
    own = Bubble(twilio.sid("SM"), "twilio_sms", account.id, person.id, True, state="sending", text=deed.text)
    form = {
        "MessageSid": own.id, "SmsMessageSid": own.id, "SmsSid": own.id, "SmsStatus": "received", "NumSegments": "1",
        "AccountSid": account.settings["account_sid"], "ApiVersion": "2010-04-01", "FromCity": "", "FromCountry": "GB",
        "From": person.phone, "To": account.id, "NumMedia": "0",
    }  # fmt: skip
    if deed.do in ("stop", "resume"):
        own.text = "STOP" if deed.do == "stop" else "START"
        form["OptOutType"] = own.text
        world.set_flag(account, person, "stopped", deed.do == "stop")
    elif deed.do == "file":
        file = world.files[deed.file]
        own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
        base = account.settings.get("api_base", "")
        at = f"{base}/2010-04-01/Accounts/{account.settings['account_sid']}/Messages/{own.id}/Media/{deed.file}"
        form |= {"NumMedia": "1", "MediaUrl0": at, "MediaContentType0": file.type}
    elif deed.do != "text":
        raise Impossible(f"nobody can {deed.do} by SMS")
    world.add(own)
    return [twilio.hook(account, form | {"Body": own.text}, bubble=own.id)]
