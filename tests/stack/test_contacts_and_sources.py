"""One person, all messages (contract section 5) through the whole platform."""

from __future__ import annotations

from typing import Any

import pytest

from tests.outside import serving
from tests.stack.conftest import Deployment, Platform, echo, eventually
from tests.stack.signed import is_signed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

MAPPING = {
    "id": "order.id",
    "sent_at": "order.at",
    "text": "'Purchased ' & order.item",
    "type": "'purchase'",
    "contact": {"email": "customer.mail", "external_id": "customer.no", "name": "customer.name"},
}


def purchase(id: str, item: str, *, day: int, mail: str | None = "ana@example.com") -> dict[str, Any]:
    customer = {"mail": mail, "name": "Ana"} if mail else {}
    return {"order": {"id": id, "at": f"2026-11-{day:02d}T10:00:00Z", "item": item}, "customer": customer}


def recent(platform: Platform, contact: str, **more: Any) -> dict[str, Any]:
    reply = platform.call("POST", "/contacts.recent-messages", {"contact_id": contact} | more)
    assert reply.status == 200, reply.raw
    found: dict[str, Any] = reply.json
    return found


def source_of(deployment: Deployment, key: str = "salesforce_purchases") -> dict[str, Any]:
    return deployment.platform.make(
        "sources", service_id=deployment.service, key=key, name="Purchases", mapping=MAPPING
    )


def texts(page: dict[str, Any]) -> list[str]:
    return [one["text"] for one in page["data"]]


def test_events_of_another_system_are_messages_of_the_person(deployment: Deployment) -> None:
    platform, source = deployment.platform, source_of(deployment)
    batch = [
        purchase("o1", "a book", day=3),
        purchase("o2", "a lamp", day=1),
        purchase("o3", "a mug", day=2, mail=None),
        {"order": {}},
        purchase("o1", "a book", day=3),
    ]
    reply = platform.call("POST", f"/v1/sources/{source['id']}/events", batch)
    assert reply.status == 202 and reply.json["accepted"] == 4, reply.raw
    assert [one["index"] for one in reply.json["rejected"]] == [3] and reply.json["rejected"][0]["errors"]

    def listed() -> list[str]:
        page = platform.call("POST", "/messages.list", {"source": source["key"], "service_id": deployment.service})
        assert page.status == 200, page.raw
        return texts(page.json)

    newest_first = ["Purchased a book", "Purchased a mug", "Purchased a lamp"]
    assert eventually(lambda: listed() if len(listed()) == 3 else None, "the purchases") == newest_first
    person = platform.get(f"/v1/contacts?service_id={deployment.service}&email=ANA@example.com")["data"][0]
    assert person["name"] == "Ana"
    visible = recent(platform, person["id"], filter_sources=[source["key"]])
    [(conversation, page)] = visible.items()
    assert page["source"] == source["key"] and texts(page) == ["Purchased a book", "Purchased a lamp"]
    assert page["pagination_data"] == {"previous_cursor": None, "next_cursor": None, "total": 2}
    assert platform.get(f"/v1/contacts/{person['id']}")["conversations"] == {conversation: source["key"]}
    assert recent(platform, person["id"], include_sources=["webchat"]) == {}
    first = recent(platform, person["id"], page_size=1)[conversation]
    cursor = first["pagination_data"]["next_cursor"]
    assert texts(first) == ["Purchased a book"] and cursor
    second = recent(platform, person["id"], page_size=1, cursors={conversation: cursor})[conversation]
    assert texts(second) == ["Purchased a lamp"]
    bad = platform.call(
        "POST", "/contacts.recent-messages", {"contact_id": person["id"], "cursors": {conversation: "x"}}
    )
    assert (bad.status, bad.code) == (400, "bad_cursor")
    assert platform.call("POST", "/contacts.recent-messages", {"contact_id": "ct_" + "a" * 26}).status == 404
    timeline = platform.get(f"/v1/contacts/{person['id']}/timeline")["data"]
    assert [one["text"] for one in timeline] == ["Purchased a book", "Purchased a lamp"]


