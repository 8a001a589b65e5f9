"""Random sequences of what people, bots and desks do: whatever comes, in whatever order, twice or cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib.domain import event as kinds
from chalicelib.domain.deciding.decide import decide
from chalicelib.domain.deciding.routing import Party, Rule
from chalicelib.domain.deciding.turn import Turn
from chalicelib.domain.event import Event
from chalicelib.domain.message import FAILED, Message
from chalicelib.domain.thread import (
    BOT,
    CLOSED,
    DESK,
    NOBODY,
    Conversation,
    Thread,
    changing,
    conversation_id,
    with_state,
)
from tests.cloud import Cloud
from tests.crash.scenarios import echoes
from tests.crash.stage import ANA, SESSION, Cut, Stage, outcome, staged
from tests.journeys.conftest import TOKEN, answers_with_token

BOTS, DESKS = ("bt_a", "bt_b"), ("dk_a", "dk_b", "dk_c")
THREAD = "th_" + "a" * 26


@dataclass
class ServiceConfig:
    """A service of two bots and three desks; texts that begin with a party's id go to it."""

    up: set[str] = field(default_factory=lambda: set(DESKS))
    timezone: str = "UTC"

    rules = (
        *(Rule(f"ru_{bot}", "bot+desk", bot=bot, desk="dk_a", when={"to": bot}, patience_s=60) for bot in BOTS),
        Rule("ru_desk", "desk", desk="dk_b", when={"to": "dk_b"}),
        Rule("ru_none", "none", when={"to": "nobody"}),
    )

    def bot(self, id: str) -> Party | None:
        return Party(id, "webhook", profile="standard" if id == "bt_b" else "imi") if id in BOTS else None

    def bot_name(self, id: str) -> str:
        return id

    def desk(self, id: str) -> Party | None:
        fallbacks = {"dk_a": ("dk_b", "dk_c")}.get(id, ())
        return Party(id, "webhook", accept_within_s=30, fallbacks=fallbacks) if id in DESKS else None

    def usable(self, desk: str) -> bool:
        return desk in self.up

    def subscribers(self, event: str, source: str, facts: Callable[[], dict[str, Any]]) -> list[str]:
        return []

    def notifies(self, trigger: str) -> bool:
        return False

    def matches(self, rule: Any, facts: dict[str, Any]) -> bool:
        return str(facts["message"]["text"]).startswith(rule["to"])


@dataclass
class Story:
    """A thread and all that was ever written of it."""

    thread: Thread = field(default_factory=lambda: Thread(THREAD, "sv_x", "ch_x", "webchat", "a"))
    messages: list[Message] = field(default_factory=list)
    conversations: dict[int, Conversation] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def keep(self, turn: Turn) -> None:
        """As converse keeps it."""
        self.messages += turn.messages
        for opened in turn.conversations:
            assert opened.number not in self.conversations, "a conversation's number is taken once"
            self.conversations[opened.number] = opened
        for number, changes in turn.conversation_changes:
            if number in self.conversations or "state" in changes:
                # A bot may name one that never was; what it says is kept as refused.
                self.conversations[number] = replace(self.conversations[number], **changes)
        self.thread = turn.thread


_KINDS = (
    *((kinds.CUSTOMER_MESSAGE,) * 4),
    *((kinds.BOT_MESSAGE, kinds.BOT_HANDOVER) * 3),
    kinds.BOT_CLOSE,
    kinds.CHAT_ACCEPTED,
    kinds.AGENT_MESSAGE,
    kinds.AGENT_MESSAGE,
    kinds.CHAT_HOLD,
    kinds.CHAT_RESUMED,
    kinds.CHAT_TRANSFERRED,
    kinds.CHAT_RETURNED,
    kinds.CHAT_CLOSED,
    kinds.OFFER_EXPIRED,
    kinds.BOT_FAILING,
    kinds.BOT_RECOVERED,
)
STEPS = st.tuples(
    st.sampled_from(_KINDS),
    st.sampled_from(BOTS),
    st.sampled_from(DESKS),
    st.sampled_from((*BOTS, "dk_b", "nobody")),
    st.integers(0, 3).map(lambda back: max(0, back - 2)),
    st.sets(st.sampled_from(DESKS), min_size=1),
    st.booleans(),
)


