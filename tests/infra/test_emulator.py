"""What the emulator does otherwise than AWS is put right where messages would be lost by it."""

from __future__ import annotations

import io
import json
import os
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.local.emulator import REGION, Emulator, NotStarted, executable, free_port
from tests.stack.conftest import eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("emulator")]

# Fails the third record twice, then takes it; notes in a file what it did.
CODE = """
import json, os

def handler(event, context):
    path = os.environ["NOTES"]
    done = open(path).read().split() if os.path.exists(path) else []
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["id"]["S"]
        fails = key == "3" and done.count("failed") < 2
        with open(path, "a") as notes:
            notes.write(("failed" if fails else key) + "\\n")
        if fails:
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}
"""


@pytest.fixture(autouse=True)
def _installed() -> None:
    try:
        executable()
    except NotStarted as missing:
        pytest.skip(str(missing))


def test_its_death_is_told_at_once_and_its_end_is_none(tmp_path: Path) -> None:
    told: list[str] = []
    emulator = Emulator(free_port(), tmp_path, died=lambda dead: told.append(dead.how_it_died()))
    emulator.start()
    try:
        assert emulator.pid is not None
        os.kill(emulator.pid, signal.SIGKILL)
        eventually(lambda: told, "that it died")
        assert "was killed by SIGKILL" in told[0] and "all that was set up and said is lost" in told[0]
        emulator.stop()
        emulator.start()
        emulator.client("dynamodb").list_tables()
        emulator.stop()
    finally:
        emulator.kill()
    assert len(told) == 1 and emulator.written_at()


def noting(folder: Path) -> tuple[Emulator, Path]:
    """An emulator, and the file in which its Lambda notes what it did."""
    notes = folder / "notes"
    return Emulator(free_port(), folder, auth=False, env={"NOTES": str(notes)}), notes


def create(functions: Any, code: str) -> None:
    """The Lambda `noting`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("noting.py", code)
    functions.create_function(
        FunctionName="noting",
        Runtime="python3.11",
        Handler="noting.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": packed.getvalue()},
        Timeout=60,
    )


OF_QUEUE = """
import os

def handler(event, context):
    with open(os.environ["NOTES"], "a") as notes:
        notes.writelines(record["body"] + "\\n" for record in event["Records"])
"""


def test_on_another_port_queues_are_read_as_before(tmp_path: Path) -> None:
    emulator, notes = noting(tmp_path)
    emulator.start()
    try:
        url = emulator.client("sqs").create_queue(QueueName="work")["QueueUrl"]
        functions = emulator.client("lambda")
        create(functions, OF_QUEUE)
        arn = f"arn:aws:sqs:{REGION}:000000000000:work"
        functions.create_event_source_mapping(FunctionName="noting", EventSourceArn=arn)
        emulator.client("sqs").send_message(QueueUrl=url, MessageBody="here")
        eventually(notes.exists, "what was sent here")
        emulator.stop()
        emulator, _ = noting(tmp_path)
        emulator.start()
        moved = emulator.client("sqs").get_queue_url(QueueName="work")["QueueUrl"]
        assert moved != url and f":{emulator.port}/" in moved
        emulator.client("sqs").send_message(QueueUrl=moved, MessageBody="there")
        eventually(lambda: notes.read_text().split() == ["here", "there"], "what was sent on the other port")
    finally:
        emulator.kill()


SLOW = """
import os, time

def handler(event, context):
    path = os.environ["NOTES"]
    for record in event["Records"]:
        with open(path, "a") as notes:
            notes.write(record["body"] + "\\n")
        until = time.monotonic() + 20
        while record["body"] == "slow" and not os.path.exists(path + ".go") and time.monotonic() < until:
            time.sleep(0.05)
"""


def test_a_slow_group_of_a_queue_holds_up_no_other(tmp_path: Path) -> None:
    emulator, notes = noting(tmp_path)
    emulator.start()
    try:
        sqs, functions = emulator.client("sqs"), emulator.client("lambda")
        url = sqs.create_queue(QueueName="work.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        create(functions, SLOW)
        arn = f"arn:aws:sqs:{REGION}:000000000000:work.fifo"
        functions.create_event_source_mapping(FunctionName="noting", EventSourceArn=arn)

        def send(body: str, group: str) -> None:
            sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)

        def heard() -> list[str]:
            return notes.read_text().split() if notes.exists() else []

        send("slow", "a")
        eventually(lambda: heard() == ["slow"], "that it has begun")
        send("behind", "a")
        send("quick", "b")
        eventually(lambda: "quick" in heard(), "the other group's")
        assert heard() == ["slow", "quick"], "and its own waits"
        (tmp_path / "notes.go").touch()
        eventually(lambda: heard() == ["slow", "quick", "behind"], "what waited")
    finally:
        emulator.kill()


def test_a_record_of_a_stream_that_failed_comes_again_and_with_it_all_after_it(tmp_path: Path) -> None:
    emulator, notes = noting(tmp_path)
    emulator.start()
    try:
        dynamodb, functions = emulator.client("dynamodb"), emulator.client("lambda")
        table = dynamodb.create_table(
            TableName="things",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]
        for number in range(1, 6):
            dynamodb.put_item(TableName="things", Item={"id": {"S": str(number)}})
        create(functions, CODE)
        functions.create_event_source_mapping(
            FunctionName="noting",
            EventSourceArn=table["LatestStreamArn"],
            StartingPosition="TRIM_HORIZON",
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )

        def heard() -> list[str]:
            return notes.read_text().split() if notes.exists() else []

        eventually(lambda: "5" in heard(), "the last record")
    finally:
        emulator.kill()
    taken = [one for one in heard() if one != "failed"]
    assert heard().count("failed") == 2, json.dumps(heard())
    assert list(dict.fromkeys(taken)) == ["1", "2", "3", "4", "5"], "each of them, in their order"
