"""What API Gateway is told to do by itself: its answers, its rates, its log."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest

from chalicelib.api.http import routes as routing
from chalicelib.api.http.shapes import Problem
from infra import alarms, dashboard, edges, gateway, limits, parameters, searches
from infra.edges import edge_of

pytestmark = pytest.mark.xdist_group("package")

Template = dict[str, Any]


def header(answer: dict[str, Any], name: str) -> str | None:
    value: str | None = answer["responseParameters"].get(f"gatewayresponse.header.{name}")
    return value


def test_every_answer_that_the_gateway_can_give_is_ours() -> None:
    client = boto3.client("apigateway", region_name="us-east-1")
    kinds = set(client.meta.service_model.shape_for("GatewayResponseType").enum)
    assert set(gateway.ANSWERS) == kinds


@pytest.mark.parametrize("kind", sorted(gateway.ANSWERS))
def test_an_answer_of_the_gateway_is_a_problem_that_any_page_may_read(kind: str) -> None:
    answer = gateway.responses()[kind]
    problem = json.loads(answer["responseTemplates"]["application/json"])
    Problem.model_validate(problem)
    assert str(problem["status"]) == answer["statusCode"]
    assert re.fullmatch("[a-z_]+", problem["code"])
    assert header(answer, "Content-Type") == "'application/problem+json'"
    assert header(answer, "Access-Control-Allow-Origin") == "'*'"
    assert (header(answer, "Retry-After") is not None) == (problem["status"] in (429, 503, 504))
    assert "$" not in answer["responseTemplates"]["application/json"], "the gateway would put something in"


def test_what_comes_again_says_so_and_what_does_not_exist_is_404() -> None:
    said = {kind: status for kind, (status, _, _) in gateway.ANSWERS.items()}
    # A Lambda without concurrency left, and one that ran out of time.
    assert (said["INTEGRATION_FAILURE"], said["INTEGRATION_TIMEOUT"], said["THROTTLED"]) == (503, 504, 429)
    # A path that is not there, without and with an Authorization that is none of AWS's.
    assert said["MISSING_AUTHENTICATION_TOKEN"] == said["INVALID_SIGNATURE"] == said["DEFAULT_4XX"] == 404


def test_the_template_tells_the_gateway(template: Template) -> None:
    properties = template["Resources"]["RestAPI"]["Properties"]
    assert properties["DefinitionBody"]["x-amazon-apigateway-gateway-responses"] == gateway.responses()
    assert properties["MethodSettings"] == gateway.throttling()


def test_the_gateway_hands_every_body_on_as_bytes(template: Template) -> None:
    """Read as text, a letter that is no UTF-8 would be lost before any code of ours sees it."""
    kinds = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-binary-media-types"]
    assert kinds == ["*/*"]


def test_every_method_has_a_rate_and_strangers_a_low_one(template: Template) -> None:
    settings = {(one["ResourcePath"], one["HttpMethod"]): one for one in gateway.throttling()}
    paths = {
        path.replace("/", "~1") for path in template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    }
    assert {path for path, _ in settings} - {"/*"} <= {f"/{path}" for path in paths}
    for route in routing.TABLE:
        one = settings["/" + route.path.replace("/", "~1"), route.method]
        rate = limits.RATES[edge_of(route.path)]
        assert (one["ThrottlingRateLimit"], one["ThrottlingBurstLimit"]) == (rate.a_second, rate.burst)
    others = settings["/*", "*"]
    assert 0 < others["ThrottlingRateLimit"] <= 5, "methods that no path has"
    anonymous = limits.RATES["poll_channel"], limits.RATES["receive_channel"]
    assert all(rate.a_second <= 100 and rate.burst <= 200 for rate in anonymous)


def test_what_the_gateway_lets_through_leaves_concurrency_to_the_others(template: Template) -> None:
    """With a tenth of a second a call, and with the whole time that a call may take where a ceiling says so."""
    for edge in ("receive_channel", "poll_channel"):
        assert limits.LIMITS[edge].reserved, f"anybody may call {edge}"
        variables = template["Resources"][edges.logical(edge)]["Properties"]["Environment"]["Variables"]
        assert variables["PARLEY_LONGEST_POLL_S"] == {"Fn::If": ["Reserve", "20", "0"]}, "else it would be held there"
    assert limits.LIMITS["release_due"].reserved, "a full account would drop the minute's tick"
    assert sum(limit.reserved or 0 for limit in limits.LIMITS.values()) <= 250, "an account has 1000 and several stages"
    assert limits.LIMITS["converse"].reserved is None, "it would be a ceiling, too"


def test_the_log_of_calls_holds_no_secret(template: Template) -> None:
    told = template["Resources"]["RestAPI"]["Properties"]["AccessLogSetting"]["Fn::If"]
    assert told[0] == "WithAccessLogs"
    line = json.loads(told[1]["Format"])
    assert line["request"] == "$context.requestId", "AWS takes no format without it"
    # Paths of bots and desks hold their tokens, queries hold sessions and verify tokens.
    assert not {"$context.path", "$context.protocol", "$context.customDomain.basePathMatched"} & set(line.values())
    assert all(re.fullmatch(r"\$context\.[A-Za-z.]+", value) for value in line.values())


def test_what_costs_or_changes_the_account_is_asked_for() -> None:
    off = {"TableKeyArn": "", "Tracing": "PassThrough", "AccessLogs": "off", "WebAclArn": "", "BudgetUsd": 0}
    off |= {"BackupDays": 0, "AlarmEmail": ""}
    assert {name: parameters.PARAMETERS[name]["Default"] for name in off} == off
    used = json.dumps(parameters.CONDITIONS)
    assert all(f'"Ref": "{name}"' in used for name in off)


def test_every_condition_is_used(template: Template) -> None:
    text = json.dumps(template["Resources"])
    for name in parameters.CONDITIONS:
        assert f'"Condition": "{name}"' in text or f'"Fn::If": ["{name}"' in text, name
    for name in parameters.PARAMETERS:
        assert f'{{"Ref": "{name}"}}' in json.dumps([template["Resources"], parameters.CONDITIONS]), name


def test_the_dashboard_is_one_of_the_free_and_shows_what_is_there(template: Template) -> None:
    shown = [metric for one in dashboard.widgets() for metric in one["properties"]["metrics"]]
    assert len(shown) <= dashboard.FREE_METRICS
    names = json.dumps(template["Resources"])
    for metric in shown:
        if metric[0] != "Parley":
            assert f'{{"Fn::Sub": "{metric[3]}"}}' in names, metric
    body = template["Resources"]["MessagePath"]["Properties"]["DashboardBody"]["Fn::Sub"]
    # What Fn::Sub would take for a name of the template and cannot find.
    assert set(re.findall(r"\$\{([^}]+)\}", body)) == {"AWS::Region", "Stage"}


def test_alarms_are_as_dear_as_the_page_says() -> None:
    made = [one for one in alarms.resources().values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(made) < alarms.metrics() < len(made) + 10
    for one in made:
        # CloudWatch takes ten metrics an alarm.
        assert len(one["Properties"].get("Metrics", ())) <= 10


def test_searches_name_fields_that_lines_have() -> None:
    from infra import reference

    known = {*re.findall(r"`(\w+)`", reference.page().partition("## Log lines")[2])}
    known |= {"step", "level", "message", "exception", "timestamp"}
    for one in searches.resources().values():
        text = re.sub(r'"[^"]*"|#[^\n]*', "", one["Properties"]["QueryString"])
        words = set(re.findall(r"\b[a-z]\w+\b", text)) - {"fields", "filter", "sort", "limit", "asc", "in"}
        assert words <= known, words - known
