"""What must hold of the resources that CloudFormation really makes: after SAM's translator, for every kind of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from infra import loops, queues
from infra.expand import expanded

pytestmark = pytest.mark.xdist_group("package")

Template = dict[str, Any]
PINNED = Path(__file__).with_name("pinned.json")
_KEPT = (
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Lambda::EventSourceMapping",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
)
"""Kinds of which another is not the same: rows, messages, or how far a stream was read would be lost with it."""


@pytest.fixture(scope="module")
def made(template: Template) -> Template:
    return expanded(template)


def of_type(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, row in template["Resources"].items():
        if row["Type"] == kind:
            yield name, row["Properties"]


def test_a_stack_is_within_what_cloudformation_takes(made: Template) -> None:
    assert len(made["Resources"]) <= 450, "at most 500"
    assert len(json.dumps(made)) < 900_000, "at most 1 MB"
    assert len(made["Parameters"]) <= 200
    assert len(made["Outputs"]) <= 200


def chains(made: Template) -> dict[str, set[str]]:
    """Lambda -> Lambdas by a queue: from what roles may send and mappings read, not from what we say of it."""
    reads: dict[str, set[str]] = {}
    for _, mapping in of_type(made, "AWS::Lambda::EventSourceMapping"):
        queue = mapping["EventSourceArn"]["Fn::GetAtt"][0]
        reads.setdefault(queue, set()).add(mapping["FunctionName"]["Ref"])
    names = {json.dumps(queue["QueueName"]): name for name, queue in of_type(made, "AWS::SQS::Queue")}
    found: dict[str, set[str]] = {}
    for name, function in of_type(made, "AWS::Lambda::Function"):
        role = made["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
        own = role["Policies"][0]["PolicyDocument"]["Statement"]
        arns = [arn["Fn::Sub"] for one in own if "sqs:SendMessage" in one["Action"] for arn in one["Resource"]]
        fed = [names[json.dumps({"Fn::Sub": arn.rpartition(":")[2]})] for arn in arns]
        found[name] = set().union(*(reads[queue] for queue in fed))
    return found


def reached(chains: dict[str, set[str]], name: str) -> set[str]:
    """All Lambdas that a message put by one can lead to."""
    found: set[str] = set()
    todo = [name]
    while todo:
        new = chains[todo.pop()] - found
        found |= new
        todo += new
    return found


def test_exactly_the_lambdas_of_a_loop_may_be_in_one(made: Template) -> None:
    fed = chains(made)
    assert {"Deliver"} < fed["Deliver"]
    assert {"Deliver", "Bury"} <= fed["FanOut"]
    looping = {name for name in fed if name in reached(fed, name)}
    allowed = {
        name for name, function in of_type(made, "AWS::Lambda::Function") if function.get("RecursiveLoop") == "Allow"
    }
    assert allowed == looping, "AWS drops the messages of a loop that does not say that it is meant (infra/loops.py)"


def test_every_other_lambda_that_could_be_in_one_is_watched(made: Template) -> None:
    alarm = dict(of_type(made, "AWS::CloudWatch::Alarm"))["LoopsDroppedAlarm"]
    watched = {
        one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for one in alarm["Metrics"] if "MetricStat" in one
    }
    woken = {mapping["FunctionName"]["Ref"] for _, mapping in of_type(made, "AWS::Lambda::EventSourceMapping")}
    allowed = {name for name, one in of_type(made, "AWS::Lambda::Function") if "RecursiveLoop" in one}
    feeding = {name for name, fed in chains(made).items() if fed - {"Bury"}}
    assert watched >= (woken - allowed) & feeding, "who puts nothing but dead letters on a queue is in no chain"
    assert len(allowed) == len(loops.BOUNDED)
    assert not watched & allowed, "it drops nothing of theirs"


def lasting(made: Template) -> dict[str, Any]:
    """Logical name -> what of it cannot be changed without another taking its place."""
    found = {}
    for kind in _KEPT:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        fixed = [path.rpartition("/")[2] for path in schema.get("createOnlyProperties", ())]
        fixed += ["KeySchema"] if kind == "AWS::DynamoDB::Table" else []
        for name, properties in of_type(made, kind):
            found[name] = {key: properties[key] for key in sorted(fixed) if key in properties}
    return dict(sorted(found.items()))


def test_nothing_that_lasts_is_replaced_by_another(made: Template) -> None:
    """A new name, here or in the template, is a new table, queue or mapping, beside which the old one is left with all
    that is in it: a mapping's records that were not read yet, a queue's messages. What is added is added to the file:
    `python -m tests.infra.test_expanded`."""
    assert lasting(made) == json.loads(PINNED.read_text(encoding="utf-8"))


def test_every_queue_and_bucket_refuses_plain_http(made: Template) -> None:
    guarded = {}
    for kind, place in (("AWS::SQS::QueuePolicy", "Queues"), ("AWS::S3::BucketPolicy", "Bucket")):
        for _, policy in of_type(made, kind):
            for target in policy["Queues"] if place == "Queues" else [policy["Bucket"]]:
                assert target["Ref"] not in guarded, "a queue has one policy; the second would take its place"
                guarded[target["Ref"]] = policy["PolicyDocument"]["Statement"]
    wanted = {name for kind in ("AWS::SQS::Queue", "AWS::S3::Bucket") for name, _ in of_type(made, kind)}
    assert set(guarded) == wanted
    for name, said in guarded.items():
        [only] = [one for one in said if one["Effect"] == "Deny"]
        assert only["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, name
        assert {"Fn::GetAtt": [name, "Arn"]} in (only["Resource"], *only["Resource"]), name


def test_a_dead_letter_queue_takes_letters_of_its_own_queue_alone(made: Template) -> None:
    of = {}
    for name, queue in of_type(made, "AWS::SQS::Queue"):
        if "RedrivePolicy" in queue:
            of[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]] = name
    all_queues = dict(of_type(made, "AWS::SQS::Queue"))
    for name, queue in all_queues.items():
        if name in of:
            allowed = queue["RedriveAllowPolicy"]
            assert allowed["redrivePermission"] == "byQueue", name
            [arn] = allowed["sourceQueueArns"]
            assert arn["Fn::Sub"].endswith(":" + all_queues[of[name]]["QueueName"]["Fn::Sub"]), name
        elif "Dead" in name:
            assert queue["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}, name


def test_an_alarm_on_age_leaves_room_for_what_is_delayed(made: Template) -> None:
    from chalicelib.ports.queues import MOST_DELAY_S

    all_queues = dict(of_type(made, "AWS::SQS::Queue"))
    found = 0
    for name, alarm in of_type(made, "AWS::CloudWatch::Alarm"):
        if alarm.get("MetricName") == "ApproximateAgeOfOldestMessage":
            queue = all_queues[alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]]
            # A FIFO queue takes no delay per message.
            assert alarm["Threshold"] >= 60 + (0 if queue.get("FifoQueue") else MOST_DELAY_S), name
            found += 1
        assert "OKActions" not in alarm, f"{name}: seventy mails on the first day"
    assert found == sum(1 for queue in all_queues.values() if "RedrivePolicy" in queue)
    assert queues.delay_s("timers") == MOST_DELAY_S


def test_no_parameter_makes_sam_refuse_the_template(template: Template) -> None:
    for region in ("eu-west-1", "cn-north-1"):
        options = {"Tracing": "Active", "AccessLogs": "on", "TableKeyArn": "arn:aws:kms:eu-west-1:1:key/k"}
        assert expanded(template, region, **options)["Resources"]["HttpStage"]


if __name__ == "__main__":
    from infra.package import build, here

    now = lasting(expanded(json.loads(build(here()).template.read_text(encoding="utf-8"))))
    PINNED.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
