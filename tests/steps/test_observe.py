"""The inbox's rows are what the threads' rows say, however the stream brings their changes."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.domain import event as kinds
from chalicelib.domain.deciding.decide import decide
from chalicelib.domain.deciding.routing import Party
from chalicelib.domain.event import Event
from chalicelib.domain.message import FAILED, Content
from chalicelib.domain.thread import CLOSED, DESK, Thread, changing, conversation_id
from chalicelib.inbox.views import row_view
from chalicelib.tables import inbox, messages, threads
from chalicelib.tables.inbox import InboxRow
from chalicelib.tables.threads import ThreadRow
from tests.cloud import Cloud
from tests.crash.test_sequences import STEPS, ServiceConfig, Story, event_of

BO = {"id": "pe_bo", "name": "Bo"}
_MORE = st.sampled_from((kinds.CHAT_ASSIGNED, kinds.CHAT_SNOOZED, kinds.AGENT_NOTE, kinds.SNOOZE_OVER))


class Consoles(ServiceConfig):
    """Two console desks, and one of another platform."""

    def desk(self, id: str) -> Party | None:
        party = super().desk(id)
        return replace(party, kind="webhook" if id == "dk_c" else "console") if party else None


def event(step: Any, at: int, thread: Thread) -> Event:
    """The event of a step; of the agents' own kinds about the open chat."""
    if not isinstance(step, str):
        return event_of(step, at, thread)
    desk, number = (thread.chat.desk, thread.chat.number) if thread.chat else ("dk_a", 1)
    until = thread.chat.snoozed if thread.chat and step == kinds.SNOOZE_OVER else 1_000_000 * (at % 3)
    body = {"desk": desk, "conversation": conversation_id(thread.id, number), "number": number, "until": until}
    body |= {"agent": BO, "content": Content("note", "between us").plain()}
    return Event(f"ev_{at:026d}", step, "sv_x", "ch_x", "webchat", "a", thread.id, 1_000 * at, body)


def told(steps: list[Any]) -> tuple[Story, list[dict[str, Any]]]:
    """What comes of a story, with its messages and conversations stored, and the changes of its thread's row."""
    story, config, changes = Story(), Consoles(), list[dict[str, Any]]()
    image: dict[str, Any] | None = None
    for at, step in enumerate(steps, 1):
        config.up = {"dk_a", "dk_b", "dk_c"}
        turn = decide(event(step, at, story.thread), story.thread, config)
        state = changing(turn.thread)
        for said in turn.messages:
            messages.row_of(said, after=state).save()
        story.keep(replace_version(turn, at))
        for one in story.conversations.values():
            threads.keep_conversation(one)
        row = ThreadRow(story.thread.id, "thread", version=at, state=story.thread.plain())
        after = row.serialize()
        changes.append({"NewImage": after} | ({"OldImage": image} if image else {}))
        image = after
    return story, changes


def replace_version(turn: Any, version: int) -> Any:
    turn.thread = replace(turn.thread, version=version)
    return turn


def batches(changes: list[dict[str, Any]], seed: int) -> list[list[dict[str, Any]]]:
    """The changes as a stream may bring them: in pieces, some again from where one was cut off, one long after all."""
    draw, found, at = random.Random(seed), list[list[dict[str, Any]]](), 0
    while at < len(changes):
        size = draw.randint(1, 5)
        found.append(changes[at : at + size])
        at += size if draw.random() < 0.7 else draw.randint(0, size - 1)
    again = draw.randrange(len(changes) or 1)
    return [*found, changes[again : again + 3]]


@settings(
    derandomize=True, deadline=None, max_examples=25, database=None, phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=st.lists(STEPS | _MORE, min_size=4, max_size=18), seed=st.integers(0, 1000))
def test_rows_are_what_the_threads_say(cloud: Cloud, steps: list[Any], seed: int) -> None:
    from chalicelib.inbox import rows

    for model in (InboxRow, ThreadRow, messages.MessageRow):
        for row in [*model.scan()]:
            row.delete()
    story, changes = told([*steps, (kinds.BOT_HANDOVER, "bt_a", "dk_a", "bt_a", 0, {"dk_a"}, True)])
    for batch in batches(changes, seed):
        rows.follow(batch)
    of_console = [one for one in story.conversations.values() if one.kind == DESK and one.party != "dk_c"]
    found = {str(row.conversation): row for row in InboxRow.scan()}
    assert {*found} == {one.id for one in of_console}
    for one in of_console:
        row = found[one.id]
        shown = row_view(row, now_ms=0)
        assert (str(row.desk), shown["state"], shown["outcome"]) == (one.party, one.state, one.outcome or None)
        assert (row.place is None, bool(row.expires)) == (one.state == CLOSED,) * 2
        assert (shown["agent"] or {}).get("id") == one.agent.get("id")
        if one.state != CLOSED:
            assert shown["last"] in (last_said(story), None) and shown["unread"] == unread(story)
            assert shown["last"] or not story.thread.chat or story.thread.chat.said > 10 or not last_said(story)
            assert (row.place or "")[:2] == (
                inbox.SNOOZED if shown["snoozed_until"] else inbox.AGENT if shown["agent"] else inbox.QUEUE
            )
        else:
            assert not shown["last"] and not shown["address"] and shown["contact"] == {"id": None, "name": None}


def last_said(story: Story) -> dict[str, Any] | None:
    """Counted anew: the last thing that was said by anybody and that counts as speech."""
    speech = [
        one for one in story.messages
        if one.author.kind in ("user", "agent", "bot") and one.state != FAILED and not one.is_note
    ]  # fmt: skip
    if not speech:
        return None
    shown = speech[-1]
    at = f"1970-01-01T00:00:{shown.sent_at // 1000:02d}.000Z"
    return {"text": shown.content.text, "type": "text", "by": shown.author.kind, "at": at}


def unread(story: Story) -> int:
    """Counted anew: what the customer said at console desks since a person answered."""
    count, parties = 0, {one.id: (one.kind, one.party) for one in story.conversations.values()}
    for said in story.messages:
        kind, party = parties.get(said.conversation, ("", ""))
        answers = said.author.kind == "agent" and not said.is_note and said.state != FAILED
        if answers or party == "dk_c" or said.content.details.get("name") == "handover":
            count = 0
        elif said.author.kind == "user" and kind == DESK:
            count += 1
    return count
