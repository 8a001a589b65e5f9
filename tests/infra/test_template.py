"""What must hold of the deployed template, also where the emulators would accept something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.row_changes import concerns
from infra import declared, edges, gateway, policies, queues, sockets
from infra.check import lint_both, lint_made, stale
from infra.limits import LIMITS, MAX_RECEIVES
from infra.reads import ROOT, queues_named
from infra.sources import FILTERS
from tests.cloud import _matches as matches

pytestmark = pytest.mark.xdist_group("package")

Resource = dict[str, Any]
Template = dict[str, Any]


def of_type(template: Template, kind: str) -> dict[str, Resource]:
    """Logical name -> properties of all resources of a type."""
    return {name: row["Properties"] for name, row in template["Resources"].items() if row["Type"] == kind}


def functions(template: Template) -> dict[str, Resource]:
    return of_type(template, "AWS::Serverless::Function")


def sources(template: Template, kind: str) -> Iterator[tuple[str, Resource, Resource]]:
    """(function's name, its properties, the event source's properties) of all sources of a kind."""
    for name, function in functions(template).items():
        for event in function.get("Events", {}).values():
            if event["Type"] == kind:
                yield name, function, event["Properties"]


def written(role: Resource) -> Iterator[Resource]:
    """The policies of a Lambda's role, also those that only some deployments have."""
    for policy in role["Policies"]:
        yield policy["Fn::If"][1] if "Fn::If" in policy else policy


def own_roles(template: Template) -> dict[str, Resource]:
    """Roles of Lambdas."""
    return {name: role for name, role in of_type(template, "AWS::IAM::Role").items() if "Policies" in role}


def statements(role: Resource) -> Iterator[Resource]:
    for policy in written(role):
        yield from policy["PolicyDocument"]["Statement"]


def test_cfn_lint_is_asked_by_make_lint(tmp_path: Path) -> None:
    """Of the whole template once, as that takes it half a minute; here of one in which much is wrong."""
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "app.x", "CodeUri": "here"}}
    wrong = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": "long"}}
    template = tmp_path / "template.json"
    whole = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": function, "Q": wrong}}
    template.write_text(json.dumps(whole))

    said = lint_both(template)

    assert "'long' is not of type 'integer'" in said and "Runtime" in said
    assert "InvalidResourceException('F'" in said, "by SAM"
    template.write_text(json.dumps(whole | {"Resources": {"Q": wrong}}))
    assert "'long' is not of type 'integer'" in lint_made(template)
    steps = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    assert "-m infra.check" in steps and "make lint" in (ROOT / ".ci" / "run").read_text()


def test_what_is_generated_is_committed() -> None:
    assert stale() == [], "run `make policies`"


def test_every_lambda_of_the_app_is_deployed_and_nothing_else(template: Template) -> None:
    assert set(functions(template)) == {edges.logical(name) for name in edges.names()}
    assert set(LIMITS) >= set(edges.names())


def test_the_names_of_a_lambda_are_one(template: Template) -> None:
    for name in edges.names():
        function = functions(template)[edges.logical(name)]
        assert function["FunctionName"] == {"Fn::Sub": f"parley-${{Stage}}-{name}"}
        assert function["Handler"] == ("app.app" if name in edges.present() else f"app.{name}")


