"""What a deployment is told, and what it refuses before anything is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.ports.settings import OpenId, settings
from infra import sign_in
from infra.deploying import account as accounts
from infra.deploying import told
from infra.deploying.deployment import refuse_private_targets
from infra.deploying.refused import Refused
from infra.limits import LIMITS
from infra.package import build, here
from infra.parameters import PARAMETERS
from tests.deploying.conftest import template

ROOT = Path(__file__).parents[2]
FUNCTIONS = {
    "Resources": {
        name: {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "FunctionName": {"Fn::Sub": f"parley-${{Stage}}-{name.lower()}"},
                "ReservedConcurrentExecutions": {"Fn::If": ["Reserve", number, {"Ref": "AWS::NoValue"}]},
            },
        }
        for name, number in (("Poll", 100), ("Bury", 2))
    }
    | {"Free": {"Type": "AWS::Serverless::Function", "Properties": {}}}
}


def test_what_was_chosen_once_stays_until_it_is_chosen_anew() -> None:
    first = told.parameters(template(), {}, {"AlarmEmail": "a@example.com"}, "prod")
    assert first == {
        "Stage": "prod",
        "Protect": "on",
        "Alarms": "off",
        "ReserveConcurrency": "off",
        "AlarmEmail": "a@example.com",
        "BudgetUsd": "0",
    }
    again = told.parameters(template(), first | {"GoneSince": "x"}, {"BudgetUsd": "20"}, "prod")
    assert again == first | {"BudgetUsd": "20"}
    assert told.parameters(template(), again, {"AlarmEmail": ""}, "prod")["AlarmEmail"] == ""


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("AlarmMail", "x", "is it AlarmEmail?"),
        ("Stage", "other", "no parameter 'Stage'"),
        ("Alarms", "yes", "one of on, off"),
        ("BudgetUsd", "-1", "whole number of 0 to 1000"),
        ("BudgetUsd", "1001", "whole number of 0 to 1000"),
        ("BudgetUsd", "²", "whole number of 0 to 1000"),
    ],
)
def test_a_parameter_that_cannot_be_meant_is_refused(name: str, value: str, says: str) -> None:
    with pytest.raises(Refused, match=says.replace("?", r"\?")):
        told.parameters(template(), {}, {name: value}, "prod")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"OidcIssuer": "http://id.example.com", "OidcClientId": "x"}, "OidcIssuer="),
        ({"OidcIssuer": "id.example.com", "OidcClientId": "x"}, "OidcIssuer="),
        ({"OidcIssuer": "https://id.example.com"}, "OidcIssuer needs OidcClientId"),
        ({"OidcTrustAddresses": "yes"}, "one of on, off"),
        ({"OidcRoles": "groups"}, "OidcRoles="),
        ({"OidcRoles": "groups:staff=owner"}, "OidcRoles="),
        ({"OidcRoles": "staff=agent"}, "OidcRoles="),
        ({"OidcRoles": "groups:staff=agent,"}, "OidcRoles="),
    ],
)
def test_an_issuer_that_cannot_be_meant_is_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        told.parameters({"Parameters": PARAMETERS}, {}, given, "prod")


def test_what_is_said_of_an_issuer_is_what_the_api_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "OidcIssuer": "https://id.example.com/realms/a",
        "OidcClientId": "parley",
        "OidcEmailDomains": "Example.com, example.org",
        "OidcRoles": "https://x/groups:parley admins=admin,care=agent",
    }
    values = told.parameters({"Parameters": PARAMETERS}, {}, given, "prod")
    for name, value in sign_in.environment().items():
        monkeypatch.setenv(name, values[value["Ref"]])
    settings.cache_clear()
    read = settings().open_id
    monkeypatch.undo()
    settings.cache_clear()

    assert read == OpenId(
        "https://id.example.com/realms/a",
        "parley",
        "id.example.com",
        frozenset({"example.com", "example.org"}),
        roles_claim="https://x/groups",
        roles=(("parley admins", "admin"), ("care", "agent")),
    )


@pytest.mark.parametrize("stage", ["", "Prod", "1a", "a" * 17, "a-b", "prod\n"])
def test_a_stage_that_cannot_be_part_of_names_is_refused(stage: str) -> None:
    with pytest.raises(Refused, match="Stage="):
        told.parameters(template(), {}, {}, stage)


def test_a_domain_needs_its_certificate() -> None:
    body = template()
    body["Parameters"] |= {
        "DomainName": {"Type": "String", "Default": ""},
        "CertificateArn": {"Type": "String", "Default": ""},
    }
    with pytest.raises(Refused, match="CertificateArn"):
        told.parameters(body, {}, {"DomainName": "parley.example.com"}, "prod")


def test_tags_are_kept_added_to_and_taken_away() -> None:
    assert told.tags({}, {}, "prod") == {"application": "parley", "stage": "prod"}
    assert told.tags({"team": "a", "cost": "1"}, {"team": "b", "cost": ""}, "prod") == {
        "application": "parley",
        "stage": "prod",
        "team": "b",
    }
    with pytest.raises(Refused, match="tags"):
        told.tags({}, {f"t{number}": "x" for number in range(60)}, "prod")


@pytest.mark.parametrize("given", ["AlarmEmail", "=x", ""])
def test_an_option_without_name_and_value_is_refused(given: str) -> None:
    with pytest.raises(Refused, match="Name=Value"):
        told.pairs([given], "--set")


def test_a_value_may_hold_what_divides_name_and_value() -> None:
    assert told.pairs(["A=b=c"], "--set") == {"A": "b=c"}


def test_targets_inside_the_network_are_never_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_private_targets(json.loads(build(here()).template.read_text(encoding="utf-8")))
    body = template()
    body["Resources"]["Queue"]["Metadata"] = {"PARLEY_ALLOW_PRIVATE_TARGETS": "1"}
    with pytest.raises(Refused, match="local run only"):
        refuse_private_targets(body)
    monkeypatch.setenv("PARLEY_ALLOW_PRIVATE_TARGETS", "1")
    with pytest.raises(Refused, match="local run only"):
        refuse_private_targets(template())


def _run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command in an environment without any AWS configuration but what is given."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PARLEY_"))}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=bare | {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_no_region_is_chosen_by_chance(command: str) -> None:
    done = _run("-m", f"infra.{command}", "--stage", "prod")
    assert done.returncode == 1
    assert "names no region" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_region_of_the_profile_is_taken(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile work]\nregion = eu-central-1\n")
    code = "import infra.deploy, infra.destroy, boto3; print(boto3.Session().region_name)"
    done = _run("-c", code, AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_PROFILE="work")
    assert done.stdout.strip() == "eu-central-1", done.stderr


def test_without_credentials_it_says_how_to_get_some() -> None:
    done = _run("-m", "infra.deploy", "--stage", "prod", AWS_REGION="eu-west-1", AWS_EC2_METADATA_DISABLED="true")
    assert done.returncode == 1
    assert "no AWS credentials were found" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("unreserved", "own", "fits"),
    [(1000, None, True), (202, None, True), (201, None, False), (10, None, False), (102, 100, True), (101, 100, False)],
)
def test_what_the_account_cannot_reserve_is_refused_before_anything_is_made(
    unreserved: int, own: int | None, fits: bool
) -> None:
    functions = boto3.client("lambda", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(functions)
    stub.add_response(
        "get_account_settings",
        {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": unreserved}},
    )
    for name in ("poll", "bury"):
        if own is None:
            stub.add_client_error("get_function_concurrency", "ResourceNotFoundException")
        else:
            answer = {"ReservedConcurrentExecutions": own} if name == "poll" else {}
            stub.add_response("get_function_concurrency", answer, {"FunctionName": f"parley-prod-{name}"})
    with stub:
        if fits:
            accounts.refuse_too_small(functions, FUNCTIONS, "prod")
        else:
            with pytest.raises(Refused, match="ReserveConcurrency=off"):
                accounts.refuse_too_small(functions, FUNCTIONS, "prod")
        stub.assert_no_pending_responses()


def test_the_template_says_what_it_reserves_in_words_that_are_read() -> None:
    built = json.loads(build(here()).template.read_text(encoding="utf-8"))
    assert sum(accounts.reserved(built).values()) == sum(limit.reserved or 0 for limit in LIMITS.values())
