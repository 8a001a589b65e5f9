"""A person from first word to erasure: what is everywhere goes, what is somebody else's stays."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.ports.settings import settings
from chalicelib.tables import MODEL_NAMES, contacts
from chalicelib.tables.failures import ALL as FAILURES
from chalicelib.tables.failures import Failure
from tests.cloud import CutOff, _moto_table, taps
from tests.journeys.conftest import Deployment

SECRETS = ("ada@example.com", "ada byron", "4915123456789", "my card", "a person please", "bought 2", "we know you")
"""None of them could stand in a random id by chance: those have no spaces."""


def everything(*, without: tuple[str, ...] = ("audit", "config")) -> str:
    """All that the tables hold, as text."""
    held = []
    for module, _ in MODEL_NAMES:
        if module not in without:
            table = _moto_table(settings().table(module))
            rows = [
                row for rows in table.items.values() for row in (rows.values() if isinstance(rows, dict) else [rows])
            ]
            held += [f"{module} {json.dumps(row.to_json())}" for row in rows]
    return "\n".join(held)


def thread_of(contact: dict[str, Any]) -> str:
    """The thread of a contact's first conversation."""
    return "th_" + str(next(iter(contact["conversations"])))[3:29]


def live_through(deployment: Deployment) -> str:
    """Ada chats with bot and desk, buys in a shop and is known to the office; gives her contact's id."""
    service = deployment.ids["care"]
    deployment.make(
        "sources", service_id=service, key="shop", name="shop",
        mapping={"id": "id", "text": "text", "contact": {"email": "email", "name": "name"}},
    )  # fmt: skip
    deployment.says("my card was stolen", name="Ada Byron")
    conversation = deployment.bot.events()[0]["Conversationid"]
    deployment.bot_posts({"eventid": "1001", "conversation_id": conversation, "message": "we know you, Ada Byron"})
    deployment.bot_posts({"eventid": "1002", "conversation_id": conversation})
    deployment.says("a person please")
    _, thread = deployment.call("GET", f"/v1/conversations/{conversation}")
    ada = str(thread["thread"]["contact"]["id"])
    secret = {"Authorization": f"Bearer {deployment.made['shop']['secret']}"}
    for n in range(3):
        event = {"id": f"e{n}", "text": f"bought {n}", "email": "Ada@Example.com", "name": "Ada Byron"}
        assert deployment.call("POST", deployment.made["shop"]["events_url"], event, headers=secret)[0] == 202
    deployment.cloud.pump()
    fields = {
        "name": "Ada Byron",
        "identities": {"add": [{"kind": kind, "value": value} for kind, value in
                       (("email", "ada@example.com"), ("phone", "+49 151 23456789"))]},
    }  # fmt: skip
    status, known = deployment.call("PATCH", f"/v1/contacts/{ada}", fields)
    assert status == 200 and len(known["merged_ids"]) == 1, "what the shop told is hers now"
    deployment.cloud.pump()
    return ada


