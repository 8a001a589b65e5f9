"""How a stack stands is read from CloudFormation's answers, whatever they are."""

from __future__ import annotations

import datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from infra.deploying import changes, release, stacks
from infra.deploying.changes import Change
from infra.deploying.refused import Refused
from infra.deploying.release import Wanted
from infra.deploying.stacks import Stack
from tests.deploying.conftest import Desk

NAME = "parley-prod"
ID = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{NAME}/1"
SET = f"arn:aws:cloudformation:eu-west-1:123456789012:changeSet/{NAME}/1"
NOW = datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)
WANTED = Wanted(NAME, "https://s3.eu-west-1.amazonaws.com/b/k", {"Stage": "prod"}, {"team": "a"})


class Formation:
    """CloudFormation's client, whose answers are written down and checked against its model."""

    def __init__(self) -> None:
        self.client: Any = boto3.client(
            "cloudformation", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(self.client)
        self.stub.activate()

    def says(self, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> Formation:
        """The next call must be this one, and is answered so."""
        self.stub.add_response(operation, answer, asked)
        return self

    def stands(self, status: str, **more: Any) -> Formation:
        """The stack is described."""
        stack = {"StackName": NAME, "StackId": ID, "CreationTime": NOW, "StackStatus": status, **more}
        return self.says("describe_stacks", {"Stacks": [stack]})

    def gone(self) -> Formation:
        """There is no such stack."""
        self.stub.add_client_error("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist", 400)
        return self

    def happened(self, *events: tuple[str, str, str], token: str | None = None, more: str = "") -> Formation:
        """A page of events, the newest first: status, resource, reason."""
        rows = [
            {
                "StackId": ID,
                "StackName": NAME,
                "EventId": f"{number}{status}{name}",
                "Timestamp": NOW,
                "LogicalResourceId": name,
                "ResourceType": "AWS::SQS::Queue",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            | ({"ClientRequestToken": token} if token else {})
            for number, (status, name, reason) in enumerate(events)
        ]
        return self.says("describe_stack_events", {"StackEvents": rows} | ({"NextToken": more} if more else {}))

    def made(
        self, status: str = "CREATE_COMPLETE", reason: str = "", rows: tuple[dict[str, Any], ...] = ()
    ) -> Formation:
        """A change set is asked for and described."""
        self.says("create_change_set", {"Id": SET, "StackId": ID})
        answer: dict[str, Any] = {
            "Status": status,
            "Changes": [{"Type": "Resource", "ResourceChange": row} for row in rows],
        }
        if reason:
            answer["StatusReason"] = reason
        self.says("describe_change_set", answer)
        return self


@pytest.fixture
def formation() -> Formation:
    """CloudFormation with nothing to say yet."""
    return Formation()


def test_a_stack_that_was_only_looked_at_is_none(formation: Formation) -> None:
    formation.stands("REVIEW_IN_PROGRESS").gone()
    assert stacks.look(formation.client, NAME) is None
    assert stacks.look(formation.client, NAME) is None


def test_what_a_stack_was_told_is_read(formation: Formation) -> None:
    formation.stands(
        "UPDATE_COMPLETE",
        EnableTerminationProtection=True,
        RoleARN="arn:aws:iam::123456789012:role/r",
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "prod"}],
        Outputs=[{"OutputKey": "BaseUrl", "OutputValue": "https://x"}],
        Tags=[{"Key": "team", "Value": "a"}],
    )
    assert stacks.look(formation.client, NAME) == Stack(
        ID,
        "UPDATE_COMPLETE",
        "",
        True,
        "arn:aws:iam::123456789012:role/r",
        {"Stage": "prod"},
        {"BaseUrl": "https://x"},
        {"team": "a"},
    )


def test_every_status_that_cloudformation_knows_is_decided() -> None:
    client = Formation().client
    shape = client.meta.service_model.operation_model("DescribeStacks").output_shape
    known = shape.members["Stacks"].member.members["StackStatus"].enum
    refused = {status: said for status in known if (said := _refusal(Stack(ID, status)))}
    assert set(known) - set(refused) == {*stacks.UPDATABLE, *stacks.NEVER_STOOD, "DELETE_FAILED"}
    assert all(NAME in said for said in refused.values())
    assert {status for status in refused if not status.endswith("_IN_PROGRESS")} == {
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_ROLLBACK_FAILED",
        "DELETE_COMPLETE",
    }


def _refusal(stack: Stack) -> str:
    try:
        stacks.refuse_busy(NAME, stack)
    except Refused as error:
        return str(error)
    return ""


def test_the_oldest_failure_is_told_from_whichever_page(formation: Formation) -> None:
    formation.happened(("DELETE_COMPLETE", "Queue9", ""), token="t", more="2")
    formation.happened(
        ("CREATE_FAILED", "Queue2", "Resource creation cancelled"),
        ("CREATE_FAILED", "Queue1", "limit exceeded"),
        token="t",
        more="3",
    )
    formation.happened(("CREATE_FAILED", "Queue0", "from another time"), token="before", more="4")
    assert stacks.why(formation.client, ID, "t") == "Queue1 (AWS::SQS::Queue): limit exceeded"
    formation.stub.assert_no_pending_responses()


def test_an_alarm_that_undoes_a_deployment_is_told(formation: Formation) -> None:
    formation.happened(
        ("UPDATE_ROLLBACK_COMPLETE", NAME, ""),
        ("UPDATE_ROLLBACK_IN_PROGRESS", NAME, "Alarm parley-prod converse: errors went to ALARM"),
        token="t",
    )
    assert "converse: errors" in stacks.why(formation.client, ID, "t")


def test_a_failure_without_events_is_not_silent(formation: Formation) -> None:
    formation.happened()
    assert "look at the stack's events" in stacks.why(formation.client, ID, "t")


def test_a_change_set_is_shown_and_carried_out(formation: Formation, desk: Desk) -> None:
    row = {"Action": "Modify", "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue", "Replacement": "False"}
    formation.made(rows=(row,)).says(
        "describe_change_set", {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": row}]}
    )
    plan = release.plan(formation.client, WANTED, "UPDATE", desk.hands.sleep)
    assert plan is not None
    assert [str(one.action) for one in plan.changes] == ["Modify"]
    formation.says("execute_change_set", {}).stands("UPDATE_IN_PROGRESS").stands("UPDATE_COMPLETE")
    formation.happened(("UPDATE_COMPLETE", "Queue", ""))
    assert release.carry_out(formation.client, plan, desk.hands.say, desk.hands.sleep).status == "UPDATE_COMPLETE"


def test_where_nothing_changes_there_is_no_plan(formation: Formation, desk: Desk) -> None:
    said = "The submitted information didn't contain changes. Submit different information to create a change set."
    formation.made("FAILED", said).says("delete_change_set", {}, {"ChangeSetName": SET})
    assert release.plan(formation.client, WANTED, "UPDATE", desk.hands.sleep) is None
    formation.stub.assert_no_pending_responses()


def test_what_aws_makes_no_change_set_of_is_told_and_leaves_no_empty_stack(formation: Formation, desk: Desk) -> None:
    formation.made("FAILED", "Transform failed: bad").says("delete_change_set", {}).stands("REVIEW_IN_PROGRESS")
    formation.says("delete_stack", {}, {"StackName": ID})
    with pytest.raises(Refused, match="Transform failed: bad"):
        release.plan(formation.client, WANTED, "CREATE", desk.hands.sleep)
    formation.stub.assert_no_pending_responses()


def test_a_change_set_that_is_broken_off_while_it_is_made_is_dropped(formation: Formation) -> None:
    def broken_off(_: float) -> None:
        raise KeyboardInterrupt

    formation.made("CREATE_IN_PROGRESS")
    # AWS does not drop one that it still makes; without its stack it is gone.
    formation.stub.add_client_error("delete_change_set", "InvalidChangeSetStatus", "it is being made", 400)
    formation.stands("REVIEW_IN_PROGRESS").says("delete_stack", {}, {"StackName": ID})
    with pytest.raises(KeyboardInterrupt):
        release.plan(formation.client, WANTED, "CREATE", broken_off)
    formation.stub.assert_no_pending_responses()


def test_a_stack_is_deleted_by_another_token_each_time_and_says_why_not(formation: Formation, desk: Desk) -> None:
    tokens: list[str] = []
    formation.client.meta.events.register(
        "provide-client-params.cloudformation.DeleteStack",
        lambda params, **_: tokens.append(params["ClientRequestToken"]),
    )
    stack = Stack(ID, "DELETE_FAILED")
    formation.says("delete_stack", {}).stands("DELETE_FAILED").happened().happened()
    with pytest.raises(Refused, match="parley-prod is DELETE_FAILED"):
        stacks.delete(formation.client, stack, "", desk.hands.say, desk.hands.sleep)
    formation.says("delete_stack", {}).stands("DELETE_IN_PROGRESS").happened().gone()
    stacks.delete(formation.client, stack, "arn:aws:iam::123456789012:role/r", desk.hands.say, desk.hands.sleep)
    assert len(set(tokens)) == 2
    formation.stub.assert_no_pending_responses()


def test_a_stack_that_somebody_else_began_is_not_deleted_with_a_plan(formation: Formation) -> None:
    formation.says("delete_change_set", {}).stands("CREATE_IN_PROGRESS")
    release.drop(formation.client, release.Plan("CREATE", NAME, ID, SET, ()))
    formation.stub.assert_no_pending_responses()


def test_a_first_deployment_that_fails_keeps_nothing_and_says_why(formation: Formation, desk: Desk) -> None:
    seen: list[dict[str, Any]] = []
    formation.client.meta.events.register(
        "provide-client-params.cloudformation.ExecuteChangeSet", lambda params, **_: seen.append(dict(params))
    )
    formation.says("execute_change_set", {}).stands("CREATE_IN_PROGRESS").stands("ROLLBACK_COMPLETE")
    formation.happened(("CREATE_FAILED", "Queue", "no"))
    formation.happened(("CREATE_FAILED", "Queue", "no"))
    with pytest.raises(Refused, match="ROLLBACK_COMPLETE"):
        release.carry_out(formation.client, release.Plan("CREATE", NAME, ID, SET, ()), desk.hands.say, desk.hands.sleep)
    assert seen[0]["RetainExceptOnCreate"] is True


def test_an_update_that_fails_keeps_nothing_that_it_made(formation: Formation, desk: Desk) -> None:
    for kind, keeps in (("UPDATE", False), ("IMPORT", True)):
        expected = {"ChangeSetName": SET, "ClientRequestToken": ANY, "DisableRollback": False}
        formation.says("execute_change_set", {}, expected if keeps else expected | {"RetainExceptOnCreate": True})
        formation.stands("UPDATE_IN_PROGRESS").stands("UPDATE_COMPLETE").happened()
        plan = release.Plan(kind, NAME, ID, SET, ())  # type: ignore[arg-type]
        release.carry_out(formation.client, plan, desk.hands.say, desk.hands.sleep)
    formation.stub.assert_no_pending_responses()


def test_alarms_undo_an_update_and_nothing_else(formation: Formation, desk: Desk) -> None:
    seen: list[dict[str, Any]] = []
    formation.client.meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: seen.append(dict(params))
    )
    alarm = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"
    wanted = Wanted(NAME, "https://s3/b/k", {}, {"team": "a"}, alarms=(alarm,), watch_minutes=5)
    found = release.Found("ConfigTable", "AWS::DynamoDB::Table", "TableName", "parley-prod-config")
    for kind in ("UPDATE", "CREATE", "IMPORT"):
        formation.made().says("describe_change_set", {"Status": "CREATE_COMPLETE"})
        imports = (found,) if kind == "IMPORT" else ()
        release.plan(formation.client, Wanted(**{**_fields(wanted), "imports": imports}), kind, desk.hands.sleep)
    update, create, taken = seen
    assert update["RollbackConfiguration"] == {
        "RollbackTriggers": [{"Arn": alarm, "Type": "AWS::CloudWatch::Alarm"}],
        "MonitoringTimeInMinutes": 5,
    }
    assert "RollbackConfiguration" not in create
    assert "Tags" not in taken
    assert taken["ResourcesToImport"] == [
        {
            "LogicalResourceId": "ConfigTable",
            "ResourceType": "AWS::DynamoDB::Table",
            "ResourceIdentifier": {"TableName": "parley-prod-config"},
        }
    ]


def _fields(wanted: Wanted) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in wanted.__slots__}


