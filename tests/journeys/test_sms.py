"""An SMS gateway that no preset knows, connected by JSON alone: texts in, texts out, and what became of them."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.api.http import base_url
from chalicelib.tables import config, media_links
from chalicelib.tables.deliveries import DeliveryRow
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_failing_bot import Clock
from tests.journeys.test_people import people
from tests.outside import Heard, Outside, serving

PAGE = Path(__file__).parents[2] / "docs" / "channels.md"
ADA = "4915112345678"
KEY, DOOR = "pigeon-key-of-ours", "pigeons-own-token"


def described(base: str) -> dict[str, Any]:
    """The settings of the page, with the gateway where it is here."""
    [text] = re.findall(r"```json sms\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    settings: dict[str, Any] = json.loads(text)
    return settings | {"api_base": base}


class Pigeon:
    """The gateway: it answers with verdicts of its own, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.verdicts: list[str] = []
        self._numbers = itertools.count(1)

    def answer(self, heard: Heard) -> tuple[int, Any]:
        at = urlsplit(heard.path)
        assert at.path.endswith("/v2/out") and heard.headers["x-pigeon-key"] == KEY
        fields = {name: one for name, [one] in parse_qs(heard.raw.decode(), strict_parsing=True).items()}
        verdict = self.verdicts.pop(0) if self.verdicts else "taken"
        if verdict != "taken":
            return 200, {"result": {"tickets": [{"verdict": verdict}], "note": f"so says {KEY}"}}
        self.sent.append(fields | {"ref": parse_qs(at.query)["ref"][0]})
        return 200, {"result": {"tickets": [{"no": f"T{next(self._numbers)}", "verdict": verdict}]}}


@pytest.fixture
def told() -> Iterator[None]:
    """Deploying has told where we are found."""
    config.create(config.Resource("parley", "settings", body={"base_url": "https://parley.example"}))
    base_url.forget()
    media_links.forget()
    yield
    base_url.forget()
    media_links.forget()


@pytest.fixture
def pigeon() -> Pigeon:
    return Pigeon()


@pytest.fixture
def sms(deployment: Deployment, pigeon: Pigeon) -> Iterator[dict[str, Any]]:
    with serving() as outside:
        outside.answer = pigeon.answer
        yield deployment.make(
            "channels",
            service_id=deployment.ids["care"],
            kind="sms",
            name="texts",
            settings=described(outside.url.removesuffix("/hook")),
            secrets={"key": KEY, "signature": DOOR},
        )


def posts(deployment: Deployment, channel: dict[str, Any], *birds: dict[str, Any], token: str = DOOR) -> int:
    """The gateway posts what it has."""
    headers = {"X-Pigeon-Token": token}
    status, _ = deployment.call("POST", channel["webhook_url"], {"birds": list(birds)}, headers=headers)
    deployment.cloud.pump()
    return status


def text(words: Any, id: str = "b-1", **more: Any) -> dict[str, Any]:
    return {"bird": id, "from": {"number": ADA, "words": words, "called": "Ada"}, **more}


def says(answer: str) -> Any:
    def bot(heard: Heard) -> tuple[int, Any]:
        said = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": answer}
        return 200, {"token": TOKEN, "events": [said] if heard.json["Event"] == "Incoming message" else []}

    return bot


def states(bot: Outside) -> list[str]:
    return [one["DeliveryStatus"] for one in bot.events() if one["Event"] == "Message Delivery"]


def test_in_out_and_receipts(deployment: Deployment, sms: dict[str, Any], pigeon: Pigeon) -> None:
    assert (sms["status"], sms["secrets_set"]) == ("active", ["key", "signature"])
    deployment.bot.answer = says('Yes: 9 to 5 & "later"')
    assert posts(deployment, sms, text("Is it open?"), {"bird": "b-0", "weather": "fine"}) == 200
    event = deployment.bot.events()[0]
    assert (event["Channel"], event["Message"], event["Contact"]["name"]) == ("SMS", "Is it open?", "Ada")
    (ada,) = people(deployment)
    assert {"kind": "phone", "value": f"+{ADA}"} in ada["identities"]
    (sent,) = pigeon.sent
    assert (sent["dest"], sent["words"], sent["alphabet"]) == (ADA, 'Yes: 9 to 5 & "later"', "narrow")
    posts(deployment, sms, text("Is it open?"))
    assert len(pigeon.sent) == 1, "the same text once more is once"

    assert posts(deployment, sms, {"ticket": "T1", "fate": "circling"}, {"ticket": "T1", "fate": "on_handset"}) == 200
    assert states(deployment.bot)[-1] == "Delivered"
    assert posts(deployment, sms, text("And now?", "b-2"), token="guessed") == 401
    assert len(deployment.bot.events()) == 1 + len(states(deployment.bot))


