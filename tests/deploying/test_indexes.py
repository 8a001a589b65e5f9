"""Changes of indexes become updates that AWS carries out: one index of a table at a time, none asked before it is."""

from __future__ import annotations

import itertools
import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from infra.deploying import indexes
from infra.deploying.refused import Refused
from tests.deploying.conftest import Desk, template

_NAMES = st.sets(st.sampled_from(["a", "b", "c", "d"])).map(sorted)


def _indexes(body: dict[str, Any]) -> set[str]:
    rows = body["Resources"]["ConfigTable"]["Properties"].get("GlobalSecondaryIndexes", [])
    return {row["IndexName"] for row in rows}


def _fits(body: dict[str, Any]) -> bool:
    """Whether the attributes that are defined are those that keys name, as AWS demands."""
    table = body["Resources"]["ConfigTable"]["Properties"]
    keyed = [table["KeySchema"], *(row["KeySchema"] for row in table.get("GlobalSecondaryIndexes", []))]
    used = {key["AttributeName"] for keys in keyed for key in keys}
    return used == {row["AttributeName"] for row in table["AttributeDefinitions"]}


@given(_NAMES, _NAMES)
def test_every_change_goes_index_by_index(before: list[str], after: list[str]) -> None:
    deployed, wanted = template(*before), template(*after)
    deployed["Resources"]["Queue"]["Properties"]["QueueName"] = "old"
    found = indexes.steps(deployed, wanted)
    chain = [deployed, *(one.template for one in found.before), found.release, *(one.template for one in found.after)]
    for one, next_one in itertools.pairwise(chain):
        assert len(_indexes(one) ^ _indexes(next_one)) <= 1
        assert _fits(next_one)
    assert all(one.template["Resources"]["Queue"] == deployed["Resources"]["Queue"] for one in found.before)
    assert _indexes(found.release) == _indexes(deployed) | _indexes(wanted), "code that runs finds its indexes"
    assert json.dumps(chain[-1]["Resources"], sort_keys=True) == json.dumps(wanted["Resources"], sort_keys=True)


@given(_NAMES, _NAMES, st.integers(0, 8))
def test_a_deployment_that_was_cut_off_goes_on(before: list[str], after: list[str], done: int) -> None:
    wanted = template(*after)
    found = indexes.steps(template(*before), wanted)
    chain = [
        template(*before),
        *(one.template for one in found.before),
        found.release,
        *(one.template for one in found.after),
    ]
    again = indexes.steps(chain[min(done, len(chain) - 1)], wanted)
    end = again.after[-1].template if again.after else again.release
    assert _indexes(end) == _indexes(wanted)
    assert len(again.before) + len(again.after) <= len(found.before) + len(found.after)


def test_a_changed_index_needs_a_new_name() -> None:
    wanted = template("a")
    wanted["Resources"]["ConfigTable"]["Properties"]["GlobalSecondaryIndexes"][0]["Projection"] = {
        "ProjectionType": "KEYS_ONLY"
    }
    with pytest.raises(Refused, match="new name"):
        indexes.steps(template("a"), wanted)


def test_a_new_index_is_waited_for(desk: Desk) -> None:
    dynamodb = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(dynamodb) as stub:
        for status in ("CREATING", "CREATING", "ACTIVE"):
            rows = [{"IndexName": "by_a", "IndexStatus": "ACTIVE"}, {"IndexName": "by_b", "IndexStatus": status}]
            stub.add_response(
                "describe_table", {"Table": {"GlobalSecondaryIndexes": rows}}, {"TableName": "parley-prod-config"}
            )
        indexes.wait_filled(dynamodb, ["parley-prod-config"], desk.hands.say, desk.hands.sleep)
        stub.assert_no_pending_responses()
    assert desk.said == ["  waits until AWS has filled parley-prod-config/by_b"] * 2
    assert desk.slept > 0


def test_an_index_that_is_never_filled_is_told(desk: Desk) -> None:
    class Filling:
        def describe_table(self, **_: Any) -> dict[str, Any]:
            return {"Table": {"GlobalSecondaryIndexes": [{"IndexName": "by_a", "IndexStatus": "CREATING"}]}}

    with pytest.raises(Refused, match="six hours"):
        indexes.wait_filled(Filling(), ["t"], lambda _: None, desk.hands.sleep)
    assert desk.slept == 6 * 3600
