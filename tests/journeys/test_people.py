"""Who somebody is: however their number is spelled, whoever speaks first, and what is heard of them later."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from tests.cloud import taps
from tests.journeys.conftest import Deployment
from tests.journeys.test_whatsapp import graph, number, post
from tests.outside import Outside

__all__ = ["graph", "number"]

USER_ID = "US.13491208655302741918"


def writes(
    deployment: Deployment,
    number: dict[str, Any],
    phone: str,
    text: str,
    *,
    name: str = "",
    user_id: str = "",
    **more: Any,
) -> None:
    """A customer writes on WhatsApp."""
    writes.count += 1  # type: ignore[attr-defined]
    person = ({"profile": {"name": name}} if name else {}) | ({"wa_id": phone} if phone else {})
    person |= {"user_id": user_id} if user_id else {}
    said = {"id": f"wamid.p{writes.count}", "timestamp": "1763683200", "type": "text", "text": {"body": text}}  # type: ignore[attr-defined]
    said |= ({"from": phone} if phone else {}) | ({"from_user_id": user_id} if user_id else {}) | more
    assert post(deployment, number, {"contacts": [person], "messages": [said]}) == 200


writes.count = 0  # type: ignore[attr-defined]


def echoes(deployment: Deployment, number: dict[str, Any], phone: str, text: str) -> None:
    """The business writes in its own app."""
    writes.count += 1  # type: ignore[attr-defined]
    said = {"id": f"wamid.e{writes.count}", "timestamp": "1763683200", "type": "text", "text": {"body": text}}  # type: ignore[attr-defined]
    assert post(deployment, number, {"message_echoes": [said | {"from": "4930", "to": phone}]}) == 200


def imports(deployment: Deployment, lines: str, *, kind: str = "text/csv") -> dict[str, Any]:
    path = f"/v1/contacts:import?service_id={deployment.ids['care']}"
    status, answer = deployment.call("POST", path, lines.encode(), headers={"Content-Type": kind})
    assert status == 200, answer
    deployment.cloud.pump()
    return dict(answer)


def people(deployment: Deployment) -> list[dict[str, Any]]:
    return list(deployment.call("GET", f"/v1/contacts?service_id={deployment.ids['care']}&limit=100")[1]["data"])


def found(deployment: Deployment, phone: str) -> list[str]:
    status, answer = deployment.call("GET", f"/v1/contacts?service_id={deployment.ids['care']}&phone={quote(phone)}")
    assert status == 200, answer
    return [one["id"] for one in answer["data"]]


def heard_of(deployment: Deployment, contact: str) -> list[str]:
    answer = deployment.call("POST", "/messages.list", {"contact_id": contact})[1]
    return [one["text"] for one in reversed(answer["data"])]


def values(contact: dict[str, Any], *kinds: str) -> set[str]:
    return {one["value"] for one in contact["identities"] if one["kind"] in kinds}


def test_a_number_in_an_old_spelling_is_the_same_person(
    deployment: Deployment, number: dict[str, Any], graph: Outside
) -> None:
    imports(
        deployment,
        "name,phone\nBruna,+55 11 98765-4321\nLuz,+52 55 1234 5678\nTeo,+54 11 2345-6789\nAya,+2250707123456\n",
    )
    for wa_id in ("551187654321", "5215512345678", "5491123456789", "22507123456"):
        writes(deployment, number, wa_id, "oi", name="Other")
    assert sorted(one["name"] for one in people(deployment)) == ["Aya", "Bruna", "Luz", "Teo"]
    assert all(heard_of(deployment, one["id"]) == ["oi"] for one in people(deployment))
    # Both spellings on WhatsApp are two threads of one person, each answered where it came from.
    writes(deployment, number, "5511987654321", "tudo bem")
    (bruna,) = [one for one in people(deployment) if one["name"] == "Bruna"]
    assert sorted(heard_of(deployment, bruna["id"])) == ["oi", "tudo bem"]
    assert {value.partition(":")[2] for value in values(bruna, "channel")} == {"551187654321", "5511987654321"}
    (teo,) = [one for one in people(deployment) if one["name"] == "Teo"]
    assert values(teo, "phone") == {"+5491123456789"}, "a provider says that it is a mobile"
    # One line more for each spelling: all of them are known.
    again = imports(deployment, "phone\n+551187654321\n+52 1 55 1234 5678\n+54 11 2345-6789\n+22507123456\n")
    assert (again["created"], again["refused"]) == (0, [])


def test_what_is_shown_is_found_and_imported_again(deployment: Deployment, number: dict[str, Any]) -> None:
    for wa_id in ("551187654321", "15550000000", "4915112345678", "541123456789"):
        writes(deployment, number, wa_id, "hi", name=wa_id)
    shown = {value: one["id"] for one in people(deployment) for value in values(one, "phone")}
    assert set(shown) == {"+5511987654321", "+15550000000", "+4915112345678", "+541123456789"}
    assert all(found(deployment, value) == [id] for value, id in shown.items())
    assert found(deployment, "+54 9 11 2345-6789") == [shown["+541123456789"]]
    path = f"/v1/contacts:export?service_id={deployment.ids['care']}"
    exported = deployment.client.http.request(
        "GET", path, headers={"Authorization": f"Bearer {deployment.key}"}, body=b""
    )
    again = imports(deployment, exported.body.decode(), kind="application/jsonl")
    assert (again["rows"], again["created"], again["refused"]) == (4, 0, [])


def test_a_number_that_was_kept_in_an_old_spelling_is_found_and_gives_way(
    deployment: Deployment, number: dict[str, Any]
) -> None:
    from chalicelib.domain.contact import made
    from chalicelib.tables import contacts

    old = ("phone", "+551187654321")
    row = contacts.create(deployment.ids["care"], made(name="Bruna", identities=[old]), now_ms=1)
    assert found(deployment, "+55 11 98765-4321") == found(deployment, "+551187654321") == [row.id]
    writes(deployment, number, "551187654321", "oi")
    (bruna,) = people(deployment)
    assert (bruna["id"], values(bruna, "phone")) == (row.id, {"+5511987654321"})


def test_the_business_writes_first(deployment: Deployment, number: dict[str, Any]) -> None:
    imports(deployment, "name,phone\nImported,+4915100000190\n")
    for wa_id, name in (("4915100000190", "Wa Name"), ("4915100000195", "Stranger")):
        echoes(deployment, number, wa_id, "we write first")
        writes(deployment, number, wa_id, "the customer answers", name=name)
    told = {one["name"]: (values(one, "phone"), heard_of(deployment, one["id"])) for one in people(deployment)}
    both = ["we write first", "the customer answers"]
    assert told == {"Imported": ({"+4915100000190"}, both), "Stranger": ({"+4915100000195"}, both)}


def test_what_is_heard_later_is_learned_and_nothing_new_costs_nothing(
    deployment: Deployment, number: dict[str, Any]
) -> None:
    writes(deployment, number, "14155550402", "nameless")
    (one,) = people(deployment)
    assert one["name"] is None
    writes(deployment, number, "14155550402", "with id", user_id=USER_ID)
    writes(deployment, number, "14155550402", "with name", name="Now Named", user_id=USER_ID)
    (one,) = people(deployment)
    assert (one["name"], values(one, "phone", "external")) == ("Now Named", {"+14155550402", USER_ID})
    assert deployment.call("PATCH", f"/v1/contacts/{one['id']}", {"name": "As the desk says"})[0] == 200
    deployment.cloud.pump()

    calls: list[str] = []

    def listen(side: str, operation: str) -> None:
        if deployment.cloud.step == "converse" and side == "before":
            calls.append(operation)

    taps.listen = listen
    try:
        writes(deployment, number, "14155550402", "again", name="Another Name", user_id=USER_ID)
    finally:
        taps.listen = None
    assert calls.count("BatchGetItem") == 1 and "TransactWriteItems" not in calls, calls
    (one,) = people(deployment)
    assert one["name"] == "As the desk says"
    assert len(heard_of(deployment, one["id"])) == 4
    # Without a number, the id that was learned leads to the same person.
    writes(deployment, number, "", "by id alone", user_id=USER_ID)
    assert len(people(deployment)) == 1


def test_what_is_said_in_a_group_is_nobodys_private_message(
    deployment: Deployment, number: dict[str, Any], graph: Outside
) -> None:
    writes(deployment, number, "14155550109", "to all", name="Gr", group_id="GROUP1")
    assert people(deployment) == [] and deployment.bot.events() == [] and graph.heard == []


def test_two_persons_who_may_be_one_are_said_to_be_and_not_merged(
    deployment: Deployment, number: dict[str, Any]
) -> None:
    writes(deployment, number, "", "by id", name="Ada", user_id=USER_ID)
    imports(deployment, "name,phone\nAda B,+4915112345678\n")
    ada, office = sorted(people(deployment), key=lambda one: str(one["name"]))
    for text in ("with both", "and again"):
        writes(deployment, number, "4915112345678", text, user_id=USER_ID)
    ada, office = sorted(people(deployment), key=lambda one: str(one["name"]))
    assert office["maybe_same"] == [{"contact_id": ada["id"], "because": "external"}]
    assert ada["maybe_same"] == [{"contact_id": office["id"], "because": "external"}]
    assert (heard_of(deployment, ada["id"]), heard_of(deployment, office["id"])) == (
        ["by id"],
        ["with both", "and again"],
    )
    assert deployment.call("POST", f"/v1/contacts/{office['id']}/merge", {"from": ada["id"]})[0] == 200
    deployment.cloud.pump()
    (one,) = people(deployment)
    assert one["maybe_same"] == [] and len(heard_of(deployment, one["id"])) == 3


def test_a_gateway_spells_numbers_as_people_do(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    """What imports, WhatsApp and a gateway of your own say of one number is one contact, in either order."""
    from chalicelib.ports import clock, signing

    made = deployment.make(
        "channels", service_id=deployment.ids["care"], kind="custom", name="gw", settings={"send_url": graph.url}
    )
    secret = made["signing_secret"] if "signing_secret" in made else made["secrets"]["signing_secret"]

    def tell(*given: dict[str, Any]) -> tuple[int, Any]:
        events = [{"type": "message", "id": f"g{n}", "text": "oi"} | one for n, one in enumerate(given)]
        raw = json.dumps(events).encode()
        headers = signing.headers([secret], id=f"in-{given}"[:60], at_ms=clock.now_ms(), body=raw)
        answer = deployment.call("POST", made["webhook_url"], raw, headers=headers)
        deployment.cloud.pump()
        return answer

    imports(deployment, "name,phone\nBruna,+55 11 98765-4321\nLuz,+52 55 1234 5678\nTeo,+54 9 11 2345-6789\n")
    spelled = ("0055 11 8765-4321", "+52 1 55 1234 5678", "+54 11 2345-6789", "+225 07 12 34 56", "+229 97 12 34 56")
    assert tell(*({"from": f"u{n}", "phone": phone} for n, phone in enumerate(spelled)))[0] == 202
    for wa_id in ("551187654321", "5215512345678", "5491123456789", "22507123456", "22997123456"):
        writes(deployment, number, wa_id, "oi")
    assert len(people(deployment)) == 5 and all(len(heard_of(deployment, one["id"])) == 2 for one in people(deployment))
    # What imports refuse is refused here too: it would be said to be taken, and identify nobody.
    status, answer = tell({"from": "u9", "phone": "+49123"}, {"from": "u9", "phone": "0151 12345678"})
    assert (status, [one["path"] for one in answer["errors"]]) == (422, ["/0/phone", "/1/phone"])
    assert len(people(deployment)) == 5


def test_nobody_is_asked_for_and_nobody_is_given(deployment: Deployment) -> None:
    """An empty filter, as of a form that was not filled in, must not give everybody."""
    imports(deployment, "name,phone\nAda,+4915112345678\n")
    at = f"/v1/contacts?service_id={deployment.ids['care']}"
    for asked in ("phone=", "email=", "external_id=", "phone=+", "email=%20", "phone=%2B4915112345678&email="):
        assert deployment.call("GET", f"{at}&{asked}")[0] == 422, asked
    assert len(deployment.call("GET", f"{at}&phone=+4915112345678")[1]["data"]) == 1


def test_a_number_of_whatsapp_with_its_plus(deployment: Deployment, number: dict[str, Any]) -> None:
    imports(deployment, "name,phone\nAda,+4915112345678\n")
    writes(deployment, number, "+4915112345678", "hi")
    assert [heard_of(deployment, one["id"]) for one in people(deployment)] == [["hi"]]
