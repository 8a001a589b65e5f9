"""What happens in the crash matrix: what people, bots and desks do, action by action, and which steps carry it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.ports import queues
from chalicelib.ports.queues import Entry
from chalicelib.ports.settings import settings
from chalicelib.tables import contact_rows, threads
from chalicelib.tables.contact_rows import ContactRow
from chalicelib.tables.threads import ThreadRow
from tests.crash.stage import ANA, Stage
from tests.journeys.conftest import TOKEN, answers_with_token
from tests.outside import Heard

Action = Callable[[Stage], None]


# Everybody outside: each answers by what was heard alone, so that going back in time takes them along.


def echoes(heard: Heard) -> tuple[int, Any]:
    """A bot that answers in its response."""
    said = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "you said so"}
    asked = heard.json["Event"] == "Incoming message" and heard.json["ConversationType"] == "BOT"
    return 200, {"token": TOKEN, "events": [said] if asked else []}


def broken(heard: Heard) -> tuple[int, Any]:
    """A bot that fails."""
    return 500, {}


def takes(heard: Heard) -> tuple[int, Any]:
    """A provider that takes each message under an id of its own."""
    return 200, {"id": f"p-{heard.json['text']}"}


def at_second(stage: Stage, name: str, first: tuple[int, Any], then: Callable[[Heard], tuple[int, Any]]) -> None:
    """Have an outside fail the first attempt of what it hears first."""
    outside = stage.outsides()[name]
    already = len(outside.heard)

    def answer(heard: Heard) -> tuple[int, Any]:
        return first if len(outside.heard) == already + 1 else then(heard)

    outside.answer = answer


# (a) A visitor writes, the bot answers in its response, the visitor reads.


def a_visitor_writes(stage: Stage) -> None:
    stage.deployment.bot.answer = echoes
    stage.visitor_says("hello", "w1")
    stage.settle()


def a_visitor_reads(stage: Stage) -> None:
    stage.visitor_reads()
    stage.settle()


def a_visitor_writes_again(stage: Stage) -> None:
    stage.visitor_says("more", "w2")
    stage.visitor_says("and more", "w3")
    stage.settle()


# (b) A bot posts to a custom channel; the provider's status overtakes our own knowledge of its id, then comes in time.


def b_customer_writes(stage: Stage) -> None:
    stage.provider.answer = takes
    stage.gateway_posts({"type": "message", "id": "c1", "from": "user-7", "phone": "+4915112345678", "text": "hi"})
    stage.settle()


def b_status_comes_early(stage: Stage) -> None:
    stage.gateway_posts({"type": "status", "id": "p-hello", "status": "delivered"})
    stage.bot_posts({"eventid": "1001", "conversation_id": stage.bot_conversation(), "message": "hello"}, "b1")
    stage.settle()
    stage.passes(60)


def b_status_comes(stage: Stage) -> None:
    stage.gateway_posts({"type": "status", "id": "p-hello", "status": "read"})
    stage.settle()


# (c) Hand-over; the desk accepts, answers, hears and closes; the bot has the thread again.


def c_bot_hands_over(stage: Stage) -> None:
    over = {"eventid": "1002", "conversation_id": stage.bot_conversation(), "customparam1": "billing"}
    stage.bot_posts(over, "b1")
    stage.settle()


def c_desk_accepts(stage: Stage) -> None:
    stage.desk_posts({"type": "chat.accepted", "conversation_id": stage.chat(), "agent": ANA}, "d1")
    stage.settle()


def c_desk_answers(stage: Stage) -> None:
    stage.desk_posts({"type": "agent.message", "conversation_id": stage.chat(), "text": "I am Ana", "agent": ANA}, "d2")
    stage.settle()


def c_visitor_answers(stage: Stage) -> None:
    stage.visitor_says("thanks", "w2")
    stage.settle()


def c_desk_closes(stage: Stage) -> None:
    stage.desk_posts({"type": "chat.closed", "conversation_id": stage.chat(), "outcome": "solved"}, "d3")
    stage.settle()


def c_visitor_writes_to_the_bot(stage: Stage) -> None:
    stage.visitor_says("one more thing", "w3")
    stage.settle()


# (d) The bot fails once and is tried again while more queues behind; the provider throttles once.


def d_waits(stage: Stage) -> None:
    patch(stage, "bots", "bot", {"retry": {"waits_s": [100, 100]}})


def d_bot_fails_once(stage: Stage) -> None:
    at_second(stage, "bot", (500, {}), answers_with_token)
    stage.visitor_says("one", "w1")
    stage.visitor_says("two", "w2")
    stage.settle()
    stage.passes(130)


def d_provider_throttles_once(stage: Stage) -> None:
    stage.deployment.bot.answer = echoes
    at_second(stage, "provider", (429, {}), takes)
    stage.gateway_posts({"type": "message", "id": "c1", "from": "user-7", "name": "Uma", "text": "hi"})
    stage.settle()
    stage.passes(120)


# (e) Five failures switch the bot off; edited and verified it goes on where it stopped.


def e_waits(stage: Stage) -> None:
    patch(stage, "bots", "bot", {"retry": {"waits_s": [1, 1, 1, 1], "inactive_after_s": 0}})


def e_bot_fails_five_times(stage: Stage) -> None:
    stage.deployment.bot.answer = broken
    stage.visitor_says("one", "w1")
    stage.visitor_says("two", "w2")
    stage.settle()
    for _ in range(4):
        stage.passes(3)


def e_bot_is_back(stage: Stage) -> None:
    stage.deployment.bot.answer = answers_with_token
    patch(stage, "bots", "bot", {})
    status, answer = stage.edge("verify", f"/v1/bots/{stage.deployment.ids['bot']}/verify", None)
    assert status == 200, answer
    stage.settle()
    stage.passes(61)


# (f) Nobody at the desk accepts in time.


def f_deadline(stage: Stage) -> None:
    patch(stage, "desks", "desk", {"accept_within_s": 45})


def f_nobody_accepts(stage: Stage) -> None:
    c_bot_hands_over(stage)
    stage.passes(120)


# (g) The bot fails for longer than the customer's patience: a person gets the thread, and gives it back.


def g_patience(stage: Stage) -> None:
    patch(stage, "rules", "all", {"on_bot_failure": "desk", "bot_patience_s": 60})
    patch(stage, "bots", "bot", {"retry": {"waits_s": [3000]}})


def g_bot_is_silent(stage: Stage) -> None:
    stage.deployment.bot.answer = broken
    stage.visitor_says("help", "w1")
    stage.settle()
    stage.passes(61)


# (h) An event that no code of ours can do.


def h_poison(stage: Stage) -> None:
    service = stage.deployment.ids["care"]
    event = {"id": "ev_1", "kind": "customer.message", "thread": "th_1", "at": 1, "service": service}
    queues.send("threads.fifo", [Entry(event, group="th_1", dedup="x")])
    stage.settle()


# (i) A shop posts its orders: of somebody new, of nobody, and one that tells more of the person.


def i_shop(stage: Stage) -> None:
    mapping = {"id": "id", "sent_at": "at", "text": "text", "contact": {"email": "email", "external_id": "customer"}}
    stage.deployment.make("sources", service_id=stage.deployment.ids["care"], key="shop", name="shop", mapping=mapping)


def i_shop_posts(stage: Stage) -> None:
    posted(
        stage,
        {"id": 1, "at": 1_795_000_000, "text": "new", "email": "ada@example.com"},
        {"id": 2, "at": 1_795_000_000, "text": "nobody's"},
        {"id": 3, "at": 1_794_000_000, "text": "earlier", "email": "ada@example.com"},
    )


def i_shop_tells_more(stage: Stage) -> None:
    posted(stage, {"id": 4, "at": 1_795_000_000, "text": "hers", "email": "ada@example.com", "customer": 17})
    posted(stage, {"id": 2, "at": 1_795_000_000, "text": "nobody's no more", "customer": 17})


def posted(stage: Stage, *events: dict[str, Any]) -> None:
    shop = stage.deployment.made["shop"]
    secret = {"Authorization": f"Bearer {shop['secret']}"}
    status, answer = stage.edge("receive_source", shop["events_url"], list(events), headers=secret)
    assert (status, answer["accepted"]) == (202, len(events)), answer
    stage.settle()


# (j) Somebody subscribes to what happens, and listens on the event bus.

HEARD = ["message.created", "conversation.opened", "contact.updated", "delivery.failed", "trigger.completed"]
"""One of each kind: of a message, of a thread's conversations, of what has no order, and by a route."""


