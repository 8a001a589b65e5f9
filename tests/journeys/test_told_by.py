"""What a provider tells of messages of ours: by our own id, by theirs, up to a time; what it wants with an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine

from chalicelib import channels
from chalicelib.channels.contract import Channel, Outgoing, Request, Sent
from chalicelib.tables.deliveries import DeliveryRow
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_consent import ADA, Tell, gateway, graph
from tests.journeys.test_people import people
from tests.journeys.test_whatsapp import WA_ID, number, post, said
from tests.outside import Heard, Outside

__all__ = ["gateway", "graph", "number"]


def answers(heard: Heard) -> tuple[int, Any]:
    """A bot that says back what it hears."""
    answer = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": heard.json.get("Message")}
    return 200, {"token": TOKEN, "events": [answer] if heard.json["Event"] == "Incoming message" else []}


def states(deployment: Deployment) -> dict[str, str]:
    """What was said to the customer, and what became of it."""
    (person,) = people(deployment)
    listed = deployment.call("GET", f"/v1/contacts/{person['id']}/timeline")[1]["data"]
    return {one["text"]: one["state"] for one in listed if one["direction"] == "out"}


def says(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "id": f"in {text}", "from": ADA, "text": text} | more


def test_our_own_id_tells_before_theirs_is_known(deployment: Deployment, gateway: Tell, graph: Outside) -> None:
    """The process that sends ends after the provider's yes: its statuses say that it went out, and under which id."""
    deployment.bot.answer = answers
    graph.answer = lambda heard: (500, {})
    gateway(says("one"))
    own = graph.heard[0].json["id"]
    assert gateway({"type": "status", "delivery_id": own, "id": "p-1", "status": "delivered"}) == 202
    assert states(deployment) == {"one": "delivered"}
    gateway({"type": "reaction", "about": "p-1", "from": ADA, "emoji": "x"})
    told = deployment.bot.events()
    assert (told[-2]["DeliveryStatus"], told[-1]["Event"]) == ("Delivered", "Reaction")
    assert told[-1]["Messageid"] == told[-2]["Messageid"]
    # By theirs from then on; of a message that is nobody's nothing comes.
    gateway(
        {"type": "status", "id": "p-1", "status": "read"}, {"type": "status", "delivery_id": own[:-1], "status": "read"}
    )
    assert states(deployment) == {"one": "read"}


def test_what_failed_by_the_providers_word_is_not_sent_again(
    deployment: Deployment, number: dict[str, Any], graph: Outside, traveller: time_machine.Traveller
) -> None:
    """The answer to it was lost, and its word came before the next attempt: it has been told as failed by then."""
    graph.answer = lambda heard: (500, {})
    deployment.bot.answer = answers
    post(deployment, number, said({"type": "text", "text": {"body": "one"}}))
    (own,) = (one.json["biz_opaque_callback_data"] for one in graph.heard)
    one: dict[str, Any] = {"id": "wamid.a", "status": "failed", "timestamp": "1763683300", "recipient_id": WA_ID}
    one |= {"errors": [{"code": 131026, "title": "no"}], "biz_opaque_callback_data": own}
    post(deployment, number, {"statuses": [one]})
    graph.answer = lambda heard: (200, {"messages": [{"id": "wamid.b"}]})
    traveller.shift(10)
    deployment.cloud.release()
    deployment.cloud.pump()
    (row,) = (row for row in DeliveryRow.scan() if row.destination == number["id"] and row.notice)
    assert (len(graph.heard), row.status, states(deployment)) == (1, "failed", {"one": "failed"})


def test_nobody_tells_of_another_channels_messages(deployment: Deployment, gateway: Tell, graph: Outside) -> None:
    deployment.bot.answer = answers
    deployment.says("by web chat")
    gateway(says("one"))
    (own,) = (one.json["id"] for one in graph.heard)
    other = own.replace(deployment.ids["gw"], deployment.ids["chat"])
    chat = next(str(row.id) for row in DeliveryRow.scan() if row.destination == deployment.ids["bot"])
    gateway(*({"type": "status", "delivery_id": id, "status": "read"} for id in (other, chat, "dl_x")))
    assert {one["state"] for one in _out(deployment)} == {"sent", "pending"}


