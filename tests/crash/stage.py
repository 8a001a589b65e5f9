"""A service with everybody around it that can be put back to an earlier moment and cut off at any call.

An answer that is lost (`lost`) is none of the step's business: the SDK makes the call again, and hands back what came
of the second. A cut ends the step that runs as the end of its process would: nothing after it happens, caches are lost,
its batch comes again after the visibility timeout, and a caller who got no answer calls again.
"""

from __future__ import annotations

import copy
import json
import pickle
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
import time_machine

from chalicelib.domain.figures import total
from chalicelib.domain.lane import destination_of
from chalicelib.inbound import strangers
from chalicelib.ports import at_once, aws, bus, http, ids, kept_http, secrets, signing
from chalicelib.ports.redelivery import MAX_RECEIVES
from chalicelib.ports.settings import settings
from chalicelib.tables import MODEL_NAMES, config, inbox, kept_channels, media_links, schedule, service_config
from infra.limits import LIMITS, visibility_s
from tests import cloud as clouds
from tests.cloud import Cloud, CutOff, _moto_queue, _moto_table, taps
from tests.http_api import Client
from tests.journeys.conftest import TOKEN, Deployment, answers_with_token
from tests.outside import Outside, serving
from tests.sockets import Gateway, gateway

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
SESSION = "visitor-session-of-forty-three-characters-x"
ANA = {"id": "7", "name": "Ana"}
_TABLES = tuple(name for name, _ in MODEL_NAMES)
READS = frozenset(
    {
        "GetObject",
        "GetItem",
        "BatchGetItem",
        "Query",
        "GetQueueUrl",
        "Decrypt",
        "ListRules",
        "GetShardIterator",
        "GetRecords",
        "HeadObject",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """Where a run is cut off: before or after the n-th call of its action, or where that call's answer is lost."""

    at: int
    side: str


@dataclass(frozen=True)
class Called:
    """A call that a step made."""

    step: str
    operation: str
    first: bool
    """Whether it was the first of its run of the step."""
    on: tuple[str, ...] = ()
    """The tables or the queue that it is made on, and of a transaction what it does to each."""


@dataclass
class Stage:
    """The deployment, the provider of a custom channel, who subscribes to what happens, and the time."""

    deployment: Deployment
    provider: Outside
    hearer: Outside
    traveller: Any
    sockets: Gateway
    on_the_bus: list[dict[str, Any]] = field(default_factory=list)
    """CloudEvents that were put on the event bus."""
    busy_until: float = 0
    """When the event bus takes events again, in seconds since the epoch."""
    drawn: int = 0
    """How many ids of a trigger's events were drawn."""
    calls: list[Called] = field(default_factory=list)
    cut: Cut | None = None
    happened: bool = False
    """Whether the cut was reached."""
    _dead: bool = False
    _fresh: bool = True
    _drawn_before: int = 0

    @property
    def cloud(self) -> Cloud:
        return self.deployment.cloud

    # What people do. Each says when it may be repeated by the same id, as a careful caller does.

    def visitor_says(self, text: str, id: str) -> None:
        """The visitor writes in the web chat."""
        body = {"session": SESSION, "text": text, "id": id}
        status, answer = self.edge("receive_channel", f"/channels/{self.deployment.ids['chat']}/webhook", body)
        assert status == 202, answer

    def visitor_reads(self) -> list[str]:
        """What the visitor's window shows."""
        path = f"/channels/{self.deployment.ids['chat']}/messages?session={SESSION}"
        status, answer = self.edge("poll_channel", path, None, method="GET")
        assert status == 200, answer
        return [message["text"] for message in answer["data"]]

    def page_looks(self) -> None:
        """The visitor's page sees whether its socket is open and known; else it opens another, from where it is."""
        for connection in [*self.sockets.open]:
            if self.page_sends({"type": "ping"}) == {"type": "pong"}:
                return
            del self.sockets.open[connection]
        query = {"channel": self.deployment.ids["chat"], "session": SESSION, "include": "events"}
        status, _ = self._at_the_socket(lambda: self.sockets.connect(**query, after=self.sockets.cursor))
        assert status == 200

    def page_sends(self, frame: dict[str, Any]) -> dict[str, Any]:
        """What the visitor's page is answered to a frame."""
        (connection,) = self.sockets.open
        answer: dict[str, Any] = self._at_the_socket(lambda: self.sockets.send(connection, frame))
        return answer

    def page_goes(self) -> None:
        """The visitor closes the page; that is told once, and perhaps not taken."""
        (connection,) = self.sockets.open
        with suppress(CutOff):
            self._once("live", lambda: self.sockets.disconnect(connection))

    def console_looks(self, **more: Any) -> None:
        """A console sees whether its socket is open and known, else it opens another; then it beats, as a browser does
        every 15 seconds beside one."""
        service = self.deployment.ids["care"]
        known = {"type": "pong", "socket": next(iter(self.sockets.open), "")}
        if not self.sockets.open or self.page_sends({"type": "ping"}) != known:
            self.sockets.open.clear()
            self._at_the_socket(lambda: self._opens(service))
        socket = next(iter(self.sockets.open))
        asked = {"service_id": service, "cursor": self.sockets.beat, "socket": socket} | more
        status, answer = self.deployment.call("POST", "/v1/console/beat", asked)
        assert (status, answer["socket"]) == (200, True), answer
        self.sockets.beat = answer["cursor"]
        self.sockets.shows(answer["changes"])

    def _opens(self, service: str) -> None:
        step, self.cloud.step = self.cloud.step, ""
        _, given = self.deployment.call("POST", "/v1/console/ticket", {"service_id": service})
        self.cloud.step = step
        assert self.sockets.connect(ticket=given["ticket"])[0] == 200

    def _at_the_socket(self, call: Callable[[], Any]) -> Any:
        """Who is cut off tries again."""
        with suppress(CutOff):
            return self._once("live", call)
        return self._once("live", call)

    def _once(self, step: str, call: Callable[[], Any]) -> Any:
        self.cloud.step = step
        self.begins(step)
        try:
            return call()
        finally:
            self.cloud.step = ""

    def gateway_posts(self, event: dict[str, Any]) -> None:
        """The provider of the custom channel posts."""
        channel = self.deployment.made["own"]
        raw = json.dumps(event).encode()
        now = int(self.now() * 1000)
        headers = signing.headers([channel["secrets"]["signing_secret"]], id="g1", at_ms=now, body=raw)
        status, answer = self.edge("receive_channel", channel["webhook_url"], raw, headers=headers)
        assert status == 202, answer

    def bot_posts(self, event: dict[str, Any], id: str, *, expect: int = 202) -> None:
        """The bot posts to its events URL."""
        url, key = self.deployment.made["bot"]["events_url"], {"Idempotency-Key": id}
        status, answer = self.edge("receive_bot", url, event | {"Messageid": id}, headers=key)
        assert status == expect, answer

    def desk_posts(self, event: dict[str, Any], id: str, *, expect: int = 202) -> None:
        """The desk posts to its events URL, under an Idempotency-Key."""
        url = self.deployment.made["desk"]["events_url"]
        status, answer = self.edge("receive_desk", url, event, headers={"Idempotency-Key": id})
        assert status == expect, answer

    def bot_conversation(self) -> str:
        """The id of the conversation that the bot heard of last."""
        return str(self.deployment.bot.events()[-1]["Conversationid"])

    def chat(self) -> str:
        """The id of the conversation that the desk heard of last."""
        return str(self.deployment.desk.events()[-1]["data"]["conversation_id"])

    def edge(
        self, step: str, path: str, body: Any, *, method: str = "POST", headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Call an edge; who is cut off calls again."""
        for _ in range(2):
            self.cloud.step = step
            self.begins(step)
            try:
                return self.deployment.call(method, path, body, headers=headers)
            except CutOff:
                continue
            finally:
                self.cloud.step = ""
        raise AssertionError("cut off twice")

    # Time and AWS.

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def passes(self, seconds: float) -> None:
        """Time passes, with the minute's tick in between."""
        while seconds > 0:
            self.traveller.shift(min(seconds, 60))
            seconds -= 60
            self._tick()
            self.settle()

    def sweeps(self) -> None:
        """The sweeps that follow a verification pass."""
        for seconds in (61, 601):
            self.traveller.shift(seconds)
            self._tick()
            self.settle()

    def settle(self) -> None:
        """Everything moves until nothing is left but what is due later; what was cut off comes again in its time."""
        self.cloud.pump()
        for _ in range(2 * MAX_RECEIVES):
            if not self.cloud.hidden():
                return
            self.traveller.shift(max(map(visibility_s, LIMITS)) + 1)
            self._tick()
        raise AssertionError(f"it comes again and again: {self.cloud.failures[-5:]}")

    def _tick(self) -> None:
        """The minute's tick; without it where nothing falls due in its sight, as that is most of a minute's cost."""
        within = f"{int(self.now() * 1000) + schedule.AHEAD_MS:013d}"
        kept = _moto_table(self.cloud._table("schedule")).items
        if any(due.value < within for slot in kept.values() for due in slot):
            self.cloud.release()
        else:
            self.cloud.pump()

    def begins(self, step: str) -> None:
        """A step begins to run."""
        self._dead, self._fresh, self._drawn_before = False, True, self.drawn

    def hears(self, side: str, operation: str) -> None:
        """A call to AWS or over HTTP by a step."""
        if not self.cloud.step:
            return
        if self._dead:
            raise CutOff("a dead process calls nobody")
        if side == "before":
            on = () if operation == "HTTP" else _made_on(taps.asked)
            self.calls.append(Called(self.cloud.step, operation, self._fresh, on))
            self._fresh = False
        here = self.cut.at == len(self.calls) - 1 if self.cut and not self.happened else False
        if here and self.cut == Cut(len(self.calls) - 1, "lost"):
            self.happened, taps.losing = True, operation
        elif here and self.cut == Cut(len(self.calls) - 1, side):
            self.happened = self._dead = True
            if side == "before" or operation in READS:
                # Nothing was left behind: whoever draws again may as well draw the same.
                self.drawn = self._drawn_before
            forget_caches()
            raise CutOff(f"{side} {operation}")

    # Moments.

    def moment(self) -> dict[str, Any]:
        """All there is, to be put back later."""
        tables = {name: _moto_table(self.cloud._table(name)) for name in _TABLES}
        return {
            "now": self.now(),
            "sockets": self.sockets.moment(),
            "items": {name: pickle.dumps(dict(table.items)) for name, table in tables.items()},
            "streams": {name: list(table.stream_shard.items) for name, table in tables.items() if table.stream_shard},
            "queues": {name: copy.deepcopy(_sqs(self, name)._messages) for name in clouds.QUEUES},
            "held": copy.deepcopy(self.cloud._held),
            "streamed": dict(self.cloud._streamed),
            "ids": copy.copy(self.cloud._ids),
            "rules": dict(_bus().rules),
            "files": files(),
            "made": (dict(self.deployment.ids), dict(self.deployment.made)),
            "busy_until": self.busy_until,
            "drawn": self.drawn,
            "on_the_bus": list(self.on_the_bus),
            "heard": {name: (list(outside.heard), outside.answer) for name, outside in self.outsides().items()},
        }

    def put_back(self, moment: dict[str, Any]) -> None:
        """Everything as it was."""
        self.traveller.move_to(moment["now"])
        self.sockets.put_back(moment["sockets"])
        for name, items in moment["items"].items():
            table = _moto_table(self.cloud._table(name))
            table.items.clear()
            table.items.update(pickle.loads(items))
            if table.stream_shard:
                table.stream_shard.items = list(moment["streams"][name])
        for name, messages in moment["queues"].items():
            queue = _sqs(self, name)
            queue._messages = copy.deepcopy(messages)
            queue.pending_messages.clear()
        self.cloud._held = copy.deepcopy(moment["held"])
        self.cloud._streamed = dict(moment["streamed"])
        self.cloud._ids = copy.copy(moment["ids"])
        self.cloud._receives.clear()
        self.cloud._shards.clear()
        self.cloud._hidden.clear()
        self.cloud.failures.clear()
        _bus().rules.clear()
        _bus().rules.update(moment["rules"])
        if files() != moment["files"]:
            _put_files(moment["files"])
        self.deployment.ids, self.deployment.made = map(dict, moment["made"])
        self.busy_until, self.drawn = moment["busy_until"], moment["drawn"]
        self.on_the_bus[:] = moment["on_the_bus"]
        for name, outside in self.outsides().items():
            outside.heard[:], outside.answer = moment["heard"][name]
        forget_caches()
        # Not with the caches: who is cut off within a call runs in the loop that would be closed, and so loses it.
        kept_http.forget()
        self.calls, self.cut, self.happened, self._dead, taps.losing = [], None, False, False, ""

    def outsides(self) -> dict[str, Outside]:
        """Everybody outside."""
        return {
            "bot": self.deployment.bot,
            "desk": self.deployment.desk,
            "provider": self.provider,
            "hearer": self.hearer,
        }


_MADE_ON = re.compile(
    r'"(?:TableName": "|RequestItems": {"|QueueUrl": ".*?/)([^"/]+)"|"(Put|Update|Delete|ConditionCheck)": {'
)


def _made_on(body: Any) -> tuple[str, ...]:
    if not isinstance(body, str | bytes):
        return ()  # a file
    text = body.decode() if isinstance(body, bytes) else body
    return tuple(table or action for table, action in _MADE_ON.findall(text))


def _sqs(stage: Stage, queue: str) -> Any:
    return _moto_queue(stage.cloud._queue(queue))


def _bus() -> Any:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.events.models import events_backends

    return events_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].event_buses[settings().bus]


def files() -> dict[str, tuple[str, bytes, dict[str, str]]]:
    """Every file that is kept: its type, its bytes, and what was noted of it."""
    kept = _bucket().keys
    return {key: (kept[key].metadata["Content-Type"], kept[key].value, _noted(kept[key].metadata)) for key in kept}


def _noted(metadata: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in metadata.items() if name.lower().startswith("x-amz-meta-")}


def _put_files(found: dict[str, tuple[str, bytes, dict[str, str]]]) -> None:
    """Have these kept and no others. The stage hears nothing of it, as no step runs."""
    s3, bucket = aws.client("s3"), settings().media_bucket
    for key in files():
        s3.delete_object(Bucket=bucket, Key=key)
    for key, (kind, body, noted) in found.items():
        facts = {name.removeprefix("x-amz-meta-"): value for name, value in noted.items()}
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind, Metadata=facts)


def _bucket() -> Any:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[settings().media_bucket]


def forget_caches() -> None:
    """As in a process that has just begun."""
    config._snapshots.clear()
    service_config._kept.clear()
    secrets._opened.cache_clear()
    kept_channels.forget()
    media_links.forget()
    strangers.forget()
    bus.forget()


@contextmanager
def staged(cloud: Cloud) -> Iterator[Stage]:
    """A deployment with a custom channel beside the web chat, whose bot and desk say nothing of their own accord."""
    from chalicelib.api.http import base_url
    from chalicelib.api.kinds import keys

    base_url.forget()
    key, row = keys.mint("test", ["admin"])
    config.create(row)
    with (
        pytest.MonkeyPatch.context() as patched,
        serving() as bot,
        serving() as desk,
        serving() as provider,
        serving() as hearer,
        gateway(cloud) as sockets,
        Client(cloud.app.app) as client,
        time_machine.travel(START, tick=False) as traveller,
    ):
        deployment = Deployment(cloud, client, key, bot, desk)
        stage = Stage(deployment, provider, hearer, traveller, sockets)
        bot.answer = answers_with_token
        service = deployment.make("services", name="care")["id"]
        deployment.make("channels", service_id=service, kind="webchat", name="chat")
        deployment.make("channels", service_id=service, kind="custom", name="own", settings={"send_url": provider.url})
        url = {"service_id": service, "kind": "webhook", "name": "bot", "profile": "imi", "webhook_url": bot.url}
        deployment.make("bots", **url, verification_token=TOKEN)
        deployment.make("desks", service_id=service, kind="webhook", name="desk", webhook_url=desk.url)
        parties = {"bot_id": deployment.ids["bot"], "desk_id": deployment.ids["desk"], "on_bot_failure": "wait"}
        deployment.make("rules", service_id=service, name="all", to="bot+desk", **parties)
        deployment.verify("bots", "bot")
        deployment.verify("desks", "desk")
        stage.settle()
        stage.sweeps()
        for queue in clouds.QUEUES:
            # Known from here on: asking for it changes nothing, and each process would ask for several.
            cloud.url(queue)
        cloud.visibility_s, cloud.before, taps.listen = visibility_s, stage.begins, stage.hears
        patched.setattr(http.Web, "__call__", _heard(stage, http.Web.__call__))
        # One after the other, so that the calls of a run have the same order each time.
        patched.setattr(at_once, "both", lambda first, second: (first(), second()))
        # Nobody waits for what has come or never will.
        patched.setenv("PARLEY_LONGEST_POLL_S", "0")
        settings.cache_clear()
        patched.setattr(ids, "new", _drawn(stage, ids.new))
        patched.setattr(bus, "put", _put(stage, bus.put))
        bot.forget()
        desk.forget()
        try:
            yield stage
        finally:
            taps.listen = None
            settings.cache_clear()


def _heard(stage: Stage, call: Callable[..., Any]) -> Callable[..., Any]:
    async def heard(web: Any, *given: Any, **more: Any) -> Any:
        stage.hears("before", "HTTP")
        exchange = await call(web, *given, **more)
        stage.hears("after", "HTTP")
        return exchange

    return heard


def _drawn(stage: Stage, new: Callable[[str], str]) -> Callable[[str], str]:
    """Ids of a trigger's events and of replays in a fixed order; who draws again gets another."""

    def drawn(prefix: str) -> str:
        if prefix not in ("te", "rd"):
            return new(prefix)
        stage.drawn += 1
        return ids.at_from_cause(prefix, int(START.timestamp() * 1000), stage.drawn)

    return drawn


def _put(stage: Stage, put: Callable[..., Any]) -> Callable[..., Any]:
    def heard(events: Any) -> Any:
        events = list(events)
        refused = put(events) if stage.now() >= stage.busy_until else events
        stage.on_the_bus += [event for event in events if event not in refused]
        return refused

    return heard


# What came of a run, without what depends on when it ran.

_WHEN = frozenset({
    "at", "sent_at", "since", "first_at", "last_at", "happened_at", "opened_at", "closed_at", "opened", "created",
    "created_at",
    "replayed_at", "requested_at", "done_at", "swept_at", "updated_at", "state_at", "time", "attempted_at",
    "finished_at", "position", "expiration", "expires", "trace", "due", "changed_at", "attempts",
    "accepted_at", "Timestamp", "timestamp", "took_ms", "next_attempt_at", "leased_until", "failures", "failed",
    "failing_since",
    "waiting", "snoozed", "until", "claimed_at", "place",
    "touched", "before", "swept_of", "called_until", "leased_by", "called_by", "counted", "of", "replayed_as",
    "run", "mark", "began_at", "heard_at", "ended_at",
})  # fmt: skip
_LOOKS = ("lane.watch", "endpoint.enabled")
"""Tasks of somebody who looks after a lane in a while, just in case: when, or whether he did by now, says nothing."""
_OWNERS = ("config", "audit", "connections", "beats", "figures")
"""Tables that owners write, not steps; who is there, which says nothing of what they know; that something has
changed, which may be said twice; and figures, which are compared without times."""
_UNREAD = ("config", "audit", "connections")
"""Those of them of which nothing is compared."""
_OF_ATTEMPTS = ("tries", "bad", "ms")
"""Figures that a cut of who makes attempts changes, as it does the attempts."""


def outcome(stage: Stage) -> dict[str, Any]:
    """Every row that steps wrote and all that was heard outside, without times."""
    rows: dict[str, Any] = {}
    kept = {module: _kept(stage, module, model) for module, model in MODEL_NAMES if module not in _UNREAD}
    for module in kept:
        if module in _OWNERS:
            continue
        plain = [_timeless(dict(row.attribute_values)) for row in kept[module]]
        plain = [row for row in plain if row.get("task", {}).get("kind") not in _LOOKS]
        for row in plain:
            if "due_id" in row:
                row["due_id"] = row["due_id"].partition("#")[2]
            if str(row.get("item", "")).startswith("consent#"):
                # When it was said, which of a refused send is when it was sent.
                row["item"] = str(row["item"]).partition(".")[2]
            if "idle" in row:
                # A replay: a run that was cut off has begun all the same.
                del row["version"]
            if row.get("replay_of"):
                # Who asks again has it told again, under the same id.
                del row["key"]
            row.pop("begun", None)  # by which run
            if str(row.get("id", "")).startswith("mails#"):
                # A mail that comes twice is counted twice.
                del row["times"]
            row.pop("free_at", None)  # a time
            if row.get("status") == "waiting":
                # Cut off before the row says so, the lane waits all the same.
                row["status"] = "pending"
        # By their text, so that the same task kept for two times counts once: whoever comes second finds it done.
        distinct = {json.dumps(row, sort_keys=True, default=str): row for row in plain}
        rows[module] = [distinct[text] for text in sorted(distinct)]
    rows["files"] = files()
    # A consumer tells what comes twice by its id.
    rows["bus"] = {event["id"]: _timeless(event) for event in stage.on_the_bus}
    rows["pages"] = stage.sockets.read
    rows["consoles"] = _timeless(stage.sockets.inbox)
    figures = total(_counted(kept["figures"], "step#"))
    rows["untold"] = untold(kept["beats"], kept["inbox"])
    rows["counted"] = counted(figures)
    rows["uncounted"] = uncounted(figures, kept["deliveries"])
    fares = _counted(kept["figures"], "fare#")
    rows["episodes"] = sorted({(one["endpoint"], bool(one.get("inactive"))) for one in fares})
    return rows | {name: _told(outside) for name, outside in stage.outsides().items()}


def untold(beats: list[Any], shown: list[Any]) -> list[str]:
    """Chats whose last change in the inbox no beat tells."""
    told = {(str(beat.conversation), int(beat.version or 0)) for beat in beats}
    return [
        str(row.conversation)
        for row in shown
        if not told & {(str(row.conversation), inbox.shown_version(row)), (str(row.conversation), 0)}
    ]


def counted(figures: dict[str, Any]) -> dict[str, Any]:
    """All figures together, but for attempts."""
    left = {id: {name: n for name, n in one.items() if name not in _OF_ATTEMPTS} for id, one in figures.items()}
    return {id: one for id, one in left.items() if one}


def uncounted(figures: dict[str, Any], deliveries: list[Any]) -> dict[str, tuple[int, int]]:
    """Destination -> its attempts by the figures and those in its deliveries, where these differ."""
    made = Counter[str]()
    for row in deliveries:
        made[destination_of(str(row.lane))] += len(row.attempts)
    both = {id: (int(figures.get(id, {}).get("tries", 0)), n) for id, n in made.items()}
    return {id: one for id, one in both.items() if one[0] != one[1]}


def _counted(rows: list[Any], begins: str) -> list[dict[str, Any]]:
    return [dict(row.data) for row in rows if str(row.step).startswith(begins)]


def _kept(stage: Stage, module: str, model: str) -> list[Any]:
    """The rows of a table; from moto's own items, as to ask for them is most of what to compare them costs."""
    table, kind = _moto_table(stage.cloud._table(module)), getattr(import_module(f"chalicelib.tables.{module}"), model)
    rows = []
    for of_one in table.items.values():
        for item in of_one.values() if table.has_range_key else (of_one,):
            rows.append(kind())
            rows[-1].deserialize(item.to_json()["Attributes"])
    return rows


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in _WHEN}
    if isinstance(value, (list, tuple)):
        return [_timeless(item) for item in value]
    return value


def _named(said: dict[str, Any]) -> str:
    """By what SES, or Meta, is told of a message which it is."""
    if tags := said.get("EmailTags"):
        return str(tags[-1]["Value"])
    return f"{said['to']}-{said['text']['body']}"


def _told(outside: Outside) -> dict[str, Any]:
    """`webhook-id` -> what was told under it, the same each time; of each lane the order in which they first came."""
    told: dict[str, Any] = {}
    times: dict[str, int] = {}
    for heard in outside.heard:
        if not heard.raw or heard.json.get("Event") == "Verification":
            # Who asks for a file may ask twice.
            continue
        said = _timeless(heard.json)
        id = heard.headers.get("webhook-id") or _named(heard.json)
        assert told.setdefault(id, said) == said, "one id, two messages"
        times[id] = times.get(id, 0) + 1
    order: dict[str, list[str]] = {}
    for id in told:
        order.setdefault(id.rpartition("-")[0], []).append(id)
    return {"order": order, "told": told, "times": times}
