"""Telegram, with its Bot API played by a server of ours: its updates in, our calls out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.domain.thread import thread_id
from chalicelib.tables.deliveries import DeliveryRow
from chalicelib.tables.threads import THREAD, ThreadRow
from tests.channels.bot_api import FILE, BotApi
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_failing_bot import Clock
from tests.journeys.test_people import people
from tests.outside import Heard, serving

BOT_TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
ADA = {"id": 42, "is_bot": False, "first_name": "Ada"}
ALONE = {"id": 42, "type": "private", "first_name": "Ada"}
TEAM = {"id": -100123, "type": "supergroup", "title": "Team"}
_numbers = itertools.count(1)
Comes = Callable[..., Any]


@pytest.fixture
def api() -> BotApi:
    return BotApi(BOT_TOKEN)


@pytest.fixture
def bot(deployment: Deployment, api: BotApi) -> Iterator[dict[str, Any]]:
    """The channel of a bot."""
    with serving() as outside:
        outside.answer = api.answer
        yield deployment.make(
            "channels",
            service_id=deployment.ids["care"],
            kind="telegram",
            name="tg",
            settings={"api_base": outside.url.removesuffix("/hook")},
            secrets={"bot_token": BOT_TOKEN},
        )


@pytest.fixture
def comes(deployment: Deployment, bot: dict[str, Any], api: BotApi) -> Comes:
    """An update comes where Telegram was told, with the token that it was given; what it is answered."""

    def update(**one: Any) -> Any:
        assert one.keys() <= {*api.webhook["allowed_updates"]}
        status, answer = deployment.call(
            "POST",
            api.webhook["url"],
            {"update_id": next(_numbers), **one},
            headers={"X-Telegram-Bot-Api-Secret-Token": api.webhook["secret_token"]},
        )
        assert status == 200, answer
        deployment.cloud.pump()
        return answer

    return update


def said(number: int = 7, **message: Any) -> dict[str, Any]:
    return {"message": {"message_id": number, "from": ADA, "chat": ALONE, "date": 1763683200} | message}


def answers(**more: Any) -> Any:
    def answer(heard: Heard) -> tuple[int, Any]:
        event = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "noted"} | more
        return 200, {"token": TOKEN, "events": [event] if heard.json["Event"] == "Incoming message" else []}

    return answer


def test_who_the_bot_is_stands_in_its_channel(deployment: Deployment, bot: dict[str, Any], api: BotApi) -> None:
    assert (bot["status"], bot["facts"]["username"], bot["facts"]["webhook"]) == ("active", "@care_bot", "registered")
    assert api.webhook["url"] == bot["webhook_url"] and api.wrong == []
    secrets = {"secrets": {"bot_token": "110201543:withdrawn-and-long-enough"}}
    status, answer = deployment.call("PATCH", f"/v1/channels/{bot['id']}", secrets)
    assert (status, answer["errors"][0]["path"]) == (422, "/secrets/bot_token")
    assert deployment.call("POST", bot["webhook_url"], {"update_id": 1})[0] == 401


def test_a_question_with_buttons_and_its_answer(
    deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes
) -> None:
    payload = "delivery-" + "x" * 70
    deployment.bot.answer = answers(
        message="Which?",
        Buttons=[{"title": "Billing", "payload": "bill"}, {"title": "Delivery", "payload": payload}],
    )
    comes(**said(text="hi"))
    event = deployment.bot.events()[0]
    assert (event["Message"], event["Channel"], event["Contact"]["name"]) == ("hi", "Telegram", "Ada")
    method, sent = api.calls[-1]
    keys = sent["reply_markup"]["inline_keyboard"]
    assert (method, sent["chat_id"], sent["text"]) == ("sendMessage", "42", "Which?")
    assert [one["text"] for (one,) in keys] == ["Billing", "Delivery"] and keys[0][0]["callback_data"] == "bill"

    asked = {"message_id": 1000 + len(api.calls), "chat": ALONE, "date": 1, "text": "Which?"}
    query = {"id": "77", "from": ADA, "chat_instance": "1", "data": keys[1][0]["callback_data"]}
    pressed = {"callback_query": query | {"message": asked | {"reply_markup": {"inline_keyboard": keys}}}}
    assert comes(**pressed) == {"method": "answerCallbackQuery", "callback_query_id": "77"}
    told = deployment.bot.events()[-1]
    assert (told["Event"], told["PostbackPayload"]) == ("FB POSTBACK", payload), "the ordinal comes back as what it was"
    comes(**pressed)
    assert len(deployment.bot.events()) == 2 + sum(e["Event"] == "Message Delivery" for e in deployment.bot.events())
    assert api.wrong == []


def test_who_starts_blocks_and_comes_back(
    deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes
) -> None:
    comes(**said(text="/start spring-sale"))
    started = deployment.bot.events()[-1]
    assert (started["Event"], started["Details"]["name"]) == ("Happened", "started")
    assert started["Details"]["payload"] == "spring-sale"

    def member(status: str) -> None:
        given = {
            "chat": ALONE,
            "from": ADA,
            "date": 1763683300 + next(_numbers),
            "old_chat_member": {"status": "member"},
        }
        comes(my_chat_member=given | {"new_chat_member": {"status": status}})
        (ada,) = people(deployment)
        assert ada["consent"][f"all@{bot['id']}"]["given"] is (status == "member")

    member("kicked")
    assert deployment.bot.events()[-1]["Event"] == "Opted Out"
    member("member")
    # A send says it, too.
    api.fails = [(403, "Forbidden: bot was blocked by the user", {})]
    deployment.bot.answer = answers()
    comes(**said(8, text="hi"))
    (ada,) = people(deployment)
    assert ada["consent"][f"all@{bot['id']}"]["given"] is False
    states = [one["DeliveryStatus"] for one in deployment.bot.events() if one["Event"] == "Message Delivery"]
    assert states == ["Failed"]


def test_edits_and_reactions_reach_the_bot(
    deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes
) -> None:
    deployment.bot.answer = answers()
    comes(**said(text="one lamp"))
    first, ours = deployment.bot.events()[0]["Messageid"], 1000 + len(api.calls)
    deployment.bot.forget()
    comes(edited_message=said(text="two lamps")["message"] | {"edit_date": 1763683260})
    reaction = {"chat": ALONE, "message_id": ours, "user": ADA, "date": 1763683270, "old_reaction": []}
    comes(message_reaction=reaction | {"new_reaction": [{"type": "emoji", "emoji": "👍"}]})
    edited, reacted = deployment.bot.events()
    assert (edited["Event"], edited["Message"], edited["Messageid"]) == ("Message Edited", "two lamps", first)
    assert (reacted["Event"], reacted["Message"]) == ("Reaction", "👍") and reacted["Messageid"] != first


def test_a_picture_is_fetched_and_nobody_sees_the_token(
    deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes, capfd: pytest.CaptureFixture[str]
) -> None:
    from chalicelib.ports.settings import settings

    s3 = deployment.cloud.clients["s3"]
    api.fails = [(401, f"Unauthorized: {BOT_TOKEN}", {})]
    deployment.bot.answer = answers()
    comes(**said(caption="my cat", photo=[{"file_id": "AgAC", "width": 9, "height": 9}]))
    event = deployment.bot.events()[0]
    assert (event["MessageType"], event["Message"]) == ("image", "my cat")
    url = event["Media"]["url"]
    assert deployment.call("GET", url[url.index("/media/") :])[0] == 302
    kept = s3.get_object(Bucket=settings().media_bucket, Key=f"{event['Messageid']}/0")
    assert (kept["Body"].read(), kept["ContentType"]) == (FILE, "image/jpeg")
    shown = [deployment.call("GET", f"/v1/{path}")[1] for path in (
        f"messages?conversation_id={event['Conversationid']}", f"deliveries?channel_id={bot['id']}", "channels",
    )]  # fmt: skip
    everything = json.dumps([shown, event]) + "".join(capfd.readouterr())
    everything += json.dumps([str(row.attempts) for row in DeliveryRow.scan()])
    assert BOT_TOKEN not in everything and "Unauthorized" in everything


@pytest.mark.parametrize("name", ["table.csv", "gone.csv"])
def test_a_file_that_telegram_does_not_fetch_is_brought_along(
    deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes, name: str
) -> None:
    with serving() as files:
        files.answer = lambda heard: (200, b"a,b") if heard.path == "/table.csv" else (404, b"")
        url = files.url.replace("/hook", f"/{name}")
        deployment.bot.answer = answers(message="the table", Media={"url": url, "name": 'ta"ble.csv'})
        comes(**said(text="q"))
        method, body = api.calls[-1]
    if name == "gone.csv":
        assert (method, body) == ("sendMessage", {"chat_id": "42", "text": f"the table\n{url}"})
    else:
        file = ("ta_ble.csv", "text/csv", b"a,b")
        assert (method, body) == ("sendDocument", {"chat_id": "42", "document": file, "caption": "the table"})
    assert api.wrong == [] and not any(heard.headers.get("authorization") for heard in files.heard)


def test_a_part_that_must_wait_waits_as_long_as_it_is_told(
    deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes, traveller: Any
) -> None:
    deployment.bot.answer = answers(message="\n".join(one * 3000 for one in "abc"))
    api.fails = [None, (429, "Too Many Requests: retry after 40", {"retry_after": 40})]
    comes(**said(text="q"))
    (row,) = (row for row in DeliveryRow.scan() if row.destination == bot["id"])
    assert (row.status, row.done) == ("waiting", 1)
    clock = Clock(traveller, deployment)
    clock.passes(20)
    assert len(api.sent()) == 2, "not before"
    clock.passes(60)
    assert [text[0] for _, text in api.sent()] == ["a", "b", "b", "c"]
    assert api.wrong == []


def test_a_group_has_its_own_thread(deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes) -> None:
    deployment.bot.answer = answers()
    comes(**said(text="to you alone"))
    topic = {"is_topic_message": True, "message_thread_id": 3}
    comes(**said(8, chat=TEAM, text="who comes?", **topic))
    comes(edited_message=said(8, chat=TEAM, text="who?")["message"] | {"edit_date": 1763683260})
    alone, group = [one for one in deployment.bot.events() if one["Event"] == "Incoming message"]
    assert (alone["Contact"]["name"], group["Contact"]["name"]) == ("Ada", "Team")
    assert group["Speaker"] == {"id": "42", "name": "Ada"} and "Speaker" not in alone
    sent = [(body["chat_id"], body.get("message_thread_id")) for method, body in api.calls if method == "sendMessage"]
    assert sent == [("42", None), ("-100123", 3)]
    assert sorted(str(one["name"]) for one in people(deployment)) == ["Ada", "Team"]

    # It becomes a supergroup with another id: its contact stays, and what is said there is its own.
    comes(**said(9, chat=TEAM, migrate_to_chat_id=-100456))
    comes(**said(1, chat=TEAM | {"id": -100456}, migrate_from_chat_id=-100123))
    comes(**said(2, chat=TEAM | {"id": -100456}, text="still here"))
    assert sorted(str(one["name"]) for one in people(deployment)) == ["Ada", "Team"]
    (team,) = (one for one in people(deployment) if one["name"] == "Team")
    assert [one["value"].partition(":")[2] for one in team["identities"]] == ["group:-100456"]
    listed = deployment.call("GET", f"/v1/contacts/{team['id']}/timeline")[1]["data"]
    assert {"who comes?", "still here"} <= {one["text"] for one in listed}
    assert api.sent()[-1][0] == "-100456"


def test_an_answer_goes_to_the_topic_of_what_it_answers(deployment: Deployment, api: BotApi, comes: Comes) -> None:
    deployment.bot.answer = answers()
    forum, topic = TEAM | {"is_forum": True}, {"is_topic_message": True, "message_thread_id": 3}
    comes(**said(8, chat=forum, text="in one", **topic))
    comes(**said(9, chat=forum, text="in none"))
    asked = said(10, chat=forum, text="asked", **topic)["message"]
    comes(callback_query={"id": "c1", "from": ADA, "message": asked, "data": "pressed"})
    assert [body.get("message_thread_id") for method, body in api.calls if method == "sendMessage"][:2] == [3, None]
    handle = ThreadRow.get(thread_id(deployment.ids["tg"], "group:-100123"), THREAD).state["handle"]
    assert handle["with"] == {"topic": "3"}


def test_an_agent_is_seen_to_write_in_a_group_too(
    deployment: Deployment, bot: dict[str, Any], api: BotApi, comes: Comes
) -> None:
    settings = {**bot["settings"], "typing": True}
    assert deployment.call("PATCH", f"/v1/channels/{bot['id']}", {"settings": settings})[0] == 200
    deployment.bot.answer = answers()
    comes(**said(text="hi"))
    comes(**said(8, chat=TEAM, text="who comes?"))
    typing = [body for method, body in api.calls if method == "sendChatAction"]
    assert typing == [{"chat_id": id, "action": "typing"} for id in ("42", "-100123")]