def _out(deployment: Deployment) -> list[dict[str, Any]]:
    found = []
    for person in people(deployment):
        found += deployment.call("GET", f"/v1/contacts/{person['id']}/timeline")[1]["data"]
    return [one for one in found if one["direction"] == "out"]


def test_a_time_tells_of_all_that_was_sent_by_then(
    deployment: Deployment, gateway: Tell, graph: Outside, traveller: time_machine.Traveller
) -> None:
    from chalicelib.ports import clock

    deployment.bot.answer = answers
    times = []
    for text in ("one", "two", "three"):
        gateway(says(text))
        times.append(clock.rfc3339(clock.now_ms()))
        traveller.shift(120)
    graph.answer = lambda heard: (500, {})
    gateway(says("waits"))
    read = {"type": "status", "to": ADA, "status": "read"}
    gateway(read | {"status": "delivered", "until": times[1]})
    assert states(deployment) == {"one": "delivered", "two": "delivered", "three": "sent", "waits": "pending"}
    gateway(read | {"until": times[0]}, read | {"until": times[0]}, read | {"to": "nobody", "until": times[2]})
    assert states(deployment) == {"one": "read", "two": "delivered", "three": "sent", "waits": "pending"}
    # What waits was not sent, however long ago it was said.
    traveller.shift(600)
    gateway(read | {"until": clock.rfc3339(clock.now_ms())})
    assert states(deployment) == {"one": "read", "two": "read", "three": "read", "waits": "pending"}
    told = [one["DeliveryStatus"] for one in deployment.bot.events() if one["Event"] == "Message Delivery"]
    assert sorted(told) == ["Delivered", "Delivered", "Read", "Read", "Read"]


def test_whatsapp_carries_our_id_through_also_of_parts(
    deployment: Deployment, number: dict[str, Any], graph: Outside
) -> None:
    def takes_the_first(heard: Heard) -> tuple[int, Any]:
        return (200, {"messages": [{"id": "wamid.a"}]}) if len(graph.heard) == 1 else (500, {})

    graph.answer = takes_the_first
    deployment.bot.answer = answers
    text = "word " * 1000
    post(deployment, number, said({"type": "text", "text": {"body": text}}))
    first, last = (one.json["biz_opaque_callback_data"] for one in graph.heard)
    assert first == f"{last} part"

    def status(id: str, state: str, own: str) -> None:
        one: dict[str, Any] = {"id": id, "status": state, "timestamp": "1763683300", "recipient_id": WA_ID}
        one |= {"errors": [{"code": 131026, "title": "no"}]} if state == "failed" else {}
        post(deployment, number, {"statuses": [one | {"biz_opaque_callback_data": own}]})

    status("wamid.a", "read", first)
    assert [*states(deployment).values()] == ["pending"], "a part that is read says nothing of the message"
    status("wamid.b", "delivered", last)
    assert [*states(deployment).values()] == ["delivered"]
    post(deployment, number, said({"type": "reaction", "reaction": {"message_id": "wamid.b", "emoji": "x"}}, "wamid.r"))
    assert deployment.bot.events()[-1]["Event"] == "Reaction"


def test_who_was_sent_what_they_stopped_has_stopped_it_however_they_are_spelled(
    deployment: Deployment, number: dict[str, Any], graph: Outside
) -> None:
    deployment.bot.answer = answers
    post(deployment, number, said({"type": "text", "text": {"body": "one"}}))
    # As numbers of Mexico, Brazil and Argentina have two forms.
    one: dict[str, Any] = {"id": "wamid.a", "status": "failed", "timestamp": "1763683300"}
    one |= {"recipient_id": "52155123456", "errors": [{"code": 131050, "title": "stopped"}]}
    one |= {"biz_opaque_callback_data": graph.heard[0].json["biz_opaque_callback_data"]}
    post(deployment, number, {"statuses": [one]})
    (person,) = people(deployment)
    assert person["consent"][f"marketing@{number['id']}"]["given"] is False


