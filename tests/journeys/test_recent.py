"""One person in a web chat, on a channel of one's own, in a shop and behind a trigger, read as one and taken apart."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.ports import clock, signing
from chalicelib.tables import history
from tests.journeys.conftest import TOKEN, Deployment
from tests.outside import Heard

PHONE = "+4915112345678"
MAPPING = {"id": "id", "sent_at": "at", "text": "text", "contact": {"phone": "phone"}}


def echoes(heard: Heard) -> tuple[int, Any]:
    """A bot that answers at once, and hands over whoever asks for a person."""
    answer: dict[str, Any] = {"verification_token": TOKEN}
    if heard.json.get("Event") != "Incoming message" or heard.json["ConversationType"] != "BOT":
        return 200, answer
    said = heard.json["Message"]
    event = {"eventid": "1002" if said == "a person!" else "1001", "message": f"re: {said}"}
    return 200, answer | {"events": [event | {"conversation_id": heard.json["Conversationid"]}]}


def recent(deployment: Deployment, contact: str, **more: Any) -> dict[str, list[str]]:
    """Source and texts of each conversation, the latest first; notes of ours as `(name)`."""
    status, found = deployment.call("POST", "/contacts.recent-messages", {"contact_id": contact} | more)
    assert status == 200, found
    assert all(one["pagination_data"]["total"] == len(one["data"]) for one in found.values())
    named = [[m["text"] or f"({m['content'].get('name')})" for m in one["data"]] for one in found.values()]
    return {id: [one["source"], *said] for (id, one), said in zip(found.items(), named, strict=True)}


def texts(told: dict[str, list[str]]) -> list[list[str]]:
    return list(told.values())


def contact_of(deployment: Deployment, message: str) -> str:
    status, found = deployment.call("GET", f"/v1/messages/{message}")
    assert status == 200
    return str(found["contact_id"])


def test_one_person_everywhere(deployment: Deployment) -> None:
    service = deployment.ids["care"]
    deployment.bot.answer = echoes
    own = deployment.make(
        "channels", service_id=service, kind="custom", name="own", settings={"send_url": deployment.bot.url}
    )
    deployment.make("sources", service_id=service, key="shop_orders", name="shop", mapping=MAPPING)
    deployment.make("triggers", service_id=service, name="t", bot_id=deployment.ids["bot"])

    # On a channel of one's own, where the person is known by phone.
    body = json.dumps({"type": "message", "id": "gw-1", "from": PHONE, "text": "hello", "phone": PHONE})
    headers = signing.headers(
        [own["secrets"]["signing_secret"]], id="x", at_ms=clock.now_ms(), body=body.encode()
    )  # fmt: skip
    status, answer = deployment.call("POST", own["webhook_url"], body.encode(), headers=headers)
    assert status in (200, 202), answer
    deployment.cloud.pump()
    # What was bought, also what was bought before: it stands where it belongs.
    bearer = {"Authorization": f"Bearer {deployment.made['shop']['secret']}"}
    for id, day in (("2", 9), ("1", 3)):
        event = {"id": id, "at": f"2026-11-{day:02}T10:00:00Z", "text": f"order {id}", "phone": PHONE}
        deployment.call("POST", deployment.made["shop"]["events_url"], event, headers=bearer)
        deployment.cloud.pump()
    # And the bot hears of it by a trigger.
    bearer = {"Authorization": f"Bearer {deployment.made['t']['secret']}"}
    deployment.call(
        "POST",
        deployment.made["t"]["event_url"],
        {"text": "order 2 is late", "contact": {"phone": PHONE}},
        headers=bearer,
    )
    deployment.cloud.pump()
    status, found = deployment.call("GET", f"/v1/contacts?service_id={service}&phone={PHONE.replace('+', '%2B')}")
    (ann,) = [one["id"] for one in found["data"]]
    assert texts(recent(deployment, ann)) == [
        ["trigger", "re: order 2 is late", "order 2 is late"],
        ["custom", "re: hello", "hello"],
        ["shop_orders", "order 2", "order 1"],
    ]
    assert texts(recent(deployment, ann, filter_sources=["shop_orders"])) == [["shop_orders", "order 2", "order 1"]]

    # A visitor of the web chat, whom nobody knows, talks to the bot and to a person.
    first = deployment.says("anybody there?")
    deployment.says("a person!")
    visitor = contact_of(deployment, first)
    status, listed = deployment.call("GET", f"/v1/conversations?contact_id={visitor}")
    desk, bot = (one["id"] for one in listed["data"])
    assert [(one["owner"], one["contact"]["id"]) for one in listed["data"]] == [("desk", visitor)] * 2
    deployment.desk_posts({"type": "chat.accepted", "conversation_id": desk})
    deployment.desk_posts({"type": "agent.message", "conversation_id": desk, "text": "here I am"})
    web = recent(deployment, visitor)
    assert list(web) == [desk, bot]
    assert web[bot] == ["webchat", "a person!", "re: anybody there?", "anybody there?"]
    assert web[desk] == ["webchat", "here I am", "(handover_accepted)", "(handover)"]

    # It is she: from now on both are read as one, whichever id is asked for.
    status, merged = deployment.call("POST", f"/v1/contacts/{ann}/merge", {"from": visitor})
    assert status in (200, 201), merged
    deployment.cloud.pump()
    assert recent(deployment, visitor) == recent(deployment, ann)
    assert set(recent(deployment, ann)) > {bot, desk} and len(recent(deployment, ann)) == 5
    assert deployment.call("GET", f"/v1/conversations/{bot}")[1]["contact_id"] == ann
    deployment.says("thank you")
    assert recent(deployment, ann)[desk][1] == "thank you"
    status, line = deployment.call("GET", f"/v1/contacts/{ann}/timeline?limit=100")
    said = [one["text"] for one in line["data"] if one["text"]]
    assert said[:3] == ["thank you", "here I am", "a person!"] and said[-2:] == ["order 2", "order 1"]
    assert {one["channel_id"] for one in line["data"]} == {
        deployment.ids[name] for name in ("chat", "own", "shop", "t")
    }
    status, spoken = deployment.call("GET", f"/v1/contacts/{ann}/timeline?types=text&sources=webchat,custom")
    assert [one["text"] for one in spoken["data"]] == [*said[:4], "anybody there?", "re: hello", "hello"]
    status, listed = deployment.call("POST", "/messages.list", {"contact_id": visitor, "page_size": 100})
    assert [one["id"] for one in listed["data"]] == [one["id"] for one in line["data"]]
    newest = listed["data"][0]
    context = history.recent(ann, limit=2, before=(newest["thread_id"], newest["sequence"]))
    assert [one.content.text for one in context] == ["here I am", ""]

    # Then it was not: each has exactly its own, with what was said meanwhile.
    status, undone = deployment.call("POST", f"/v1/contacts/{ann}/unmerge", {"merge_id": merged["merge_id"]})
    assert status == 200, undone
    deployment.cloud.pump()
    assert set(recent(deployment, visitor)) == {bot, desk} and recent(deployment, visitor)[desk][1] == "thank you"
    assert len(recent(deployment, ann)) == 3
    assert deployment.call("GET", f"/v1/conversations/{bot}")[1]["contact_id"] == visitor
    deployment.desk_posts({"type": "chat.closed", "conversation_id": desk})
    deployment.says("one more")
    last = recent(deployment, visitor)
    assert last[desk][:2] == ["webchat", "(handover_ended)"] and last[bot][:3] == [
        "webchat",
        "re: one more",
        "one more",
    ]
