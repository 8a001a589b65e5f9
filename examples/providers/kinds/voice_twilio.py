"""Calls by Twilio: https://www.twilio.com/docs/voice (November 2026). What a call does is in calls.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from examples.providers import twilio
from examples.providers.calls import GOING, OVER, RING, Telephone
from examples.providers.kinds import Answer, Asked, Deed, Impossible
from examples.providers.twilio import no
from examples.providers.world import Account, Bubble, Hook, Person, World

LABEL = "Telephone"
BASE = ""
CHANNEL: dict[str, Any] = {
    "settings": {
        "account_sid": twilio.ACCOUNT_SID,
        "from": "+15005550009",
        "greeting": "Welcome to the simulated shop.",
    },
    "secrets": {"auth_token": twilio.AUTH_TOKEN},
}
DEEDS = frozenset({"text", "dial", "answer", "hangup", "digits"})
TELLS: tuple[str, ...] = ()


def opened(channel: dict[str, Any]) -> Account:
    """The number."""
    return twilio.opened("voice_twilio", channel)


def address(person: Person) -> str:
    """The number."""
    return person.phone


async def answer(asked: Asked, world: World) -> Answer:
    """One call of the REST API."""
    if found := twilio.answer(asked, world):
        return found
    what, form = twilio.path_of(asked), asked.form
    if what.startswith("Calls/") and asked.method == "GET":
        one = next((one for one in world.live.values() if one.id == what.partition("/")[2]), None)
        return Answer(200, {"sid": one.id, "status": one.status}) if one else no(404, 20404, "no such call")
    if what != "Calls" or asked.method != "POST":
        return no(404, 20404, f"The requested resource {asked.path} was not found")
    account, person = world.account("voice_twilio", form.get("From", "")), _person(form, world)
    if account is None:
        return no(400, 21210, "'From' phone number not verified")
    if person is None:
        return no(400, 21211, f"The 'To' number {form.get('To')} is not a valid phone number.")
    if not form.get("Url"):
        return no(400, 21205, "Url is not a valid url")
    if _call(account, person, world):
        return Answer(201, {"sid": twilio.sid("CA"), "status": "failed"})
    events = frozenset(twilio.fields(asked).get("StatusCallbackEvent", ["completed"]))
    status_url, rings_s = form.get("StatusCallback", ""), int(form.get("Timeout", "60"))
    call = Telephone(
        twilio.sid("CA"), account, person, world, False, form["Url"], status_url, events, rings_s, status=RING
    )
    call.say("Rings", type="event")
    _begins(call)
    return Answer(201, {"sid": call.id, "status": "queued"})


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a call goes to."""
    account = world.account("voice_twilio", asked.form.get("From", ""))
    return (account, _person(asked.form, world)) if account and twilio.path_of(asked) == "Calls" else None


def refusal(fault: str, wait_s: int) -> Answer:
    """https://www.twilio.com/docs/api/errors"""
    if fault == "throttled":
        return no(429, 20429, "Too Many Requests", wait_s=wait_s)
    if fault in ("refused", "opted_out"):
        return no(400, 21217, "Phone number does not appear to be valid")
    return no(500, 20500, "Internal Server Error")


def _person(form: dict[str, str], world: World) -> Person | None:
    return next((one for one in world.people.values() if one.phone == form.get("To")), None)


def _call(account: Account, person: Person, world: World) -> Telephone | None:
    """The call that they are in; nobody is in two."""
    call = world.live.get(f"{account.kind}/{account.id}/{person.id}")
    return call if isinstance(call, Telephone) and call.status != OVER else None


def _begins(call: Telephone) -> None:
    call.world.live[f"{call.account.kind}/{call.account.id}/{call.person.id}"] = call
    call.show()
    call.world.work.append(call.runs)
    call.world.changed()


def receipts(_bubble: Bubble, _states: Sequence[str], _world: World) -> list[Hook]:
    """Of what is said in a call nothing is told."""
    return []


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """What somebody does at the telephone goes into their call."""
    call = _call(account, person, world)
    if deed.do == "dial":
        if call:
            raise Impossible("they are in a call")
        if not account.url:
            raise Impossible("nobody is told of calls: the number has no address")
        status = account.hook.get("status", "")
        _begins(Telephone(twilio.sid("CA"), account, person, world, True, account.url, status))
        return []
    if call is None:
        raise Impossible("nobody is on the line: dial first")
    if deed.do == "answer" and call.status == RING:
        call.status = GOING
    elif deed.do == "hangup":
        call.status = OVER
    elif deed.do == "digits" and deed.text:
        call.keys.extend(deed.text)
        call.say(f"Pressed {deed.text}", mine=True, type="press")
    elif deed.do == "text" and deed.text:
        call.words.append(deed.text)
        call.say(deed.text, mine=True)
    else:
        raise Impossible(f"nobody can {deed.do} now")
    return []
