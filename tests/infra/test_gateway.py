"""What API Gateway is told to do by itself: its answers, its rates, its log."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.api.http import routes as routing
from infra import alarms, dashboard, edges, gateway, limits, parameters, reference, searches
from infra.edges import edge_of

pytestmark = pytest.mark.xdist_group("package")

Template = dict[str, Any]


def test_there_is_one_api_and_no_other(template: Template) -> None:
    # Beside that of sockets (test_sockets.py).
    kinds = [one["Type"] for name, one in template["Resources"].items() if not name.startswith("Live")]
    assert kinds.count("AWS::ApiGatewayV2::Api") == kinds.count("AWS::ApiGatewayV2::Stage") == 1
    assert not {kind for kind in kinds if kind.startswith(("AWS::ApiGateway::", "AWS::Serverless::Api"))}
    # Who may call is said by each web chat; here it would be said for all, and ours passed over.
    assert "CorsConfiguration" not in template["Resources"]["HttpApi"]["Properties"]


def leads_to(path: str) -> str:
    """The edge that API Gateway gives a path to: a route of all its parts, else a beginning, else `$default`
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html)."""
    for key, edge in sorted(gateway.routes().items(), key=lambda one: "{proxy+}" in one[0]):
        shape = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(key.removeprefix("ANY ")).replace(r"\{proxy\+\}", ".+"))
        if key != gateway.ELSEWHERE and re.fullmatch(shape, path):
            return edge
    return gateway.routes()[gateway.ELSEWHERE]


@pytest.mark.parametrize("path", sorted({route.path for route in routing.TABLE}))
def test_each_edge_gets_its_own_paths(path: str) -> None:
    called = re.sub(r"\{\w+\}", "x_1", path)
    assert leads_to(called) == edge_of(path)


def test_what_is_nowhere_is_answered_by_us() -> None:
    assert leads_to("/") == leads_to("/channels/x") == leads_to("/wp-login.php") == "api"


def test_no_route_is_named_as_aws_may_not_take_it() -> None:
    """All of a part has a name, or none of it; and no colons."""
    for key in set(gateway.routes()) - {gateway.ELSEWHERE}:
        assert re.fullmatch(r"ANY (/([\w.-]+|\{\w+\}))*(/\{proxy\+\})?", key), key
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    assert len(gateway.routes()) <= 300


def test_the_template_has_the_routes(template: Template) -> None:
    ways = {
        name: one["Properties"]["IntegrationUri"]["Fn::GetAtt"][0]
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::ApiGatewayV2::Integration" and one["Properties"]["ApiId"] == {"Ref": "HttpApi"}
    }
    made = {}
    for one in template["Resources"].values():
        if one["Type"] == "AWS::ApiGatewayV2::Route" and one["Properties"]["ApiId"] == {"Ref": "HttpApi"}:
            way = re.fullmatch(r"integrations/\$\{(\w+)\}", one["Properties"]["Target"]["Fn::Sub"])
            assert way is not None
            made[one["Properties"]["RouteKey"]] = ways[way[1]]
    assert made == {key: edges.logical(edge) for key, edge in gateway.routes().items()}


def test_every_route_has_a_rate_and_what_is_nowhere_a_low_one(template: Template) -> None:
    stage = template["Resources"]["HttpStage"]
    assert stage["Properties"]["RouteSettings"] == gateway.rates()
    assert set(gateway.rates()) | {gateway.ELSEWHERE} == set(gateway.routes())
    # AWS refuses a rate of a route that does not exist yet.
    kind = "AWS::ApiGatewayV2::Route"
    routes = [
        name
        for name, one in template["Resources"].items()
        if one["Type"] == kind and one["Properties"]["ApiId"] == {"Ref": "HttpApi"}
    ]
    assert set(stage["DependsOn"]) == set(routes)
    for key, one in gateway.rates().items():
        rate = limits.RATES[gateway.routes()[key]]
        assert (one["ThrottlingRateLimit"], one["ThrottlingBurstLimit"]) == (rate.a_second, rate.burst)
    others = stage["Properties"]["DefaultRouteSettings"]
    assert 0 < others["ThrottlingRateLimit"] <= 5, "paths that lead nowhere"
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
    told = template["Resources"]["HttpStage"]["Properties"]["AccessLogSettings"]["Fn::If"]
    assert told[0] == "WithAccessLogs"
    line = json.loads(told[1]["Format"])
    assert line["request"] == "$context.requestId", "AWS takes no format without it"
    # Paths of bots and desks hold their tokens, queries hold sessions and verify tokens.
    assert not {"$context.path", "$context.protocol", "$context.customDomain.basePathMatched"} & set(line.values())
    assert all(re.fullmatch(r"\$context\.[A-Za-z.]+", value) for value in line.values())


def test_what_costs_or_changes_the_account_is_asked_for() -> None:
    off = {"TableKeyArn": "", "Tracing": "PassThrough", "AccessLogs": "off", "BudgetUsd": 0}
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
    names, counted = json.dumps(template["Resources"]), reference.metrics()
    for metric in shown:
        if metric[2] == "ApiId":
            assert template["Resources"][metric[3].strip("${}")]["Type"] == "AWS::ApiGatewayV2::Api"
        elif metric[0] == "Parley":
            assert (metric[3], metric[1]) in counted
        else:
            assert f'{{"Fn::Sub": "{metric[3]}"}}' in names, metric
    body = template["Resources"]["MessagePath"]["Properties"]["DashboardBody"]["Fn::Sub"]
    # What Fn::Sub would take for a name of the template and cannot find.
    assert set(re.findall(r"\$\{([^}]+)\}", body)) == {"AWS::Region", "HttpApi", "LiveApi", "Stage"}


def test_alarms_are_as_dear_as_the_page_says() -> None:
    made = [one for one in alarms.resources().values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(made) < alarms.metrics() < len(made) + 10
    for one in made:
        # CloudWatch takes ten metrics an alarm.
        assert len(one["Properties"].get("Metrics", ())) <= 10


def test_searches_name_fields_that_lines_have() -> None:
    known = {*re.findall(r"`(\w+)`", reference.page().partition("## Log lines")[2])}
    known |= {"step", "level", "message", "exception", "timestamp"}
    known |= {word for name in searches.OF_LAMBDA for word in name.split(".")}
    of_the_language = {"fields", "filter", "sort", "limit", "asc", "in", "or", "like", "ispresent"}
    for one in searches.resources().values():
        text = re.sub(r'"[^"]*"|#[^\n]*', "", one["Properties"]["QueryString"])
        words = set(re.findall(r"\b[a-z]\w+\b", text)) - of_the_language
        assert words <= known, words - known
