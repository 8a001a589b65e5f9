"""WhatsApp by its partners, each played by a server of ours: their callbacks in, our calls out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_failing_bot import Clock
from tests.journeys.test_people import people
from tests.outside import Answer, Heard, Outside, serving

ADA, OURS = "15550101234", "15550100000"
AT = 1763683200


@dataclass
class Gupshup:
    """Its self-serve API: it refuses what Gupshup would."""

    kind = "whatsapp_gupshup"
    deployment: Deployment
    api: Outside
    row: dict[str, Any] = field(default_factory=dict)
    fails: list[Answer | None] = field(default_factory=list)
    """How the calls from now on go wrong, one after the other; None and all after them are taken."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    throttled: Answer = (429, {"status": "error", "message": "Too Many Requests"}, {"retry-after": "40"})
    unknown: Answer = (400, {"status": "error", "message": "Invalid Destination"})

    def settings(self) -> dict[str, Any]:
        return {"app_name": "CareApp", "source": OURS, "api_base": self.api.url.removesuffix("/hook")}

    def answer(self, heard: Heard) -> Answer:
        form = dict(parse_qsl(heard.raw.decode(), keep_blank_values=True))
        assert heard.path in ("/wa/api/v1/msg", "/wa/api/v1/template/msg") and heard.headers["apikey"] == "the-key"
        needed = {"channel", "source", "destination", "src.name"}
        assert needed <= form.keys() and (form["source"], form["src.name"]) == (OURS, "CareApp")
        assert ("template" in form) == heard.path.endswith("/template/msg")
        if self.fails and (failure := self.fails.pop(0)):
            return failure
        return 202, {"status": "submitted", "messageId": f"out-{next(self.numbers)}"}

    def calls(self, kind: str, payload: dict[str, Any]) -> int:
        body = {"app": "CareApp", "timestamp": AT * 1000, "version": 2, "type": kind, "payload": payload}
        status, answer = self.deployment.call("POST", self.row["webhook_url"], body)
        assert answer == ""
        self.deployment.cloud.pump()
        return status

    def says(self, text: str, id: str = "in-1") -> int:
        return self.said("text", id, text=text)

    def said(self, kind: str, number: str, **payload: Any) -> int:
        sender = {"phone": ADA, "name": "Ada", "country_code": "1", "dial_code": ADA[1:]}
        return self.calls("message", {"id": number, "source": ADA, "type": kind, "payload": payload, "sender": sender})

    def shows_a_picture(self) -> None:
        url = self.api.url.replace("/hook", "/file")
        assert (
            self.said("image", "in-1", caption="my cat", url=url, contentType="image/jpeg", urlExpiry=AT * 2000) == 200
        )

    def presses(self, payload: str, title: str) -> None:
        self.said("button_reply", "in-2", title=title, id="1", reply=f"{title} 1", postbackText=payload)

    def opts(self, given: bool) -> None:
        self.calls("user-event", {"phone": ADA, "type": "opted-in" if given else "opted-out"})

    def tells(self, state: str, id: str, code: str = "", reason: str = "") -> None:
        details = {"code": int(code), "reason": reason} if code else {"ts": AT + 1}
        self.calls("message-event", {"id": "wamid", "gsId": id, "type": state, "destination": ADA, "payload": details})

    def sent(self) -> list[tuple[str, Any]]:
        """(type, what it says) of all that was posted."""
        found: list[tuple[str, Any]] = []
        for heard in self.api.heard:
            if heard.method == "GET":
                continue  # A file that somebody sent, which is fetched from where Gupshup keeps it.
            form = dict(parse_qsl(heard.raw.decode()))
            shown = json.loads(form.get("message", "{}"))
            if "template" in form:
                found.append(("template", json.loads(form["template"])["params"]))
            elif shown["type"] == "quick_reply":
                found.append(("buttons", [one["postbackText"] for one in shown["options"]]))
            else:
                found.append((shown["type"], shown.get("text") or shown.get("originalUrl") or shown.get("url")))
        return found


