"""Which steps lead from how a stage stands to what is wanted, and what is refused on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.deploying import conditions, kept, removal, steps, told
from infra.deploying.account import Account
from infra.deploying.refused import Refused
from infra.deploying.release import Found
from infra.deploying.stacks import Stack
from infra.deploying.steps import RELEASE, Step
from infra.deploying.talk import Hands
from infra.package import build, here
from infra.parameters import CONDITIONS
from tests.deploying.conftest import template

VALUES = told.parameters(template(), {}, {}, "prod")
STANDING = Stack("arn:aws:cloudformation:eu-west-1:1:stack/parley-prod/1", "UPDATE_COMPLETE", parameters=VALUES)
OLD = "parley-prod-old"


class Deployed:
    """CloudFormation that knows what is deployed."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body

    def get_template(self, **_: Any) -> dict[str, Any]:
        """As it was uploaded."""
        return {"TemplateBody": json.loads(json.dumps(self.body))}


def _more(**table: Any) -> dict[str, Any]:
    """The template with a second table."""
    body = template()
    own = json.loads(json.dumps(body["Resources"]["ConfigTable"]))
    own["Properties"]["TableName"] = {"Fn::Sub": "parley-${Stage}-old"}
    body["Resources"]["OldTable"] = own | table
    return body


def _make(where: Account, name: str, **more: Any) -> None:
    where.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("service", "key")],
        KeySchema=[{"AttributeName": "service", "KeyType": "HASH"}, {"AttributeName": "key", "KeyType": "RANGE"}],
        **more,
    )


def _steps(where: Account, deployed: dict[str, Any] | None, wanted: dict[str, Any], **more: Any) -> list[Step]:
    standing = None if deployed is None else STANDING
    return steps.steps(Deployed(deployed or {}), where, standing, wanted, VALUES, "prod", **more)


def test_a_table_that_a_release_makes_is_protected_when_it_stands(where: Account) -> None:
    release, protect = _steps(where, template(), _more())
    assert (release.title, release.kind) == (RELEASE, "UPDATE")
    tables = {
        name: release.template["Resources"][name]["Properties"]["DeletionProtectionEnabled"]
        for name in ("ConfigTable", "OldTable")
    }
    assert tables == {"ConfigTable": {"Fn::If": ["Keep", True, False]}, "OldTable": False}
    assert (protect.template, protect.aside) == (_more(), True)
    assert [one.title for one in _steps(where, _more(), _more())] == [RELEASE]
    # So are all where nothing stood before.
    release, protect = _steps(where, None, _more())
    assert (release.title, release.kind) == (RELEASE, "CREATE")
    assert not any(release.template["Resources"][name]["Properties"]["DeletionProtectionEnabled"] for name in tables)
    assert (protect.template, protect.kind, protect.aside) == (_more(), "UPDATE", True)


def test_what_a_release_left_behind_is_taken_up_when_it_comes_again(where: Account) -> None:
    _make(where, OLD, DeletionProtectionEnabled=True)
    taken, release = _steps(where, template(), _more())
    assert taken.kind == "IMPORT"
    assert [(one.name, one.value) for one in taken.imports] == [("OldTable", OLD)]
    before = json.loads(json.dumps(taken.template))
    own = before["Resources"].pop("OldTable")
    assert before == template(), "nothing but what is taken up changes with it"
    assert own["Properties"]["TableName"] == OLD
    assert own["Properties"]["DeletionProtectionEnabled"] is True
    assert release.template == _more(), "a table that stands is not opened"


@pytest.mark.parametrize("protected", [True, False])
def test_a_table_is_taken_up_as_it_stands(where: Account, protected: bool) -> None:
    _make(where, "parley-prod-config", DeletionProtectionEnabled=protected)
    taken, release = _steps(where, None, template())
    own = taken.template["Resources"]["ConfigTable"]["Properties"]
    assert own["DeletionProtectionEnabled"] is protected, "else the update that follows would find nothing to do"
    assert release.template["Resources"]["ConfigTable"]["Properties"]["DeletionProtectionEnabled"] != protected