@pytest.mark.parametrize(
    ("change", "loses"),
    [
        (Change("Remove", "Q", "AWS::SQS::Queue"), "the messages that wait in it"),
        (Change("Modify", "T", "AWS::DynamoDB::Table", replaced="True"), "its rows"),
        (Change("Modify", "T", "AWS::DynamoDB::Table", replaced="Conditional"), ""),
        (Change("Modify", "F", "AWS::Lambda::Function", replaced="True"), ""),
        (Change("Add", "B", "AWS::S3::Bucket"), ""),
    ],
)
def test_what_would_be_lost_is_known(change: Change, loses: str) -> None:
    assert change.loses == loses
    assert bool(changes.lost([change])) == bool(loses)


def test_many_changes_alike_are_counted_and_losses_come_first() -> None:
    rows = [Change("Modify", f"F{number}", "AWS::Lambda::Function", properties=("Code",)) for number in range(21)]
    lines = changes.shown([*rows, Change("Remove", "Q", "AWS::SQS::Queue", "parley-prod-q")])
    assert [line.split() for line in lines] == [
        ["-", "AWS::SQS::Queue", "parley-prod-q"],
        ["~", "AWS::Lambda::Function", "21", "of", "them", "(Code)"],
    ]


def test_every_kind_that_outlives_a_stack_is_known_to_hold_something() -> None:
    import json

    from infra.package import build, here

    built = json.loads(build(here()).template.read_text(encoding="utf-8"))["Resources"].values()
    keeps = {one["Type"] for one in built if one.get("DeletionPolicy") == "Retain"} - {"AWS::KMS::Alias"}
    assert keeps <= set(changes.HOLDS)