def test_somebody_is_erased_everywhere(deployment: Deployment, traveller: Any) -> None:
    deployment.session, here = "", deployment.session
    deployment.says("I am Eve")
    eve_session, deployment.session = deployment.session, here
    deployment.make("subscriptions", service_id=deployment.ids["care"], name="hears", url=deployment.desk.url,
              events=["contact.created", "contact.updated", "message.created", "conversation.opened"])  # fmt: skip
    assert deployment.call("POST", f"/v1/subscriptions/{deployment.ids['hears']}/verify")[0] == 200
    deployment.bot.forget()
    ada = live_through(deployment)
    other = deployment.make("contacts", service_id=deployment.ids["care"], name="office", external_id="o1")["id"]
    merged = deployment.call("POST", f"/v1/contacts/{ada}/merge", {"from": other})[1]
    deployment.cloud.pump()
    known = deployment.call("GET", f"/v1/contacts/{ada}")[1]
    assert set(known["conversations"].values()) == {"webchat", "shop"} and len(known["merged_ids"]) == 2
    assert all(secret.lower() in everything().lower() for secret in SECRETS)
    letters = {"thread": {"thread": thread_of(known), "text": "my card"}, "mail": {"contact": ["ada@example.com"]}}
    for id, body in (letters | {"other": {"text": "I am Eve"}}).items():
        Failure(FAILURES, id, step="converse", queue="threads.fifo", body=body, at=1).save()
    traveller.shift(3600)

    status, begun = deployment.call("DELETE", f"/v1/contacts/{other}")
    assert (status, begun["status"], begun["id"]) == (202, "running", ada)
    for id in (ada, other, *merged["merged_ids"]):
        assert deployment.call("GET", f"/v1/contacts/{id}")[0] == 404
    assert contacts.find(deployment.ids["care"], "email", "ada@example.com") is None
    deployment.cloud.pump()
    assert deployment.cloud.failures == []
    status, proof = deployment.call("GET", f"/v1/contacts/{ada}/erasure")
    assert (status, proof["status"], proof["swept_at"]) == (200, "done", None)
    assert set(proof["contact_ids"]) == {ada, *known["merged_ids"]}
    assert set(proof["conversation_ids"]) == set(known["conversations"])
    erased = proof["erased"]
    assert (erased["contacts"], erased["threads"], erased["conversations"]) == (3, 2, 3)
    assert erased["messages"] >= 7 and erased["deliveries"] >= 8 and erased["merges"] == 2 and erased["links"] == 5
    assert len(proof["thread_ids"]) == 2 and proof["left"] and erased["dead_letters"] == 2
    assert [row.id for row in Failure.query(FAILURES)] == ["other"]

    held = everything()
    assert [secret for secret in SECRETS if secret.lower() in held.lower()] == []
    assert "I am Eve" in held
    # The desk heard that the chat is over, and nothing else happens to the thread.
    assert deployment.desk.events()[-1]["type"] == "chat.ended_by_customer"
    assert deployment.call("DELETE", f"/v1/contacts/{ada}")[1]["status"] == "done"
    # What was under way then is looked for once more.
    traveller.shift(95)
    deployment.cloud.pump()
    _, swept = deployment.call("GET", f"/v1/contacts/{ada}/erasure")
    assert swept["swept_at"] and swept["erased"] | {} == erased

    # Somebody writes from the same window: a new person, whose conversations get new ids.
    deployment.says("hello again")
    found = [deployment.call("GET", f"/v1/threads/{id}")[1] for id in proof["thread_ids"]]
    (again,) = [one for one in found if one["contact"]["id"]]
    assert again["contact"]["id"] != ada
    assert not {one["id"] for one in again["conversations"]} & set(known["conversations"])
    status, now = deployment.call("GET", f"/v1/contacts/{again['contact']['id']}")
    assert status == 200 and set(now["conversations"]) == {one["id"] for one in again["conversations"]}
    deployment.session = eve_session
    deployment.says("still Eve")
    assert deployment.bot.events()[-1]["Message"] == "still Eve"


def test_erasing_is_cut_off_anywhere(deployment: Deployment, traveller: Any) -> None:
    ada = live_through(deployment)
    traveller.shift(3600)
    assert deployment.call("DELETE", f"/v1/contacts/{ada}")[0] == 202
    cuts = {"left": 14, "calls": 0}

    def cut(side: str, name: str) -> None:
        # Each run of the step gets a little further than the one before.
        if deployment.cloud.step == "erase":
            cuts["calls"] += 1
            if cuts["left"] and cuts["calls"] > 2 + (14 - cuts["left"]) and name != "GetQueueUrl":
                cuts["left"] -= 1
                cuts["calls"] = 0
                raise CutOff(f"{side} {name}")

    deployment.cloud.before = lambda step: cuts.update(calls=0)
    taps.listen = cut
    try:
        for _ in range(5):
            deployment.cloud.pump()
            # After five times the message is a dead letter; asking again goes on.
            deployment.cloud._receives.clear()
            assert deployment.call("DELETE", f"/v1/contacts/{ada}")[0] == 202
    finally:
        taps.listen = None
    deployment.cloud.pump()
    assert cuts["left"] == 0
    _, proof = deployment.call("GET", f"/v1/contacts/{ada}/erasure")
    assert (proof["status"], proof["erased"]["contacts"], proof["erased"]["threads"]) == ("done", 2, 2)
    held = everything(without=("audit", "config", "failures"))
    assert [secret for secret in SECRETS if secret.lower() in held.lower()] == []
