"""Scenarios of the crash matrix that come about more rarely: each is as short as it can be."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from chalicelib.ports.clock import rfc3339
from chalicelib.tables import deliveries, failures, lanes
from chalicelib.tables.contact_rows import ContactRow
from chalicelib.tables.deliveries import DeliveryRow
from tests.cloud import _moto_table
from tests.crash.scenarios import (
    Scenario,
    a_visitor_writes,
    b_customer_writes,
    broken,
    c_bot_hands_over,
    c_desk_accepts,
    j_somebody_hears,
    k_event_comes,
    k_trigger,
    patch,
)
from tests.crash.stage import Stage
from tests.journeys.conftest import TOKEN, answers_with_token
from tests.outside import Heard

# WhatsApp: Meta is busy, then takes the message; it refuses the next, and one after having been busy.

NUMBER = "106540352242922"


def l_number(stage: Stage) -> None:
    j_somebody_hears(stage, ["delivery.failed"])
    service, base = stage.deployment.ids["care"], stage.provider.url.replace("/hook", "/v24.0")
    secrets = {"app_secret": "app-secret", "access_token": "EAAG-token", "verify_token": "verify-me"}
    settings = {"phone_number_id": NUMBER, "api_base": base}
    stage.deployment.make(
        "channels", service_id=service, kind="whatsapp", name="wa", settings=settings, secrets=secrets
    )
    stage.provider.forget()  # what it was asked about the number
    stage.deployment.bot.answer = says_back
    stage.provider.answer = lambda heard: meta(stage, heard)


def says_back(heard: Heard) -> tuple[int, Any]:
    """A bot that repeats what it hears."""
    text = heard.json.get("Message")
    said = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": text}
    return 200, {"token": TOKEN, "events": [said] if text else []}


def meta(stage: Stage, heard: Heard) -> tuple[int, Any]:
    """Meta, by the text: it is busy when it hears it first, refuses, or takes it."""
    text = heard.json["text"]["body"]
    if text.startswith("busy") and [one.raw for one in stage.provider.heard].count(heard.raw) == 1:
        return 500, {"error": {"code": 131016, "message": "Service unavailable"}}
    if text == "stopped":
        return 400, {"error": {"code": 131050, "message": "stopped"}}
    if text.endswith("refused"):
        return 400, {"error": {"code": 131047, "message": "Re-engagement message"}}
    return 200, {"messages": [{"id": f"wamid.{text}"}]}


def l_meta_refuses(stage: Stage) -> None:
    customer_writes(stage, "refused")


def l_meta_is_busy(stage: Stage) -> None:
    customer_writes(stage, "busy")
    stage.passes(70)


def l_meta_is_busy_and_refuses(stage: Stage) -> None:
    customer_writes(stage, "busy, then refused")
    stage.passes(70)


def customer_writes(stage: Stage, text: str) -> None:
    """A customer writes, and the bot says it back."""
    meta_posts(stage, f"wamid.{text}", {"type": "text", "text": {"body": text}})


def meta_posts(stage: Stage, id: str, said: dict[str, Any]) -> None:
    """Meta posts what a customer does, and all moves until it is quiet."""
    meta_tells(stage, id, said)
    stage.settle()


def meta_tells(stage: Stage, id: str, said: dict[str, Any]) -> None:
    """Meta posts what a customer does."""
    said = {"from": "4915123456789", "id": id, "timestamp": "1795262400"} | said
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER}, "messages": [said]}
    body = {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}
    raw = json.dumps(body).encode()
    signature = {"X-Hub-Signature-256": "sha256=" + hmac.new(b"app-secret", raw, hashlib.sha256).hexdigest()}
    status, answer = stage.edge("receive_channel", stage.deployment.made["wa"]["webhook_url"], raw, headers=signature)
    assert status == 200, answer


# A second desk: it is offered the chat that the first does not accept, or given it.


def m_second_desk(stage: Stage) -> None:
    service, url = stage.deployment.ids["care"], stage.provider.url
    stage.deployment.make(
        "desks", service_id=service, kind="webhook", name="second", webhook_url=url, accept_within_s=3000
    )
    stage.deployment.verify("desks", "second")
    patch(stage, "desks", "desk", {"accept_within_s": 45, "fallback_desk_ids": [stage.deployment.ids["second"]]})
    stage.sweeps()
    a_visitor_writes(stage)
    c_bot_hands_over(stage)


def m_nobody_accepts(stage: Stage) -> None:
    stage.passes(60)


def m_accepted(stage: Stage) -> None:
    m_second_desk(stage)
    c_desk_accepts(stage)
    stage.passes(60)


def m_desk_transfers(stage: Stage) -> None:
    event = {"type": "chat.transferred", "conversation_id": stage.chat(), "desk_id": stage.deployment.ids["second"]}
    stage.desk_posts(event, "d9")
    stage.settle()


# What is too old to be told.


def n_soon_too_old(stage: Stage) -> None:
    j_somebody_hears(stage, ["delivery.failed"])
    patch(stage, "bots", "bot", {"max_age_s": 60, "retry": {"waits_s": [80]}})
    stage.deployment.bot.answer = broken
    stage.visitor_says("late", "w1")
    stage.visitor_says("late too", "w2")
    stage.settle()


def n_too_old(stage: Stage) -> None:
    stage.passes(120)


# A message that the bot cannot take, while it takes all else.


def o_waits(stage: Stage) -> None:
    patch(stage, "bots", "bot", {"retry": {"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}})
    stage.deployment.bot.answer = cannot_take_poison


def cannot_take_poison(heard: Heard) -> tuple[int, Any]:
    return (500, {}) if heard.json.get("Message") == "poison" else answers_with_token(heard)


def o_poison(stage: Stage) -> None:
    stage.visitor_says("poison", "w1")
    stage.settle()
    for _ in range(4):
        stage.passes(3)


# Told again, at a person's wish.


def p_told_again(stage: Stage) -> None:
    (row,) = DeliveryRow.by_destination.query(stage.deployment.ids["bot"])
    status, answer = stage.edge("replay", f"/v1/deliveries/{deliveries.delivery_id(row.lane, row.key)}/replay", None)
    assert status == 202, answer
    stage.settle()


def p_many_are_told_again(stage: Stage) -> None:
    wanted = {"destination_id": stage.deployment.ids["bot"], "from": rfc3339(0), "statuses": ["delivered"]}
    status, answer = stage.edge("replays", "/v1/replays", wanted)
    # Who is cut off and asks again is told that it goes on.
    assert status in (202, 409), answer
    stage.settle()
    stage.passes(120)


# Tried at once, at a person's wish: a delivery that waits, then all that wait.


def w_waits(stage: Stage) -> None:
    patch(stage, "bots", "bot", {"retry": {"waits_s": [50, 50]}})
    until = stage.now() + 30
    stage.deployment.bot.answer = lambda heard: broken(heard) if stage.now() < until else takes_late(heard)
    stage.visitor_says("one", "w1")
    stage.visitor_says("two", "w2")
    stage.settle()


def takes_late(heard: Heard) -> tuple[int, Any]:
    """A bot that takes one message at the second attempt."""
    first = heard.json.get("Message") == "three" and heard.headers["x-parley-attempt"] == "1"
    return (500, {}) if first else answers_with_token(heard)


def w_one_is_tried(stage: Stage) -> None:
    (lane,) = lanes.blocked(stage.deployment.ids["bot"])
    head = deliveries.tail(lane).undone[0]
    status, answer = stage.edge("try", f"/v1/deliveries/{head.id}/try", None)
    assert status == 202, answer
    stage.settle()
    stage.passes(60)


def w_all_are_tried(stage: Stage) -> None:
    stage.visitor_says("three", "w3")
    stage.settle()
    status, answer = stage.edge("try", f"/v1/bots/{stage.deployment.ids['bot']}/lanes:try", None)
    assert (status, answer) == (202, {"count": 1})
    stage.settle()
    stage.passes(60)


# Dead letters of the streams are buried and done again; the event bus refuses for a while.


def q_heard(stage: Stage) -> None:
    k_trigger(stage)
    k_event_comes(stage)


def q_lost(stage: Stage) -> None:
    for step, table, concerned in (("fan_out", "messages", "seq"), ("announce", "threads", "item")):
        records = [
            one["dynamodb"]
            for one in stage.cloud._stream_records(table)
            if one["eventName"] == "INSERT" and one["dynamodb"]["Keys"][concerned] != {"S": "thread"}
        ]
        number = records[0]["SequenceNumber"]
        description = stage.cloud.clients["dynamodb"].describe_table(TableName=stage.cloud._table(table))["Table"]
        where = {"streamArn": description["LatestStreamArn"], "batchSize": 1}
        where |= {"shardId": _moto_table(stage.cloud._table(table)).stream_shard.id}
        where |= {"startSequenceNumber": number, "endSequenceNumber": number}
        letter = {"MessageId": f"dead-{step}", "Body": json.dumps({"DDBStreamBatchInfo": where}), "Attributes": {}}
        stage.cloud._held.setdefault(f"{step}-dead", []).append(letter)
    stage.settle()


def q_done_again(stage: Stage) -> None:
    for failure in failures.Failure.query(failures.ALL):
        status, answer = stage.edge("redo", f"/v1/failures/{failure.id}/replay", None)
        assert status in (202, 409), answer
    stage.settle()


def q_bus_refuses(stage: Stage) -> None:
    stage.busy_until = stage.now() + 30
    stage.visitor_says("more", "w2")
    stage.settle()
    stage.passes(120)


# Contacts: a file of them, two that are one, one that is erased.


def r_known(stage: Stage) -> None:
    a_visitor_writes(stage)
    stage.deployment.make(
        "contacts", service_id=stage.deployment.ids["care"], name="Uma", email="uma@example.com", external_id="1"
    )


def r_file(stage: Stage) -> None:
    lines = b"email,name,tags\numa@example.com,,vip\nada@example.com,Ada,\nnobody,,\n"
    path = f"/v1/contacts:import?service_id={stage.deployment.ids['care']}"
    status, answer = stage.edge("import", path, lines, headers={"Content-Type": "text/csv"})
    assert (status, answer["rows"], len(answer["refused"])) == (200, 3, 1), answer
    stage.settle()


def r_two_are_one(stage: Stage) -> None:
    path, other = f"/v1/contacts/{visitor(stage)}/merge", stage.deployment.ids["Uma"]
    status, answer = stage.edge("merge", path, {"from": other})
    # Who is cut off asks again, and hears that they are.
    assert status in (200, 409), answer
    stage.settle()


def r_erased(stage: Stage) -> None:
    status, answer = stage.edge("forget", f"/v1/contacts/{visitor(stage)}", None, method="DELETE")
    assert status == 202, answer
    stage.settle()
    stage.passes(120)


def visitor(stage: Stage) -> str:
    """The contact that the visitor's thread is linked to."""
    return next(str(row.id) for row in ContactRow.scan() if str(row.item).startswith("thread#"))


