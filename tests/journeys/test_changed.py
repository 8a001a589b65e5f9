"""What a customer edits, deletes or reacts to reaches who owns the thread, and shows in what is kept."""

# Fixtures of another module are named as arguments here.
# ruff: noqa: F401, F811

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cloud import CutOff, taps
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_whatsapp import graph, number, post, said
from tests.outside import Heard, Outside

EDIT = {"type": "edit", "edit": {"original_message_id": "wamid.in1", "message": {
    "type": "text", "text": {"body": "two lamps"}}}}  # fmt: skip
REVOKE = {"type": "revoke", "revoke": {"original_message_id": "wamid.in1"}}
TEXT = {"type": "text", "text": {"body": "one lamp"}}


def react(about: str, emoji: str = "👍") -> dict[str, Any]:
    return {"type": "reaction", "reaction": {"message_id": about, "emoji": emoji}}


def answers(heard: Heard) -> tuple[int, Any]:
    said = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": "noted"}
    return 200, {"token": TOKEN, "events": [said] if heard.json["Event"] == "Incoming message" else []}


def kept(deployment: Deployment, **of: Any) -> dict[str, dict[str, Any]]:
    """Messages of the customer's conversation by id."""
    conversation = of.get("conversation") or deployment.bot.events()[0]["Conversationid"]
    listed = deployment.call("GET", f"/v1/messages?conversation_id={conversation}&limit=100")[1]["data"]
    return {one["id"]: one for one in listed}


def test_an_edit_a_reaction_and_a_deletion_reach_the_bot(deployment: Deployment, number: dict[str, Any]) -> None:
    deployment.bot.answer = answers
    post(deployment, number, said(TEXT))
    first = deployment.bot.events()[0]["Messageid"]
    deployment.bot.forget()
    post(deployment, number, said(EDIT, "wamid.in2"))
    post(deployment, number, said(react("wamid.out1"), "wamid.in3"))
    post(deployment, number, said(react("wamid.in1", ""), "wamid.in4"))
    told = deployment.bot.events()
    assert [one["Event"] for one in told] == ["Message Edited", "Reaction", "Reaction"]
    assert [one["Message"] for one in told] == ["two lamps", "👍", ""]
    assert {one["ConversationType"] for one in told} == {"BOT"}
    assert (told[0]["Messageid"], told[2]["Messageid"]) == (first, first)
    of_ours = kept(deployment)[told[1]["Messageid"]]
    assert (of_ours["text"], of_ours["direction"]) == ("noted", "out")
    edited = kept(deployment)[first]
    assert (edited["text"], edited["metadata"], edited["state"]) == ("two lamps", {"edited": True}, "received")

    deployment.bot.forget()
    post(deployment, number, said(REVOKE, "wamid.in5"))
    (deleted,) = deployment.bot.events()
    assert (deleted["Event"], deleted["Messageid"]) == ("Message Deleted", first) and "Message" not in deleted
    left = kept(deployment)
    assert (left[first]["text"], left[first]["metadata"]) == ("", {"deleted": True})
    # Nor does the edit's own row say any more what was deleted.
    assert "lamp" not in json.dumps(left)


def test_twice_is_once(deployment: Deployment, number: dict[str, Any]) -> None:
    post(deployment, number, said(TEXT))
    deployment.bot.forget()
    for _ in range(3):
        post(deployment, number, said(EDIT, "wamid.in2"))
    assert [one["Event"] for one in deployment.bot.events()] == ["Message Edited"]
    post(deployment, number, said(REVOKE, "wamid.in3"))
    # What is deleted stays so, whatever comes late.
    post(deployment, number, said(EDIT, "wamid.in4"))
    (message,) = [
        one
        for one in kept(deployment, conversation=deployment.bot.events()[0]["Conversationid"]).values()
        if one["type"] == "text"
    ]
    assert (message["text"], message["metadata"]) == ("", {"deleted": True})


def test_a_desk_hears_in_its_words_and_the_bot_too(deployment: Deployment, number: dict[str, Any]) -> None:
    deployment.bot.answer = answers
    post(deployment, number, said(TEXT))
    first = deployment.bot.events()[0]
    handover = {"eventid": "1002", "conversation_id": first["Conversationid"]}
    assert deployment.bot_posts(handover)[0] == 202
    deployment.bot.forget()
    deployment.desk.forget()
    post(deployment, number, said(EDIT, "wamid.in2"))
    post(deployment, number, said(react("wamid.in1"), "wamid.in3"))
    post(deployment, number, said(REVOKE, "wamid.in4"))
    told = deployment.desk.events()
    assert [one["type"] for one in told] == ["message.edited", "message.reaction", "message.deleted"]
    assert {one["data"]["message"]["id"] for one in told} == {first["Messageid"]}
    assert (told[0]["data"]["message"]["text"], told[1]["data"]["reaction"]) == ("two lamps", "👍")
    copies = deployment.bot.events()
    assert [one["Event"] for one in copies] == ["Message Edited", "Reaction", "Message Deleted"]
    assert {one["ConversationType"] for one in copies} == {"CCSP"}