def test_every_queue_has_a_dead_letter_queue_of_its_own_kind(template: Template) -> None:
    all_queues = of_type(template, "AWS::SQS::Queue")
    graves = []
    for queue in declared.queues():
        properties = all_queues[queues.logical(queue)]
        grave = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        # AWS refuses a standard queue behind a FIFO queue; the emulators accept it.
        assert all_queues[grave].get("FifoQueue") == properties.get("FifoQueue"), queue
        assert properties["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES
        graves.append(grave)
    assert len(set(graves)) == len(graves), "dead letters of two queues would lie in one"


def test_a_queue_is_fifo_exactly_where_its_name_says_so(template: Template) -> None:
    for properties in of_type(template, "AWS::SQS::Queue").values():
        name = properties["QueueName"]["Fn::Sub"]
        assert properties.get("FifoQueue", False) == name.endswith(".fifo")
        if name.endswith(".fifo"):
            assert properties["ContentBasedDeduplication"] is False, "two equal texts are two messages"
            assert properties["DeduplicationScope"] == "messageGroup"
            assert properties["FifoThroughputLimit"] == "perMessageGroupId"


def test_queues_are_within_what_aws_takes(template: Template) -> None:
    for name, properties in of_type(template, "AWS::SQS::Queue").items():
        assert properties.get("DelaySeconds", 0) <= 900, name
        assert 0 <= properties["VisibilityTimeout"] <= 43_200, name
        assert properties["MessageRetentionPeriod"] <= 1_209_600, name
        assert properties["SqsManagedSseEnabled"] is True, name
        assert len(properties["QueueName"]["Fn::Sub"].replace("${Stage}", "a" * 16)) <= 80, name


def test_a_failed_record_is_reported_and_not_lost(template: Template) -> None:
    for kind in ("SQS", "DynamoDB"):
        for name, _, source in sources(template, kind):
            assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_a_message_is_invisible_for_six_times_as_long_as_its_function_may_run(template: Template) -> None:
    all_queues = of_type(template, "AWS::SQS::Queue")
    for name, function, source in sources(template, "SQS"):
        queue = all_queues[source["Queue"]["Fn::GetAtt"][0]]
        window = source.get("MaximumBatchingWindowInSeconds", 0)
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + window, name


def test_event_sources_are_within_what_aws_takes(template: Template) -> None:
    all_queues = of_type(template, "AWS::SQS::Queue")
    for name, _, source in sources(template, "SQS"):
        fifo = all_queues[source["Queue"]["Fn::GetAtt"][0]].get("FifoQueue")
        assert source["BatchSize"] <= 10 or not fifo, f"{name}: a FIFO source takes ten at most"
        assert not (fifo and source.get("MaximumBatchingWindowInSeconds")), f"{name}: a FIFO source takes no window"
        concurrency = source.get("ScalingConfig", {}).get("MaximumConcurrency", 2)
        assert 2 <= concurrency <= 1000, name


def test_the_ceiling_of_a_lambda_holds_for_each_of_its_queues(template: Template) -> None:
    for name, _, source in sources(template, "SQS"):
        limit = next(LIMITS[one.name] for one in declared.lambdas() if one.logical == name)
        if limit.at_most is not None:
            assert source["ScalingConfig"]["MaximumConcurrency"] <= limit.at_most, f"{name}: {source['Queue']}"


def test_bury_reads_every_dead_letter_queue(template: Template) -> None:
    read = {source["Queue"]["Fn::GetAtt"][0] for name, _, source in sources(template, "SQS") if name == "Bury"}
    assert read == {queues.logical(queue) for queue in declared.dead_queues()}
    behind = {
        properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for properties in of_type(template, "AWS::SQS::Queue").values()
        if "RedrivePolicy" in properties
    }
    assert behind <= read


def test_a_stream_gives_up_somewhere_and_says_where(template: Template) -> None:
    all_tables = of_type(template, "AWS::DynamoDB::Table")
    found = list(sources(template, "DynamoDB"))
    assert found
    for name, _, source in found:
        assert all_tables[source["Stream"]["Fn::GetAtt"][0]]["StreamSpecification"], name
        assert source["StartingPosition"] == "TRIM_HORIZON", name
        assert source["BisectBatchOnFunctionError"] is True, name
        assert 0 < source["MaximumRetryAttempts"] <= 10_000, name
        assert 60 <= source["MaximumRecordAgeInSeconds"] <= 604_800, name
        assert 1 <= source["ParallelizationFactor"] <= 10, name
        failure = source["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
        # Lambda does not send to a FIFO queue.
        assert "FifoQueue" not in of_type(template, "AWS::SQS::Queue")[failure], name


@given(
    table=st.sampled_from(["threads", "contacts", "endpoints"]),
    item=st.sampled_from(
        ["thread", "c0000000001", "contact", "conversation#cv_1", "merge#mg_1", "thread#t", "erasure"]
    ),
    verb=st.sampled_from(["INSERT", "MODIFY", "REMOVE"]),
)
def test_a_filter_passes_what_can_mean_an_event_and_nothing_else(table: str, item: str, verb: str) -> None:
    record = {"eventName": verb, "dynamodb": {"Keys": {"item": {"S": item}}}}
    assert any(matches(one, record) for one in FILTERS["announce", table]) == concerns(table, item, verb)


def test_announce_reads_every_stream_that_it_says_it_reads(template: Template) -> None:
    found = {
        source["Stream"]["Fn::GetAtt"][0]: source
        for name, _, source in sources(template, "DynamoDB")
        if name == "Announce"
    }
    assert set(found) == {"ThreadsTable", "ContactsTable", "EndpointsTable"}
    for table, source in found.items():
        only = [json.loads(one["Pattern"]) for one in source["FilterCriteria"]["Filters"]]
        assert only == [*FILTERS["announce", table.removesuffix("Table").lower()]]
    (bus,) = of_type(template, "AWS::Events::EventBus").values()
    assert bus["Name"] == {"Fn::Sub": "parley-${Stage}"}, "chalicelib/ports/settings.py says so too"


def test_the_sample_consumer_is_made_only_on_demand(template: Template) -> None:
    made = {name for name, row in template["Resources"].items() if row.get("Condition") == "WithSample"}
    assert made == {"SampleEventsQueue", "SampleEventsRule", "SampleEventsPolicy"}
    assert template["Parameters"]["SampleConsumer"]["Default"] == "no"


def test_every_lambda_has_a_role_of_its_own(template: Template) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in functions(template).values()]
    assert len(set(roles)) == len(roles)
    assert set(roles) == set(own_roles(template))
    others = set(of_type(template, "AWS::IAM::Role")) - set(roles)
    assert others == {"BackupRole"}
    assert all(template["Resources"][name]["Condition"] for name in others), "nobody has it who did not ask for it"


def test_no_role_may_scan_or_reach_beyond_what_is_named(template: Template) -> None:
    for name, role in own_roles(template).items():
        for statement in statements(role):
            assert statement["Effect"] == "Allow"
            for action in statement["Action"]:
                assert "*" not in action, f"{name}: {action}"
                assert action != "dynamodb:Scan", name
            for resource in statement["Resource"]:
                text = json.dumps(resource)
                if statement["Sid"] in ("WhoListens", "Traces", "Mails"):
                    continue  # they know no narrower resource; whose addresses there will be, nobody knows yet
                assert resource != "*", name
                ours = (
                    "parley-${Stage}",
                    "MediaBucket",
                    "SecretsKey",
                    "TableKeyArn",
                    "${LiveApi}/",
                    "/parley/${Stage}/",
                )
                assert any(one in text for one in ours), f"{name}: {text}"


def test_policies_fit_into_a_role(template: Template) -> None:
    for name, role in own_roles(template).items():
        text = json.dumps([policy["PolicyDocument"] for policy in written(role)], separators=(",", ":"))
        # With the longest region and stage; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        for short, long in (
            ("${AWS::Region}", "ap-southeast-1"),
            ("${AWS::AccountId}", "1" * 12),
            ("${Stage}", "a" * 16),
        ):
            text = text.replace(short, long)
        assert len(text.replace('{"Fn::Sub":', "").replace("${AWS::Partition}", "aws")) <= 10_240, name


