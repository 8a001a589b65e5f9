"""A customer writes, a bot answers, hands over to a person, and gets the thread back."""

from __future__ import annotations

from chalicelib.ports import signing
from tests.journeys.conftest import TOKEN, Deployment


def test_the_bot_answers_and_the_visitor_sees_it(deployment: Deployment) -> None:
    message = deployment.says("hello")
    (event,) = deployment.bot.events()
    assert event["Message"] == "hello" and event["Messageid"] == message and event["Event"] == "Incoming message"
    assert event["ConversationType"] == "BOT" and event["Channel"] == "Webchat" and event["Sequence"] == 1
    heard = deployment.bot.heard[0]
    assert heard.headers["authorization"] == "Bearer bearer-of-ours"
    assert signing.verify(
        [deployment.made["bot"]["signing_secret"]],
        heard.headers,
        heard.raw,
        now_ms=__import__("time").time_ns() // 10**6,
    )
    status, answer = deployment.bot_posts(
        {"eventid": "1001", "conversation_id": event["Conversationid"], "message": "hi there"}
    )
    assert status == 202 and answer["status"] == "accepted" and answer["conversation_id"] == event["Conversationid"]
    assert deployment.sees() == ["hi there"]
    # It was fetched: the bot hears that it was delivered.
    receipt = deployment.bot.events()[-1]
    assert receipt["Event"] == "Message Delivery" and receipt["DeliveryStatus"] == "Delivered"
    assert receipt["Messageid"] == answer["message_id"]


def test_an_answer_in_the_response_is_handled_as_if_posted(deployment: Deployment) -> None:
    deployment.bot.answer = lambda heard: (
        200,
        {
            "verification_token": TOKEN,
            "events": [{"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "at once"}],
        },
    )
    deployment.says("hello")
    assert deployment.sees() == ["at once"]


def test_hand_over_to_a_person_and_back(deployment: Deployment) -> None:
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    status, _ = deployment.bot_posts({"eventid": 1002, "conversation_id": conversation, "customparam1": "billing"})
    assert status == 202
    started = deployment.desk.events()[0]
    assert started["type"] == "chat.started" and started["data"]["reason"] == "bot"
    assert [message["text"] for message in started["data"]["transcript"] if message["type"] == "text"] == ["hello"]
    assert started["data"]["custom_params"] == {"customparam1": "billing"}
    chat = started["data"]["conversation_id"]
    assert chat != conversation

    status, answer = deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "too late"})
    assert (status, answer["code"], answer["owner"]) == (409, "not_owner", "desk")

    deployment.says("a person please")
    assert deployment.desk.events()[-1]["data"]["message"]["text"] == "a person please"
    copy = deployment.bot.events()[-1]
    assert copy["ConversationType"] == "CCSP" and copy["Message"] == "a person please" and copy["Sequence"] == 2

    status, _ = deployment.desk_posts(
        {"type": "agent.message", "conversation_id": chat, "text": "I am Ana", "agent": {"id": "7", "name": "Ana"}}
    )
    assert status == 202
    assert deployment.sees() == ["I am Ana"]
    copies = [event for event in deployment.bot.events() if event.get("Author") == "agent"]
    assert copies[0]["Message"] == "I am Ana" and copies[0]["Sequence"] == 3

    status, _ = deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "outcome": "solved"})
    assert status == 202
    status, answer = deployment.desk_posts({"type": "agent.message", "conversation_id": chat, "text": "one more"})
    assert (status, answer["code"]) == (410, "conversation_closed")
    deployment.says("thanks")
    last = deployment.bot.events()[-1]
    assert last["ConversationType"] == "BOT" and last["Conversationid"] == conversation and last["Message"] == "thanks"