def test_a_mapping_is_checked_and_tried(deployment: Deployment) -> None:
    wrong = deployment.platform.call(
        "POST",
        "/v1/sources",
        {"service_id": deployment.service, "key": "k", "name": "k", "mapping": MAPPING | {"id": "a b ("}},
    )
    assert wrong.status == 422 and wrong.json["errors"][0]["path"] == "/mapping/id"
    tried = deployment.platform.call(
        "POST", "/v1/sources:try", {"mapping": MAPPING, "sample": purchase("o1", "x", day=1)}
    )
    assert tried.status == 200 and tried.json["message"]["text"] == "Purchased x" and tried.json["errors"] == []


def test_merge_unmerge_and_erase(deployment: Deployment) -> None:
    platform, source = deployment.platform, source_of(deployment, "shop")
    fields = {"service_id": deployment.service}
    ana = platform.make("contacts", **fields, name="Ana", email="ana@example.com", attributes={"tier": "gold"})
    bob = platform.make("contacts", **fields, name="Bob", phone="+4930901820", tags=["vip"])
    taken = platform.call("POST", "/v1/contacts", fields | {"email": "ANA@example.com"})
    assert taken.status == 409 and ana["id"] in taken.raw.decode()
    platform.call("POST", f"/v1/sources/{source['id']}/events", purchase("p1", "a bike", day=5))
    eventually(lambda: recent(platform, ana["id"]), "the purchase")
    before = [platform.get(f"/v1/contacts/{one['id']}") for one in (ana, bob)]
    merged = platform.call("POST", f"/v1/contacts/{bob['id']}/merge", {"from": ana["id"]})
    assert merged.status == 200 and merged.json["merge_id"], merged.raw
    both = platform.get(f"/v1/contacts/{ana['id']}")
    assert both["id"] == bob["id"] and both["name"] == "Bob" and both["attributes"] == {"tier": "gold"}
    assert len(both["identities"]) == 2 and next(iter(recent(platform, bob["id"]).values()))["data"]
    assert recent(platform, ana["id"]) == recent(platform, bob["id"])
    undone = platform.call("POST", f"/v1/contacts/{bob['id']}/unmerge", {"merge_id": merged.json["merge_id"]})
    assert undone.status == 200, undone.raw
    after = [platform.get(f"/v1/contacts/{one['id']}") for one in (ana, bob)]
    for one, other in zip(before, after, strict=True):
        assert {**one, "updated_at": ""} == {**other, "updated_at": ""}
    erased = platform.call("DELETE", f"/v1/contacts/{ana['id']}")
    assert erased.status in (200, 202, 204)
    assert platform.call("GET", f"/v1/contacts/{ana['id']}").status == 404
    listed = {"source": source["key"], "service_id": deployment.service}
    eventually(lambda: platform.call("POST", "/messages.list", listed).json["data"] == [], "nothing is left")
    eventually(lambda: platform.get(f"/v1/contacts/{ana['id']}/erasure")["status"] == "done", "the proof")


def test_a_subscription_hears_and_has_the_context(deployment: Deployment) -> None:
    platform, source = deployment.platform, source_of(deployment, "crm")
    with serving() as heard:
        made = platform.make(
            "subscriptions",
            service_id=deployment.service,
            url=heard.url,
            events=["message.created", "conversation.opened", "contact.created", "handover.started"],
            headers={"X-Mine": "1"},
            context={"recent_messages": {"sources": ["crm"], "limit": 5}},
        )
        assert made["status"] == "unverified" and made["signing_secret"].startswith("whsec_")
        platform.verify("subscriptions", made)
        heard.forget()
        platform.call("POST", f"/v1/sources/{source['id']}/events", purchase("c1", "a tent", day=6))
        deployment.bot_end.answer = echo
        visitor = deployment.visitor()
        visitor.says("hello")
        visitor.sees("you said hello")

        def of(kind: str) -> list[dict[str, Any]]:
            return [event for event in heard.events() if event["type"] == kind]

        eventually(lambda: len(of("message.created")) == 3, "three messages")
        eventually(lambda: len(of("conversation.opened")) == 2 and len(of("contact.created")) == 2, "the rest")
        said = [event["data"]["message"]["text"] for event in of("message.created")]
        assert sorted(said) == ["Purchased a tent", "hello", "you said hello"]
        assert all(is_signed(one, made["signing_secret"]) and one.headers["x-mine"] == "1" for one in heard.heard)
        assert all("context" in event["data"] for event in of("message.created"))
