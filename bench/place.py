"""A whole service with a bot, a desk, a provider and a visitor, run in this process so that it can be counted.

The Lambdas run here; DynamoDB, SQS and KMS are moto in this process, or the emulator in a process of its own (then
this process's CPU is Parley's alone). The pump of `tests/cloud.py` stands for AWS's event sources.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bench.meter import Meter, Tally
from bench.words import ANSWERED, ASKED, TOKEN
from tests import cloud as clouds
from tests.cloud import Cloud
from tests.outside import Outside, serving

if TYPE_CHECKING:
    from tests.sockets import Gateway


class Lines(io.TextIOBase):
    """Takes what is logged and counts its bytes."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, text: str) -> int:
        self.bytes += len(text.encode())
        return len(text)


@dataclass
class Counted(Cloud):
    """The cloud, telling the meter of each invocation and timing it."""

    meter: Meter = field(default_factory=Meter)
    lines: Lines = field(default_factory=Lines)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    """Lambda -> CPU seconds of each of its invocations."""
    gathers: bool = True
    """Whether what is counted is left to gather, as for a minute it is, and so is no part of what is measured."""
    running: str = ""
    began: float = 0
    """The Lambda that runs, and this process's CPU seconds when its run began."""

    def invoke(self, step: str, event: dict[str, Any]) -> Any:
        with self.watched(step):
            answer = super().invoke(step, event)
        failed = (answer or {}).get("batchItemFailures") if isinstance(answer, dict) else None
        if failed or self.failures:
            raise RuntimeError(f"{step} failed: {failed or self.failures[-1]}")
        return answer

    @contextmanager
    def watched(self, step: str) -> Iterator[None]:
        """Count and time a Lambda's run."""
        tally, logged, began = self.meter.tally, self.lines.bytes, time.process_time()
        self.running, self.began = step, began
        with self.meter.within(step):
            yield
        self.cpu.setdefault(step, []).append(time.process_time() - began)
        tally.log_bytes[step] += self.lines.bytes - logged

    def _table_once(self, table: str, step: str) -> bool:
        return False if self.gathers and step == "observe" else super()._table_once(table, step)

    def _run(self, queue: str, step: str, batch: list[dict[str, Any]]) -> None:
        self.meter.tally.batches.append(queue)
        super()._run(queue, step, batch)


@dataclass
class Emulated(Counted):
    """The same with DynamoDB and SQS of the emulator, which are asked over HTTP as AWS's are."""

    iterator: str = ""

    def _motos_queues(self) -> list[Any]:
        return []

    def _receive(self, queue: str) -> None:
        sqs, url = self.clients["sqs"], self.url(queue)
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                self._held.setdefault(queue, []).append(message)

    def _stream_once(self) -> bool:
        streams = self.clients["dynamodbstreams"]
        if not self.iterator:
            table = self.clients["dynamodb"].describe_table(TableName=self._table("messages"))["Table"]
            arn = table["LatestStreamArn"]
            shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
            found = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
            self.iterator = found["ShardIterator"]
        answer = streams.get_records(ShardIterator=self.iterator, Limit=1000)
        self.iterator = answer.get("NextShardIterator", "")
        if not answer["Records"]:
            return False
        about = {"eventSourceARN": f"arn:aws:dynamodb:::table/{self._table('messages')}/stream/1"}
        records = [clouds._clean(record) | about for record in answer["Records"]]
        self.invoke("fan_out", {"Records": records})
        if new := [record for record in records if record["eventName"] == "INSERT"]:
            # As its filter lets them through: here all are of the web chat.
            self.invoke("push", {"Records": new})
        return True