@dataclass
class Gateway(Gupshup):
    """The gateway of its enterprise accounts: forms both ways, some of whose fields are JSON."""

    throttled: Answer = (429, {}, {"retry-after": "40"})
    unknown: Answer = (200, {"response": {"id": "105", "phone": "", "details": "no valid number", "status": "error"}})

    def settings(self) -> dict[str, Any]:
        return {"user_id": "2000190000", "source": OURS, "api_base": self.api.url.removesuffix("/hook")}

    def answer(self, heard: Heard) -> Answer:
        form = dict(parse_qsl(heard.raw.decode(), keep_blank_values=True))
        assert (heard.method, heard.path) == ("POST", "/GatewayAPI/rest"), "no password in an address"
        assert (form["userid"], form["password"], form["send_to"]) == ("2000190000", "the-key", ADA)
        if self.fails and (failure := self.fails.pop(0)):
            return failure
        given = {"id": f"out-{next(self.numbers)}", "phone": ADA, "details": "", "status": "success"}
        return 200, {"response": given}

    def posts(self, **fields: str) -> int:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        raw = urlencode(fields).encode()
        status, answer = self.deployment.call("POST", self.row["webhook_url"], raw, headers=form)
        assert answer == ""
        self.deployment.cloud.pump()
        return status

    def said(self, kind: str, number: str, **fields: Any) -> int:
        found = {name: one if isinstance(one, str) else json.dumps(one) for name, one in fields.items()}
        ends = {"waNumber": OURS, "mobile": ADA, "name": "Ada", "messageId": number, "timestamp": f"{AT}000"}
        return self.posts(**ends, type=kind, **found)

    def shows_a_picture(self) -> None:
        url = self.api.url.replace("/hook", "/file")
        self.said(
            "image", "in-1", image={"url": url, "signature": "?s=1", "mime_type": "image/jpeg", "caption": "my cat"}
        )

    def presses(self, payload: str, title: str) -> None:
        reply = {"type": "button_reply", "button_reply": {"id": payload, "title": title}}
        self.said("interactive", "in-2", interactive=reply)

    def opts(self, given: bool) -> None:
        self.said("OPT_IN" if given else "OPT_OUT", "in-3" if given else "in-4")

    def tells(self, state: str, id: str, code: str = "", reason: str = "") -> None:
        report = {"externalId": id, "eventType": state.upper().replace("ENQUEUED", "SENT"), "destAddr": ADA}
        self.posts(response=json.dumps([report | {"eventTs": (AT + 1) * 1000, "errorCode": code, "cause": reason}]))

    def sent(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        for form in (dict(parse_qsl(heard.raw.decode())) for heard in self.api.heard):
            if form["msg_type"] == "HSM":
                # It is known by its words.
                found.append(("template", form["msg"].split(", ")))
            elif "action" in form:
                found.append(("buttons", [one["reply"]["id"] for one in json.loads(form["action"])["buttons"]]))
            else:
                found.append((form["msg_type"].lower(), form.get("msg") or form.get("media_url")))
        return found


@dataclass
class Netcore:
    """Its API, with receipts in batches and files by their ids."""

    kind = "whatsapp_netcore"
    deployment: Deployment
    api: Outside
    row: dict[str, Any] = field(default_factory=dict)
    fails: list[Answer | None] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    throttled: Answer = (429, {}, {"retry-after": "40"})
    unknown: Answer = (200, {"status": "failure", "error": {"code": "8003", "message": "no such contact"}})

    def settings(self) -> dict[str, Any]:
        return {"source": "fa9d647a-c8d7", "api_base": self.api.url.removesuffix("/hook") + "/api/v2"}

    def answer(self, heard: Heard) -> Answer:
        assert heard.headers["authorization"] == "Bearer the-key"
        if heard.path == "/api/v2/media/aa41ac0d":
            return 200, b"\xff\xd8 picture", {"Content-Type": "image/jpeg"}
        (message,) = heard.json["message"]
        kind = message["message_type"].removeprefix("media_")
        assert heard.path == "/api/v2/message/" and message["source"] == "fa9d647a-c8d7" and f"type_{kind}" in message
        if self.fails and (failure := self.fails.pop(0)):
            return failure
        return 200, {"status": "success", "data": {"id": f"out-{next(self.numbers)}"}}

    def calls(self, **batches: Any) -> int:
        status, _ = self.deployment.call("POST", self.row["webhook_url"], batches)
        self.deployment.cloud.pump()
        return status

    def said(self, kind: str, number: str, **value: Any) -> int:
        ends = {"from": ADA, "from_name": "Ada", "to": OURS, "message_id": number, "received_at": str(AT)}
        return self.calls(incoming_message=[ends | {"message_type": kind, f"{kind.lower()}_type": value}])

    def says(self, text: str, id: str = "in-1") -> int:
        return self.said("TEXT", id, text=text)

    def shows_a_picture(self) -> None:
        self.said("IMAGE", "in-1", id="aa41ac0d", mime_type="image/jpeg", caption="my cat")

    def presses(self, payload: str, title: str) -> None:
        self.said("INTERACTIVE", "in-2", type="button_reply", button_reply={"id": payload, "title": title})

    def tells(self, state: str, id: str, code: str = "", reason: str = "") -> None:
        about = {"ncmessage_id": id, "recipient": ADA, "received_at": str(AT + 1), "source": "fa9d647a-c8d7"}
        self.calls(delivery_status=[about | {"status": state, "status_remark": f"{code} {reason}".strip()}])

    def sent(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        for message in (heard.json["message"][0] for heard in self.api.heard if heard.method == "POST"):
            kind = message["message_type"]
            given = message[f"type_{kind}"][0]
            if kind == "template":
                found.append((kind, given["attributes"]))
            elif kind == "interactive":
                found.append(("buttons", [one["reply"]["id"] for one in given["action"][0]["buttons"]]))
            elif kind == "media":
                found.append((given["attachments"][0]["attachment_type"], given["attachments"][0]["attachment_url"]))
            else:
                found.append((kind, given["content"]))
        return found


@pytest.fixture(params=[Gupshup, Gateway, Netcore])
def partner(request: pytest.FixtureRequest, deployment: Deployment) -> Iterator[Any]:
    with serving() as api:
        made = request.param(deployment, api)
        api.answer = made.answer
        fields = {"service_id": deployment.ids["care"], "kind": made.kind, "name": "wa"}
        made.row = deployment.make("channels", **fields, settings=made.settings(), secrets={"api_key": "the-key"})
        api.forget()
        yield made


def bot_says(deployment: Deployment, **more: Any) -> None:
    def answer(heard: Heard) -> tuple[int, Any]:
        event = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "noted"} | more
        return 200, {"token": TOKEN, "events": [event] if heard.json["Event"] == "Incoming message" else []}

    deployment.bot.answer = answer


def states(deployment: Deployment) -> list[str]:
    return [one["DeliveryStatus"] for one in deployment.bot.events() if one["Event"] == "Message Delivery"]


def test_text_in_answer_out_receipts_back(deployment: Deployment, partner: Any) -> None:
    bot_says(deployment, message="hello Ada")
    assert partner.says("hi") == 200
    partner.says("hi")
    event = deployment.bot.events()[0]
    assert (event["Message"], event["Channel"], event["Contact"]["name"]) == ("hi", "WhatsApp", "Ada")
    assert partner.sent() == [("text", "hello Ada")], "the same callback twice is one message"
    for state in ("enqueued", "sent", "read", "delivered"):
        partner.tells(state, "out-1")
    assert states(deployment) == ["Read"]
    (ada,) = people(deployment)
    assert {"kind": "phone", "value": f"+{ADA}"} in [
        {"kind": one["kind"], "value": one["value"]} for one in ada["identities"]
    ]
    bare = partner.row["webhook_url"].partition("?")[0]
    assert deployment.call("POST", bare, {"type": "message"})[0] == 401


def test_a_question_and_its_answer(deployment: Deployment, partner: Any) -> None:
    bot_says(deployment, message="Which?", Buttons=[{"title": "Billing", "payload": "bill"}])
    partner.says("hi")
    assert partner.sent() == [("buttons", ["bill"])]
    partner.presses("bill", "Billing")
    assert deployment.bot.events()[-1]["PostbackPayload"] == "bill"


def test_a_long_answer_goes_on_where_it_had_to_wait(deployment: Deployment, partner: Any, traveller: Any) -> None:
    bot_says(deployment, message="\n".join(one * 3000 for one in "abc"))
    partner.fails = [None, partner.throttled]
    partner.says("q")
    assert [text[0] for _, text in partner.sent()] == ["a", "b"]
    Clock(traveller, deployment).passes(90)
    assert [text[0] for _, text in partner.sent()] == ["a", "b", "b", "c"]
    # What becomes of a part is the message's where it fails.
    partner.tells("failed", "out-1", "131026", "undeliverable")
    assert states(deployment)[-1] == "Failed"


def test_a_no_is_the_messages_and_what_follows_goes_on(deployment: Deployment, partner: Any) -> None:
    bot_says(deployment)
    partner.fails = [partner.unknown]
    partner.says("one")
    partner.says("two", id="in-2")
    assert states(deployment) == ["Failed"] and len(partner.sent()) == 2


def all_is_given(deployment: Deployment, partner: Any) -> bool:
    (ada,) = people(deployment)
    return bool(ada["consent"][f"all@{partner.row['id']}"]["given"])


# Netcore keeps who has opted in, and tells nobody.
@pytest.mark.parametrize("partner", [Gupshup, Gateway], indirect=True)
def test_who_opts_out_is_written_to_no_more(deployment: Deployment, partner: Any) -> None:
    bot_says(deployment)
    partner.says("hi")
    partner.opts(False)
    assert not all_is_given(deployment, partner) and deployment.bot.events()[-1]["Event"] == "Opted Out"
    partner.opts(True)
    assert all_is_given(deployment, partner)


@pytest.mark.parametrize("partner", [Gupshup], indirect=True)
def test_a_failing_may_say_that_a_user_has_opted_out(deployment: Deployment, partner: Any) -> None:
    bot_says(deployment)
    partner.says("hi")
    partner.tells("failed", "out-1", "1012", "Number Opted Out")
    assert not all_is_given(deployment, partner) and states(deployment) == ["Failed"]


def test_files_both_ways(deployment: Deployment, partner: Any) -> None:
    picture = {"url": "https://files.example/cat.jpg", "mime_type": "image/jpeg"}
    bot_says(deployment, message="yours", Messagetype="image", Media=picture)
    partner.shows_a_picture()
    event = deployment.bot.events()[0]
    assert (event["MessageType"], event["Message"], event["Media"]["mime_type"]) == ("image", "my cat", "image/jpeg")
    assert partner.sent() == [("image", picture["url"])]


def test_a_template_goes_out_by_its_id(deployment: Deployment, partner: Any) -> None:
    template = {"name": "c6aecef6-bcb0", "language": "en", "parameters": ["Ada", "9:00"]}
    bot_says(deployment, message="Ada, 9:00", Messagetype="template", Template=template)
    partner.says("hi")
    assert partner.sent() == [("template", ["Ada", "9:00"])]


@pytest.mark.parametrize("partner", [Gateway], indirect=True)
def test_what_stands_in_the_address_is_said_as_well(deployment: Deployment, partner: Any) -> None:
    said = {"waNumber": OURS, "mobile": ADA, "messageId": "in-1", "timestamp": f"{AT}000", "type": "text", "text": "hi"}
    assert deployment.call("GET", f"{partner.row['webhook_url']}&{urlencode(said)}") == (200, "")
    deployment.cloud.pump()
    assert deployment.bot.events()[0]["Message"] == "hi"
