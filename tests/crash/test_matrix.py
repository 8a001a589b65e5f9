"""The crash matrix: every step, cut off at every call that it makes, and then redelivered as AWS would.

Each scenario is recorded once without a cut, action by action. Then for each call of each action everything is put
back to the moment before the action, the action runs with the cut, time passes until nothing moves, and what came
of it must be what came of it without: each row that steps write, and what everybody outside heard under which id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from chalicelib.ports.settings import settings
from tests.cloud import Cloud
from tests.crash.calls import CALLS
from tests.crash.inbox import INBOX
from tests.crash.live import LIVE
from tests.crash.mails import MAILS
from tests.crash.media import MEDIA, PICTURE
from tests.crash.notified import NOTIFIED
from tests.crash.rarer import RARER
from tests.crash.scenarios import HEARD, Action, Scenario
from tests.crash.scenarios import SCENARIOS as COMMON
from tests.crash.stage import READS, Called, Cut, Stage, outcome, staged

pytestmark = pytest.mark.xdist_group("matrix")  # each process that runs one of them records all scenarios first
SCENARIOS = COMMON | RARER | LIVE | INBOX | CALLS | NOTIFIED | MEDIA | MAILS
_KEPT = frozenset({"Decrypt", "ListRules"})
"""Reads whose answers a process keeps, so that any step may be the one that asks."""
_QUEUE, _BUS = {"SendMessageBatch"}, {"PutEvents"}
_TOLD = _QUEUE | _BUS | {"GetItem", "Query", "PutItem"}
"""What telling a platform event takes."""
_TRIED = _QUEUE | {"GetItem", "HTTP", "UpdateItem", "PutItem", "DeleteItem"}
"""What an attempt takes, and what may come of it."""
KNOWN = {
    "receive_channel": _QUEUE | {"GetItem", "PutItem", "UpdateItem", "Query"},
    "answer_call": _QUEUE | {"GetItem", "Query"},
    "receive_mail": _QUEUE | {"GetItem", "UpdateItem", "GetObject", "PutObject", "DeleteObjects"},
    "receive_bot": _QUEUE | {"GetItem", "PutItem"},
    "receive_desk": _QUEUE | {"GetItem", "PutItem", "Query", "UpdateItem"},
    "poll_channel": _QUEUE | {"GetItem", "Query"},
    "receive_source": _QUEUE | {"BatchGetItem"},
    "receive_trigger": _QUEUE | {"BatchGetItem", "GetItem", "PutItem"},
    "ingest_source": _QUEUE | {"BatchGetItem", "TransactWriteItems", "PutItem", "GetItem"},
    "run_trigger": _QUEUE | {"BatchGetItem", "TransactWriteItems", "UpdateItem"},
    "converse": _QUEUE
    | {"BatchGetItem", "Query", "PutItem", "TransactWriteItems", "UpdateItem", "GetItem", "DeleteItem"}
    # Of what fails, that it comes again soon: here the dead letter.
    | {"ChangeMessageVisibilityBatch"},
    "fan_out": _QUEUE | _BUS | {"GetItem", "PutItem", "UpdateItem"},
    "copy_media": {"GetItem", "HeadObject", "HTTP", "PutObject", "DeleteObjects", "ChangeMessageVisibilityBatch"},
    "push": _QUEUE | {"GetItem", "BatchGetItem", "Query", "PostToConnection", "DeleteItem", "DeleteConnection"},
    "announce": _TOLD | {"DeleteItem", "UpdateItem"},
    "live": {"GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"},
    "observe": {"BatchGetItem", "TransactWriteItems", "Query", "PutItem", "GetItem"},
    "deliver": _TRIED | _TOLD | {"BatchGetItem"},
    "retry_delivery": _TRIED | _TOLD | {"BatchGetItem", "TransactWriteItems"},
    "send": _TRIED | _TOLD | {"BatchGetItem"},
    "retry_send": _TRIED | _TOLD,
    "release_due": _QUEUE | {"Query", "DeleteItem"},
    "fire_timer": _TOLD | {"DeleteItem", "UpdateItem", "DeleteObjects"},
    "bury": {"PutItem", "GetShardIterator", "GetRecords"},
    "erase": _QUEUE | {"BatchGetItem", "GetItem", "Query", "TransactWriteItems"},
    "replay_deliveries": _QUEUE | {"BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem"},
    # Of the API, what moves or erases something.
    "claim": _QUEUE | {"UpdateItem", "PutItem"},
    "verify": _QUEUE,
    "replay": _QUEUE,
    "replays": _QUEUE | {"TransactWriteItems", "DeleteItem", "PutItem"},
    "try": _QUEUE | {"UpdateItem"},
    "redo": _QUEUE,
    "import": {"TransactWriteItems"},
    "merge": {"TransactWriteItems"},
    "forget": _QUEUE | {"TransactWriteItems"},
}
"""Step -> every operation that it makes: that the scenarios reach them all, and no others, is a test of its own."""
_API = ("claim", "verify", "replay", "replays", "try", "redo", "import", "merge", "forget")


@dataclass
class Recorded:
    """An action that ran without a cut."""

    action: Action
    before: dict[str, Any]
    calls: list[Called]
    after: dict[str, Any]
    failures: list[tuple[str, str]]


@dataclass(frozen=True)
class Planned:
    """An action that is to be cut off, and at which call."""

    recorded: Recorded
    cut: Cut
    called: Called


@dataclass
class Matrix:
    """The stage, and what was recorded on it."""

    stage: Stage
    bare: dict[str, Any]
    scenarios: dict[str, list[Recorded]] = field(default_factory=dict)

    @cached_property
    def plan(self) -> dict[tuple[str, str], list[Planned]]:
        """(scenario, step) -> where it is cut off.

        Runs of a step that make the same calls on the same tables and queues leave the same behind wherever they are
        cut: the first of all scenarios stands for all. Not so `converse`, whose writes say what it has decided: of its
        runs those of one action with the same rows before are alike. An answer that is lost is lost once for each
        operation of a run. So that each process comes to the same plan, whichever tests it runs, all scenarios are
        recorded first.
        """
        cut: set[Any] = set()
        return {
            (name, step): [
                Planned(recorded, *planned)
                for recorded in self.recorded(name)
                for planned in _planned(recorded, step, cut)
            ]
            for name, scenario in SCENARIOS.items()
            for step in scenario.steps
        }

    def recorded(self, name: str) -> list[Recorded]:
        """A scenario's actions; run when first asked for."""
        if name not in self.scenarios:
            self.scenarios[name] = self._record(SCENARIOS[name])
        return self.scenarios[name]

    def _record(self, scenario: Scenario) -> list[Recorded]:
        self.stage.put_back(self.bare)
        scenario.prepare(self.stage)
        found = []
        for action in scenario.actions:
            before = self.stage.moment()
            self.stage.put_back(before)  # with cold caches, as each run with a cut begins
            action(self.stage)
            failures = list(self.stage.cloud.failures)
            found.append(Recorded(action, before, self.stage.calls, outcome(self.stage), failures))
        return found


