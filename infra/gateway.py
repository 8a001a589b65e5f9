"""The HTTP API as API Gateway serves it: how fast, what it answers by itself, what it writes down, what guards it."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.api.http import routes as routing
from chalicelib.ports.web import TITLES
from infra.edges import edge_of
from infra.limits import LOG_DAYS, OTHER, RATES, Rate
from infra.parameters import when

STAGE = "api"
LOG = "/aws/apigateway/parley-${Stage}"

BYTES = ["*/*"]
"""Types of bodies that are handed on as bytes: all. What is not among them the gateway reads as UTF-8, and a letter of
another encoding is U+FFFD before our code sees it: a name is lost, and a signature of the body no longer fits
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html)."""

_NOT_FOUND = (404, "not_found", "there is nothing at this path")
_AGAIN = (503, "unavailable", "the call could not be handed on; try again")
_FAILED = (500, "gateway", "the gateway cannot make this call")
ANSWERS: dict[str, tuple[int, str, str]] = {
    # No route of ours asks the gateway to check who calls. So whatever it says of tokens and signatures, it says of a
    # path that it does not know: which of these it says depends on what the caller's Authorization looks like.
    "MISSING_AUTHENTICATION_TOKEN": _NOT_FOUND,
    "INVALID_SIGNATURE": _NOT_FOUND,
    "EXPIRED_TOKEN": _NOT_FOUND,
    "UNAUTHORIZED": _NOT_FOUND,
    "RESOURCE_NOT_FOUND": _NOT_FOUND,
    "DEFAULT_4XX": _NOT_FOUND,
    "ACCESS_DENIED": (403, "forbidden", "a policy of this deployment refuses the call"),
    "INVALID_API_KEY": (403, "forbidden", "a policy of this deployment refuses the call"),
    "WAF_FILTERED": (403, "forbidden", "the firewall of this deployment refuses the call"),
    "BAD_REQUEST_BODY": (400, "bad_request", "the body cannot be read"),
    "BAD_REQUEST_PARAMETERS": (400, "bad_request", "the parameters cannot be read"),
    "REQUEST_TOO_LARGE": (413, "too_large", "at most 10 MB are taken"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported_media_type", "the body's type is not known here"),
    "THROTTLED": (429, "throttled", "too many calls at once; try again"),
    "QUOTA_EXCEEDED": (429, "throttled", "too many calls; try again later"),
    # A function without concurrency left is told to the caller as one that failed.
    "INTEGRATION_FAILURE": _AGAIN,
    "DEFAULT_5XX": _AGAIN,
    "INTEGRATION_TIMEOUT": (504, "timeout", "no answer within 29 seconds; try again"),
    "API_CONFIGURATION_ERROR": _FAILED,
    "AUTHORIZER_FAILURE": _FAILED,
    "AUTHORIZER_CONFIGURATION_ERROR": _FAILED,
}
"""Kind of the gateway's own answers -> status, code and detail of ours. All kinds that there are
(https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html)."""
_RETRY_AFTER_S = {429: 1, 503: 2, 504: 2}

LINE = {
    "request": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    # The route and not the path: paths of bots and desks hold their tokens, and queries hold sessions.
    "route": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "took_ms": "$context.responseLatency",
    "bytes": "$context.responseLength",
}
"""A line of the access log."""


def finish(properties: dict[str, Any]) -> None:
    """Finish the API that `chalice package` wrote (its properties are changed in place)."""
    properties["Name"] = {"Fn::Sub": "parley-${Stage}"}
    # SAM would make a second stage called "Stage" (aws/serverless-application-model#191) without this.
    properties["OpenApiVersion"] = "2.0"
    properties["MethodSettings"] = throttling()
    log = {"DestinationArn": {"Fn::GetAtt": ["AccessLog", "Arn"]}, "Format": json.dumps(LINE)}
    properties["AccessLogSetting"] = when("WithAccessLogs", log)
    properties["TracingEnabled"] = {"Fn::If": ["Traced", True, False]}
    body = properties["DefinitionBody"]
    body["x-amazon-apigateway-gateway-responses"] = responses()
    body["x-amazon-apigateway-binary-media-types"] = BYTES
    body["info"]["title"] = {"Fn::Sub": "parley-${Stage}"}


def responses() -> dict[str, dict[str, Any]]:
    """What API Gateway itself answers, as problems (RFC 9457) that a page of any origin may read."""
    return {kind: _problem(*said) for kind, said in ANSWERS.items()}


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    body = {
        "type": f"about:blank#{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [],
    }
    headers = {
        "Content-Type": "application/problem+json",
        # It holds nothing that a page of another origin must not see, and without this the page sees no status either.
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Retry-After",
    }
    if status in _RETRY_AFTER_S:
        headers["Retry-After"] = str(_RETRY_AFTER_S[status])
    return {
        "statusCode": str(status),
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        "responseTemplates": {"application/json": json.dumps(body)},
    }


def throttling() -> list[dict[str, Any]]:
    """How many calls a second each method takes: those that mean something as `infra.limits.RATES` says of their edge.

    What is above is answered 429 by the gateway, and AWS does not charge for it
    (https://aws.amazon.com/api-gateway/pricing/).
    """
    meant = [
        _rate("/" + route.path.replace("/", "~1"), route.method, RATES[edge_of(route.path)]) for route in routing.TABLE
    ]
    return [_rate("/*", "*", OTHER), *meant]


def _rate(path: str, method: str, rate: Rate) -> dict[str, Any]:
    return {
        "ResourcePath": path,
        "HttpMethod": method,
        "ThrottlingRateLimit": rate.a_second,
        "ThrottlingBurstLimit": rate.burst,
    }


def resources() -> dict[str, Any]:
    """The log of calls and the firewall's place, where somebody asked for them.

    The role by which API Gateway writes logs is one for all of an account and region
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html), so no stack of ours sets it.
    """
    stage = {"Fn::Sub": f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}::/restapis/${{RestAPI}}/stages/{STAGE}"}
    return {
        "AccessLog": {
            "Type": "AWS::Logs::LogGroup",
            "Condition": "WithAccessLogs",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"LogGroupName": {"Fn::Sub": LOG}, "RetentionInDays": LOG_DAYS},
        },
        "Firewall": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Condition": "HasWebAcl",
            # The stage that SAM makes of the API.
            "DependsOn": [f"RestAPI{STAGE}Stage"],
            "Properties": {"ResourceArn": stage, "WebACLArn": {"Ref": "WebAclArn"}},
        },
    }