def event_of(step: tuple[Any, ...], at: int, thread: Thread) -> Event:
    """The event of a step; most name the conversation that is open, some an older one."""
    kind, bot, desk, to, back, _, of_owner = step
    if of_owner:
        bot = thread.bot or bot
        desk = thread.chat.desk if thread.chat else desk
    number = thread.bots.get(bot, thread.conversations) if kind.startswith("bot.") else thread.conversations
    if thread.chat and not kind.startswith("bot."):
        number = thread.chat.number
    number = max(1, number - back)
    body = {
        "content": {"type": "text", "text": f"{to} says {at}"},
        "bot": bot,
        "desk": desk,
        "desk_id": to if to in DESKS else "dk_c",
        "conversation": conversation_id(thread.id, number),
        "number": number,
        "agent": ANA,
    }
    return Event(f"ev_{at:026d}", kind, "sv_x", "ch_x", "webchat", "a", thread.id, 1_000 * at, body)


@settings(derandomize=True, deadline=None, max_examples=400, database=None)
@given(st.lists(STEPS, max_size=25))
def test_whatever_happens_a_thread_stays_whole(steps: list[tuple[Any, ...]]) -> None:
    story, config = Story(), ServiceConfig()
    for at, step in enumerate(steps, 1):
        config.up = set(step[5])
        before, event = story.thread, event_of(step, at, story.thread)
        turn = decide(event, before, config)
        assert decide(event, before, config) == turn, "decided twice is decided once"
        _check_turn(turn, before)
        story.keep(turn)
        _check_story(story, before, event)


def _check_turn(turn: Turn, before: Thread) -> None:
    after = turn.thread
    assert [said.seq for said in turn.messages] == list(range(before.last_seq + 1, after.last_seq + 1))
    assert len({said.id for said in turn.messages}) == len(turn.messages)
    assert after.knows(turn.event.id)
    assert after.epoch >= before.epoch
    if after.owner != before.owner:
        assert after.epoch > before.epoch, "a timer of another owner's time is void"
    said = [message for message in turn.messages if message.author.kind == "bot"]
    if turn.event.kind == kinds.BOT_MESSAGE:
        assert len(said) == 1, "nothing that a bot says is lost, not even what is refused"
        bot, conversation = turn.event.body["bot"], turn.event.body["conversation"]
        allowed = before.owner == BOT and before.bot == bot and before.bot_conversation(bot) == conversation
        sent = [route for route in said[0].routes if route.to == "channel"]
        assert (len(sent), said[0].state == FAILED) == ((1, False) if allowed else (0, True))
        assert allowed or not said[0].routes, "refused: nobody gets it"
    else:
        assert not said
    if turn.event.kind == kinds.CUSTOMER_MESSAGE:
        mine = [message for message in turn.messages if message.author.kind == "user"]
        assert len(mine) == 1
        assert not any(route.to == "channel" for message in turn.messages for route in message.routes)
    if turn.event.kind in kinds.DESK_KINDS and before.chat is None:
        assert turn.ignored
        kept = [(message.state, message.routes) for message in turn.messages]
        assert kept == ([(FAILED, ())] if turn.event.kind == kinds.AGENT_MESSAGE else []), (
            "sent to nobody, lost to nobody"
        )
    rebuilt = with_state(before, changing(after), event=turn.event.id)
    assert rebuilt == after, "a message's row holds all that a cut may have kept from the thread's"
    assert Thread.of(after.plain()) == after


