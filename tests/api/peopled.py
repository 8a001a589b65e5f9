"""A deployment with one or two of everything, for tests that ask all operations whatever their descriptions allow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from chalicelib.api.http.routes import singular_of
from tests.cloud import Cloud
from tests.http_api import Client
from tests.outside import Heard, Outside

TOKEN = "a-token-of-the-bot"


def obliging(heard: Heard) -> tuple[int, Any]:
    """A webhook that passes verification, and a bot that answers in its response."""
    if "/message_templates?" in heard.path:
        body = {"type": "BODY", "text": "Hello {{1}}"}
        return 200, {"data": [{"name": "hello", "language": "en", "status": "APPROVED", "components": [body]}]}
    if heard.method == "GET":
        return 200, {"id": "1", "display_phone_number": "+1 555 0100", "data": {"application": "Care", "expires_at": 0}}
    said = heard.json
    if said.get("Challenge"):
        return 200, {"token": TOKEN, "Challenge": said["Challenge"]}
    if not said.get("Message"):
        return 200, {"token": TOKEN, "success": True}
    if said["Message"] == "person":
        event = {"eventid": "1002", "conversation_id": said["Conversationid"]}
    else:
        event = {"eventid": "1001", "conversation_id": said["Conversationid"], "message": "yes"}
    return 200, {"token": TOKEN, "events": [event]}


@dataclass
class Peopled:
    """The deployment, and the ids of what is in it by the name of their format in the OpenAPI description."""

    cloud: Cloud
    client: Client
    key: str
    outside: Outside
    ids: dict[str, list[str]] = field(default_factory=dict)
    trigger_secret: str = ""
    source_secret: str = ""
    heard: set[int] = field(default_factory=set)
    """Statuses of the answers to a test's requests."""

    def call(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """The body of an answer, which has to be a success."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key or self.key}"}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self.client.http.request(method, path, headers=headers, body=raw)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.body)
        return json.loads(answer.body) if answer.body else None

    def make(self, plural: str, **fields: Any) -> dict[str, Any]:
        """Make a resource and note its id."""
        made: dict[str, Any] = self.call("POST", f"/v1/{plural}", fields)
        self.note(singular_of(plural), made["id"])
        return made

    def note(self, kind: str, *ids: str) -> None:
        """Keep ids, each once."""
        known = self.ids.setdefault(f"{kind}-id", [])
        known += [id for id in dict.fromkeys(ids) if id not in known]


def settle(cloud: Cloud, client: Client, outside: Outside) -> Peopled:
    """Make everything, through the API and the channel's webhook."""
    from chalicelib.api.http import base_url
    from chalicelib.api.kinds import keys
    from chalicelib.tables import config
    from chalicelib.tables.failures import Failure

    base_url.forget()
    key, row = keys.mint("test", ["admin"])
    config.create(row)
    outside.answer = obliging
    here = Peopled(cloud, client, key, outside)
    service = here.make("services", name="Care", country="DE")["id"]
    chat = here.make("channels", service_id=service, kind="webchat", name="chat", settings={"uploads": True})["id"]
    number = {"phone_number_id": "1", "business_account_id": "2", "api_base": outside.url}
    secrets = {"app_secret": "a", "access_token": "b", "verify_token": "c"}
    whatsapp = here.make("channels", service_id=service, kind="whatsapp", name="wa", settings=number, secrets=secrets)
    custom = {"send_url": outside.url}
    gateway = here.make("channels", service_id=service, kind="custom", name="gateway", settings=custom)["id"]
    bot = here.make("bots", service_id=service, name="bot", profile="imi", webhook_url=outside.url,
                    verification_token=TOKEN)["id"]  # fmt: skip
    desk = here.make("desks", service_id=service, kind="console", name="people")["id"]
    centre = here.make("desks", service_id=service, kind="webhook", name="centre", webhook_url=outside.url)["id"]
    here.make("rules", service_id=service, name="all", to="bot+desk", bot_id=bot, desk_id=desk)
    events = ["message.created", "contact.created", "conversation.opened"]
    heard = here.make("subscriptions", service_id=service, name="ear", url=outside.url, events=events)["id"]
    for plural, id in (("bots", bot), ("desks", centre), ("subscriptions", heard)):
        here.call("POST", f"/v1/{plural}/{id}/verify")
    trigger = here.make("triggers", service_id=service, name="orders", bot_id=bot, notify_url=outside.url)
    mapping = {"id": "id", "text": "text", "contact": {"email": "mail", "phone": "phone"}}
    source = here.make("sources", service_id=service, key="shop", name="Shop", mapping=mapping)
    here.trigger_secret, here.source_secret = trigger["secret"], source["secret"]
    eva = here.make("people", service_id=service, name="Eva", role="agent", desk_ids=[desk], email="eva@example.org")
    here.make("replies", service_id=service, shortcut="hi", text="Good day")
    here.make("keys", name="reader", scopes=["read"], service_id=service)
    here.make("keys", name="eva", scopes=["agent"], service_id=service, person_id=eva["id"])
    _spare(here, service)
    for name in ("ana", "bob", "cleo", "dan"):
        here.make("contacts", service_id=service, name=name, email=f"{name}@example.com")
    ana, bob, cleo, dan = here.ids["contact-id"]
    add = {"identities": {"add": [{"kind": "channel", "value": f"{gateway}:dan"}]}}
    here.ids["reached-id"] = [here.call("PATCH", f"/v1/contacts/{dan}", add)["id"]]
    here.note("merge", here.call("POST", f"/v1/contacts/{ana}/merge", {"from": bob})["merge_id"])
    here.call("DELETE", f"/v1/contacts/{cleo}")
    asked = f"/v1/integration/trigger/{trigger['id']}/event"
    event = here.call("POST", asked, {"text": "hi", "contact": {"email": "ana@example.com"}}, key=here.trigger_secret)
    here.note("trigger-event", event["id"])
    here.call("POST", f"/v1/sources/{source['id']}/events", {"id": "1", "text": "bought", "mail": "ana@example.com"})
    for words in (["hello"], ["hello", "person"], ["hello", "person"]):
        session: dict[str, Any] = {}
        for text in words:
            answer = here.call("POST", f"/channels/{chat}/webhook", {"text": text} | session)
            session = {"session": answer["session"]}
            cloud.pump()
    at = next(one["id"] for one in here.call("GET", "/v1/conversations")["data"] if one["desk_id"] == desk)
    here.call("POST", f"/v1/conversations/{at}/events", {"type": "chat.transferred", "desk_id": centre})
    cloud.pump()
    replay = here.call("POST", "/v1/replays", {"destination_id": chat, "from": "2026-01-01T00:00:00Z"})
    here.note("replay", replay["id"])
    here.note("destination", bot, centre, heard)
    here.call("POST", "/v1/conversations", {"service_id": service, "bot_id": bot, "text": "direct"})
    cloud.pump()
    for n in "ab":
        Failure(id=f"fa_{n * 26}", step="converse", queue="threads.fifo", group="th_1", body={"thread": "th_1"},
                at=1_790_000_000_000).save()  # fmt: skip
        here.note("failure", f"fa_{n * 26}")
    _look_round(here, service)
    _waiting(here, service)
    here.ids |= {"webchat-id": [chat], "whatsapp-id": [whatsapp["id"]], "gateway-id": [gateway]}
    here.ids["api-key"] = [key]
    for kind, id in (("bot", bot), ("desk", centre)):
        here.ids[f"{kind}-token"] = [here.call("GET", f"/v1/{kind}s/{id}")["events_url"].rpartition("/")[2]]
    return here


def _spare(here: Peopled, service: str) -> None:
    """Make what nothing needs, and so can be removed."""
    known = {kind: [*ids] for kind, ids in here.ids.items()}
    spare = {
        "service": here.make("services", name="Empty"),
        "bot": here.make("bots", service_id=service, name="spare", webhook_url=here.outside.url),
        "desk": here.make("desks", service_id=service, kind="console", name="spare"),
    }
    here.ids.update(known)
    for kind, made in spare.items():
        here.note(f"spare-{kind}", made["id"])
    for n in range(8):
        made = here.call("POST", "/v1/contacts", {"service_id": service, "email": f"apart{n}@example.com"})
        here.note("apart-contact", made["id"])


def _waiting(here: Peopled, service: str) -> None:
    """A delivery that waits for the bot, in a lane of its own."""
    from chalicelib.domain.lane import lane_of
    from chalicelib.domain.notice import Notice
    from chalicelib.ports.clock import now_ms
    from chalicelib.tables import deliveries, lanes

    thread, bot = here.ids["thread-id"][0], here.ids["bot-id"][0]
    lane, key, now = lane_of(thread, bot, conversations=True), "0" * 42, now_ms()
    about: dict[str, Any] = {"service": service, "thread": thread, "conversation": here.ids["conversation-id"][0]}
    notice = Notice(kind="message", destination=bot, channel_kind="webchat", at=now, **about)
    deliveries.add(lane, key, notice, created_at=now)
    lanes.block(lane, head=key, blocked_by=bot, attempt=1, due=now + 3_600_000)
    here.note("waiting-delivery", deliveries.delivery_id(lane, key))


def _look_round(here: Peopled, service: str) -> None:
    """Note the ids of what came about by itself."""
    here.note("erased-contact", here.ids["contact-id"][2])
    for one in here.call("GET", f"/v1/conversations?service_id={service}")["data"]:
        here.note("conversation", one["id"])
        here.note("direct-conversation" if one["source"] == "api" else f"{one['kind']}-conversation", one["id"])
        if one["desk_id"] == here.ids["desk-id"][1]:
            here.note("centre-conversation", one["id"])
        elif one["kind"] == "desk" and one["state"] != "closed":
            here.note("chat-conversation", one["id"])
        here.note("thread", one["thread_id"])
        for message in here.call("GET", f"/v1/messages?conversation_id={one['id']}")["data"]:
            here.note("message", message["id"])
    for kind in ("bot", "subscription", "channel", "trigger"):
        for id in here.ids[f"{kind}-id"]:
            for row in here.call("GET", f"/v1/deliveries?{kind}_id={id}")["data"]:
                here.note("delivery", row["id"])
    versions = here.call("GET", f"/v1/rules/versions?service_id={service}")["data"]
    here.note("rules-version", *(str(one["version"]) for one in versions))
    here.note("audit", *(one["id"] for one in here.call("GET", f"/v1/audit?service_id={service}")["data"][:3]))