@pytest.mark.parametrize("known", [True, False])
def test_what_comes_before_its_message_waits_for_it(
    deployment: Deployment,
    number: dict[str, Any],
    traveller: Any,
    known: bool,
) -> None:
    if known:
        post(deployment, number, said({"type": "text", "text": {"body": "hello"}}, "wamid.in0"))
    post(deployment, number, said(EDIT, "wamid.in2"))
    assert [one["Event"] for one in deployment.bot.events()] == ["Incoming message"] * known
    post(deployment, number, said(TEXT))
    for _ in range(3):
        traveller.shift(5)
        deployment.cloud.pump()
    assert [one["Event"] for one in deployment.bot.events()][-2:] == ["Incoming message", "Message Edited"]
    message = kept(deployment)[deployment.bot.events()[-1]["Messageid"]]
    assert (message["text"], message["metadata"]) == ("two lamps", {"edited": True})


def test_what_is_about_nothing_known_is_told_all_the_same(
    deployment: Deployment,
    number: dict[str, Any],
    traveller: Any,
) -> None:
    """Of a message of before this thread began: nothing is changed, and after some minutes it is said."""
    post(deployment, number, said(TEXT))
    deployment.bot.forget()
    post(deployment, number, said({"type": "revoke", "revoke": {"original_message_id": "wamid.old"}}, "wamid.in2"))
    for _ in range(8):
        traveller.shift(100)
        deployment.cloud.release()
        deployment.cloud.pump()
    (told,) = deployment.bot.events()
    assert told["Event"] == "Message Deleted" and told["Messageid"].startswith("ms_")
    assert [
        one["text"] for one in kept(deployment, conversation=told["Conversationid"]).values() if one["type"] == "text"
    ] == ["one lamp"]


def test_a_change_may_be_cut_off_anywhere(deployment: Deployment, number: dict[str, Any]) -> None:
    post(deployment, number, said(TEXT))
    first = deployment.bot.events()[0]
    for at in range(40):
        seen = -1

        def listen(when: str, operation: str, at: int = at) -> None:
            nonlocal seen
            if when == "after" and deployment.cloud.step == "converse":
                seen += 1
                if seen == at:
                    raise CutOff(operation)

        taps.listen = listen
        edit = json.loads(json.dumps(EDIT).replace("two", f"{at + 2}"))
        try:
            post(deployment, number, said(edit, f"wamid.edit{at}"))
        finally:
            taps.listen = None
        assert kept(deployment, conversation=first["Conversationid"])[first["Messageid"]]["text"] == f"{at + 2} lamps"
        assert deployment.bot.events()[-1]["Message"] == f"{at + 2} lamps"
        if seen < at:
            break
    else:
        raise AssertionError("it never ended")
    assert at > 3
    edits = [one for one in deployment.bot.events() if one["Event"] == "Message Edited"]
    assert [one["Message"] for one in edits] == [f"{n + 2} lamps" for n in range(at + 1)]


def test_a_gateway_of_your_own(deployment: Deployment, graph: Outside) -> None:
    """The same by the channel `custom`, whose words for it are ours."""
    from chalicelib.ports import clock, signing

    made = deployment.make(
        "channels", service_id=deployment.ids["care"], kind="custom", name="gw", settings={"send_url": graph.url}
    )
    secret = made["signing_secret"] if "signing_secret" in made else made["secrets"]["signing_secret"]

    def tell(*events: dict[str, Any]) -> None:
        raw = json.dumps(list(events)).encode()
        headers = signing.headers([secret], id=f"in-{len(deployment.bot.heard)}", at_ms=clock.now_ms(), body=raw)
        assert deployment.call("POST", made["webhook_url"], raw, headers=headers)[0] == 202
        deployment.cloud.pump()

    tell({"type": "message", "id": "g1", "from": "7", "text": "one lamp"})
    tell(
        {"type": "edited", "about": "g1", "from": "7", "text": "two lamps"},
        {"type": "reaction", "about": "g1", "from": "7", "emoji": "x"},
    )
    tell({"type": "deleted", "about": "g1", "from": "7"})
    told = deployment.bot.events()
    assert [one["Event"] for one in told] == ["Incoming message", "Message Edited", "Reaction", "Message Deleted"]
    assert len({one["Messageid"] for one in told}) == 1
    assert "lamp" not in json.dumps(kept(deployment))


def test_files_of_what_was_deleted_go_with_it(deployment: Deployment, number: dict[str, Any], traveller: Any) -> None:
    """Also one that somebody is fetching in that moment."""
    from chalicelib.ports import media
    from chalicelib.ports.settings import settings

    post(
        deployment,
        number,
        said({"type": "image", "image": {"id": "media-1", "mime_type": "image/png", "caption": "me"}}),
    )
    post(
        deployment, number, said({"type": "image", "image": {"id": "media-1", "mime_type": "image/png"}}, "wamid.other")
    )
    first, other = (one["Media"]["url"] for one in deployment.bot.events())
    for url in (first, other):
        assert deployment.call("GET", url)[0] == 302
    held, left = (url.rpartition("/media/")[2] for url in (first, other))
    assert media.has(held) and media.has(left)
    post(deployment, number, said(REVOKE, "wamid.in5"))
    assert not media.has(held) and deployment.call("GET", first)[0] == 404
    # Whoever was fetching it as it was deleted keeps it a moment later.
    media.keep(held, b"late", "image/png")
    traveller.shift(100)
    deployment.cloud.release()
    deployment.cloud.pump()
    assert not media.has(held)
    assert media.has(left) and deployment.call("GET", other)[0] == 302