def _check_story(story: Story, before: Thread, event: Event) -> None:
    thread = story.thread
    assert thread.owner in (BOT, DESK, NOBODY)
    assert (thread.owner == DESK) == (thread.chat is not None), "the desk owns the thread as long as its chat is open"
    if thread.owner == BOT:
        assert thread.bot in thread.bots
    open_chats = [one.number for one in story.conversations.values() if one.kind == DESK and one.state != CLOSED]
    assert open_chats == ([thread.chat.number] if thread.chat else []), "at most one, and the thread knows which"
    open_bots = {
        one.party: one.number for one in story.conversations.values() if one.kind == BOT and one.state != CLOSED
    }
    assert open_bots == thread.bots
    for bot, number in before.bots.items():
        closed = event.kind == kinds.BOT_CLOSE and event.body["bot"] == bot
        assert closed or thread.bots.get(bot) == number, "a bot keeps its conversation until it closes it"
    assert sorted(story.conversations) == list(range(1, thread.conversations + 1))
    story.numbers = {}
    for message in story.messages:
        for route in message.routes:
            if route.to == "bot" and route.number:
                story.numbers[route.id] = story.numbers.get(route.id, 0) + 1
                assert route.number == story.numbers[route.id], "a bot's Sequence has no gaps"
    assert story.numbers == {bot: told for bot, told in thread.told.items() if told}
    assert len({message.id for message in story.messages}) == len(story.messages)


# The same through the queues, with duplicates and a cut.


@pytest.fixture(scope="module")
def prepared(_cloud: Callable[[], Cloud]) -> Iterator[tuple[Stage, dict[str, Any]]]:
    with staged(_cloud()) as stage:
        stage.visitor_says("hello", "w0")
        stage.settle()
        yield stage, stage.moment()


DOES = st.sampled_from(
    ("visitor", "visitor", "visitor again", "bot", "bot", "bot again", "over", "over", "accept", "agent", "close",
     "bot closes", "reads", "settles", "settles")
)  # fmt: skip


@settings(
    derandomize=True,
    deadline=None,
    max_examples=25,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    does=st.lists(DOES, min_size=3, max_size=9),
    cut=st.builds(Cut, st.integers(0, 120), st.sampled_from(("before", "after"))),
    duplicate=st.booleans(),
    talks=st.booleans(),
)
@example(["over", "settles", "close", "agent"], Cut(999, "before"), False, False)
@example(["over", "settles", "agent", "close", "agent", "visitor"], Cut(999, "before"), False, True)
@example(["bot", "over", "bot", "settles", "visitor"], Cut(30, "after"), False, True)
def test_whatever_happens_each_cause_has_one_effect(
    prepared: tuple[Stage, dict[str, Any]], does: list[str], cut: Cut, duplicate: bool, talks: bool
) -> None:
    stage, moment = prepared
    stage.put_back(moment)
    stage.cut, stage.cloud.duplicate = cut, duplicate
    stage.deployment.bot.answer = echoes if talks else answers_with_token
    conversation = stage.bot_conversation()
    accepted: list[str] = []
    for at, what in enumerate(does):
        _do(stage, what, at, conversation, accepted)
    stage.cloud.duplicate = False
    stage.settle()
    end = outcome(stage)
    messages = sorted(end["messages"], key=lambda row: row["seq"])
    assert [row["seq"] for row in messages] == list(range(1, len(messages) + 1))
    texts = [row["data"]["content"].get("text", "") for row in messages]
    assert sorted(text for text in texts if text[:1].isdigit()) == sorted(accepted), "each once, none lost"
    answers = [row["event"] for row in messages if row["data"]["content"].get("text") == "you said so"]
    assert len(answers) == len(set(answers))
    (thread,) = (row["state"] for row in end["threads"] if row["item"] == "thread")
    still_open = [row["state"] for row in end["threads"] if row["item"] != "thread" and row["state"]["state"] != CLOSED]
    assert (thread.get("owner") == DESK) == ("chat" in thread)
    assert {one["number"] for one in still_open} == {*thread.get("bots", {}).values()} | (
        {thread["chat"]["number"]} if "chat" in thread else set()
    )
    numbers = [told["Sequence"] for told in end["bot"]["told"].values() if told.get("Sequence")]
    assert numbers == list(range(1, len(numbers) + 1)), "in order, without gaps, each under one id"
    assert {row["status"] for row in end["deliveries"]} <= {"delivered"}, "and no lane is left blocked"
    assert not end["failures"]