def test_a_receipt_that_overtakes_the_answer_is_known_by_our_own_id(
    deployment: Deployment, sms: dict[str, Any], pigeon: Pigeon
) -> None:
    deployment.bot.answer = says("Yes")
    posts(deployment, sms, text("hi"))
    failed = {"ticket": "T99", "ref": pigeon.sent[0]["ref"], "fate": "bounced", "cause": "44", "note": "no such number"}
    posts(deployment, sms, failed)
    assert states(deployment.bot)[-1] == "Failed"


def test_what_must_wait_waits_and_what_is_refused_fails(
    deployment: Deployment, sms: dict[str, Any], pigeon: Pigeon, traveller: Any
) -> None:
    deployment.bot.answer = says("word " * 330)
    pigeon.verdicts = ["taken", "queue_full"]
    posts(deployment, sms, text("hi"))
    (row,) = (row for row in DeliveryRow.scan() if row.destination == sms["id"])
    assert (row.status, row.done) == ("waiting", 1)
    Clock(traveller, deployment).passes(10)
    assert [one["ref"].endswith("-p1") for one in pigeon.sent] == [True, False], "none of it is sent twice"
    row.refresh()
    assert row.status == "delivered"

    pigeon.verdicts = ["bad_number"]
    posts(deployment, sms, text("hi again", "b-2"))
    assert states(deployment.bot)[-1] == "Failed"
    shown = json.dumps(deployment.call("GET", f"/v1/deliveries?channel_id={sms['id']}")[1])
    assert "so says" in shown and KEY not in shown


def test_who_says_stop_is_not_answered_and_counts_as_opted_out(
    deployment: Deployment, sms: dict[str, Any], pigeon: Pigeon
) -> None:
    deployment.bot.answer = says("Hello")
    posts(deployment, sms, text("hi"), text("Stop!", "b-2"))
    assert [one["Event"] for one in deployment.bot.events()].count("Incoming message") == 1
    (ada,) = people(deployment)
    assert ada["consent"][f"all@{sms['id']}"]["given"] is False
    posts(deployment, sms, text("START", "b-3"))
    (ada,) = people(deployment)
    assert ada["consent"][f"all@{sms['id']}"]["given"] is True
    pigeon.verdicts = ["silenced"]
    posts(deployment, sms, text("hm", "b-4"))
    (ada,) = people(deployment)
    assert ada["consent"][f"all@{sms['id']}"]["given"] is False, "a send that is refused says it, too"


def test_what_a_mapping_cannot_read_is_not_lost(deployment: Deployment, sms: dict[str, Any]) -> None:
    assert posts(deployment, sms, text({"parts": ["a"]})) == 200
    (event,) = deployment.bot.events()
    assert (event["Contact"]["name"], event["Details"]["name"]) == ("Ada", "unsupported")
    nobody = {"bird": "b-2", "from": {"number": {"e164": ADA}, "words": "hi"}}
    assert posts(deployment, sms, nobody) == 400
    assert posts(deployment, sms, nobody, text("still here", "b-3")) == 200, "others of the post are kept"
    assert deployment.bot.events()[-1]["Message"] == "still here"


def test_a_preset_by_get_whose_receipts_come_where_we_said(deployment: Deployment, told: None) -> None:
    asked: list[dict[str, str]] = []

    def kannel(heard: Heard) -> tuple[int, Any]:
        asked.append({name: one for name, [one] in parse_qs(urlsplit(heard.path).query).items()})
        return 202, b"0: Accepted for delivery"

    with serving() as outside:
        outside.answer = kannel
        made = deployment.make(
            "channels",
            service_id=deployment.ids["care"],
            kind="sms",
            name="kannel",
            settings={"preset": "kannel", "from": "12345", "api_base": outside.url.removesuffix("/hook")},
            secrets={"username": "us", "password": "p&w"},
        )
        deployment.bot.answer = says("Nine & five")
        status, _ = deployment.call("GET", f"{made['webhook_url']}&id=7d&from=%2B{ADA}&text=When%3F")
        deployment.cloud.pump()
    (sent,) = asked
    assert (status, sent["to"], sent["text"], sent["password"]) == (200, f"+{ADA}", "Nine & five", "p&w")
    # Its centre puts the state where we left room for it.
    assert deployment.call("GET", sent["dlr-url"].replace("%d", "1"))[0] == 200
    deployment.cloud.pump()
    assert states(deployment.bot) == ["Delivered"]