@pytest.fixture(scope="module")
def matrix(_cloud: Callable[[], Cloud]) -> Iterator[Matrix]:
    with staged(_cloud()) as stage:
        yield Matrix(stage, stage.moment())


def test_the_scenarios_reach_every_step_and_call(matrix: Matrix) -> None:
    reached: dict[str, set[str]] = {}
    for name, scenario in SCENARIOS.items():
        calls = [called for recorded in matrix.recorded(name) for called in recorded.calls]
        # Where nobody subscribes or has a socket, these read and note names, and that is all.
        idle, names = ("announce", "push"), settings().table("contacts")
        steps = {
            called.step
            for called in calls
            if called.step not in idle or (called.operation not in READS and called.on != (names,))
        }
        listed = {*scenario.steps, *scenario.others}
        # The tick hands over what is looked after long after, wherever time passes; it is cut where it matters.
        # What counts does so wherever something is written.
        assert steps - ({"release_due", "observe"} - listed) == listed, f"{name}: list its steps, so that each is cut"
        for called in calls:
            if called.operation not in _KEPT:
                reached.setdefault(called.step, set()).add(called.operation)
    missed = {step: missing for step, all in KNOWN.items() if (missing := all - reached.get(step, set()))}
    new = {step: more for step, all in reached.items() if (more := all - KNOWN.get(step, set())) and step not in _API}
    assert not missed and not new, (missed, new)