def _do(stage: Stage, what: str, at: int, conversation: str, accepted: list[str]) -> None:
    """One thing that somebody does; what is accepted is noted by its text, which begins with its number."""
    text = f"{at} {what}"
    chats = [
        told["data"]["conversation_id"] for told in stage.deployment.desk.events() if told["type"] == "chat.started"
    ]
    bot_url, desk_url = stage.deployment.made["bot"]["events_url"], stage.deployment.made["desk"]["events_url"]
    path = f"/channels/{stage.deployment.ids['chat']}/webhook"
    said = {"eventid": "1001", "conversation_id": conversation, "message": text, "Messageid": f"b{at}"}
    match what:
        case "visitor" | "visitor again":
            for _ in range(2 if what.endswith("again") else 1):
                stage.edge("receive_channel", path, {"session": SESSION, "text": text, "id": f"w{at + 1}"})
            accepted.append(text)
        case "bot" | "bot again":
            answers = [stage.edge("receive_bot", bot_url, said)[0] for _ in range(2 if what.endswith("again") else 1)]
            assert set(answers) <= {202, 409, 410}
            if 202 in answers:
                accepted.append(text)
        case "over":
            over = {"eventid": "1002", "conversation_id": conversation, "Messageid": f"b{at}"}
            assert stage.edge("receive_bot", bot_url, over)[0] in (202, 409, 410)
        case "bot closes":
            close = {"eventid": "1003", "conversation_id": conversation, "Messageid": f"b{at}"}
            assert stage.edge("receive_bot", bot_url, close)[0] in (202, 410)
        case "reads":
            stage.visitor_reads()
        case "settles":
            stage.settle()
        case _ if chats:
            kind = {"accept": "chat.accepted", "agent": "agent.message", "close": "chat.closed"}[what]
            event = {"type": kind, "conversation_id": chats[-1], "agent": ANA} | (
                {"text": text} if what == "agent" else {}
            )
            status, _ = stage.edge("receive_desk", desk_url, event, headers={"Idempotency-Key": f"d{at}"})
            assert status in (202, 410)
            if what == "agent" and status == 202:
                accepted.append(text)


def test_an_answer_that_comes_again_long_after_is_known(prepared: tuple[Stage, dict[str, Any]]) -> None:
    """Cut off behind queueing the answer of a response, the bot is asked again when its thread is many events on."""
    stage, moment = prepared
    stage.put_back(moment)
    stage.deployment.bot.answer = echoes
    stage.visitor_says("a question", "w1")
    stage.calls.clear()
    stage.cloud.pump()
    queued = [at for at, one in enumerate(stage.calls) if (one.step, one.operation) == ("deliver", "SendMessageBatch")]
    stage.put_back(moment)
    stage.deployment.bot.answer = echoes
    stage.visitor_says("a question", "w1")
    stage.calls.clear()
    stage.cut = Cut(queued[0], "after")
    stage.cloud.pump()
    assert stage.happened
    stage.deployment.bot.answer = lambda heard: (
        echoes(heard) if heard.json["Message"] == "a question" else (200, {"token": TOKEN})
    )
    for at in range(15):
        stage.visitor_says(f"{at}", f"x{at}")
    stage.settle()
    texts = [row["data"]["content"].get("text") for row in outcome(stage)["messages"]]
    assert (texts.count("you said so"), len(texts)) == (1, 18)
