"""Somebody wants to hear no more, or does again: said to a provider, or learnt from a send that it refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.ports import clock, signing
from tests.cloud import CutOff, taps
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_changed import answers
from tests.journeys.test_people import people
from tests.journeys.test_whatsapp import PHONE, WA_ID, graph, number, post, said
from tests.outside import Heard, Outside

__all__ = ["graph", "number"]

ADA = "+4915112345678"
Tell = Callable[..., int]


@pytest.fixture
def gateway(deployment: Deployment, graph: Outside) -> Tell:
    """Posts to a custom channel, as its gateway."""
    made = deployment.make(
        "channels", service_id=deployment.ids["care"], kind="custom", name="gw", settings={"send_url": graph.url}
    )
    posted = 0

    def tell(*events: dict[str, Any]) -> int:
        nonlocal posted
        posted += 1
        raw = json.dumps(list(events)).encode()
        headers = signing.headers(
            [made["secrets"]["signing_secret"]], id=f"in-{posted}", at_ms=clock.now_ms(), body=raw
        )
        status, _ = deployment.call("POST", made["webhook_url"], raw, headers=headers)
        deployment.cloud.pump()
        return status

    return tell


def consent(id: str, given: bool, **more: Any) -> dict[str, Any]:
    return {"type": "consent", "id": id, "from": ADA, "given": given, "phone": ADA} | more


def timeline(deployment: Deployment, contact: str) -> list[tuple[str, str]]:
    answer = deployment.call("GET", f"/v1/contacts/{contact}/timeline")[1]
    return [(one["type"], one["content"].get("name") or one["text"]) for one in answer["data"]][::-1]


def test_who_says_no_before_anything_else_is_a_contact_that_said_no(deployment: Deployment, gateway: Tell) -> None:
    stop = consent("c1", False, why="STOP", at="2025-11-20T10:00:00Z")
    for _ in range(2):
        assert gateway(stop) == 202
    (ada,) = people(deployment)
    channel = deployment.ids["gw"]
    kept = {"given": False, "at": "2025-11-20T10:00:00.000Z", "source": "channel", "why": "STOP"}
    assert ada["consent"] == {f"all@{channel}": kept}
    assert deployment.bot.events() == [], "nobody has the thread"
    assert timeline(deployment, ada["id"]) == [("event", "opted_out")], "and it is seen, once"

    gateway({"type": "message", "id": "m1", "from": ADA, "text": "hello?"})
    gateway(consent("c2", True, why="START", at="2025-11-20T12:00:00Z"), consent("c3", False, scope="marketing"))
    told = deployment.bot.events()
    assert [(one["Event"], one.get("Scope"), one.get("Description")) for one in told] == [
        ("Incoming message", None, None),
        ("Opted In", "all", "START"),
        ("Opted Out", "marketing", None),
    ]
    assert "Sequence" not in told[-1] and told[-1]["Author"] == "customer"
    (ada,) = people(deployment)
    assert {name: one["given"] for name, one in ada["consent"].items()} == {
        f"all@{channel}": True,
        f"marketing@{channel}": False,
    }
    # What comes late, or says what is known, changes nothing and is not said again.
    gateway(consent("c4", False, at="2025-11-20T11:00:00Z"), consent("c5", True, at="2025-11-20T13:00:00Z"))
    assert people(deployment)[0]["consent"] == ada["consent"] and len(deployment.bot.events()) == 3
    # It can be exported and read in again, and people may say otherwise.
    assert deployment.call("PATCH", f"/v1/contacts/{ada['id']}", {"consent": ada["consent"]})[0] == 200


def test_the_history_says_how_when_and_in_which_words(deployment: Deployment, gateway: Tell) -> None:
    service = deployment.ids["care"]
    made = {"service_id": service, "name": "A", "email": "ada@example.com", "consent": {"news": True}}
    other = deployment.call("POST", "/v1/contacts", made)[1]["id"]
    gateway(consent("c1", False, why="STOP", at="2025-11-20T10:00:00Z"))
    gateway(consent("c2", True, why="START", at="2025-11-20T11:00:00Z"), consent("c2", True, at="2025-11-20T12:00:00Z"))
    (ada,) = (one["id"] for one in people(deployment) if one["id"] != other)
    said = {"news": {"given": False, "source": "console"}, "parcels": True}
    for change in (said, said, {"parcels": None}):
        assert deployment.call("PATCH", f"/v1/contacts/{ada}", {"consent": change})[0] == 200
    assert deployment.call("POST", f"/v1/contacts/{ada}/merge", {"from": other})[0] == 200

    def history(id: str, limit: int) -> list[tuple[str, bool | None, str | None, str | None]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            more = f"&cursor={cursor}" if cursor else ""
            status, page = deployment.call("GET", f"/v1/contacts/{id}/consent?limit={limit}{more}")
            assert status == 200 and len(page["data"]) <= limit, page
            found += page["data"]
            if not (cursor := page["next_cursor"]):
                assert [one["at"] for one in found if one["how"] == "channel"] == [
                    "2025-11-20T11:00:00.000Z",
                    "2025-11-20T10:00:00.000Z",
                ]
                return [(one["purpose"].partition("@")[0], one["given"], one["how"], one["text"]) for one in found]

    wanted = [
        ("parcels", None, None, None), ("news", False, "console", None), ("parcels", True, None, None),
        ("news", True, None, None), ("all", True, "channel", "START"), ("all", False, "channel", "STOP"),
    ]  # fmt: skip
    for limit, id in ((100, ada), (1, ada), (2, other)):
        assert sorted(history(id, limit), key=str) == sorted(wanted, key=str)
    assert history(ada, 3)[-2:] == wanted[-2:], "the newest first"
    assert deployment.call("GET", f"/v1/contacts/{ada}/consent?cursor=x")[0] == 400
    assert deployment.call("DELETE", f"/v1/contacts/{ada}")[0] == 202
    deployment.cloud.pump()
    assert deployment.call("GET", f"/v1/contacts/{ada}/consent")[0] == 404
    proof = deployment.call("GET", f"/v1/contacts/{ada}/erasure")[1]
    assert (proof["status"], proof["erased"]["consents"]) == ("done", 6)


def test_a_desk_that_has_the_chat_hears_of_it(deployment: Deployment, gateway: Tell) -> None:
    deployment.bot.answer = answers
    gateway({"type": "message", "id": "m1", "from": ADA, "text": "a person, please"})
    first = deployment.bot.events()[0]
    assert deployment.bot_posts({"eventid": "1002", "conversation_id": first["Conversationid"]})[0] == 202
    gateway(consent("c1", False, why="STOP"))
    told = deployment.desk.events()[-1]
    assert (told["type"], told["data"]["given"], told["data"]["scope"]) == ("consent.changed", False, "all")
    assert told["data"]["why"] == "STOP" and deployment.bot.events()[-1]["Event"] == "Opted Out"


@pytest.mark.parametrize("how", ["asked", "refused", "failed later"])
def test_whatsapp_tells_that_marketing_is_stopped(
    deployment: Deployment, number: dict[str, Any], graph: Outside, how: str
) -> None:
    error = {"code": 131050, "message": "(#131050) stopped", "error_data": {"details": "has chosen to stop"}}

    def takes(heard: Heard) -> tuple[int, Any]:
        return (400, {"error": error}) if how == "refused" else (200, {"messages": [{"id": "wamid.out1"}]})

    graph.answer = takes
    deployment.bot.answer = lambda heard: (200, {"token": TOKEN, "events": [
        {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": "our news"}
    ] if heard.json["Event"] == "Incoming message" else []})  # fmt: skip
    post(deployment, number, said({"type": "text", "text": {"body": "hi"}}))
    if how == "asked":
        stop = {"wa_id": WA_ID, "category": "marketing_messages", "value": "stop", "timestamp": "1763683300"}
        assert post(deployment, number, {"user_preferences": [stop]}) == 200
    if how == "failed later":
        status = {"id": "wamid.out1", "status": "failed", "timestamp": "1763683300", "recipient_id": WA_ID}
        assert post(deployment, number, {"statuses": [status | {"errors": [error]}]}) == 200
    (kim,) = people(deployment)
    assert kim["consent"][f"marketing@{number['id']}"]["given"] is False
    last = [one for one in deployment.bot.events() if one["Event"] != "Message Delivery"][-1]
    assert (last["Event"], last["Scope"]) == ("Opted Out", "marketing")
    assert timeline(deployment, kim["id"])[-1] == ("event", "opted_out")
    if how != "asked":
        assert "131050" in last["Description"]
        state = [one for one in deployment.bot.events() if one["Event"] == "Message Delivery"][-1]
        assert state["DeliveryStatus"] == "Failed"
    assert PHONE not in json.dumps(kim)


def test_what_happens_without_a_word_reaches_who_has_the_thread(
    deployment: Deployment, gateway: Tell, graph: Outside
) -> None:
    """Also as the first that is heard of somebody; the bot may answer, and is told no number twice."""

    def greets(heard: Heard) -> tuple[int, Any]:
        said = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": "welcome"}
        return 200, {"token": TOKEN, "events": [said] if heard.json.get("Happened") == "started" else []}

    deployment.bot.answer = greets
    started = {"type": "happened", "id": "h1", "from": ADA, "what": "started", "name": "Ada", "phone": ADA}
    for _ in range(2):
        assert gateway(started | {"details": {"payload": "spring"}}) == 202
    assert [one.json["text"] for one in graph.heard] == ["welcome"]
    gateway({"type": "message", "id": "m1", "from": ADA, "text": "hello"})
    told = [one for one in deployment.bot.events() if one["Event"] != "Message Delivery"]
    assert [(one["Event"], one["Sequence"]) for one in told] == [("Happened", 1), ("Incoming message", 2)]
    assert told[0]["Details"] == {"name": "started", "payload": "spring"} and told[0]["Contact"]["name"] == "Ada"
    (ada,) = people(deployment)
    assert timeline(deployment, ada["id"]) == [("event", "started"), ("text", "welcome"), ("text", "hello")]
    # Once more of the same id, and one that a rule gives to people.
    rule = {"to": "desk", "desk_id": deployment.ids["desk"], "when": {"==": [{"var": "message.event"}, "missed_call"]}}
    deployment.make("rules", service_id=deployment.ids["care"], name="calls", position=0, **rule)
    gateway(started, {"type": "happened", "id": "h2", "from": ADA, "what": "missed_call", "text": "Called at 10:01"})
    chat, call = deployment.desk.events()
    assert (chat["type"], call["type"]) == ("chat.started", "customer.happened")
    said = call["data"]["message"]
    assert (said["text"], said["content"]["name"]) == ("Called at 10:01", "missed_call")
    assert deployment.bot.events()[-1]["ConversationType"] == "CCSP"


def test_it_may_be_cut_off_anywhere(deployment: Deployment, gateway: Tell) -> None:
    """Each word is kept in the contact and said on the thread, once, wherever `converse` is cut off."""
    for at in range(40):
        seen = -1

        def listen(when: str, operation: str, at: int = at) -> None:
            nonlocal seen
            if when == "after" and deployment.cloud.step == "converse":
                seen += 1
                if seen == at:
                    raise CutOff(operation)

        taps.listen = listen
        try:
            gateway(consent(f"c{at}", bool(at % 2), at=clock.rfc3339(1_763_683_200_000 + at)))
        finally:
            taps.listen = None
        (ada,) = people(deployment)
        assert ada["consent"][f"all@{deployment.ids['gw']}"]["given"] is bool(at % 2)
        names = [name for _, name in timeline(deployment, ada["id"])]
        assert names == [("opted_in" if n % 2 else "opted_out") for n in range(at + 1)]
        if seen < at:
            break
    else:
        raise AssertionError("it never ended")
    assert at > 3