def test_the_scenarios_do_what_they_say(matrix: Matrix) -> None:
    ends = {name: matrix.recorded(name)[-1].after for name in SCENARIOS}
    assert texts(ends["answer"]) == ["hello", "you said so", "more", "and more", "you said so", "you said so"]
    assert [told["text"] for told in ends["channel"]["provider"]["told"].values()] == ["hello"]
    assert [row["state"] for row in ends["channel"]["messages"]] == ["received", "read"]
    assert [told["type"] for told in ends["handover"]["desk"]["told"].values()] == [
        "chat.started",
        "message.received",
    ]
    heard = [told["type"] for told in ends["subscription"]["hearer"]["told"].values()]
    on_the_bus = [event["type"].removeprefix("parley.") for event in ends["subscription"]["bus"].values()]
    assert sorted(heard) == sorted(type for type in on_the_bus if type in HEARD)
    assert set(heard) == {*HEARD} - {"trigger.completed"}
    outcomes = [told["type"] for told in ends["trigger"]["hearer"]["told"].values()]
    assert outcomes.count("trigger.completed") == 2, "by notify_url, and as somebody who subscribes"
    sent = {row["state"]: (row.get("error") or {}).get("code") for row in ends["whatsapp"]["messages"]}
    assert sent == {"received": None, "sent": None, "failed": "131047"}
    statuses = {name: {row.get("status") for row in ends[name]["deliveries"]} for name in RARER}
    assert {"failed"} < statuses["whatsapp"] and {"expired"} < statuses["too old"] and statuses["poison"] == {"poison"}
    assert [told["type"] for told in ends["second desk"]["provider"]["told"].values()] == ["chat.started"]
    assert [told["type"] for told in ends["transfer"]["provider"]["told"].values()] == ["chat.started"]
    assert sum("replay_of" in row for row in ends["told again"]["deliveries"]) == 1
    assert {row["step"] for row in ends["done again"]["failures"]} == {"fan_out", "announce"}
    lanes = [row["lane"] for row in ends["done again"]["deliveries"]]
    assert {lane[-2:] for lane in lanes} >= {"-r"}
    assert ends["schedule"]["trigger_events"][0]["status"] == "succeeded", "to keep silent is an answer"
    assert not ends["erasure"]["messages"] and not ends["erasure"]["deliveries"]
    assert len([row for row in ends["import"]["contacts"] if row["item"] == "contact"]) == 3
    (thread,) = (row["state"] for row in ends["merge"]["threads"] if row["item"] == "thread")
    assert thread["contact"]["name"] == "Uma"
    kim = {row["data"]["name"]: row for row in ends["learning"]["contacts"] if row["item"] == "contact"}
    assert len(kim["Kim"]["maybe_same"]) == len(kim["Uma"]["maybe_same"]) == 1
    assert [one["value"] for one in kim["Kim"]["data"]["identities"] if one["kind"] == "phone"][1:] == [
        "+4915112345679"
    ]
    told = [one.get("Event") for one in ends["changed"]["bot"]["told"].values()]
    assert told == ["Incoming message", "Message Edited", "Reaction", "Message Deleted"]
    assert texts(ends["changed"]) == ["👍"], "of the lamp nothing is left"
    said = [row["data"]["consent"] for row in ends["consent"]["contacts"] if row["item"] == "contact"]
    assert sorted([one["given"] for one in by_channel.values()] for by_channel in said) == [[], [False], [False]]
    assert "Happened" in [one.get("Event") for one in ends["consent"]["bot"]["told"].values()]
    people = {
        row["data"]["name"]: row["id"]
        for row in ends["moved"]["contacts"]
        if row["item"] == "contact" and "into" not in row
    }
    parts = {row["id"]: row["data"]["parts"] for row in ends["moved"]["contacts"] if "parts" in (row.get("data") or {})}
    assert len(people) == len(parts) == 2 and parts[people["Eve"]][0][0] == parts[people[""]][0][1] > 0
    assert sorted((body, noted) for _, body, noted in ends["media"]["files"].values()) == [
        (b"", {"x-amz-meta-refused": "100"}), (PICTURE, {}),
    ]  # fmt: skip
    assert [*ends["live"]["pages"].values()][-2:] == ["I am Ana", "and you?"]
    (row,) = ends["console"]["consoles"].values()
    assert (row["last"]["text"], row["unread"]) == ("hello?", 2)
    spoken = [row["state"] for row in ends["call"]["messages"] if row["data"]["direction"] == "out"]
    assert sorted(spoken) == ["delivered", "failed"], "the second was not heard any more"
    assert not any(end["untold"] for end in ends.values())
    (row,) = (dict(row["data"]) for row in ends["inbox"]["inbox"])
    assert (row.pop("state"), row.pop("outcome"), row.pop("agent")["name"]) == ("closed", "solved", "test")
    assert row.keys() == {"reason", "channel", "channel_kind"}, "and of its customer nothing"
    assert all(not end["failures"] for name, end in ends.items() if name not in ("dead letter", "done again"))
    assert [row["step"] for row in ends["dead letter"]["failures"]] == ["converse"]
    assert [inactive for _, inactive in ends["return"]["episodes"]] == [True]
    assert ends["inbox"]["counted"]["all"] == {"opened": 2, "closed": 1, "handed": 1}
    assert not any(end["uncounted"] for end in ends.values())


