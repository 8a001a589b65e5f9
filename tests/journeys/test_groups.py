"""What is said in a group is the group's: nobody who speaks there is found, made, changed or answered in private."""

from __future__ import annotations

from typing import Any

from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_consent import ADA, Tell, consent, gateway, graph
from tests.journeys.test_people import people
from tests.outside import Heard, Outside

__all__ = ["gateway", "graph"]

BEN = "+4915112345699"
GROUP = {"id": "G1", "name": "Team"}


def said(id: str, text: str, speaker: str = ADA, **more: Any) -> dict[str, Any]:
    return {"type": "message", "id": id, "from": speaker, "name": "Ada", "phone": speaker, "text": text} | more


def answers(heard: Heard) -> tuple[int, Any]:
    """A bot that answers everything."""
    text = f"heard {heard.json.get('Message')}"
    answer = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": text}
    return 200, {"token": TOKEN, "events": [answer] if heard.json["Event"] == "Incoming message" else []}


def by_name(deployment: Deployment) -> dict[str, dict[str, Any]]:
    return {str(one["name"]): one for one in people(deployment)}


def texts(deployment: Deployment, contact: str) -> list[str]:
    answer = deployment.call("GET", f"/v1/contacts/{contact}/timeline")[1]
    return sorted(one["text"] for one in answer["data"])


def test_a_group_and_its_members_have_nothing_of_each_other(
    deployment: Deployment, gateway: Tell, graph: Outside
) -> None:
    deployment.bot.answer = answers
    context = {"recent_messages": {"sources": [], "limit": 20}}
    assert deployment.call("PATCH", f"/v1/bots/{deployment.ids['bot']}", {"context": context})[0] == 200
    gateway(said("p1", "to you alone"))
    gateway(said("g1", "who comes?", group=GROUP))
    gateway(said("g2", "I do", BEN, name="Ben", group=GROUP))
    # One whose own address is spelled as the group's, and one as ours of it.
    gateway(said("p2", "I am no group", "G1", phone=None, name="Gus"))
    assert gateway(said("p3", "nor am I", "group:G1", phone=None)) == 202

    assert {name: sorted(one["kind"] for one in of["identities"]) for name, of in by_name(deployment).items()} == {
        "Ada": ["channel", "phone"],
        "Team": ["channel"],
        "Gus": ["channel"],
    }, "who only speaks in a group is nobody's contact"
    sent = [(one.json["to"], one.json.get("group"), one.json["text"]) for one in graph.heard]
    assert sent == [
        (ADA, None, "heard to you alone"),
        ("G1", {"id": "G1"}, "heard who comes?"),
        ("G1", {"id": "G1"}, "heard I do"),
        ("G1", None, "heard I am no group"),
    ]
    alone, first, second, gus = [one for one in deployment.bot.events() if one["Event"] == "Incoming message"]
    assert (alone["Contact"]["name"], gus["Contact"]["name"]) == ("Ada", "Gus")
    assert {first["Contact"]["name"], second["Contact"]["name"]} == {"Team"} and "Speaker" not in alone
    assert (first["Speaker"], second["Speaker"]) == ({"id": ADA, "name": "Ada"}, {"id": BEN, "name": "Ben"})
    assert first["Details"] == {"group": GROUP}
    recent = [[one["text"] for one in told["Context"]["recent_messages"]] for told in (alone, first, second, gus)]
    assert recent == [[], [], ["heard who comes?", "who comes?"], []]

    # Searching, consent and merging go by contacts, and the group's is none of theirs.
    service = deployment.ids["care"]
    found = deployment.call("GET", f"/v1/contacts?service_id={service}&phone=%2B{BEN[1:]}")[1]["data"]
    assert found == []
    gateway(consent("c1", False, why="STOP"))
    both = by_name(deployment)
    assert both["Ada"]["consent"] and not both["Team"]["consent"]
    assert texts(deployment, both["Team"]["id"]) == ["I do", "heard I do", "heard who comes?", "who comes?"]
    assert texts(deployment, both["Ada"]["id"]) == ["", "heard to you alone", "to you alone"]
    for one, other in ((both["Ada"], both["Team"]), (both["Team"], both["Ada"])):
        status, answer = deployment.call("POST", f"/v1/contacts/{one['id']}/merge", {"from": other["id"]})
        assert (status, answer["code"]) == (409, "group_and_person")
    group = [one for one in both["Team"]["identities"] if one["kind"] == "channel"]
    for add, who in (([{"kind": "phone", "value": BEN}], "Team"), (group, "Gus")):
        status, answer = deployment.call("PATCH", f"/v1/contacts/{both[who]['id']}", {"identities": {"add": add}})
        assert (status, answer["errors"][0]["path"]) == (422, "/identities/add")
    status, answer = deployment.call("POST", "/v1/contacts", {"service_id": service, "phone": BEN, "identities": group})
    assert (status, answer["errors"][0]["path"]) == (422, "/identities")

    # Erasing who spoke takes nothing from the group.
    assert deployment.call("DELETE", f"/v1/contacts/{both['Ada']['id']}")[0] == 202
    deployment.cloud.pump()
    assert len(texts(deployment, both["Team"]["id"])) == 4


def test_people_answer_a_group_and_see_who_spoke(deployment: Deployment, gateway: Tell, graph: Outside) -> None:
    deployment.make(
        "rules", service_id=deployment.ids["care"], name="d", position=0, to="desk", desk_id=deployment.ids["desk"]
    )
    gateway(said("g1", "who comes?", group=GROUP))
    told = deployment.desk.events()[-1]["data"]
    assert told["contact"]["name"] == "Team" and told["message"]["author"] == {"kind": "user", "id": ADA, "name": "Ada"}
    assert told["message"]["content"]["group"] == GROUP
    event = {"type": "agent.message", "conversation_id": told["conversation_id"], "text": "we do"}
    assert deployment.desk_posts(event)[0] == 202
    assert (graph.heard[-1].json["to"], graph.heard[-1].json["text"]) == ("G1", "we do")
    # What the gateway says of it, it says as ever.
    gateway({"type": "status", "id": "wamid.out1", "status": "read"}, said("g2", "fine", echo=True, group={"id": "G1"}))
    (team,) = people(deployment)
    listed = deployment.call("GET", f"/v1/contacts/{team['id']}/timeline")[1]["data"]
    assert [(one["text"], one["direction"]) for one in listed if one["type"] == "text"] == [
        ("fine", "out"),
        ("we do", "out"),
        ("who comes?", "in"),
    ]
