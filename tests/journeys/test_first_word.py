"""The business speaks first: to whom and where, what stops it, and whose the answer is."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.lane import BULK
from chalicelib.ports import clock
from chalicelib.tables import threads
from tests.cloud import CutOff, taps
from tests.journeys.conftest import Deployment, answers_with_token
from tests.journeys.test_consent import ADA, Tell, consent, gateway, timeline
from tests.journeys.test_people import people
from tests.journeys.test_whatsapp import WA_ID, graph, number, post, said
from tests.outside import Outside

__all__ = ["gateway", "graph", "number"]


def sends(deployment: Deployment, to: dict[str, Any], *, key: str = "", **more: Any) -> tuple[int, Any]:
    """Send a message; everything moves until quiet."""
    body = {"service_id": deployment.ids["care"], "to": to} | more
    answer = deployment.call("POST", "/v1/messages", body, headers={"Idempotency-Key": key} if key else {})
    deployment.cloud.pump()
    return answer


def message(deployment: Deployment, id: str) -> dict[str, Any]:
    status, found = deployment.call("GET", f"/v1/messages/{id}")
    assert status == 200, found
    shown: dict[str, Any] = found
    return shown


def test_to_somebody_new_and_whose_the_answer_is(deployment: Deployment, gateway: Tell, graph: Outside) -> None:
    graph.answer = lambda heard: (200, {"id": f"p-{heard.json['text']}"})
    to = {"channel_id": deployment.ids["gw"], "address": f" {ADA} "}
    status, first = sends(deployment, to, text="Your parcel is here.", metadata={"order": "A-1"}, key="k1")
    assert (
        status == 202
        and sends(deployment, to, text="Your parcel is here.", metadata={"order": "A-1"}, key="k1")[1] == first
    )
    _, second = sends(deployment, to, text="It waits for you.")
    assert first["conversation_id"] == second["conversation_id"] and first["thread_id"] == second["thread_id"]
    assert [(one.json["to"], one.json["text"]) for one in graph.heard] == [
        (ADA, "Your parcel is here."),
        (ADA, "It waits for you."),
    ]
    shown = message(deployment, first["message_id"])
    assert (shown["state"], shown["direction"], shown["author"]["kind"]) == ("sent", "out", "event")
    assert shown["metadata"] == {"order": "A-1"} and shown["conversation_id"] == first["conversation_id"]
    about = deployment.call("GET", f"/v1/conversations/{first['conversation_id']}")[1]
    assert (about["kind"], about["state"], about["thread"]["owner"]) == ("notification", "open", None)
    listed = deployment.call("GET", f"/v1/messages?conversation_id={first['conversation_id']}")[1]["data"]
    assert [one["text"] for one in listed] == ["It waits for you.", "Your parcel is here."]
    tried = deployment.call("GET", f"/v1/deliveries?conversation_id={first['conversation_id']}")[1]["data"]
    assert [one["status"] for one in tried] == ["delivered"] * 2 and all(one["lane"].endswith(BULK) for one in tried)
    assert deployment.bot.events() == [], "nobody has the thread"

    gateway({"type": "status", "id": "p-It waits for you.", "status": "read"})
    assert message(deployment, second["message_id"])["state"] == "read"
    gateway({"type": "message", "id": "m1", "from": ADA, "text": "thanks", "phone": ADA})
    (told,) = deployment.bot.events()
    assert (told["Message"], told["ConversationType"]) == ("thanks", "BOT")
    ended = deployment.call("GET", f"/v1/conversations/{first['conversation_id']}")[1]
    assert (ended["state"], ended["outcome"]) == ("closed", "answered")
    (ada,) = people(deployment)
    assert timeline(deployment, ada["id"])[-1] == ("text", "thanks") and len(timeline(deployment, ada["id"])) == 3

    # By now the bot has the thread: it is part of its conversation, and it is not asked to answer.
    status, third = sends(deployment, {"contact_id": ada["id"]}, text="One more thing.", purpose="notification")
    assert (status, third["conversation_id"]) == (202, told["Conversationid"])
    assert deployment.bot.events() == [told]
    assert graph.heard[-1].json["text"] == "One more thing."


def test_a_person_who_sends_is_named_and_a_desk_goes_on(deployment: Deployment, gateway: Tell) -> None:
    deployment.bot.answer = answers_with_token
    gateway({"type": "message", "id": "m1", "from": ADA, "text": "a person, please", "phone": ADA})
    first = deployment.bot.events()[0]
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": first["Conversationid"]})[0] == 202
    chat = deployment.desk.events()[0]["data"]["conversation_id"]
    (ada,) = people(deployment)
    status, answer = sends(deployment, {"contact_id": ada["id"], "channel_id": deployment.ids["gw"]}, text="News")
    assert (status, answer["conversation_id"]) == (202, chat)
    copy = deployment.bot.events()[-1]
    assert (copy["Message"], copy["ConversationType"], copy.get("Sequence")) == ("News", "CCSP", None)


def test_what_stops_it_is_said_before(deployment: Deployment, gateway: Tell, graph: Outside) -> None:
    gw, to = deployment.ids["gw"], {"channel_id": deployment.ids["gw"], "address": ADA}
    gateway(consent("c1", False, scope="marketing"))
    status, problem = sends(deployment, to, text="Offers", purpose="news")
    assert (status, problem["code"], problem["consent"]) == (409, "opted_out", f"marketing@{gw}")
    assert sends(deployment, to, text="Your code is 1234")[0] == 202
    gateway(consent("c2", False))
    (ada,) = people(deployment)
    for whom in (to, {"contact_id": ada["id"]}):
        status, problem = sends(deployment, whom, text="Your code is 5678")
        assert (status, problem["code"], problem["contact_id"]) == (409, "opted_out", ada["id"])
    gateway(consent("c3", True))
    assert deployment.call("PATCH", f"/v1/contacts/{ada['id']}", {"consent": {"news": False}})[0] == 200
    assert sends(deployment, to, text="x", purpose="news")[1]["consent"] == f"marketing@{gw}"
    gateway(consent("c4", True, scope="marketing"))
    assert sends(deployment, to, text="x", purpose="news")[1]["consent"] == "news"
    assert [one.json["text"] for one in graph.heard] == ["Your code is 1234"]


def test_who_says_no_while_it_waits_is_not_sent_it(deployment: Deployment, gateway: Tell, graph: Outside) -> None:
    gateway({"type": "message", "id": "m1", "from": ADA, "text": "hello", "phone": ADA})
    (ada,) = people(deployment)
    body = {"service_id": deployment.ids["care"], "to": {"contact_id": ada["id"]}, "text": "late"}
    taken = deployment.call("POST", "/v1/messages", body)[1]
    assert deployment.call("PATCH", f"/v1/contacts/{ada['id']}", {"consent": {"all": False}})[0] == 200
    deployment.cloud.pump()
    shown = message(deployment, taken["message_id"])
    assert (shown["state"], shown["error"]["code"], graph.heard) == ("failed", "opted_out", [])


def test_who_says_no_between_two_attempts_is_not_sent_it(
    deployment: Deployment, gateway: Tell, graph: Outside, traveller: Any
) -> None:
    gateway({"type": "message", "id": "m1", "from": ADA, "text": "hello", "phone": ADA})
    (ada,) = people(deployment)
    to = {"contact_id": ada["id"]}
    graph.answer = lambda heard: (503, {})
    late = [sends(deployment, to, text=purpose, purpose=purpose)[1] for purpose in ("news", "transactional")]
    assert [one.json["text"] for one in graph.heard] == ["news"], "the other is behind it"
    graph.answer = lambda heard: (200, {"id": "p-1"})
    gateway(consent("c1", False, scope="marketing"))
    for _ in range(2):
        traveller.shift(10)
        deployment.cloud.pump()
    assert [one.json["text"] for one in graph.heard] == ["news", "transactional"]
    shown = [message(deployment, one["message_id"]) for one in late]
    assert [one["error"] and one["error"]["code"] for one in shown] == ["opted_out", None]


def test_what_is_answered_goes_to_who_wants_nothing_once_they_write_again(
    deployment: Deployment, gateway: Tell, graph: Outside
) -> None:
    deployment.bot.answer = answers_with_token
    hello = {"type": "message", "from": ADA, "phone": ADA}
    gateway(hello | {"id": "m1", "text": "hello", "sent_at": "2025-11-20T10:00:00Z"})
    conversation = deployment.bot.events()[0]["Conversationid"]

    def answered(text: str) -> str:
        said = {"eventid": "1001", "conversation_id": conversation, "message": text}
        id = deployment.bot_posts(said)[1]["message_id"]
        shown = message(deployment, id)
        return str(shown["error"]["code"] if shown["error"] else shown["state"])

    gateway(consent("c1", False, scope="marketing", at="2025-11-20T10:01:00Z"))
    assert answered("no offer") == "sent"
    gateway(consent("c2", False, at="2025-11-20T10:02:00Z"))
    assert answered("anything else?") == "opted_out"
    (ada,) = people(deployment)
    stop = f"all@{deployment.ids['gw']}"
    # What the owner knows better stands in the contact.
    assert deployment.call("PATCH", f"/v1/contacts/{ada['id']}", {"consent": {stop: True}})[0] == 200
    assert answered("they told us by phone") == "sent"
    assert deployment.call("PATCH", f"/v1/contacts/{ada['id']}", {"consent": {stop: False}})[0] == 200
    assert answered("really?") == "opted_out"
    gateway(hello | {"id": "m2", "text": "one more question", "sent_at": "2025-11-20T10:03:00Z"})
    assert answered("yes?") == "sent"
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})[0] == 202
    chat = deployment.desk.events()[0]["data"]["conversation_id"]
    gateway(consent("c3", True, at="2025-11-20T10:04:00Z"), consent("c4", False, at="2025-11-20T10:05:00Z"))
    said = {"type": "agent.message", "conversation_id": chat, "text": "I am Ana"}
    id = deployment.call("POST", deployment.made["desk"]["events_url"], said)[1]["message_id"]
    deployment.cloud.pump()
    assert message(deployment, id)["error"]["code"] == "opted_out"
    assert [one.json["text"] for one in graph.heard] == ["no offer", "they told us by phone", "yes?"]


def test_whatsapp_needs_a_template_and_knows_the_number(
    deployment: Deployment, number: dict[str, Any], graph: Outside, traveller: Any
) -> None:
    graph.answer = lambda heard: (200, {"messages": [{"id": f"wamid.{len(graph.heard)}"}]})
    made = {"service_id": deployment.ids["care"], "name": "Kim", "phone": f"+{WA_ID}"}
    kim = deployment.call("POST", "/v1/contacts", made)[1]["id"]
    template = {"name": "parcel", "language": "en", "parameters": ["Kim"]}

    def tries(to: dict[str, Any]) -> dict[str, Any]:
        status, way = deployment.call("POST", "/v1/messages:try", {"service_id": deployment.ids["care"], "to": to})
        assert status == 200, way
        return {name: way[name] for name in ("channel_id", "address", "contact_id", "needs_template", "consent")}

    way = {"channel_id": number["id"], "address": WA_ID, "contact_id": kim, "needs_template": True, "consent": None}
    assert tries({"contact_id": kim}) == way
    spelled = f"+{WA_ID[:2]} {WA_ID[2:]}"
    for to in ({"contact_id": kim}, {"channel_id": number["id"], "address": spelled}):
        status, problem = sends(deployment, to, text="hello")
        assert (status, problem["code"], problem["errors"][0]["path"]) == (422, "needs_template", "/template")
        assert sends(deployment, to, template=template)[0] == 202
    assert {one.json["to"] for one in graph.heard} == {WA_ID}
    now = str(clock.now_ms() // 1000)
    post(deployment, number, said({"type": "text", "text": {"body": "hi"}, "timestamp": now}))
    assert [one["id"] for one in people(deployment)] == [kim], "no second contact of the same number"
    assert deployment.call("PATCH", f"/v1/contacts/{kim}", {"consent": {"all": False}})[0] == 200
    assert tries({"channel_id": number["id"], "address": WA_ID}) == way | {"needs_template": False, "consent": "all"}
    assert deployment.call("PATCH", f"/v1/contacts/{kim}", {"consent": {"all": None}})[0] == 200
    status, answer = sends(deployment, {"contact_id": kim}, content={"type": "buttons", "text": "Well?", "buttons": [
        {"title": "Yes"}, {"title": "No"}
    ]})  # fmt: skip
    assert (status, answer["channel_id"]) == (202, number["id"])
    assert graph.heard[-1].json["interactive"]["type"] == "button"
    # A provider goes on with the number that an account was made with: a Brazilian's of before 2016.
    old = {"from": "551187654321", "id": "wamid.br", "timestamp": now, "type": "text", "text": {"body": "oi"}}
    post(deployment, number, {"contacts": [{"wa_id": "551187654321"}], "messages": [old]})
    assert sends(deployment, {"channel_id": number["id"], "address": "+55 11 98765-4321"}, text="oi")[0] == 202
    assert graph.heard[-1].json["to"] == "551187654321"
    traveller.shift(25 * 3600)
    assert sends(deployment, {"contact_id": kim}, text="hello")[1]["code"] == "needs_template"


@pytest.mark.parametrize(
    ("change", "status", "code", "path"),
    [
        ({"to": {}}, 422, "invalid", "/to"),
        ({"to": {"contact_id": "ct_nobody"}}, 404, "not_found", "/to/contact_id"),
        ({"to": {"channel_id": "ch_none", "address": "x"}}, 404, "not_found", "/to/channel_id"),
        ({"to": {"contact_id": "ct_" + "a" * 26, "address": "x"}}, 422, "invalid", "/to/address"),
        ({"text": None}, 422, "wrong_fields", "/text"),
        ({"text": " "}, 422, "invalid", "/text"),
        ({"text": "x", "template": {"name": "t"}}, 422, "wrong_fields", "/template"),
        ({"text": None, "template": {"name": "t"}}, 202, "", ""),
        ({"text": None, "content": {"type": "poem", "text": "x"}}, 422, "wrong_fields", "/content/Messagetype"),
        ({"text": "ü" * 8193}, 413, "too_large", "/text"),
        ({"purpose": ""}, 422, "invalid", "/purpose"),
        ({"metadata": {"x": "y" * 5000}}, 422, "invalid", "/metadata"),
        ({"ladder": [{"channel_kind": "sms"}]}, 422, "not_yet", "/ladder"),
        ({"ladder": []}, 202, "", ""),
        ({"service_id": "sv_" + "a" * 10}, 422, "invalid", "/service_id"),
        ({"more": 1}, 422, "invalid", "/more"),
    ],
)
def test_bad_input(
    deployment: Deployment, gateway: Tell, change: dict[str, Any], status: int, code: str, path: str
) -> None:
    to = {"channel_id": deployment.ids["gw"], "address": ADA}
    body = {"service_id": deployment.ids["care"], "to": to, "text": "x"} | change
    answered, problem = deployment.call("POST", "/v1/messages", {k: v for k, v in body.items() if v is not None})
    assert answered == status, problem
    if code:
        assert (problem["code"], [one["path"] for one in problem["errors"]]) == (code, [path])


def test_nowhere_to_reach_them(deployment: Deployment, gateway: Tell) -> None:
    service, gw, chat = deployment.ids["care"], deployment.ids["gw"], deployment.ids["chat"]
    made = {"service_id": service, "name": "Bo", "phone": "+4915100000001"}
    bo = deployment.call("POST", "/v1/contacts", made)[1]["id"]
    for to in (
        {"contact_id": bo},
        {"contact_id": bo, "channel_id": gw},
        {"channel_id": chat, "address": "nobody"},
        {"channel_id": gw, "address": "group:G1"},
    ):
        status, problem = sends(deployment, to, text="x")
        assert (status, problem["code"]) == (422, "no_address"), to
    # A visitor of the web chat has been there: they find it when they look.
    deployment.says("hello")
    visitor = people(deployment)[0]["id"]
    said = {"type": "text", "text": "We have it.", "subject": "Your lamp"}
    assert sends(deployment, {"contact_id": visitor}, content=said)[0] == 202
    assert "We have it." in deployment.sees()
    # Given as an identity of the channel, an address is one, too.
    patch = {"identities": {"add": [{"kind": "channel", "value": f"{gw}:bo"}]}}
    assert deployment.call("PATCH", f"/v1/contacts/{bo}", patch)[0] == 200
    status, taken = sends(deployment, {"contact_id": bo}, text="x")
    assert (status, taken["channel_id"]) == (202, gw)
    thread = threads.get(taken["thread_id"])
    assert thread is not None and (thread.contact["id"], thread.address) == (bo, "bo")


def test_it_is_said_to_a_group_and_where_somebody_was_last(deployment: Deployment, gateway: Tell) -> None:
    gw, chat = deployment.ids["gw"], deployment.ids["chat"]
    team = {"id": "G1", "name": "Team"}
    gateway({"type": "message", "id": "g1", "from": ADA, "text": "hello all", "group": team})
    status, taken = sends(deployment, {"channel_id": gw, "address": "G1"}, text="Tonight at eight.")
    assert status == 202 and threads.get(taken["thread_id"]).address == "group:G1"  # type: ignore[union-attr]
    group = next(one for one in people(deployment) if one["name"] == "Team")
    assert sends(deployment, {"contact_id": group["id"]}, text="!")[1]["thread_id"] == taken["thread_id"]
    gateway({"type": "message", "id": "m1", "from": ADA, "text": "hello", "phone": ADA})
    deployment.says("and here")
    by = {one["identities"][0]["value"].partition(":")[0]: one["id"] for one in people(deployment)}
    ada, visitor = by[ADA], by[chat]
    assert deployment.call("POST", f"/v1/contacts/{ada}/merge", {"from": visitor})[0] == 200
    # Before the thread has heard that they are one.
    body = {"service_id": deployment.ids["care"], "to": {"contact_id": ada, "channel_id": chat}, "text": "0"}
    said = deployment.call("POST", "/v1/messages", body)[1]["message_id"]
    deployment.cloud.pump()
    assert message(deployment, said)["text"] == "0"
    assert sends(deployment, {"contact_id": visitor}, text="1")[1]["channel_id"] == chat
    gateway({"type": "message", "id": "m2", "from": ADA, "text": "again", "phone": ADA})
    assert sends(deployment, {"contact_id": ada}, text="2")[1]["channel_id"] == gw
    assert sends(deployment, {"contact_id": ada, "channel_id": chat}, text="3")[1]["channel_id"] == chat


def test_it_may_be_cut_off_anywhere(deployment: Deployment, gateway: Tell, graph: Outside, traveller: Any) -> None:
    to = {"channel_id": deployment.ids["gw"], "address": ADA}
    cuts = 0
    for at in range(1, 20):
        seen = 0

        def cut(side: str, operation: str, at: int = at) -> None:
            nonlocal seen
            seen += side == "after" and operation != "BatchGetItem" and not deployment.cloud.step
            if seen == at:
                seen += 1
                raise CutOff(operation)

        taps.listen = cut
        body = {"service_id": deployment.ids["care"], "to": to, "text": f"n{at}"}
        try:
            deployment.call("POST", "/v1/messages", body, headers={"Idempotency-Key": f"k{at}"})
        except CutOff:
            cuts += 1
        finally:
            taps.listen = None
        traveller.shift(901)
        assert sends(deployment, to, text=f"n{at}", key=f"k{at}")[0] == 202
        if seen < at:
            break
    assert cuts > 2
    assert [one.json["text"] for one in graph.heard] == [f"n{at + 1}" for at in range(len(graph.heard))]