def test_what_a_provider_wants_with_an_answer_goes_back_while_it_is_good(
    deployment: Deployment, gateway: Tell, graph: Outside, traveller: time_machine.Traveller
) -> None:
    from chalicelib.ports import clock

    deployment.bot.answer = answers
    until = clock.rfc3339(clock.now_ms() + 60_000)
    gateway(says("one", reply={"token": "first-handle"}, reply_until=until), says("two"))
    gateway(says("three", reply={"token": "second-handle"}))
    assert [one.json.get("reply") for one in graph.heard] == [{"token": "first-handle"}] * 2 + [
        {"token": "second-handle"}
    ]
    graph.answer = lambda heard: (500, {})
    gateway(says("four", reply={"token": "third-handle"}, reply_until=until))
    traveller.shift(61)
    graph.answer = lambda heard: (200, {})
    deployment.cloud.release()
    deployment.cloud.pump()
    # It is decided when the message is, and looked at again when it goes out.
    four = [one.json.get("reply") for one in graph.heard if one.json["text"] == "four"]
    assert four[0] == {"token": "third-handle"} and four[-1] is None
    gateway(says("five"))
    assert "reply" not in graph.heard[-1].json
    (person,) = people(deployment)
    (conversation,) = deployment.call("GET", f"/v1/conversations?contact_id={person['id']}")[1]["data"]
    shown = [
        deployment.call("GET", path)[1]
        for path in (
            f"/v1/contacts/{person['id']}/timeline",
            f"/v1/messages?conversation_id={conversation['id']}",
            f"/v1/conversations/{conversation['id']}/timeline",
            f"/v1/deliveries?channel_id={deployment.ids['gw']}",
        )
    ]
    assert all("data" in one for one in shown) and "-handle" not in json.dumps(shown + deployment.bot.events())


def test_an_adapter_is_told_where_its_provider_calls(
    deployment: Deployment, gateway: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole address that was called, for providers that sign it; and the channel's, for those that ask for it."""
    adapter: Any = channels.load("custom")
    called: list[tuple[Request, Channel]] = []
    sent: list[Channel] = []

    def receive(request: Request, channel: Channel) -> Any:
        called.append((request, channel))
        return given(request, channel)

    async def send(message: Outgoing, channel: Channel, call: Any) -> Any:
        sent.append(channel)
        return Sent("p-1")

    given = adapter.receive
    monkeypatch.setattr(adapter, "receive", receive)
    monkeypatch.setattr(adapter, "send", send)
    deployment.bot.answer = answers
    gateway(says("one"))
    url = deployment.made["gw"]["webhook_url"]
    assert (called[-1][1].webhook_url, sent[-1].webhook_url) == ("", "")
    assert deployment.call("POST", f"{url}?b=1&a=x%20y&b=%C3%A4%2B%26", b"{}")[0] == 401
    assert called[-1][0].url.partition("?")[2] == "b=1&a=x%20y&b=%C3%A4%2B%26"
    assert called[-1][0].query["a"] == "x y"
    monkeypatch.setattr(adapter, "NEEDS_URL", True, raising=False)
    gateway(says("two"))
    assert called[-1][1].webhook_url.endswith(f"/channels/{deployment.ids['gw']}/webhook")


def test_a_rest_apis_query_is_written_anew() -> None:
    """It says what the values are; a name that comes twice keeps its values' order."""
    from chalice.app import Request as HttpRequest

    from chalicelib.steps.receive_channel import call_of

    about = {"httpMethod": "POST", "path": "/api/channels/ch_1/webhook", "resourcePath": "/"}
    event = {
        "multiValueQueryStringParameters": {"b": ["1", "\u00e4+&"], "a": ["x y"]}, "headers": {"host": "h.example"},
        "pathParameters": {}, "requestContext": about, "body": "", "stageVariables": None, "isBase64Encoded": False,
    }  # fmt: skip
    assert call_of(HttpRequest(event), b"").url.partition("?")[2] == "b=1&b=%C3%A4%2B%26&a=x%20y"
    bare = event | {"multiValueQueryStringParameters": None}
    assert call_of(HttpRequest(bare), b"").url == "https://h.example/api/channels/ch_1/webhook"
