"""Events of other systems as messages: each once, at its own time, with whom it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.ports import clock, ids
from chalicelib.tables import contacts, receipts
from tests.cloud import Cloud, taps
from tests.http_api import Client
from tests.journeys.conftest import Deployment
from tests.outside import Outside

MAPPING: dict[str, Any] = {
    "id": "id", "sent_at": "at", "text": "text", "type": "'purchase'", "conversation": "order",
    "contact": {"email": "email", "phone": "phone", "external_id": "customer", "name": "name"},
}  # fmt: skip
ADA = {"email": "Ada@Example.com", "name": "Ada"}


@pytest.fixture
def deployment(cloud: Cloud) -> Iterator[Deployment]:
    """A service where a desk hears of everything, and a shop that posts its orders."""
    from chalicelib.api.http import base_url
    from chalicelib.api.kinds import keys
    from chalicelib.tables import config

    base_url.forget()
    key, row = keys.mint("test", ["admin"])
    config.create(row)
    with Client(cloud.app.app) as client:
        deployment = Deployment(cloud, client, key, Outside(""), Outside(""))
        service = deployment.make("services", name="care")["id"]
        deployment.make("desks", service_id=service, kind="console", name="desk")
        deployment.make("rules", service_id=service, name="all", to="desk", desk_id=deployment.ids["desk"])
        deployment.make("sources", service_id=service, key="shop_orders", name="shop", mapping=MAPPING)
        yield deployment


def post(deployment: Deployment, *events: dict[str, Any]) -> None:
    shop = deployment.made["shop"]
    secret = {"Authorization": f"Bearer {shop['secret']}"}
    status, answer = deployment.call("POST", shop["events_url"], list(events), headers=secret)
    assert (status, answer) == (202, {"accepted": len(events), "rejected": []})
    deployment.cloud.pump()


def event(id: str, day: int, **more: Any) -> dict[str, Any]:
    return {"id": id, "at": f"2026-11-{day:02}T10:00:00Z", "text": f"bought {id}"} | more


def said(deployment: Deployment) -> list[list[dict[str, Any]]]:
    """The messages of each conversation of the service, the newest first."""
    status, listed = deployment.call("GET", f"/v1/conversations?service_id={deployment.ids['care']}&limit=100")
    assert status == 200
    pages = [deployment.call("GET", f"/v1/messages?conversation_id={one['id']}&limit=100") for one in listed["data"]]
    assert all(status == 200 for status, _ in pages)
    return [page["data"] for _, page in pages]


def texts(deployment: Deployment) -> list[list[str]]:
    return sorted([one["text"] for one in page] for page in said(deployment))


def people(deployment: Deployment) -> dict[str, str]:
    """Text of each message -> id of the contact."""
    return {one["text"]: one["contact_id"] for page in said(deployment) for one in page}


def test_events_stand_at_their_own_time_and_once(deployment: Deployment) -> None:
    post(deployment, event("b", 5, **ADA), event("c", 9, **ADA))
    post(deployment, event("a", 1, **ADA), event("c", 9, **ADA))
    post(deployment, event("b", 5, **ADA) | {"text": "not this again", "at": "2026-11-07T10:00:00Z"})
    (messages,) = said(deployment)  # and no conversation of the desk: nobody has to answer a purchase
    assert [one["text"] for one in messages] == ["bought c", "bought b", "bought a"]
    first = messages[-1]
    expected = {
        "source": "shop_orders", "direction": "in", "type": "event", "sent_at": "2026-11-01T10:00:00.000Z",
        "contact_id": contacts.find(deployment.ids["care"], "email", "ada@example.com"), "state": "received",
        "content": {"name": "purchase", "payload": event("a", 1, **ADA)},
    }  # fmt: skip
    assert first | expected == first and first["contact_id"]
    assert first["author"]["kind"] == "event"

    # Everywhere in the same order, with those of nobody where one asks for the source.
    post(deployment, event("n", 7))
    order, of_ada = ["bought c", "bought n", "bought b", "bought a"], {"contact_id": first["contact_id"]}
    asked = {"source": "shop_orders", "service_id": deployment.ids["care"]}
    assert [one["text"] for one in deployment.call("POST", "/messages.list", asked)[1]["data"]] == order
    recent = deployment.call("POST", "/contacts.recent-messages", of_ada | {"filter_sources": ["shop_orders"]})[1]
    ((conversation, page),) = recent.items()
    assert (conversation, page["source"]) == (first["conversation_id"], "shop_orders")
    assert [one["text"] for one in page["data"]] == [text for text in order if text != "bought n"]
    assert deployment.call("POST", "/contacts.recent-messages", of_ada | {"filter_sources": ["webchat"]})[1] == {}


def test_a_person_who_appears_has_what_happened_before(deployment: Deployment) -> None:
    post(deployment, event("a", 1, **ADA), event("b", 2, customer=17))
    made = deployment.call(
        "POST", "/v1/contacts", {"service_id": deployment.ids["care"], "name": "Ada E.", "email": ADA["email"]}
    )
    assert made[0] == 201, made
    more = {"identities": {"add": [{"kind": "external", "value": "shop_orders:17"}]}}
    status, ada = deployment.call("PATCH", f"/v1/contacts/{made[1]['id']}", more)
    assert status == 200, ada
    deployment.cloud.pump()
    recent = deployment.call("POST", "/contacts.recent-messages", {"contact_id": ada["id"]})[1]
    assert sorted(one["text"] for page in recent.values() for one in page["data"]) == ["bought a", "bought b"]
    assert set(people(deployment).values()) <= {*ada["merged_ids"], ada["id"]}


def test_history_that_is_read_in_stands_behind_what_is_newer(deployment: Deployment) -> None:
    days = [7, 3, 12, 1, 9, 5]
    for day in days:
        post(deployment, event(f"o{day}", day, order=str(day), **ADA))
    ada = contacts.find(deployment.ids["care"], "email", "ada@example.com")
    _, shown = deployment.call("GET", f"/v1/contacts/{ada}")
    order = [deployment.call("GET", f"/v1/messages?conversation_id={one}")[1]["data"] for one in shown["conversations"]]
    assert [[one["text"] for one in page] for page in order] == [[f"bought o{day}"] for day in sorted(days)[::-1]]


def test_nobody_two_people_and_one_with_two_identities(deployment: Deployment) -> None:
    service = deployment.ids["care"]
    post(deployment, event("n1", 1), event("n2", 2))
    assert people(deployment) == {"bought n1": None, "bought n2": None}
    post(deployment, event("m1", 3, **ADA), event("m2", 4, customer="17"))
    ada = contacts.find(service, "email", "ada@example.com")
    seventeen = contacts.find(service, "external", "shop_orders:17")
    assert ada and seventeen and ada != seventeen
    # One event that knows both says that they are one person; what follows for either is hers.
    post(deployment, event("m3", 5, customer=17, **ADA), event("m4", 6, customer="17"))
    one, other = contacts.resolve(seventeen), contacts.resolve(ada)
    assert one is not None and other is not None and one.id == other.id
    known = people(deployment)
    assert known["bought m3"] == known["bought m4"] == one.id and len(known) == 6
    # The same event about another person, or about one at last, stays where it came first.
    post(deployment, event("n1", 1, email="bob@example.com"), event("m1", 3, email="eve@example.com"))
    assert people(deployment) == known and sum(len(page) for page in said(deployment)) == 6


def test_a_place_that_was_taken_and_not_used_is_used(deployment: Deployment) -> None:
    """Cut off before the event was queued, and by then its person is another: it is kept, if without the person."""
    id = ids.from_cause("ev", "source", deployment.ids["shop"], "m1")
    receipts.place_source_event(id, address="-3", sent_at=1_793_000_000_000, now_ms=clock.now_ms())
    post(deployment, event("m1", 3, **ADA))
    assert people(deployment) == {"bought m1": None}
    assert said(deployment)[0][0]["sent_at"] == clock.rfc3339(1_793_000_000_000)


def test_a_conversation_keeps_orders_of_one_person_apart(deployment: Deployment) -> None:
    post(
        deployment, event("1", 1, order="#1", **ADA), event("2", 2, order="#2", **ADA), event("3", 3, order="#1", **ADA)
    )
    assert texts(deployment) == [["bought 2"], ["bought 3", "bought 1"]]
    assert len(set(people(deployment).values())) == 1


def test_many_events_of_one_moment_are_all_kept_and_a_repeat_without_time_stays(deployment: Deployment) -> None:
    deployment.cloud.duplicate = True
    post(deployment, *[event(f"e{n}", 1, **ADA) for n in range(25)])
    (messages,) = said(deployment)
    assert len(messages) == len({one["id"] for one in messages}) == len({one["sequence"] for one in messages}) == 25
    untimed = {"id": "x", "text": "x"} | ADA
    post(deployment, untimed)
    before = said(deployment)
    post(deployment, untimed | {"text": "y"})
    assert said(deployment) == before and before[0][0]["text"] == "x"


def test_a_queue_that_refuses_keeps_nothing_half(deployment: Deployment) -> None:
    shop, batches = deployment.made["shop"], []

    def refuse(when: str, operation: str) -> None:
        if (when, operation) == ("before", "SendMessageBatch"):
            batches.append(operation)
            if len(batches) == 2:
                raise ConnectionError("no way through")

    events = [event(f"e{n}", 1, **ADA) for n in range(15)]
    taps.listen = refuse
    try:
        answer = deployment.call(
            "POST", shop["events_url"], events, headers={"Authorization": f"Bearer {shop['secret']}"}
        )
    finally:
        taps.listen = None
    assert (answer[0], answer[1]["code"]) == (503, "queue_unavailable")
    post(deployment, *events)
    assert [len(page) for page in said(deployment)] == [15]