# A trigger asks by its schedule, and the bot has nothing to say.


def s_schedule(stage: Stage) -> None:
    service, bot = stage.deployment.ids["care"], stage.deployment.ids["bot"]
    at = int(stage.now()) // 60 % 1440 + 2
    fields = {"schedule": f"{at % 60} {at // 60} * * *", "timezone": "UTC", "answer_within_s": 40}
    stage.deployment.make("triggers", service_id=service, name="daily", text="and?", bot_id=bot, **fields)
    patch(stage, "bots", "bot", {"retry": {"waits_s": [60]}})
    stage.deployment.bot.answer = lambda heard: second_time(stage, heard)


def second_time(stage: Stage, heard: Heard) -> tuple[int, Any]:
    """A bot that takes what comes to it again, and says nothing: the first look finds that it does not have it yet."""
    ids = [one.headers["webhook-id"] for one in stage.deployment.bot.heard]
    return (500, {}) if ids.count(heard.headers["webhook-id"]) == 1 else answers_with_token(heard)


def s_time_comes(stage: Stage) -> None:
    stage.passes(360)


# A second message says more of who writes, and names somebody else who is known.


def t_two_known(stage: Stage) -> None:
    b_customer_writes(stage)
    stage.deployment.make("contacts", service_id=stage.deployment.ids["care"], name="Uma", email="uma@example.com")