def test_threads_and_messages_have_one_writer() -> None:
    for table in ("threads", "messages"):
        writers = [
            name for name in edges.names() if table in policies.tables_of(name) and policies.may_write(name, table)
        ]
        assert writers == ["converse"], table


def test_whoever_names_a_queue_may_put_work_on_it() -> None:
    from infra.grants import SENDS_TO

    for name in edges.names():
        assert queues_named(name) <= set(SENDS_TO[name]), f"{name} puts work on a queue that grants.SENDS_TO lacks"


def test_no_lambda_may_feed_itself_through_a_queue_that_does_not_exist() -> None:
    from infra.grants import SENDS_TO

    for name, targets in SENDS_TO.items():
        assert set(targets) <= set(declared.queues()), name


def test_every_edge_may_be_called_by_the_gateway_and_has_a_route(template: Template) -> None:
    permitted = {row["FunctionName"]["Ref"] for row in of_type(template, "AWS::Lambda::Permission").values()}
    assert permitted == {edges.logical(edge) for edge in edges.present()} | {edges.logical(sockets.STEP)}
    assert set(edges.present()) == {*edges.EDGES, edges.API}, "an edge of the table has no route"


def test_tables_are_what_aws_takes(template: Template) -> None:
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        indexes = table.get("GlobalSecondaryIndexes", [])
        keys = {row["AttributeName"] for schema in [table, *indexes] for row in schema["KeySchema"]}
        # AWS refuses attributes that no key uses, and keys whose attribute is not defined.
        assert keys == {row["AttributeName"] for row in table["AttributeDefinitions"]}, name
        assert {row["AttributeType"] for row in table["AttributeDefinitions"]} <= {"S", "N", "B"}, name
        for schema in [table, *indexes]:
            assert [row["KeyType"] for row in schema["KeySchema"]] in (["HASH"], ["HASH", "RANGE"]), name
        assert len(indexes) <= 20, name
        assert all(3 <= len(index["IndexName"]) <= 255 for index in indexes), name
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True, name
        # Where nobody names a key it is DynamoDB's own: encrypted, and free.
        assert table["SSESpecification"] == {
            "SSEEnabled": {"Fn::If": ["OwnTableKey", True, False]},
            "SSEType": {"Fn::If": ["OwnTableKey", "KMS", {"Ref": "AWS::NoValue"}]},
            "KMSMasterKeyId": {"Fn::If": ["OwnTableKey", {"Ref": "TableKeyArn"}, {"Ref": "AWS::NoValue"}]},
        }, name