def test_what_a_choice_makes_is_taken_up_only_where_it_is_chosen(where: Account) -> None:
    _make(where, OLD)
    body = _more(Condition="Alarmed")
    body["Conditions"]["Alarmed"] = {"Fn::Equals": [{"Ref": "Alarms"}, "on"]}
    assert [one.kind for one in _steps(where, body, body)] == ["UPDATE"]
    standing = steps.steps(Deployed(body), where, STANDING, body, VALUES | {"Alarms": "on"}, "prod")
    assert [one.kind for one in standing] == ["IMPORT", "UPDATE"]
    taken = standing[0]
    assert taken.parameters["Alarms"] == "off", "the choice itself is the release's"
    assert "Condition" not in taken.template["Resources"]["OldTable"]


def test_tables_without_the_key_of_their_secrets_are_not_taken_up_silently(where: Account) -> None:
    _make(where, "parley-prod-config")
    body = template()
    alias = {"AliasName": {"Fn::Sub": "alias/parley-${Stage}"}, "TargetKeyId": {"Ref": "Key"}}
    body["Resources"] |= {
        "Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {}},
        "Alias": {"Type": "AWS::KMS::Alias", "DeletionPolicy": "Retain", "Properties": alias},
    }
    with pytest.raises(Refused, match="create-alias"):
        _steps(where, None, body)
    assert next(one.kind for one in _steps(where, None, body, accept_loss=True)) == "IMPORT"


def test_a_table_under_another_key_is_not_taken_up_silently(where: Account) -> None:
    key = where.client("kms").create_key()["KeyMetadata"]["Arn"]
    _make(where, "parley-prod-config", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    with pytest.raises(Refused, match=f"TableKeyArn={key}"):
        kept.find(template(), where, "prod", values=VALUES)
    assert kept.find(template(), where, "prod", values=VALUES | {"TableKeyArn": key})
    _make(where, OLD)
    with pytest.raises(Refused, match=OLD):
        kept.find(_more(), where, "prod", values=VALUES | {"TableKeyArn": key})


def test_every_condition_of_ours_can_be_read() -> None:
    built = json.loads(build(here()).template.read_text(encoding="utf-8"))
    values = told.parameters(built, {}, {}, "prod")
    assert "BackupVault" not in conditions.made(built, values)
    assert {"BackupVault", "ConfigTable"} <= conditions.made(built, values | {"BackupDays": "30"})
    for condition in CONDITIONS.values():
        conditions.holds(condition, CONDITIONS, values)
    assert conditions.holds({"Fn::Or": [{"Condition": "Keep"}, {"Condition": "HasDomain"}]}, CONDITIONS, values)
    with pytest.raises(ValueError, match="Fn::Other"):
        conditions.holds({"Fn::Other": []}, {}, {})


def test_removing_goes_on_where_it_was_cut_off_and_ends_with_the_key(where: Account) -> None:
    kms = where.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/parley-prod", TargetKeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    _make(where, "parley-prod-config", DeletionProtectionEnabled=True)
    said: list[str] = []
    found = {
        "Alias": ("AWS::KMS::Alias", "alias/parley-prod"),
        "ConfigTable": ("AWS::DynamoDB::Table", "parley-prod-config"),
    }
    removal.remove_data(where, "prod", found, Hands(said.append, lambda _: True))
    assert ["Table" in line for line in said][:2] == [True, False]
    assert kept.key_of(where, "alias/parley-prod") == ""


def test_an_import_says_names_outright() -> None:
    body = kept.only(template(), (Found("ConfigTable", "AWS::DynamoDB::Table", "TableName", "parley-prod-config"),))
    assert body["Resources"]["ConfigTable"]["Properties"]["TableName"] == "parley-prod-config"
    assert "Outputs" not in body