def t_more_is_heard(stage: Stage) -> None:
    said = {"type": "message", "id": "c2", "from": "user-7", "text": "more", "name": "Kim", "email": "uma@example.com"}
    stage.gateway_posts(said | {"phone": "+4915112345679"})
    stage.settle()


# Somebody goes on under another number, after they wrote from it already; a stranger gets the old one.


def u_known(stage: Stage) -> None:
    b_customer_writes(stage)
    customer_of_gateway(stage, "c2", "user-8", phone="+4915187654321")


def u_moves(stage: Stage) -> None:
    was = {"phone": "+4915112345678"}
    stage.gateway_posts(
        {"type": "moved", "id": "c3", "from": "user-7", "to": "user-8", "phone": "+4915187654321"} | {"was": was}
    )
    stage.settle()


def u_stranger_writes(stage: Stage) -> None:
    customer_of_gateway(stage, "c4", "user-7", phone="+4915112345678", name="Eve")


def customer_of_gateway(stage: Stage, id: str, address: str, **more: str) -> None:
    """Somebody writes on the custom channel."""
    stage.gateway_posts({"type": "message", "id": id, "from": address, "text": f"hi from {address}"} | more)
    stage.settle()


# Somebody says no before anything else, another calls in vain; a send is refused, as its customer has said no.


