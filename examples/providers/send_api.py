"""Messenger and Instagram: the Send API and webhooks that both have.

https://developers.facebook.com/documentation/business-messaging/messenger-platform and
https://developers.facebook.com/documentation/instagram-platform (November 2026)
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from examples.providers import meta
from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.meta import no
from examples.providers.world import Account, Bubble, Hook, Person, World, now_ms

_AT = re.compile(r"/v\d+\.\d+/([^/]+)(?:/([^/]+))?")
_DAY_MS = 24 * 3600 * 1000
_NAMES = {"👍": "like", "❤️": "love", "😂": "smile"}


@dataclass(frozen=True)
class Kind:
    """What the two differ in."""

    name: str
    object: str
    own: str
    """The setting that names the Page or account."""
    first_id: int
    """Ids of people begin there: they are others for each."""
    longest: int
    in_bytes: bool
    late: tuple[int, int]
    """Code and subcode of what comes too late."""
    metadata: bool
    reads_mid: bool
    """Whether a read names a message, not a time."""

    def address(self, person: Person) -> str:
        """What the Page or account knows somebody by."""
        return str(self.first_id + person.number)

    def person(self, given: Any, world: World) -> Person | None:
        """The reverse."""
        return next((one for one in world.people.values() if self.address(one) == str(given)), None)

    def opened(self, channel: dict[str, Any]) -> Account:
        """The Page or account."""
        settings = channel["settings"]
        return Account(self.name, settings[self.own], "Simulated shop", settings, channel["secrets"])

    def addressee(self, asked: Asked, world: World) -> tuple[Account, Person | None] | None:
        """Whom a message goes to."""
        at = _AT.fullmatch(asked.path)
        account = world.account(self.name, at[1]) if at and at[2] == "messages" else None
        if account is None or "message" not in asked.json:
            return None
        return account, self.person((asked.json.get("recipient") or {}).get("id"), world)

    async def answer(self, asked: Asked, world: World) -> Answer:
        """One call of the Graph API."""
        at = _AT.fullmatch(asked.path)
        if not at:
            return _file(asked, world)
        id, what = at[1], at[2] or ""
        if id == "debug_token":
            return meta.debug_token(asked, world)
        mine = [one for one in world.of_kind(self.name) if one.secrets.get("access_token") == asked.bearer]
        account = world.account(self.name, id) if id != "me" else next(iter(mine), None)
        if id == "me" and account is None:
            return meta.BAD_TOKEN
        if refused := meta.known(asked, account):
            return refused
        assert account is not None  # else known() refused it
        proof = asked.query.get("appsecret_proof")
        if proof is not None and proof != _proof(account):
            return no(400, 100, "Invalid appsecret_proof provided in the API argument")
        if what == "messages":
            return await self._messages(asked, account, world)
        if what == "subscribed_apps":
            return Answer(200, {"success": True})
        named = {"id": account.id, "name": account.name, "username": "simulated_shop"}
        return Answer(200, named | {"user_id": account.id}) if what == "" else no(404, 2500, "Unknown path components")

    async def _messages(self, asked: Asked, account: Account, world: World) -> Answer:
        given = asked.json
        person = self.person((given.get("recipient") or {}).get("id"), world)
        if person is None:
            return no(400, 100, "(#100) No matching user found", subcode=2018001)
        if action := given.get("sender_action"):
            world.set_flag(account, person, "typing", now_ms() + 20_000 if action == "typing_on" else 0)
            return Answer(200, {"recipient_id": self.address(person)})
        since = now_ms() - (world.flag(account, person, "heard_ms") or 0)
        allowed = 7 if given.get("tag") == "HUMAN_AGENT" else 1
        if since > allowed * _DAY_MS:
            code, subcode = self.late
            return no(400, code, "(#10) This message is sent outside of allowed window.", subcode=subcode)
        bubble = self._shown(given.get("message") or {})
        if isinstance(bubble, Answer):
            return bubble
        for file in bubble.files:
            status, body, type = await asked.fetch(file["link"])
            if status != 200:
                return no(400, 100, "(#100) Upload attachment failure.", subcode=2018047)
            file["id"], file["type"] = world.keep_file(body, type, ""), type
        bubble.id, bubble.account, bubble.person = f"m_{secrets.token_urlsafe(24)}", account.id, person.id
        bubble.about = str((given.get("reply_to") or {}).get("mid", ""))
        world.set_flag(account, person, "typing", 0)
        world.add(bubble)
        return Answer(200, {"recipient_id": self.address(person), "message_id": bubble.id})

    def _shown(self, message: dict[str, Any]) -> Bubble | Answer:
        """A message as a phone shows it; what Meta would refuse."""
        text, attached = str(message.get("text", "")), message.get("attachment") or {}
        bubble = Bubble("", self.name, "", "", False, text=text, opaque=str(message.get("metadata", "")))
        if message.get("metadata") and not self.metadata:
            return no(400, 100, "(#100) Unexpected key metadata")
        if (len(text.encode()) if self.in_bytes else len(text)) > self.longest:
            return no(400, 100, f"(#100) Length of param message[text] must be less than or equal to {self.longest}")
        if bool(text) == bool(attached):
            return no(400, 100, "(#100) Param message must have text or an attachment")
        payload = attached.get("payload") or {}
        if attached.get("type") == "template":
            bubble.type, bubble.text = "buttons", str(payload.get("text", ""))
            buttons = payload.get("buttons", [])
            bubble.choices = [
                {"title": one["title"]}
                | ({"url": one["url"]} if one["type"] == "web_url" else {"payload": one["payload"], "is": "postback"})
                for one in buttons
            ]
            if not 0 < len(bubble.text) <= 640 or not 0 < len(buttons) <= 3:
                return no(400, 100, "(#100) Invalid button template")
        elif attached:
            bubble.type, bubble.files = attached["type"], [{"link": str(payload.get("url", "")), "name": ""}]
        replies = message.get("quick_replies", [])
        bubble.choices += [{"title": one["title"], "payload": one["payload"], "is": "quick"} for one in replies]
        wrong = [one for one in bubble.choices if not one["title"] or len(one.get("payload", "")) > 1000]
        wrong += [one for one in replies if len(one["title"]) > 20]
        return no(400, 100, "(#100) Invalid quick replies") if wrong or len(replies) > 13 else bubble

    def receipts(self, bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
        """An echo of what was sent, that it was delivered, and up to when all was read."""
        account, person = world.accounts[self.name, bubble.account], world.people[bubble.person]
        who, us = {"id": self.address(person)}, {"id": account.id}
        there, back = {"sender": us, "recipient": who}, {"sender": who, "recipient": us}
        found = []
        for place, state in enumerate(states):
            if state == "sent":
                message: dict[str, Any] = {"mid": bubble.id, "is_echo": True, "text": bubble.text}
                message |= {"app_id": 1, "metadata": bubble.opaque} if bubble.opaque else {}
                event = there | {"message": message}
            elif state == "delivered" and not self.reads_mid:
                event = back | {"delivery": {"mids": [bubble.id], "watermark": bubble.at_ms}}
            elif state == "read":
                event = back | {"read": {"mid": bubble.id} if self.reads_mid else {"watermark": bubble.at_ms + 1}}
            else:
                continue
            found.append(self._notified(account, event, after_s=0.3 + 0.6 * place))
        return found

    def _notified(self, account: Account, event: dict[str, Any], **more: Any) -> Hook:
        entry = {"id": account.id, "time": now_ms(), "messaging": [event | {"timestamp": now_ms()}]}
        return meta.hook(account, {"object": self.object, "entry": [entry]}, **more)

    def told(self, deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
        """A notification of what somebody did."""
        ends = {"sender": {"id": self.address(person)}, "recipient": {"id": account.id}}
        about = world.bubble(self.name, deed.about) if deed.about else None
        mid = f"m_{secrets.token_urlsafe(24)}"
        own = Bubble(mid, self.name, account.id, person.id, True, state="sending", text=deed.text, about=deed.about)
        if deed.do in ("stop", "resume") and self.metadata:
            world.set_flag(account, person, "stopped", deed.do == "stop")
            word = "STOP_NOTIFICATIONS" if deed.do == "stop" else "RESUME_NOTIFICATIONS"
            wants = {"type": "notification_messages", "notification_messages_status": word, "payload": "news"}
            return [self._notified(account, ends | {"optin": wants})]
        world.set_flag(account, person, "heard_ms", now_ms())
        event = self._event(deed, own, about, account, world)
        return [self._notified(account, ends | event, bubble=own.id if world.bubble(self.name, own.id) else "")]

    def _event(self, deed: Deed, own: Bubble, about: Bubble | None, account: Account, world: World) -> dict[str, Any]:
        person = own.person
        match deed.do:
            case "text" | "reply":
                world.add(own)
                return {"message": {"mid": own.id, "text": deed.text} | _to(about)}
            case "file":
                file = world.files[deed.file]
                own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
                world.add(own)
                payload = {"url": f"{_base(account)}/files/{deed.file}"}
                message: dict[str, Any] = {"mid": own.id, "attachments": [{"type": own.type, "payload": payload}]}
                return {"message": message | ({"text": deed.text} if deed.text else {})}
            case "press" if about:
                chosen = next((one for one in about.choices if one.get("payload") == deed.payload), None)
                if chosen is None:
                    raise Impossible("there is no such button")
                own.text, own.type = chosen["title"], "press"
                world.add(own)
                if chosen["is"] == "postback":
                    return {"postback": {"mid": own.id, "title": chosen["title"], "payload": deed.payload}}
                quick = {"quick_reply": {"payload": deed.payload}}
                return {"message": {"mid": own.id, "text": chosen["title"]} | quick | _to(about)}
            case "start":
                own.text = "Get started"
                world.add(own)
                return {"postback": {"mid": own.id, "title": "Get Started", "payload": "GET_STARTED"}}
            case "react" if about:
                was, about.signs[person] = about.signs.get(person, ""), deed.text
                world.touch(about)
                sign = deed.text or was
                more = {"reaction": _NAMES.get(sign, "other"), "emoji": sign} if deed.text else {}
                return {"reaction": {"mid": about.id, "action": "react" if deed.text else "unreact"} | more}
            case "edit" if about and about.mine:
                about.text, about.edited = deed.text, True
                world.touch(about)
                return {"message_edit": {"mid": about.id, "text": deed.text, "num_edit": 1}}
            case "delete" if about and about.mine:
                about.text, about.deleted, about.files = "", True, []
                world.touch(about)
                return {"message": {"mid": about.id, "is_deleted": True}}
        raise Impossible(f"nobody can {deed.do} that there")


def refusal(fault: str, wait_s: int) -> Answer:
    """https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes"""
    if fault == "throttled":
        return no(400, 613, "(#613) Calls to this API have exceeded the rate limit.", wait_s=wait_s)
    if fault == "refused":
        return no(400, 100, "(#100) No matching user found", subcode=2018001)
    if fault == "opted_out":
        return no(400, 551, "(#551) This person isn't available right now.", subcode=1545041)
    return no(500, 2, "Service temporarily unavailable")


def _to(about: Bubble | None) -> dict[str, Any]:
    return {"reply_to": {"mid": about.id}} if about else {}


def _proof(account: Account) -> str:
    secret, token = account.secrets.get("app_secret", ""), account.secrets.get("access_token", "")
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _base(account: Account) -> str:
    return str(account.settings.get("api_base", "")).rpartition("/v")[0]


def _file(asked: Asked, world: World) -> Answer:
    """What is attached lies at an address that is open to whoever has it, as Meta's CDN."""
    file = world.files.get(asked.path.removeprefix("/files/"))
    return Answer(200, file.body, {"content-type": file.type}) if file else no(404, 2500, "Unknown path components")
