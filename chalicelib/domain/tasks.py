"""What `fire_timer` is given: a shape for each kind of task on the queue `timers`, kept in `schedule` until it is due.

Each is read by `task_of`, which passes over what another version of this code added; a kind that this version does not
know raises UnknownKind and ends as a dead letter, which a version that knows it can do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypedDict

from chalicelib.domain import event as kinds
from chalicelib.domain.stored import UnknownKind, known


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to be done when it is due."""

    kind: ClassVar[str] = ""

    def plain(self) -> dict[str, Any]:
        """As JSON-shaped data."""
        given = {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}
        return {"kind": self.kind} | {key: list(one) if isinstance(one, tuple) else one for key, one in given.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadTask(Task):
    """A task that becomes an event of a thread, of the same kind."""

    service: str = ""
    channel: str = ""
    channel_kind: str = ""
    address: str = ""
    thread: str


class Place(TypedDict):
    """Members of a ThreadTask that say of which thread it is."""

    service: str
    channel: str
    channel_kind: str
    address: str
    thread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferExpired(ThreadTask):
    """No desk has accepted a conversation in time."""

    kind: ClassVar[str] = kinds.OFFER_EXPIRED
    number: int
    """Of the conversation on its thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeOver(ThreadTask):
    """A conversation that was put aside is to be seen to again."""

    kind: ClassVar[str] = kinds.SNOOZE_OVER
    number: int
    """Of the conversation on its thread."""
    until: int
    """As the snooze said it: one that was set anew makes this void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotFailing(ThreadTask):
    """A customer has waited for a bot's answer for as long as a rule allows."""

    kind: ClassVar[str] = kinds.BOT_FAILING
    lane: str
    key: str
    """Of the delivery in its lane."""
    attempts: int = 0
    """How many it had when this was set: a bot that fails the same message again later is news."""
    bot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDue(ThreadTask):
    """A bot had time to answer a trigger's event."""

    kind: ClassVar[str] = kinds.ANSWER_DUE
    asked: str
    bot: str
    answer_within_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerDue(Task):
    """A trigger's schedule is due."""

    kind: ClassVar[str] = "trigger.due"
    trigger: str
    generation: int
    """Of the schedule: one of an earlier generation is void."""
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointBack(Task):
    """A webhook is active again: the lanes that it held up are gone through."""

    kind: ClassVar[str] = "endpoint.enabled"
    endpoint: str
    service: str = ""
    of: int = 0
    """Time of the return; 0: the last."""
    sweep: int = 0
    """How often its lanes were gone through before."""
    after: str = ""
    """The lane behind which this page begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanesTry(Task):
    """Somebody wants all lanes tried at once that wait for a webhook which is in use."""

    kind: ClassVar[str] = "lanes.try"
    endpoint: str
    after: str = ""
    """The lane behind which this page begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneWatch(Task):
    """Some minutes after a lane was to move, somebody looks whether it did."""

    kind: ClassVar[str] = "lane.watch"
    lane: str
    head: str = ""
    attempt: int = 0
    dead: int = 0
    """How many wake-ups of the lane died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateStatus(Task):
    """A provider's status that overtook the answer to our own send."""

    kind: ClassVar[str] = "status"
    service: str
    channel: str
    channel_kind: str
    provider_id: str
    state: str
    at: int
    error: Mapping[str, str] | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAgain(Task):
    """An edit, deletion or reaction that came before the message it is about; an echo before the answer to our call."""

    kind: ClassVar[str] = kinds.CUSTOMER_CHANGED
    event: Mapping[str, Any]
    """`domain.event.Event` as plain data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetFiles(Task):
    """Copies of the files of a message that was deleted are removed."""

    kind: ClassVar[str] = "files.forget"
    thread: str
    message: str
    files: Sequence[str]
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAgain(Task):
    """A message that `fan_out` could not carry out is done at a person's wish."""

    kind: ClassVar[str] = "message.again"
    thread: str
    seq: int
    position: str
    """Of its record in the stream."""
    status: bool = False
    """Its receipt, not the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceAgain(Task):
    """A change that `announce` could not tell is told at a person's wish."""

    kind: ClassVar[str] = "announce.again"
    table: str
    name: str
    """INSERT or MODIFY."""
    change: Mapping[str, Any]
    """`dynamodb` of the stream's record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveAgain(Task):
    """A change of a thread that could not be shown in the inbox is shown at a person's wish."""

    kind: ClassVar[str] = "observe.again"
    change: Mapping[str, Any]
    """`dynamodb` of the stream's record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAgain(Task):
    """What `observe` could not count is counted at a person's wish, once."""

    kind: ClassVar[str] = "count.again"
    facts: Sequence[Mapping[str, Any]] = ()
    """`domain.figures.Fact` as plain data."""
    episode: Mapping[str, Any] | None = None
    """`domain.episode.Episode` as plain data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusAgain(Task):
    """An event that the event bus did not take."""

    kind: ClassVar[str] = "bus.again"
    event: Mapping[str, Any]
    """A CloudEvent."""


TASKS: tuple[type[Task], ...] = (
    OfferExpired,
    SnoozeOver,
    BotFailing,
    AnswerDue,
    TriggerDue,
    EndpointBack,
    LanesTry,
    LaneWatch,
    LateStatus,
    ChangeAgain,
    ForgetFiles,
    MessageAgain,
    AnnounceAgain,
    ObserveAgain,
    CountAgain,
    BusAgain,
)
_BY_KIND = {task.kind: task for task in TASKS}


def task_of(plain: Mapping[str, Any]) -> Task:
    """The task that a queue's body is; UnknownKind where this version has none of its kind."""
    shape = _BY_KIND.get(str(plain.get("kind")))
    if shape is None:
        raise UnknownKind(plain.get("kind"))
    return shape(**known(shape, plain))
