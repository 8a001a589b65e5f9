"""Sessions of triggers and what their events come to, against a model of a few lines and a clock that moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.deciding.decide import decide
from chalicelib.domain.deciding.trigger_events import MOST_ASKED
from chalicelib.domain.event import Event
from chalicelib.domain.message import FAILED, Message
from chalicelib.domain.route import Route
from chalicelib.domain.thread import Thread, conversation_id, thread_id
from chalicelib.tables import service_config
from chalicelib.tables.config import Resource, Snapshot

SERVICE, TRIGGER, BOT = "sv_0123456789", "tr_0123456789triggerxxxxxxxx", "bt_0123456789botxxxxxxxxxxxx"
LASTS_S = 100
CONFIG = service_config.of(
    Snapshot(SERVICE, 1, {TRIGGER: Resource(SERVICE, f"trigger#{TRIGGER}", body={"notify_url": "https://x"})})
)


@dataclass
class Told:
    """A thread of a trigger, fed with events; and the outcomes that were told."""

    key: str = "s"
    now: int = 1_700_000_000_000
    n: int = 0
    thread: Thread | None = None
    said: list[Message] = field(default_factory=list)
    told: dict[str, Route] = field(default_factory=dict)
    conversations: dict[str, str] = field(default_factory=dict)
    """Event -> its conversation."""

    @property
    def id(self) -> str:
        return thread_id(TRIGGER, self.key)

    def happens(self, kind: str, **body: Any) -> list[Message]:
        self.n += 1
        event = Event(
            f"ev_{self.n:026d}", kind, SERVICE, TRIGGER, "trigger", self.key, self.id, self.now, {"bot": BOT} | body
        )
        turn = decide(event, self.thread or Thread(self.id, SERVICE, TRIGGER, "trigger", self.key), CONFIG)
        # As the table would give it back.
        self.thread = Thread.of(turn.thread.plain() | {"version": 1})
        self.said += turn.messages
        for message in turn.messages:
            for route in message.routes:
                if route.to == "trigger":
                    assert route.asked not in self.told, "told twice"
                    assert message.conversation == self.conversations.get(route.asked) or route.error
                    self.told[route.asked] = route
        return turn.messages

    def asks(self, asked: str, *, session_s: int = LASTS_S) -> str:
        content = {"type": "text", "text": asked}
        messages = self.happens("trigger.event", content=content, asked=asked, answer_within_s=900, session_s=session_s)
        self.conversations[asked] = messages[0].conversation
        return messages[0].conversation

    def answers(self, asked: str, text: str) -> Message:
        body = {"conversation": self.conversations[asked], "answers": asked, "content": {"type": "text", "text": text}}
        [message] = self.happens("bot.message", **body)
        return message


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from([0, 0, 60, LASTS_S, LASTS_S + 1, 500])),
        st.tuples(st.sampled_from(["answer", "post", "give up", "due", "close"]), st.integers(0, 30)),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(steps=STEPS)
def test_each_event_has_one_conversation_and_comes_to_one_outcome(steps: list[tuple[str, int]]) -> None:
    told = Told()
    number, last = 0, 0
    closed = True
    asked: list[str] = []
    expected: dict[str, Any] = {}

    def settle(one: str, outcome: str, reply: str | None = None) -> None:
        expected.setdefault(one, (outcome, reply))

    for at, (verb, more) in enumerate(steps):
        if verb == "ask":
            told.now += more * 1000
            if closed or told.now - last > LASTS_S * 1000:
                number, closed = number + 1, False
            last = told.now
            asked.append(f"te_{at:026d}")
            assert told.asks(asked[-1]) == conversation_id(told.id, number)
        elif asked:
            one = asked[more % len(asked)]
            conversation = told.conversations[one]
            current = not closed and conversation == conversation_id(told.id, number)
            waiting = [other for other in asked if other not in expected]
            if verb == "answer":
                message = told.answers(one, f"re {at}")
                if current or one in waiting:
                    settle(one, "succeeded", f"re {at}")
                # Kept, and refused only where nobody waits for it.
                assert (message.state == FAILED) == (not current and one not in waiting)
            elif verb == "post":
                told.happens("bot.message", conversation=conversation, content={"type": "text", "text": f"po {at}"})
                if current:
                    for other in [other for other in waiting if told.conversations[other] == conversation][:1]:
                        settle(other, "succeeded", f"po {at}")
            elif verb == "close":
                told.happens("bot.close", conversation=conversation)
                if current:
                    closed = True
                    for other in waiting:
                        if told.conversations[other] == conversation:
                            settle(other, "succeeded")
            elif verb == "give up":
                told.happens("bot.gave_up", asked=one, error={"code": "http_500", "reason": "http 500"})
                settle(one, "failed")
            else:
                told.happens("answer.due", asked=one)
                settle(one, "succeeded")
        found = {id: (route.outcome, route.reply or None) for id, route in told.told.items()}
        assert found == expected
    for one in asked:
        told.happens("answer.due", asked=one)
    assert set(told.told) == set(asked)
    assert told.thread is None or told.thread.asked == ()


def test_more_than_can_wait_are_told_so() -> None:
    told = Told()
    names = [f"te_{n:026d}" for n in range(MOST_ASKED + 3)]
    for name in names:
        told.asks(name)
    assert list(told.told) == names[:3]
    assert {(route.error or {})["code"] for route in told.told.values()} == {"too_many_waiting"}
    # The bot's answer is kept all the same, and speaks for nobody else.
    assert told.answers(names[0], "late").state != FAILED
    assert list(told.told) == names[:3]
    assert told.answers(names[3], "in time").routes[0].reply == "in time"


def test_a_trigger_that_changes_its_bot_begins_anew() -> None:
    told = Told()
    told.asks("te_a")
    content = {"type": "text", "text": "x"}
    other = told.happens("trigger.event", bot="bt_other", content=content, asked="te_b", answer_within_s=9, session_s=9)
    assert other[0].conversation != told.conversations["te_a"]
    # The first bot still answers what it was asked; nothing else of it is heard.
    assert told.answers("te_a", "late").routes[0].reply == "late"
    assert told.answers("te_a", "again").state == FAILED


def test_a_session_of_no_length_never_ends() -> None:
    told = Told()
    first = told.asks("te_a", session_s=0)
    told.now += 10**10
    assert told.asks("te_b", session_s=0) == first