def test_a_rule_that_waits_for_the_close_has_its_bot_ask_how_it_was(deployment: Deployment) -> None:
    when = {"==": [{"var": "event.type"}, "conversation.closed"]}
    fields = {"service_id": deployment.made["care"]["id"], "when": when, "to": "bot", "position": 0}
    deployment.make("rules", name="after", bot_id=deployment.ids["bot"], **fields)
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    assert deployment.bot.events()[0]["Message"] == "hello", "a message is no close"
    deployment.bot_posts({"eventid": 1002, "conversation_id": conversation})
    chat = deployment.desk.events()[0]["data"]["conversation_id"]
    deployment.desk_posts({"type": "chat.closed", "conversation_id": chat, "outcome": "solved"})
    told = deployment.bot.events()[-1]
    assert (told["Message"], told["MessageType"], told["ConversationType"]) == ("conversation.closed", "event", "BOT")
    assert told["Details"] == {"name": "conversation.closed", "conversation_id": chat, "outcome": "solved"}
    assert "Author" not in told and told["Sequence"] == 2 and told["Conversationid"] == conversation
    status, _ = deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "How was it?"})
    assert status == 202 and deployment.sees() == ["How was it?"]

    # Without a rule that asks for it, a close is nobody's turn.
    assert deployment.call("DELETE", f"/v1/rules/{deployment.ids['after']}")[0] == 204
    deployment.bot_posts({"eventid": 1002, "conversation_id": conversation})
    heard, chat = len(deployment.bot.heard), deployment.desk.events()[-1]["data"]["conversation_id"]
    deployment.desk_posts({"type": "chat.closed", "conversation_id": chat})
    assert len(deployment.bot.heard) == heard


def test_a_closed_conversation_gets_a_new_id(deployment: Deployment) -> None:
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    assert deployment.bot_posts({"event": "Close", "conversation_id": conversation})[0] == 202
    assert deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "x"})[0] == 410
    deployment.says("hello again")
    assert deployment.bot.events()[-1]["Conversationid"] != conversation


def test_strangers_are_refused(deployment: Deployment) -> None:
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    said = {"eventid": "1001", "conversation_id": conversation, "message": "x"}
    assert deployment.call("POST", "/webhooks/bots/bt_0123456789abcdef.wrong", said)[0] == 404
    assert deployment.bot_posts(said | {"conversation_id": conversation[:-1] + "9"})[0] == 404
    assert deployment.bot_posts(said | {"message": ""})[0] == 422
    assert deployment.call("POST", deployment.made["bot"]["events_url"], b"{nonsense")[0] == 400
    assert deployment.call("POST", deployment.made["bot"]["events_url"], b"x" * 70_000)[0] == 413


def test_a_repeat_is_harmless_even_when_the_thread_has_changed_hands(deployment: Deployment) -> None:
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    said = {"eventid": "1001", "conversation_id": conversation, "message": "once", "Messageid": "b1"}
    over = {"eventid": "1002", "conversation_id": conversation, "Messageid": "b2"}
    first = deployment.bot_posts(said, over)
    assert first[0] == 202
    assert deployment.bot_posts(said, over) == first
    assert deployment.sees() == ["once"]
    assert [event["type"] for event in deployment.desk.events()].count("chat.started") == 1


def test_a_person_at_the_console_desk_answers_over_the_api(deployment: Deployment) -> None:
    service = deployment.ids["care"]
    console = deployment.make("desks", service_id=service, kind="console", name="inbox")
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"desk_id": console["id"]})
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    _, listed = deployment.call("GET", f"/v1/conversations?service_id={service}")
    chat = next(row for row in listed["data"] if row["kind"] == "desk")
    answer = {"type": "agent.message", "text": "good day", "agent": {"id": "1", "name": "Ana"}}
    assert deployment.call("POST", f"/v1/conversations/{chat['id']}/events", answer)[0] == 202
    deployment.cloud.pump()
    assert deployment.sees() == ["good day"]
    assert deployment.call("POST", f"/v1/conversations/{chat['id']}/events", {"type": "chat.closed"})[0] == 202
    deployment.cloud.pump()
    assert deployment.call("POST", f"/v1/conversations/{chat['id']}/events", answer)[0] == 410
    deployment.says("thanks")
    assert deployment.bot.events()[-1]["ConversationType"] == "BOT"


def test_a_suspended_console_desk_gets_nobody_and_is_back_at_once(deployment: Deployment) -> None:
    console = deployment.make("desks", service_id=deployment.ids["care"], kind="console", name="inbox")
    deployment.call("PATCH", f"/v1/rules/{deployment.ids['all']}", {"desk_id": console["id"], "bot_patience_s": 0})
    deployment.call("PATCH", f"/v1/desks/{console['id']}", {"suspended": True})
    deployment.says("hello")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    assert deployment.bot.events()[-1]["Event"] == "Handover failed"
    deployment.call("PATCH", f"/v1/desks/{console['id']}", {"suspended": False})
    deployment.cloud.pump()
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    deployment.says("a person?")
    assert deployment.bot.events()[-1]["ConversationType"] == "CCSP"