@dataclass
class Place:
    """The service and everybody around it."""

    cloud: Counted
    client: Any
    key: str
    bot: Outside
    desk: Outside
    provider: Outside
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    session: str = ""
    after: str = ""
    socket: str = ""
    """That of the visitor's window, where it has one (`bench/windows.py`)."""
    gateway: Gateway | None = None
    ending: ExitStack = field(default_factory=ExitStack)
    """What ends with the place."""
    _given: int = 0

    def http(self, edge: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """A request from outside, answered by the edge's Lambda."""
        path = "/" + path.split("://", 1)[1].split("/", 1)[1] if "://" in path else path
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"} | (headers or {})
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.cloud.meter.tally.http += 1
        with self.cloud.watched(edge):
            answer = self.client.http.request(method, path, headers=sent, body=raw)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.body!r}")
        return json.loads(answer.body)

    def make(self, thing: str, **fields: Any) -> str:
        """Make a resource; gives its id."""
        made = self.http("api", "POST", f"/v1/{thing}", fields)
        self.made[fields["name"]] = made
        return str(made["id"])

    def new_visitor(self) -> None:
        """The next message is another person's first."""
        self.session = self.after = ""

    def says(self, text: str = ASKED) -> None:
        """The visitor writes; everything moves until quiet."""
        from chalicelib.inbound import strangers

        # As if half a minute had passed: nobody writes as fast as a bench, and who does is counted and refused.
        strangers.forget_posts()
        session = {"session": self.session} if self.session else {}
        self._given += 1
        body = {"text": text, "id": f"b{self._given}-{time.time_ns()}"} | session
        answer = self.http("receive_channel", "POST", f"/channels/{self.made['chat']['id']}/webhook", body)
        self.session = answer["session"]
        self.cloud.pump()

    def polls(self) -> list[str]:
        """The visitor fetches what is new; what follows from having fetched stays queued."""
        after = f"&after={self.after}" if self.after else ""
        path = f"/channels/{self.made['chat']['id']}/messages?session={self.session}{after}"
        answer = self.http("poll_channel", "GET", path)
        self.after = answer["next"]
        return [message["text"] for message in answer["data"]]

    def gateway_posts(self, body: dict[str, Any]) -> None:
        """The provider of the custom channel calls us, signed."""
        from chalicelib.ports import clock, signing

        raw, channel = json.dumps(body).encode(), self.made["own"]
        signed = signing.headers([channel["secrets"]["signing_secret"]], id="x", at_ms=clock.now_ms(), body=raw)
        self.http("receive_channel", "POST", channel["webhook_url"], raw, signed)
        self.cloud.pump()

    def meta_posts(self, text: str = ASKED, **more: Any) -> None:
        """Meta tells what a customer wrote by WhatsApp, or sent."""
        self._given += 1
        said = {"from": "4915112345678", "id": f"wamid.{self._given}", "timestamp": str(time.time_ns() // 10**9)}
        value = {
            "metadata": {"phone_number_id": "1"},
            "messages": [said | {"type": "text", "text": {"body": text}} | more],
        }
        raw = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
        signed = {"X-Hub-Signature-256": "sha256=" + hmac.new(b"app-secret", raw, hashlib.sha256).hexdigest()}
        self.http("receive_channel", "POST", self.made["wa"]["webhook_url"], raw, signed)
        self.cloud.pump()

    def speaks_first(self, address: str, text: str = ANSWERED) -> None:
        """The business says something to an address on the custom channel, and it goes out."""
        heard, channel = len(self.provider.heard), self.made["own"]
        to = {"channel_id": channel["id"], "address": address}
        self.http("api", "POST", "/v1/messages", {"service_id": channel["service_id"], "to": to, "text": text})
        self.cloud.pump()
        assert len(self.provider.heard) == heard + 1

    def bot_posts(self, **event: Any) -> None:
        """The bot posts to its events URL."""
        self.http("receive_bot", "POST", self.made["bot"]["events_url"], event)
        self.cloud.pump()

    def desk_posts(self, **event: Any) -> None:
        """The desk posts to its events URL."""
        self.http("receive_desk", "POST", self.made["desk"]["events_url"], event)
        self.cloud.pump()

    def bot_answers(self, *, in_response: bool) -> None:
        """Have the bot answer each message at once in its response, or only take it."""
        answering = {"verification_token": TOKEN}
        self.bot.answer = (
            (lambda heard: (200, answering | _answer(heard.json))) if in_response else (lambda heard: (200, answering))
        )

    def start(self) -> Tally:
        """Count from here."""
        return self.cloud.meter.start()


def _taken(id: str) -> dict[str, Any]:
    """What the gateway of the custom channel answers, and what Meta does."""
    return {"id": id, "messages": [{"id": id}]}


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    if event.get("Event") != "Incoming message":
        return {}
    said = {"eventid": "1001", "conversation_id": event.get("Conversationid"), "message": ANSWERED}
    return {"events": [said]}


@contextmanager
def moto() -> Iterator[Callable[[], AbstractContextManager[Place]]]:
    """Makes places whose AWS is moto, one after the other, with a meter that counts."""
    clouds.set_environment()
    _log_as_deployed()
    meter = Meter()
    with _lines() as lines, clouds.running() as fresh, meter.installed():

        def new() -> AbstractContextManager[Place]:
            from chalicelib.api.http import base_url

            cloud = fresh()
            base_url.forget()
            return _place(Counted(cloud.app, cloud.clients, meter=meter, lines=lines))

        yield new


@contextmanager
def on_emulator(bot_url: str = "", *, metered: bool = False) -> Iterator[Place]:
    """A place whose AWS is the emulator, bare; `bot_url` is a bot in a process of its own."""
    # Before anything of the product is imported: it reads its environment once.
    clouds.set_environment()
    from infra.local.emulator import REGION, Emulator, free_port

    _log_as_deployed()
    meter = Meter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="parley-bench-")))
        emulator = Emulator(free_port(), folder, auth=False)
        emulator.start()
        stack.callback(emulator.kill)
        os.environ |= {"AWS_ENDPOINT_URL": emulator.endpoint, "AWS_DEFAULT_REGION": REGION}
        os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        lines = stack.enter_context(_lines())
        clients = _furnish()
        if metered:
            stack.enter_context(meter.installed())
        cloud = Emulated(import_module("app"), clients, meter=meter, lines=lines)
        yield stack.enter_context(_place(cloud, bot_url))