def test_what_people_wrote_outlives_the_stack(template: Template) -> None:
    for name, resource in template["Resources"].items():
        if resource["Type"] in ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::Backup::BackupVault"):
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", name


def test_rows_that_end_do_end(template: Template) -> None:
    ending = {
        name: table["TimeToLiveSpecification"]["AttributeName"]
        for name, table in of_type(template, "AWS::DynamoDB::Table").items()
        if "TimeToLiveSpecification" in table
    }
    wanted = {"ScheduleTable": "expires", "ReceiptsTable": "expiration", "TriggerEventsTable": "expires"}
    wanted |= {
        "ConnectionsTable": "expires",
        "InboxTable": "expires",
        "BeatsTable": "expires",
        "FiguresTable": "expires",
        "ConfigTable": "expires",
        "ReplaysTable": "expires",
    }
    assert ending == wanted


def test_logs_end_too(template: Template) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    names = {group["LogGroupName"]["Fn::Sub"] for group in groups.values()}
    assert names == {gateway.LOG} | {f"/aws/lambda/parley-${{Stage}}-{name}" for name in edges.names()}
    assert all(group["RetentionInDays"] == 30 for group in groups.values())


def test_lambda_writes_of_its_own_only_what_is_worth_a_look(template: Template) -> None:
    for function in of_type(template, "AWS::Serverless::Function").values():
        logging = dict(function["LoggingConfig"])
        assert logging.pop("LogGroup") and logging == {"LogFormat": "JSON", "SystemLogLevel": "WARN"}


def test_somebody_hears_of_every_trouble(template: Template) -> None:
    watched = {
        (alarm["MetricName"], json.dumps(dimension["Value"]))
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm.get("Dimensions", ())
    }
    for name in edges.names():
        for metric in ("Errors", "Throttles"):
            assert (metric, json.dumps({"Ref": edges.logical(name)})) in watched, name
    for queue in declared.queues():
        of_queue = json.dumps({"Fn::GetAtt": [queues.logical(queue), "QueueName"]})
        assert ("ApproximateAgeOfOldestMessage", of_queue) in watched, queue
    for queue in declared.dead_queues():
        of_queue = json.dumps({"Fn::GetAtt": [queues.logical(queue), "QueueName"]})
        assert ("ApproximateNumberOfMessagesVisible", of_queue) in watched, queue
    for one in declared.streamers():
        assert ("IteratorAge", json.dumps({"Ref": one.logical})) in watched, one.name
    assert ("Invocations", json.dumps({"Ref": "Bury"})) in watched


def test_edges_answer_before_the_gateway_gives_up() -> None:
    for edge in edges.present():
        assert LIMITS[edge].timeout_s <= 29, edge