def y_says_no(stage: Stage) -> None:
    said = {"type": "consent", "id": "n1", "from": "user-9", "given": False, "phone": "+4915112345679"}
    stage.gateway_posts(said)
    stage.settle()


def y_meta_refuses(stage: Stage) -> None:
    customer_writes(stage, "stopped")


def y_calls(stage: Stage) -> None:
    call = {"type": "happened", "id": "n3", "from": "user-10", "what": "missed_call", "phone": "+4915112345680"}
    stage.gateway_posts(call)
    stage.settle()


# A customer edits what has not come yet, reacts to it, and deletes it.

LAMP = "wamid.lamp"


def v_number(stage: Stage) -> None:
    l_number(stage)
    # What a bot said between the message and its edit would come before the one or the other, as it happens.
    stage.deployment.bot.answer = answers_with_token


def v_edit_comes_early(stage: Stage) -> None:
    said = {"type": "text", "text": {"body": "two lamps"}}
    meta_posts(stage, "wamid.e1", {"type": "edit", "edit": {"original_message_id": LAMP, "message": said}})


def v_message_comes(stage: Stage) -> None:
    meta_posts(stage, LAMP, {"type": "text", "text": {"body": "one lamp"}})
    stage.passes(60)


def v_reacts(stage: Stage) -> None:
    meta_posts(stage, "wamid.e2", {"type": "reaction", "reaction": {"message_id": LAMP, "emoji": "👍"}})


def v_deletes(stage: Stage) -> None:
    meta_posts(stage, "wamid.e3", {"type": "revoke", "revoke": {"original_message_id": LAMP}})


_PATH = ("converse", "fan_out", "deliver")
_OTHERS = ("receive_channel", *_PATH)
RARER = {
    "whatsapp": Scenario(
        (l_meta_refuses, l_meta_is_busy, l_meta_is_busy_and_refuses),
        ("send", "retry_send"),
        l_number,
        (*_OTHERS, "announce"),
    ),
    "changed": Scenario(
        (v_edit_comes_early, v_message_comes, v_reacts, v_deletes),
        ("converse",),
        v_number,
        ("receive_channel", "fire_timer", "fan_out", "deliver", "announce"),
    ),
    "consent": Scenario(
        (y_says_no, y_calls, y_meta_refuses),
        ("converse",),
        l_number,
        ("receive_channel", "fan_out", "deliver", "announce", "send"),
    ),
    "second desk": Scenario((m_nobody_accepts,), ("converse",), m_second_desk, ("fire_timer", "fan_out", "deliver")),
    "transfer": Scenario((m_desk_transfers,), ("receive_desk", "converse"), m_accepted, _PATH),
    "too old": Scenario((n_too_old,), ("retry_delivery", "deliver"), n_soon_too_old, ()),
    "poison": Scenario((o_poison,), ("retry_delivery",), o_waits, _OTHERS),
    "told again": Scenario((p_told_again,), ("replay", "deliver"), a_visitor_writes),
    "many told again": Scenario(
        (p_many_are_told_again,), ("replays", "replay_deliveries"), a_visitor_writes, ("deliver",)
    ),
    "tried": Scenario((w_one_is_tried, w_all_are_tried), ("try", "fire_timer"), w_waits, (*_OTHERS, "retry_delivery")),
    "done again": Scenario(
        (q_lost, q_done_again, q_bus_refuses), ("bury", "redo", "fire_timer"), q_heard, (*_OTHERS, "announce")
    ),
    "import": Scenario((r_file,), ("import",), r_known),
    "merge": Scenario((r_two_are_one,), ("merge", "announce", "converse"), r_known),
    "erasure": Scenario((r_erased,), ("forget", "erase", "converse"), r_known),
    "learning": Scenario(
        (t_more_is_heard,), ("converse",), t_two_known, ("receive_channel", "fan_out", "deliver", "announce")
    ),
    "moved": Scenario(
        (u_moves, u_stranger_writes), ("converse",), u_known, ("receive_channel", "fan_out", "deliver", "announce")
    ),
    "schedule": Scenario(
        (s_time_comes,), ("fire_timer",), s_schedule, ("release_due", "run_trigger", "retry_delivery", *_PATH)
    ),
}
