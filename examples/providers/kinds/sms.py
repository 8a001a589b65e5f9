"""An SMS gateway that no preset knows, described by data alone: it takes forms and posts JSON."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from examples.providers.kinds import Answer, Asked, Deed, Impossible
from examples.providers.world import Account, Bubble, Hook, Person, World

LABEL = "SMS"
BASE = ""
CHANNEL: dict[str, Any] = {
    "settings": {
        "from": "+447700900004",
        "send": {
            "url": "{{ api_base }}/v2/out?ref={{ id }}",
            "headers": {"X-Pigeon-Key": "{{ secrets.key }}"},
            "content_type": "application/x-www-form-urlencoded",
            "body": {"dest": "{{ to | digits }}", "words": "{{ text }}", "sender": "{{ from }}"},
            "id": "result.tickets[0].no",
            "errors": {
                "code": "result.tickets[0].verdict", "reason": "result.note", "ok": ["taken"],
                "later": ["queue_full"], "owner": ["no_credit"], "refused": ["bad_number"], "opted_out": ["silenced"],
            },
        },
        "receive": {
            "each": "birds",
            "mapping": {"from": "from.number", "text": "from.words", "id": "bird", "name": "from.called"},
            "status": {
                "id": "ticket", "own_id": "ref", "state": "fate", "code": "cause",
                "states": {"gone_out": "sent", "on_handset": "delivered", "bounced": "failed"},
            },
        },
        "signature": {"scheme": "header", "name": "X-Pigeon-Token"},
    },
    "secrets": {"key": "simulated-key", "signature": "simulated-token-of-the-gateway"},
}  # fmt: skip
DEEDS = frozenset({"text", "stop", "resume"})
TELLS = ("sent", "delivered")
FATES = {"sent": "gone_out", "delivered": "on_handset", "failed": "bounced"}


def opened(channel: dict[str, Any]) -> Account:
    """The number."""
    settings = channel["settings"]
    return Account("sms", settings["from"], settings["from"], settings, channel["secrets"])


def address(person: Person) -> str:
    """The number."""
    return person.phone


async def answer(asked: Asked, world: World) -> Answer:
    """A text is handed over."""
    form, account = asked.form, world.account("sms", asked.form.get("sender", ""))
    if asked.method != "POST" or asked.path != "/v2/out":
        return Answer(404, b"nobody here")
    if account is None or asked.headers.get("x-pigeon-key") != account.secrets["key"]:
        return Answer(403, b"wrong key")
    person = _person(form, world)
    if person is None or not form.get("words"):
        return verdict("bad_number")
    if world.flag(account, person, "stopped"):
        return verdict("silenced")
    ticket = f"t-{secrets.token_hex(8)}"
    words, ref = form["words"], asked.query.get("ref", "")
    world.add(Bubble(ticket, "sms", account.id, person.id, False, text=words, opaque=ref))
    return verdict("taken", ticket)


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a text goes to."""
    account = world.account("sms", asked.form.get("sender", ""))
    return (account, _person(asked.form, world)) if account else None


def refusal(fault: str, wait_s: int) -> Answer:
    """A verdict, which stands in an answer of 200; only what is broken says so by HTTP."""
    if fault == "throttled":
        return Answer(200, verdict("queue_full").body, {"retry-after": str(wait_s)})
    if fault == "broken":
        return Answer(500, b"out of birds")
    return verdict("bad_number" if fault == "refused" else "silenced")


def verdict(word: str, ticket: str = "") -> Answer:
    """What the gateway says of a text."""
    return Answer(200, {"result": {"tickets": [{"verdict": word} | ({"no": ticket} if ticket else {})], "note": word}})


def _person(form: dict[str, str], world: World) -> Person | None:
    return next((one for one in world.people.values() if one.phone == f"+{form.get('dest', '')}"), None)


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """What became of a text; nobody hears whether one was read."""
    account = world.accounts["sms", bubble.account]
    told = [(0.3 + 0.6 * place, FATES[state]) for place, state in enumerate(states) if state in FATES]
    about = {"ticket": bubble.id, "ref": bubble.opaque}
    return [
        _posted(account, about | {"fate": fate} | ({"cause": "17"} if fate == "bounced" else {}), after_s=after_s)
        for after_s, fate in told
    ]


def _posted(account: Account, bird: dict[str, Any], **more: Any) -> Hook:
    headers = {"content-type": "application/json", "x-pigeon-token": account.secrets["signature"]}
    return Hook(account, json.dumps({"birds": [bird]}).encode(), headers, **more)


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """A text that came in."""
    words = {"stop": "STOP", "resume": "START", "text": deed.text}
    if deed.do not in words:
        raise Impossible(f"nobody can {deed.do} by SMS")
    if deed.do != "text":
        world.set_flag(account, person, "stopped", deed.do == "stop")
    text = words[deed.do]
    own = Bubble(f"b-{secrets.token_hex(8)}", "sms", account.id, person.id, True, state="sending", text=text)
    world.add(own)
    bird = {"bird": own.id, "from": {"number": person.phone, "words": own.text, "called": person.name}}
    return [_posted(account, bird, bubble=own.id)]
