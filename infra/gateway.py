"""The HTTP API as API Gateway serves it: which edge has which paths, how fast, and what is written down.

An HTTP API and not the REST API that Chalice writes: 1.00 USD a million calls in the place of 3.50
(https://aws.amazon.com/api-gateway/pricing/). Edges have their paths by name, so that each can have its own rate; the
paths of `api` lead there by their beginning, and the call's path says which of them it is
(`chalicelib/api/http/http_api.py`). So nothing depends on what API Gateway takes for a path, such as `/v1/sources:try`.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra import declared
from infra.edges import API, edge_of, logical, present
from infra.limits import LOG_DAYS, OTHER, RATES, Rate
from infra.parameters import when

STAGE = "$default"
"""The stage whose name is no part of an address."""
LOG = "/aws/apigateway/parley-${Stage}"
INTEGRATION_MS = 30_000
"""The longest that an HTTP API waits (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html)."""
ELSEWHERE = "$default"
"""The route of what is at no path; it leads to `api`, whose answer is a problem like all of ours."""

LINE = {
    "request": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    # The route and not the path: paths of bots and desks hold their tokens, and queries hold sessions.
    "route": "$context.routeKey",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "took_ms": "$context.responseLatency",
    "bytes": "$context.responseLength",
}
"""A line of the access log
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html)."""


def replace(resources: dict[str, Any]) -> None:
    """Put the HTTP API in the place of the REST API that `chalice package` wrote (changed in place)."""
    del resources["RestAPI"]
    source = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*"
    for edge in present():
        resources[f"{logical(edge)}InvokePermission"]["Properties"]["SourceArn"] = {"Fn::Sub": source}
    resources |= _api() | {name: one for edge in present() for name, one in _edge(edge).items()}


def routes() -> Mapping[str, str]:
    """Key of a route -> the edge that it leads to."""
    found: dict[str, str] = {}
    for path in dict.fromkeys(route.path for route in declared.routes()):
        edge = edge_of(path)
        found[f"ANY {path if edge != API else _beginning(path)}"] = edge
    return found | {ELSEWHERE: API}


def _beginning(path: str) -> str:
    first, _, rest = path.lstrip("/").partition("/")
    return f"/{first}/{{proxy+}}" if rest else path


def rates() -> dict[str, dict[str, Any]]:
    """Key of a route -> how many calls a second it takes (`infra.limits.RATES`).

    What is above is answered 429 by the gateway, and AWS does not charge for it
    (https://aws.amazon.com/api-gateway/pricing/).
    """
    return {key: _rate(RATES[edge]) for key, edge in routes().items() if key != ELSEWHERE}


def _rate(rate: Rate) -> dict[str, Any]:
    return {"ThrottlingRateLimit": rate.a_second, "ThrottlingBurstLimit": rate.burst}


def _api() -> dict[str, Any]:
    log = {"DestinationArn": {"Fn::GetAtt": ["AccessLog", "Arn"]}, "Format": json.dumps(LINE)}
    return {
        "HttpApi": {
            "Type": "AWS::ApiGatewayV2::Api",
            # No CorsConfiguration: which pages may call is said by each web chat, and the gateway would answer for all.
            "Properties": {"Name": {"Fn::Sub": "parley-${Stage}"}, "ProtocolType": "HTTP"},
        },
        "HttpStage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            # AWS refuses a rate of a route that is not there yet.
            "DependsOn": [_route_id(key) for key in routes()],
            "Properties": {
                "ApiId": {"Ref": "HttpApi"},
                "StageName": STAGE,
                "AutoDeploy": True,
                "DefaultRouteSettings": _rate(OTHER),
                "RouteSettings": rates(),
                "AccessLogSettings": when("WithAccessLogs", log),
            },
        },
        "AccessLog": {
            "Type": "AWS::Logs::LogGroup",
            "Condition": "WithAccessLogs",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"LogGroupName": {"Fn::Sub": LOG}, "RetentionInDays": LOG_DAYS},
        },
    }


def _edge(edge: str) -> dict[str, Any]:
    """The way from the API to an edge, and the routes that take it."""
    way = f"{logical(edge)}Integration"
    found: dict[str, Any] = {
        way: {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "HttpApi"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::GetAtt": [logical(edge), "Arn"]},
                "PayloadFormatVersion": "2.0",
                "TimeoutInMillis": INTEGRATION_MS,
            },
        }
    }
    for key, leads_to in routes().items():
        if leads_to == edge:
            found[_route_id(key)] = {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": "HttpApi"},
                    "RouteKey": key,
                    "Target": {"Fn::Sub": f"integrations/${{{way}}}"},
                },
            }
    return found


def _route_id(key: str) -> str:
    """Its name in the template, made of its key: a route of another key is another route, as the stage's rates name it
    and AWS refuses to rename what they name."""
    return declared.pascal(f"route {key}")