def texts(end: dict[str, Any]) -> list[str]:
    """What was said, in its order."""
    said = sorted(end["messages"], key=lambda row: row["seq"])
    return [row["data"]["content"]["text"] for row in said if "text" in row["data"]["content"]]


@pytest.mark.parametrize(
    ("scenario", "step"),
    [pytest.param(name, step, id=f"{name}-{step}") for name, one in SCENARIOS.items() for step in one.steps],
)
def test_cut_off_anywhere_it_comes_to_the_same(matrix: Matrix, scenario: str, step: str) -> None:
    """Before each call; after it; or its answer is lost, the SDK makes it again and hands back the second answer."""
    planned, wrong = matrix.plan[scenario, step], []
    assert planned, "cut off at the same calls in an earlier scenario: list it among the others"
    for one in planned:
        # Where an answer is lost nothing comes again, and so nobody is told twice.
        attempts = step not in _PUMPS or one.cut.side == "lost"
        if difference := _run(matrix.stage, one, attempts=attempts):
            where = f"{one.recorded.action.__name__}, {one.cut.side} {one.called.operation} ({one.cut.at})"
            wrong.append(f"{where}: {difference}")
    assert not wrong, "\n".join(wrong)


def _run(stage: Stage, planned: Planned, *, attempts: bool) -> str:
    """An action with a cut; what is different of what came of it."""
    recorded = planned.recorded
    stage.put_back(recorded.before)
    stage.cut = planned.cut
    try:
        recorded.action(stage)
        assert stage.happened
        if planned.cut.side == "lost":
            assert stage.cloud.failures == recorded.failures
        came = outcome(stage)
        if _hands_over(planned) and any(row.get("status") == "unknown" for row in came["deliveries"]):
            return _doubted(recorded, came)
        return _difference(recorded.after, came, attempts=attempts)
    except AssertionError as error:
        return str(error)[:300]