def j_somebody_hears(stage: Stage, events: list[str] = HEARD) -> None:
    service, url = stage.deployment.ids["care"], stage.hearer.url
    stage.deployment.make("subscriptions", service_id=service, name="crm", url=url, events=events)
    stage.deployment.verify("subscriptions", "crm")
    stage.cloud.clients["events"].put_rule(
        Name="all", EventBusName=settings().bus, EventPattern=json.dumps({"source": ["parley"]})
    )
    stage.settle()
    stage.sweeps()


def j_visitor_has_a_name(stage: Stage) -> None:
    """Somebody else's doing, which the threads are to know of."""
    (row,) = (row for row in ContactRow.scan() if row.item == "contact")
    assert contact_rows.save(row, row.data | {"name": "Uma"}, now_ms=int(stage.now() * 1000))
    stage.settle()
    assert threads.from_row(next(row for row in ThreadRow.scan() if row.item == "thread")).contact["name"] == "Uma"  # type: ignore[union-attr]


def j_message_is_lost(stage: Stage) -> None:
    patch(stage, "bots", "bot", {"retry": {"waits_s": []}})
    stage.deployment.bot.answer = broken
    stage.visitor_says("hello?", "w9")
    stage.settle()


# (k) A trigger asks the bot in the background.


def k_trigger(stage: Stage) -> None:
    j_somebody_hears(stage)
    service, bot = stage.deployment.ids["care"], stage.deployment.ids["bot"]
    stage.deployment.make("triggers", service_id=service, name="news", bot_id=bot, notify_url=stage.hearer.url)


