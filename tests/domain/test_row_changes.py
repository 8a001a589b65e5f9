"""What a change of a row means, whatever the rows are and however a story is cut into changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import platform_event as events
from chalicelib.domain import row_changes
from chalicelib.domain.platform_event import EVENTS, PlatformEvent, event_facts
from chalicelib.domain.row_changes import Contact, Merged, Webhook
from chalicelib.domain.thread import Conversation
from chalicelib.ports.clock import rfc3339

SERVICE = "sv_aaaaaaaaaa"
OPENED = Conversation("th_" + "a" * 26, 2, SERVICE, "desk", "dk_1", "offered", 1000, contact="ct_1", channel="ch_1",
                      source="webchat")  # fmt: skip
UMA = Contact(
    "ct_" + "u" * 26, SERVICE, {"name": "Uma", "identities": [{"kind": "phone", "value": "+491"}]}, created_at=5
)


def types(told: list[PlatformEvent]) -> list[str]:
    return [event.type for event in told]


@given(
    kind=st.sampled_from(["bot", "desk", "source"]),
    # An offer that was taken is never an offer again.
    offered=st.integers(0, 2),
    states=st.lists(st.sampled_from(["accepted", "held"]), max_size=4),
    outcome=st.sampled_from(["", "solved", "not_accepted", "session_expired"]),
    seen=st.lists(st.booleans(), min_size=8, max_size=8),
)
@settings(max_examples=60)
def test_a_conversations_life_is_told_once_however_it_was_written(
    kind: str, offered: int, states: list[str], outcome: str, seen: list[bool]
) -> None:
    """Rows that no reader saw apart (a put overtaken by the next) make no difference to opened and closed."""
    first = replace(OPENED, kind=kind, state="offered" if kind == "desk" else "open")
    states = ["offered"] * offered + states
    rows = [first] + [replace(first, state=state) for state in states if kind == "desk"]
    rows.append(replace(rows[-1], state="closed", outcome=outcome, closed_at=9000))
    rows = [row for row, shown in zip(rows[:-1], seen, strict=False) if shown] + rows[-1:]
    told: list[PlatformEvent] = []
    before: Conversation | None = None
    for row in rows:
        again = row_changes.to_conversation(row, row, at=7, rfc3339=rfc3339)
        assert again == [], "the same row again is no news"
        told += row_changes.to_conversation(before, row, at=7, rfc3339=rfc3339)
        before = row
    said = types(told)
    assert said.count(events.OPENED) == said.count(events.CLOSED) == 1
    desk = [type for type in said if type.startswith("handover.")]
    if kind != "desk":
        assert desk == []
    else:
        end = events.HANDOVER_FAILED if outcome == "not_accepted" else events.HANDOVER_ENDED
        assert desk[0] == events.HANDOVER_STARTED and desk[-1] == end and desk.count(events.HANDOVER_ACCEPTED) <= 1
    assert {event.source for event in told} == {"webchat"} and all(event.type in EVENTS for event in told)
    assert told[-1].at == 9000 and told[0].at == 1000
    assert len({(event.type, event.subject, event.cause) for event in told}) == len(told)


def contacts() -> st.SearchStrategy[Contact]:
    data = st.none() | st.fixed_dictionaries(
        {"name": st.sampled_from(["", "Uma", "Una"])},
        optional={
            "identities": st.lists(
                st.sampled_from([{"kind": "email", "value": "u@x"}, {"kind": "phone", "value": "+1"}])
            ),
            "tags": st.lists(st.sampled_from(["vip"]), max_size=1),
        },
    )
    ids = st.lists(st.sampled_from(["ct_b", "ct_c"]), unique=True).map(tuple)
    return st.builds(Contact, st.just("ct_a"), st.just(SERVICE), data, st.sampled_from(["", "ct_z"]), ids, st.just(1))


@given(before=st.none() | contacts(), after=contacts())
@settings(max_examples=150)
def test_a_change_of_a_contact_is_told_exactly_where_something_shows(before: Contact | None, after: Contact) -> None:
    told = types(row_changes.to_contact(before, after, cause="7", at=9, rfc3339=rfc3339))
    stands = after.data is not None and not after.into
    stood = before is not None and before.data is not None
    if not stands:
        assert told == []
    elif not stood:
        assert told == [events.CONTACT_CREATED]
    else:
        assert before is not None
        shows = before.into or row_changes.contact_view(before, rfc3339=rfc3339) != row_changes.contact_view(
            after, rfc3339=rfc3339
        )
        assert told == ([events.CONTACT_UPDATED] if shows else [])
    if row_changes.threads_hear(before, after):
        assert stands and before is not None
        # Nothing that threads show is told to them without being told outside too.
        assert told
    if stands and stood and before is not None and not before.into and before.absorbed == after.absorbed:
        assert row_changes.threads_hear(before, after) == (row_changes.known_of(before) != row_changes.known_of(after))


def test_what_threads_know_of_a_contact_is_what_it_begins_with() -> None:
    assert row_changes.known_of(UMA) == {"id": UMA.id, "name": "Uma", "phone": "+491"}
    assert not row_changes.threads_hear(None, UMA), "a new contact has no threads yet"
    (merged,) = row_changes.to_merge(Merged("mg_1", SERVICE, UMA.id, "ct_2"), at=3)
    assert merged.data == {"contact_id": UMA.id, "from": "ct_2", "merge_id": "mg_1"} and merged.cause == "mg_1"


@given(
    counts=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["active", "inactive", "unverified", "suspended"])))
)
def test_a_webhook_is_told_of_at_its_first_and_third_failure_and_as_it_comes_and_goes(
    counts: list[tuple[int, str]],
) -> None:
    before: Webhook | None = None
    for failures, status in counts:
        after = Webhook("bt_1", SERVICE, status, failures, {"kind": "bot", "name": "helper"})
        told = row_changes.to_webhook(before, after, cause="1", at=2)
        if before is None:
            assert told == []
        else:
            crossed = sum(before.failures < mark <= failures for mark in (1, 3))
            assert types(told).count(events.FAILING) == min(1, crossed)
            expected = {"active": events.ENABLED, "inactive": events.DISABLED}.get(status)
            moved = [type for type in types(told) if type != events.FAILING]
            assert moved == ([expected] if expected and before.status != status else [])
        for event in told:
            assert {"kind": "bot", "id": "bt_1", "name": "helper", "status": status}.items() <= event.data.items()
        before = after


@given(known=st.dictionaries(st.sampled_from(["contact", "channel", "thread"]), st.just({"id": "x"})))
def test_facts_have_every_member_whatever_is_known(known: dict[str, dict[str, Any]]) -> None:
    from chalicelib.domain.deciding.conditions import VARIABLES

    event = PlatformEvent("endpoint.failing", SERVICE, "bt_1", "", 1_795_262_400_000, {}, "webchat", known)
    facts = event_facts(event, timezone="Europe/Berlin")
    for name, members in VARIABLES.items():
        assert members <= facts[name].keys()
    assert facts["message"]["source"] == "webchat" and facts["now"]["hour"] == 13
    assert facts["contact"]["id"] == ("x" if "contact" in known else None)