def _hands_over(planned: Planned) -> bool:
    """Whether a run that ends there leaves it open whether a provider has a message: it was about to give it one that
    cannot be told from a repeat, or has just done so."""
    here_and_behind = [one.operation for one in planned.recorded.calls[planned.cut.at :][:2]]
    return planned.called.step in ("send", "retry_send") and planned.cut.side == "after" and "HTTP" in here_and_behind


def _doubted(recorded: Recorded, came: dict[str, Any]) -> str:
    """What is wrong with that: it is said of that one message, which is not sent again."""
    rows = [row for row in came["deliveries"] if row.get("status") == "unknown"]
    said = [row["state"] for row in came["messages"] if (row.get("error") or {}).get("code") == "unknown"]
    often = recorded.after["provider"]["times"]
    twice = [id for id, times in came["provider"]["times"].items() if times > often.get(id, 0)]
    return "" if (len(rows), said, twice) == (1, ["failed"], []) else f"{len(rows)} unknown, {said}, twice {twice}"


def _planned(recorded: Recorded, step: str, known: set[Any]) -> Iterator[tuple[Cut, Called]]:
    """Where a step of an action is cut off that is not known yet.

    Cutting before a call is the same as cutting after the one before it, and a read changes nothing: what is left is
    before the first call of each run of the step, and after each call that leaves something behind; and each write
    whose answer can be lost.
    """
    calls = recorded.calls
    for run in _runs(calls, step):
        reads = sorted((calls[at].operation, calls[at].on) for at in run if calls[at].operation in READS)
        writes = [at for at in run if calls[at].operation not in READS]
        same = (recorded.action, *recorded.before["items"].values()) if step == "converse" else ()
        made = ("cut", step, same, *reads, *((calls[at].operation, calls[at].on) for at in writes))
        if made not in known:
            known.add(made)
            yield Cut(run[0], "before"), calls[run[0]]
            yield from ((Cut(at, "after"), calls[at]) for at in writes)
        made = ("lost", step, *(operation for operation, _ in reads), *(calls[at].operation for at in writes))
        if made not in known:
            known.add(made)
            yield from ((Cut(at, "lost"), calls[at]) for at in writes if calls[at].operation != "HTTP")


def _runs(calls: list[Called], step: str) -> list[list[int]]:
    """The calls of each run of a step."""
    runs: list[list[int]] = []
    for at, called in enumerate(calls):
        if called.step == step:
            if called.first:
                runs.append([])
            runs[-1].append(at)
    return runs


_OF_ATTEMPTS = re.compile("/times/|^/episodes")
_PUMPS = ("deliver", "retry_delivery", "send", "retry_send", "replay")
"""Steps that, cut off, may tell the same again, under the same id."""


def _difference(without: Any, cut: Any, *, attempts: bool) -> str:
    """The first few places in which two outcomes differ."""
    found = [place for place in _places(without, cut, "") if attempts or not _OF_ATTEMPTS.search(place)]
    return "; ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")


def _places(without: Any, cut: Any, at: str) -> Iterator[str]:
    if isinstance(without, dict) and isinstance(cut, dict):
        for key in {**without, **cut}:
            yield from _places(without.get(key), cut.get(key), f"{at}/{key}")
    elif isinstance(without, list) and isinstance(cut, list) and len(without) == len(cut):
        for index, (one, other) in enumerate(zip(without, cut, strict=True)):
            yield from _places(one, other, f"{at}/{index}")
    elif without != cut:
        yield f"{at}: {_short(without)} became {_short(cut)}"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) < 300 else f"{len(value)} of {text[:600]}"
