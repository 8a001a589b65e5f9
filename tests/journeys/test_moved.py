"""Somebody changes their number: the address moves, the person stays, and who gets the old number is somebody else."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_people import USER_ID, found, heard_of, imports, people, values, writes
from tests.journeys.test_whatsapp import graph, number, post
from tests.outside import Heard, Outside

__all__ = ["graph", "number"]

OLD, NEW, NEW_ID = "14155550501", "14155550502", "US.2"


def moves(
    deployment: Deployment, number: dict[str, Any], was: str, now: str, id: str = "wamid.s1", **system: Any
) -> None:
    """WhatsApp says that a number changed."""
    notice = {"type": "user_changed_number", "wa_id": now, "body": f"User changed from {was} to {now}"} | system
    message = {"from": was, "id": id, "timestamp": "1763683200", "type": "system", "system": notice}
    assert post(deployment, number, {"messages": [message]}) == 200


def by_name(deployment: Deployment) -> dict[str, dict[str, Any]]:
    return {str(one["name"]): one for one in people(deployment)}


def conversations(deployment: Deployment, contact: str) -> list[tuple[str, str | None]]:
    answer = deployment.call("GET", f"/v1/conversations?contact_id={contact}")[1]
    return [(one["state"], one.get("outcome")) for one in answer["data"]]


def test_the_person_goes_along_and_the_old_number_is_free(
    deployment: Deployment, number: dict[str, Any], graph: Outside
) -> None:
    writes(deployment, number, OLD, "from the old number", name="Ada", user_id=USER_ID)
    moves(deployment, number, OLD, NEW, user_id=NEW_ID, previous_user_id=USER_ID)
    moves(deployment, number, OLD, NEW, user_id=NEW_ID, previous_user_id=USER_ID)
    (ada,) = people(deployment)
    assert values(ada, "phone", "external") == {f"+{NEW}", NEW_ID}
    assert {value.partition(":")[2] for value in values(ada, "channel")} == {NEW}
    assert conversations(deployment, ada["id"]) == [("closed", "address_changed")]

    writes(deployment, number, NEW, "from the new number", user_id=NEW_ID)
    assert [one["id"] for one in people(deployment)] == [ada["id"]]
    assert found(deployment, f"+{OLD}") == [] and found(deployment, f"+{NEW}") == [ada["id"]]
    # The operator gives the number to somebody else.
    writes(deployment, number, OLD, "hello, is this the shop?", name="Eve", user_id="US.3")
    both = by_name(deployment)
    assert both["Ada"]["id"] == ada["id"] and found(deployment, f"+{OLD}") == [both["Eve"]["id"]]
    assert heard_of(deployment, both["Eve"]["id"]) == ["hello, is this the shop?"]
    # All of one moment; the third is the note of where she went.
    assert sorted(heard_of(deployment, ada["id"])) == ["", "from the new number", "from the old number"]
    # What is changed about either reaches their own thread alone.
    for name in ("Ada", "Eve"):
        assert deployment.call("PATCH", f"/v1/contacts/{both[name]['id']}", {"name": f"{name} B"})[0] == 200
    deployment.cloud.pump()
    deployment.bot.forget()
    writes(deployment, number, OLD, "still Eve", user_id="US.3")
    assert deployment.bot.events()[-1]["Contact"]["name"] == "Eve B", deployment.bot.events()[-1]
    # Days later WhatsApp repeats the notice: it is not Eve's.
    moves(deployment, number, OLD, NEW, user_id=NEW_ID, previous_user_id=USER_ID)
    assert found(deployment, f"+{OLD}") == [both["Eve"]["id"]]


@pytest.mark.parametrize("first", ["Ada", "Eve"])
def test_each_is_erased_with_their_own_part_of_the_thread(
    deployment: Deployment, number: dict[str, Any], graph: Outside, traveller: time_machine.Traveller, first: str
) -> None:
    writes(deployment, number, OLD, "of Ada", name="Ada")
    moves(deployment, number, OLD, NEW)
    writes(deployment, number, OLD, "of Eve", name="Eve")
    # She comes back to it, and so has two parts with Eve's in between.
    moves(deployment, number, OLD, "14155550503", id="wamid.s2")
    moves(deployment, number, NEW, OLD, id="wamid.s3")
    writes(deployment, number, OLD, "of Ada again")
    both = by_name(deployment)
    texts = {"Ada": ["of Ada", "of Ada again"], "Eve": ["of Eve"]}
    assert {name: spoken(deployment, one["id"]) for name, one in both.items()} == texts
    for name in (first, *(set(both) - {first})):
        assert deployment.call("DELETE", f"/v1/contacts/{both[name]['id']}")[0] in (200, 202)
        deployment.cloud.pump()
        traveller.shift(120)
        deployment.cloud.pump()
        left = {other: one for other, one in both.items() if other in by_name(deployment)}
        assert name not in left
        assert {other: spoken(deployment, one["id"]) for other, one in left.items()} == {
            other: texts[other] for other in left
        }
    from chalicelib.tables.messages import MessageRow

    assert not any("of " in str(row.attribute_values) for row in MessageRow.scan()), "nothing is left of either"


def spoken(deployment: Deployment, contact: str) -> list[str]:
    return sorted(text for text in heard_of(deployment, contact) if text)


def test_who_wrote_from_the_new_number_before_the_notice_came_is_the_same(
    deployment: Deployment, number: dict[str, Any], graph: Outside
) -> None:
    imports(deployment, f"name,phone,email\nAda,+{OLD},ada@example.com\n")
    writes(deployment, number, OLD, "old")
    writes(deployment, number, NEW, "new")
    moves(deployment, number, OLD, NEW)
    (ada,) = people(deployment)
    assert ada["name"] == "Ada" and values(ada, "phone", "email") == {f"+{NEW}", "ada@example.com"}
    assert sorted(spoken(deployment, ada["id"])) == ["new", "old"]
    writes(deployment, number, NEW, "and on")
    assert len(people(deployment)) == 1 and len(spoken(deployment, ada["id"])) == 3


def test_two_who_are_known_otherwise_too_are_only_said_to_be_the_same(
    deployment: Deployment, number: dict[str, Any]
) -> None:
    imports(deployment, f"name,phone,email\nAda,+{OLD},ada@example.com\nBob,+{NEW},bob@example.com\n")
    moves(deployment, number, OLD, NEW)
    both = by_name(deployment)
    assert [one["because"] for one in both["Ada"]["maybe_same"]] == ["phone"]
    assert values(both["Ada"], "phone") == set() and values(both["Bob"], "phone") == {f"+{NEW}"}


def test_a_person_who_never_wrote_is_known_by_the_new_number(deployment: Deployment, number: dict[str, Any]) -> None:
    imports(deployment, f"name,phone\nAda,+{OLD}\n")
    moves(deployment, number, OLD, NEW)
    moves(deployment, number, "14155550599", "14155550598", id="wamid.s9")
    (ada,) = people(deployment)
    assert values(ada, "phone") == {f"+{NEW}"}


def test_another_user_id_alone_ends_nothing(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    writes(deployment, number, OLD, "hello", name="Ada", user_id=USER_ID)
    moves(deployment, number, OLD, "", type="user_changed_user_id", wa_id="", user_id=NEW_ID, previous_user_id=USER_ID)
    (ada,) = people(deployment)
    assert values(ada, "phone", "external") == {f"+{OLD}", NEW_ID}
    assert conversations(deployment, ada["id"]) == [("open", None)]


def test_a_desk_that_has_the_chat_is_told(deployment: Deployment, number: dict[str, Any], graph: Outside) -> None:
    def hands_over(heard: Heard) -> tuple[int, Any]:
        about = {"eventid": "1002", "conversation_id": heard.json["Conversationid"]}
        return 200, {"verification_token": TOKEN, "events": [about] if heard.json["Message"] == "a person" else []}

    deployment.bot.answer = hands_over
    writes(deployment, number, OLD, "a person", name="Ada")
    moves(deployment, number, OLD, NEW)
    kinds = [event["type"] for event in deployment.desk.events()]
    assert kinds[-1] == "chat.ended_by_customer", kinds
    writes(deployment, number, NEW, "hello again")
    assert deployment.bot.events()[-1]["Message"] == "hello again"
    assert len(people(deployment)) == 1
