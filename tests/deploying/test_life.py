"""A stage's life, in the emulator: planned, made, changed, taken away, taken up again."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import bootstrap
from infra import destroy as destroying
from infra.deploying import admin, kept, removal, stacks
from infra.deploying.account import Account
from infra.deploying.artifacts import KEPT_DAYS, Artifacts
from infra.deploying.deployment import Asked, deploy
from infra.deploying.refused import Refused
from infra.local import fixes
from infra.package import build, here
from tests.deploying.conftest import Desk, packaged, table, template
from tests.deploying.rights import allowed

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("emulator")]

STACK = "parley-prod"
VALUES = {"Stage": "prod", "Protect": "on"}


def _asked(folder: Path, body: dict[str, Any] | None = None, **more: Any) -> Asked:
    return Asked("prod", packaged(folder / "package", body or template()), **more)


def _tables(emulated: Account) -> list[str]:
    return list(emulated.client("dynamodb").list_tables()["TableNames"])


def _key(emulated: Account) -> str:
    kept_key = emulated.client("ssm").get_parameter(Name="/parley/prod/admin-key", WithDecryption=True)["Parameter"]
    return str(kept_key["Value"])


def _keys(emulated: Account) -> int:
    rows = emulated.client("dynamodb").scan(TableName="parley-prod-config")["Items"]
    return sum(row["service"]["S"] == "_keys" or row["key"]["S"].startswith("key#") for row in rows)


def test_a_plan_changes_nothing_and_a_no_neither(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    assert deploy(_asked(tmp_path, only_plan=True), emulated, desk.hands) is None
    desk.answers = [False]
    with pytest.raises(Refused, match="you said no"):
        deploy(_asked(tmp_path), emulated, desk.hands)
    assert _tables(emulated) == []
    assert emulated.client("cloudformation").describe_stacks()["Stacks"] == []
    assert any("AWS::DynamoDB::Table" in line for line in desk.said), "it was shown"


def test_a_stage_is_made_guarded_and_given_a_key_once(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    done = deploy(_asked(tmp_path, settings={"AlarmEmail": "a@example.com"}), emulated, desk.hands)
    assert done is not None
    assert done["base_url"] == "https://abc.execute-api.eu-west-1.amazonaws.com/api"
    assert "/parley/prod/admin-key" in done["admin_key"]
    assert desk.asked == ["the release into parley-prod?"]
    table = emulated.client("dynamodb").describe_table(TableName="parley-prod-config")["Table"]
    assert table["DeletionProtectionEnabled"] is True, "once it stood"
    key = _key(emulated)
    assert bootstrap.stands(emulated.client("dynamodb"), "parley-prod-config", key)
    assert key not in json.dumps(done) + "".join(desk.said)

    # From another folder: nothing is said again, nothing is lost, no second key.
    (tmp_path / "other").mkdir()
    deploy(_asked(tmp_path / "other", settings={"BudgetUsd": "5"}), emulated, desk.hands)
    stack = stacks.look(emulated.client("cloudformation"), STACK)
    assert stack is not None
    assert stack.parameters["AlarmEmail"] == "a@example.com"
    assert stack.parameters["BudgetUsd"] == "5"
    assert _keys(emulated) == 1


def test_a_kept_key_that_the_table_does_not_know_is_made_anew(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    emulated.client("ssm").put_parameter(Name="/parley/prod/admin-key", Value="pk_nonsense", Type="SecureString")
    deploy(_asked(tmp_path), emulated, desk.hands)
    assert not admin.ensure(emulated.client("ssm"), emulated.client("dynamodb"), "parley-prod-config", "prod")
    assert _keys(emulated) == 1


def test_what_would_lose_messages_needs_to_be_said(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    deploy(_asked(tmp_path), emulated, desk.hands)
    less = template()
    del less["Resources"]["Queue"]
    with pytest.raises(Refused, match=r"parley-prod-queue.*--accept-data-loss"):
        deploy(_asked(tmp_path, less), emulated, desk.hands)
    assert "parley-prod-queue" in json.dumps(emulated.client("sqs").list_queues().get("QueueUrls", []))
    deploy(_asked(tmp_path, less, accept_loss=True), emulated, desk.hands)
    assert "parley-prod-queue" not in json.dumps(emulated.client("sqs").list_queues().get("QueueUrls", []))


def test_an_address_that_an_owner_chose_stays(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    deploy(_asked(tmp_path), emulated, desk.hands)
    dynamodb, table = emulated.client("dynamodb"), "parley-prod-config"
    row = dynamodb.get_item(TableName=table, Key={"service": {"S": "parley"}, "key": {"S": "settings"}})["Item"]
    row["body"]["M"]["base_url"] = {"S": "https://chat.example.com"}
    row["body"]["M"]["other"] = {"S": "stays"}
    dynamodb.put_item(TableName=table, Item=row)
    done = deploy(_asked(tmp_path), emulated, desk.hands)
    assert done is not None
    assert done["base_url"] == "https://chat.example.com"
    # Until a name is chosen by the parameter: the owner's word is then the template's.
    assert bootstrap.say_where(dynamodb, table, "https://chat.example.com") == "https://chat.example.com"
    row["body"]["M"] |= {"base_url": {"S": "https://a.example.com"}, "deployed_url": {"S": "https://a.example.com"}}
    dynamodb.put_item(TableName=table, Item=row)
    assert bootstrap.say_where(dynamodb, table, "https://b.example.com") == "https://b.example.com"
    now = dynamodb.get_item(TableName=table, Key={"service": {"S": "parley"}, "key": {"S": "settings"}})["Item"]
    assert now["body"]["M"]["other"] == {"S": "stays"}


def test_the_packages_go_into_a_bucket_that_is_ours_closed_and_does_not_grow(
    emulated: Account, desk: Desk, tmp_path: Path
) -> None:
    deploy(_asked(tmp_path), emulated, desk.hands)
    s3, bucket = emulated.client("s3"), f"parley-artifacts-{emulated.id}-{emulated.region}"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert "Expiration" not in rule, "what is deployed is fetched again by an update that goes back to it"
    files = Artifacts(s3, bucket, emulated.id, emulated.region)
    s3.put_object(Bucket=bucket, Key="other/kept", Body=b"")
    keys = {row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    [code] = [key for key in keys if key.endswith(".zip")]
    now = datetime.datetime.now(datetime.UTC)
    assert files.tidy("prod", code, now + datetime.timedelta(days=KEPT_DAYS - 1)) == 0
    assert files.tidy("prod", code, now + datetime.timedelta(days=KEPT_DAYS + 1)) == len(keys) - 2
    assert {row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]} == {code, "other/kept"}


def test_taking_a_stage_away_wants_its_name(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    deploy(_asked(tmp_path, settings={"AlarmEmail": "a@example.com"}), emulated, desk.hands)
    desk.answers = [False]
    with pytest.raises(Refused, match="nothing was changed"):
        destroying.destroy(emulated, "prod", json.dumps(template()), desk.hands, data=True)
    assert _tables(emulated) == ["parley-prod-config"]
    assert stacks.look(emulated.client("cloudformation"), STACK) is not None
    destroying.destroy(emulated, "prod", json.dumps(template()), desk.hands)
    assert any("--set AlarmEmail=a@example.com" in line for line in desk.said)
    assert stacks.look(emulated.client("cloudformation"), STACK) is None


def test_data_go_only_when_asked_and_a_second_run_finds_nothing(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    deploy(_asked(tmp_path), emulated, desk.hands)
    # The stack goes and the table stays, as CloudFormation leaves it.
    body = template()
    found = removal.names(body, emulated, "prod")
    assert found == {"ConfigTable": ("AWS::DynamoDB::Table", "parley-prod-config")}
    emulated.client("dynamodb").update_table(TableName="parley-prod-config", DeletionProtectionEnabled=True)
    removal.remove_data(emulated, "prod", found, desk.hands)
    assert _tables(emulated) == []
    assert removal.names(body, emulated, "prod") == {}
    with pytest.raises(ClientError, match="ParameterNotFound"):
        emulated.client("ssm").get_parameter(Name="/parley/prod/admin-key")
    removal.remove_data(emulated, "prod", {}, desk.hands)


def test_a_table_of_another_shape_is_not_taken_up(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    deploy(_asked(tmp_path), emulated, desk.hands)
    assert [one.value for one in kept.find(template(), emulated, "prod")] == ["parley-prod-config"]
    with pytest.raises(Refused, match="another release"):
        kept.find(template("a"), emulated, "prod", values=VALUES)
    assert kept.find(template("a"), emulated, "prod") != ()
    assert kept.find(template(), emulated, "other") == ()


def test_a_table_that_went_with_a_release_is_taken_up_by_the_next(
    emulated: Account, desk: Desk, tmp_path: Path
) -> None:
    more = template()
    more["Resources"]["OldTable"] = table()
    more["Resources"]["OldTable"]["Properties"]["TableName"] = {"Fn::Sub": "parley-${Stage}-old"}
    deploy(_asked(tmp_path, more), emulated, desk.hands)
    deploy(_asked(tmp_path, accept_loss=True), emulated, desk.hands)
    assert _tables(emulated) == ["parley-prod-config", "parley-prod-old"]
    emulated.client("dynamodb").put_item(TableName="parley-prod-old", Item={"service": {"S": "a"}, "key": {"S": "b"}})
    deploy(_asked(tmp_path, more), emulated, desk.hands)
    assert emulated.client("dynamodb").scan(TableName="parley-prod-old")["Count"] == 1
    resources = emulated.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    assert {one["LogicalResourceId"] for one in resources} == {"ConfigTable", "OldTable", "Queue"}
    desk.said.clear()
    deploy(_asked(tmp_path, more), emulated, desk.hands)
    assert desk.said == ["the release: nothing changes"]


def test_a_release_that_fails_leaves_no_table_in_the_way(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    deploy(_asked(tmp_path), emulated, desk.hands)
    more = template()
    more["Resources"]["OldTable"] = table()
    more["Resources"]["OldTable"]["Properties"]["TableName"] = {"Fn::Sub": "parley-${Stage}-old"}
    broken = json.loads(json.dumps(more))
    broken["Resources"]["Broken"] = {
        "Type": "AWS::SQS::Queue",
        "DependsOn": "OldTable",
        "Properties": {"QueueName": "parley-prod-broken.fifo", "FifoQueue": False},
    }
    with pytest.raises(Refused, match=r"UPDATE_ROLLBACK_COMPLETE.*Broken"):
        deploy(_asked(tmp_path, broken), emulated, desk.hands)
    assert _tables(emulated) == ["parley-prod-config"]
    deploy(_asked(tmp_path, more), emulated, desk.hands)
    described = emulated.client("dynamodb").describe_table(TableName="parley-prod-old")["Table"]
    assert described["DeletionProtectionEnabled"] is True


def test_what_was_chosen_stays_where_a_failed_stack_is_cleared(emulated: Account, desk: Desk, tmp_path: Path) -> None:
    broken = template()
    broken["Resources"]["Broken"] = {
        "Type": "AWS::SQS::Queue",
        "DependsOn": "ConfigTable",
        "Properties": {"QueueName": "parley-prod-broken.fifo", "FifoQueue": False},
    }
    with pytest.raises(Refused, match=r"ROLLBACK_COMPLETE.*Broken"):
        deploy(_asked(tmp_path, broken, settings={"BudgetUsd": "5"}, tags={"team": "a"}), emulated, desk.hands)
    assert _tables(emulated) == []
    desk.asked.clear()
    deploy(_asked(tmp_path), emulated, desk.hands)
    assert "begin anew" in desk.asked[0]
    stack = stacks.look(emulated.client("cloudformation"), STACK)
    assert stack is not None
    assert (stack.tags["team"], stack.parameters["BudgetUsd"]) == ("a", "5")


def test_the_whole_template_is_made_taken_away_taken_up_and_removed(
    emulated: Account, calls: set[str], desk: Desk, tmp_path: Path
) -> None:
    built = build(here())
    body = fixes.adapted(json.loads(built.template.read_text(encoding="utf-8")), {}, None)
    # Only to look at how it is deployed: the local run's own permission to call into the network is taken out.
    text = json.dumps(body).replace('"PARLEY_ALLOW_PRIVATE_TARGETS": "1"', '"NONE": ""')
    folder = packaged(tmp_path / "package", json.loads(text))
    shutil.copy(built.zip, folder / "deployment.zip")
    chosen = {"ReserveConcurrency": "off", "Alarms": "off"}
    first = deploy(Asked("prod", folder, chosen), emulated, desk.hands)
    assert first is not None
    made = stacks.look(emulated.client("cloudformation"), STACK)
    assert made is not None
    assert made.protected
    desk.said.clear()
    deploy(Asked("prod", folder), emulated, desk.hands)
    assert "the release: nothing changes" in desk.said
    key = emulated.client("ssm").get_parameter(Name="/parley/prod/admin-key", WithDecryption=True)["Parameter"]["Value"]
    sealer = kept.key_of(emulated, "alias/parley-prod")
    emulated.client("s3").put_object(Bucket=f"parley-prod-media-{emulated.id}-us-east-1", Key="a", Body=b"x")

    destroying.destroy(emulated, "prod", "{}", desk.hands)
    outlives = kept.names(body, emulated, "prod")
    again = kept.find(body, emulated, "prod")
    assert {one.name for one in again} >= set(outlives) - {"BackupVault"}

    second = deploy(Asked("prod", folder, chosen), emulated, desk.hands)
    assert second is not None
    assert second["base_url"] != first["base_url"]
    assert kept.key_of(emulated, "alias/parley-prod") == sealer, "what was sealed is still readable"
    assert bootstrap.stands(emulated.client("dynamodb"), "parley-prod-config", key)

    assert {call for call in calls if not allowed(["deployer"], call)} == set(), "by the policy of who deploys"
    destroying.destroy(emulated, "prod", "{}", desk.hands, data=True)
    assert set(removal.names(body, emulated, "prod")) <= {"BackupVault"}
    assert {call for call in calls if not allowed(["deployer", "owner"], call)} == set()