def k_event_comes(stage: Stage) -> None:
    stage.deployment.bot.answer = echoes
    asks_for_news(stage)
    stage.settle()


def k_event_comes_again(stage: Stage) -> None:
    asks_for_news(stage)
    stage.settle()


def asks_for_news(stage: Stage) -> None:
    """A system posts to the trigger, always under the same key."""
    news = stage.deployment.made["news"]
    ask = {"text": "what is new?", "contact": {"email": "uma@example.org"}}
    headers = {"Authorization": f"Bearer {news['secret']}", "Idempotency-Key": "k1"}
    status, answer = stage.edge("receive_trigger", news["event_url"], ask, headers=headers)
    assert status == 202, answer


def patch(stage: Stage, thing: str, name: str, fields: dict[str, Any]) -> None:
    """The owner changes a resource."""
    status, answer = stage.deployment.call("PATCH", f"/v1/{thing}/{stage.deployment.ids[name]}", fields)
    assert status == 200, answer


@dataclass(frozen=True)
class Scenario:
    """What happens, and which steps are cut off."""

    actions: tuple[Action, ...]
    steps: tuple[str, ...]
    prepare: Action = lambda stage: None
    others: tuple[str, ...] = ()
    """Steps that take part and are cut off elsewhere, at the same calls."""


_PATH = ("converse", "fan_out", "deliver")
_IN = ("receive_channel", *_PATH)
SCENARIOS = {
    "answer": Scenario((a_visitor_writes, a_visitor_reads, a_visitor_writes_again), (*_IN, "poll_channel")),
    "channel": Scenario(
        (b_customer_writes, b_status_comes_early, b_status_comes),
        ("receive_channel", "converse", "fan_out", "receive_bot", "send", "fire_timer"),
        others=("deliver",),
    ),
    "handover": Scenario(
        (
            a_visitor_writes,
            c_bot_hands_over,
            c_desk_accepts,
            c_desk_answers,
            c_visitor_answers,
            c_desk_closes,
            c_visitor_writes_to_the_bot,
        ),
        (*_PATH, "receive_desk"),
        others=("receive_channel", "receive_bot"),
    ),
    "retry": Scenario(
        (d_bot_fails_once, d_provider_throttles_once),
        (*_PATH, "release_due", "retry_delivery", "send", "retry_send"),
        d_waits,
        ("receive_channel",),
    ),
    "return": Scenario(
        (e_bot_fails_five_times, e_bot_is_back),
        ("converse", "deliver", "retry_delivery", "fire_timer", "verify", "observe"),
        e_waits,
        ("receive_channel", "fan_out"),
    ),
    "offer": Scenario(
        (a_visitor_writes, f_nobody_accepts),
        ("converse", "fire_timer"),
        f_deadline,
        ("receive_channel", "receive_bot", "fan_out", "deliver"),
    ),
    "patience": Scenario(
        (g_bot_is_silent, e_bot_is_back),
        ("converse", "deliver", "fire_timer"),
        g_patience,
        ("receive_channel", "fan_out", "retry_delivery", "verify"),
    ),
    "source": Scenario(
        (i_shop_posts, i_shop_tells_more), ("receive_source", "ingest_source", "converse"), i_shop, ("fan_out",)
    ),
    "subscription": Scenario(
        (a_visitor_writes, j_visitor_has_a_name, j_message_is_lost),
        (*_PATH, "announce"),
        j_somebody_hears,
        ("receive_channel",),
    ),
    "trigger": Scenario(
        (k_event_comes, k_event_comes_again),
        ("receive_trigger", "run_trigger", "announce", *_PATH),
        k_trigger,
    ),
    "dead letter": Scenario((h_poison,), ("converse", "bury")),
}
