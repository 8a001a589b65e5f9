"""run_trigger: sessions and contacts of triggers, against a model of a few lines and a clock that moves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.thread import conversation_id, thread_id
from chalicelib.inbound import asking, trigger
from chalicelib.tables import config, threads, trigger_events
from chalicelib.tables.config import Resource
from tests.cloud import QUEUES, Cloud

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
LASTS_S = 100


def made(**fields: Any) -> Resource:
    """A service with a bot that nobody has verified, and a trigger of it."""
    service = config.new_id("service")
    bot, id = config.new_id("bot", service), config.new_id("trigger", service)
    body = {"bot_id": bot, "session_duration_s": LASTS_S, "service_id": service} | fields
    row = Resource(service, f"trigger#{id}", name="t", body=body, updated_at=1)
    config.create(
        Resource(config.SERVICES, f"service#{service}", body={"timezone": "UTC", "country": "DE"}, updated_at=1),
        Resource(service, f"bot#{bot}", name="b", body={"kind": "webhook", "webhook_url": "http://x"}, updated_at=1),
        row,
    )
    return row


def read(**posted: Any) -> trigger.Ask:
    return trigger.read(json.dumps({"text": "x"} | posted).encode(), {}, default_text="", country="DE")


def move(cloud: Cloud) -> None:
    """An event goes as far as its thread; the rest of the way is not asked about here."""
    for step in ("run_trigger", "converse"):
        for queue in (queue for queue, reader in QUEUES.items() if reader == step):
            for batch in cloud._batches(queue):
                cloud._run(queue, step, batch)


@dataclass
class Model:
    """What should come of events: per key the conversation and when it was last spoken in, per identity the person."""

    sessions: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    persons: dict[str, int] = field(default_factory=dict)

    def conversation(self, key: str, at: datetime) -> int:
        number, last = self.sessions.get(key, (0, at))
        same = number and at - last <= timedelta(seconds=LASTS_S)
        self.sessions[key] = (number if same else number + 1, at)
        return self.sessions[key][0]

    def person(self, identities: list[str]) -> int | None:
        if not identities:
            return None
        known = [self.persons[one] for one in identities if one in self.persons]
        person = known[0] if known else len(self.persons) + 1
        for one in identities:
            self.persons.setdefault(one, person)
        return person


ANA, BO = "ana@example.com", "bo@example.com"
EMAILS = {ANA: ANA, " Ana@EXAMPLE.com": ANA, BO: BO}
PHONES = {"+4915112345678": "+4915112345678", "0151 1234 5678": "+4915112345678", "004915112345679": "+4915112345679"}
EVENTS = st.tuples(
    st.sampled_from([0, 0, 40, LASTS_S, LASTS_S + 1, 300]),
    st.sampled_from([None, None, "s", ANA]),
    st.sampled_from([None, *EMAILS]),
    st.sampled_from([None, *PHONES]),
)
"""(seconds that pass before it, session, e-mail, phone)."""


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, min_size=3, max_size=6), twice=st.booleans())
def test_sessions_and_persons_are_those_of_the_model(cloud: Cloud, events: list[Any], twice: bool) -> None:
    cloud.duplicate = twice
    row, model = made(), Model()
    persons: dict[str, int | None] = {}
    now = START
    with time_machine.travel(now, tick=False) as traveller:
        for n, (wait, session, email, phone) in enumerate(events):
            now += timedelta(seconds=wait)
            traveller.move_to(now)
            contact = {"email": email, "phone": phone}
            answer = asking.accept(row, read(session=session, contact=contact))
            move(cloud)
            identities = [one for one in (EMAILS.get(email, ""), PHONES.get(phone, "")) if one]
            key = session or next(iter(identities), "")
            assert answer["session"] == (key or answer["id"])
            number = model.conversation(key or f"own {n}", now)
            expected = conversation_id(thread_id(row.id, key or answer["id"]), number)
            assert answer.get("conversation_id", expected) == expected
            event = trigger_events.get(row.id, answer["id"])
            assert event is not None
            thread = threads.get(str(event.thread))
            assert thread is not None
            assert (event.status, thread.bot_conversation(row.body["bot_id"])) == ("running", expected)
            person = model.person(identities)
            assert persons.setdefault(str(event.contact), person) == person
    assert cloud.failures == []
    # One message for each event, whatever came twice.
    keys = {str(event.thread) for event in trigger_events.newest(row.id, before="", limit=50)}
    stand = [threads.get(key) for key in keys]
    assert sum(thread.last_seq for thread in stand if thread) == len(events)


def test_an_event_without_its_row_gets_it(cloud: Cloud) -> None:
    row = made()
    answer = asking.accept(row, read(contact={"name": "Ana"}, session="s"))
    trigger_events.TriggerEvent(row.id, answer["id"]).delete()
    cloud.pump()
    event = trigger_events.get(row.id, answer["id"])
    assert event is not None and event.contact
    assert (event.status, event.session, int(event.attempts)) == ("running", "s", 0)
    assert event.expires > event.accepted_at // 1000


@pytest.mark.parametrize("other", ["bot_id", "nobody"])
def test_a_trigger_that_gets_another_bot_begins_another_conversation(cloud: Cloud, other: str) -> None:
    row = made()
    first = asking.accept(row, read(session="s"))
    cloud.pump()
    row.body = dict(row.body) | ({"bot_id": config.new_id("bot", str(row.service))} if other == "bot_id" else {})
    second = asking.accept(row, read(session="s"))
    cloud.pump()
    one, two = (trigger_events.get(row.id, answer["id"]) for answer in (first, second))
    assert one and two and one.thread == two.thread
    assert (one.conversation == two.conversation) == (other == "nobody")
    # The new bot does not exist: its event fails, the other goes on waiting for its own.
    assert (one.status, two.status) == ("running", "failed" if other == "bot_id" else "running")