def _log_as_deployed() -> None:
    os.environ["POWERTOOLS_LOG_LEVEL"] = "INFO"
    os.environ.pop("POWERTOOLS_METRICS_DISABLED", None)


_LINES = Lines()
"""One for the process: a logger keeps the stream that it found first."""


@contextmanager
def _lines() -> Iterator[Lines]:
    kept, sys.stdout = sys.stdout, _LINES
    try:
        yield _LINES
    finally:
        sys.stdout = kept


def _furnish() -> dict[str, Any]:
    """Tables, queues and the key, as a deployment makes them."""
    from chalicelib.ports import aws
    from chalicelib.ports.settings import settings
    from chalicelib.tables import MODEL_NAMES

    clients = {name: aws.client(name) for name in ("dynamodb", "dynamodbstreams", "sqs", "kms")}
    for module, name in MODEL_NAMES:
        getattr(import_module(f"chalicelib.tables.{module}"), name).create_table(billing_mode="PAY_PER_REQUEST")
    for queue in clouds.QUEUES:
        fifo = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
        clients["sqs"].create_queue(QueueName=settings().queue(queue), Attributes=fifo)
    key = clients["kms"].create_key()["KeyMetadata"]["KeyId"]
    clients["kms"].create_alias(AliasName=settings().kms_key, TargetKeyId=key)
    return clients


@contextmanager
def _place(cloud: Counted, bot_url: str = "") -> Iterator[Place]:
    from chalice.test import Client

    from chalicelib.api.kinds import keys
    from chalicelib.tables import config

    key, row = keys.mint("bench", ["admin"])
    config.create(row)
    with serving() as bot, serving() as desk, serving() as provider, Client(cloud.app.app) as client:
        place = Place(cloud, client, key, bot, desk, provider)
        place.bot_answers(in_response=True)
        provider.answer = lambda heard: (200, _taken(f"p{len(provider.heard)}"))
        service = place.make("services", name="care")
        place.make("channels", service_id=service, kind="webchat", name="chat")
        place.make("channels", service_id=service, kind="custom", name="own", settings={"send_url": provider.url})
        meta = {"phone_number_id": "1", "api_base": provider.url}
        secrets = {"app_secret": "app-secret", "access_token": "token", "verify_token": "verify-me"}
        place.make("channels", service_id=service, kind="whatsapp", name="wa", settings=meta, secrets=secrets)
        bot_id = place.make(
            "bots",
            service_id=service,
            kind="webhook",
            name="bot",
            profile="imi",
            webhook_url=bot_url or bot.url,
            verification_token=TOKEN,
        )
        desk_id = place.make("desks", service_id=service, kind="webhook", name="desk", webhook_url=desk.url)
        place.make("rules", service_id=service, name="all", to="bot+desk", bot_id=bot_id, desk_id=desk_id)
        for thing, id in (("bots", bot_id), ("desks", desk_id)):
            place.http("api", "POST", f"/v1/{thing}/{id}/verify")
        with place.ending:
            yield place
