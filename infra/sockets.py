"""The WebSocket API: where pages of web chats open their sockets, and how Lambdas reach them.

Chalice packages such an API only as an experiment, with a function for each route and one policy for all, so it is
written here; `live` answers all three routes.
"""

from __future__ import annotations

from typing import Any

from infra.limits import SOCKETS

API, STAGE, STEP = "LiveApi", "live", "live"
ROUTES = ("$connect", "$default", "$disconnect")
"""Routes of API Gateway: a socket opens, sends, is closed. What a page sends has no route of its own, whatever it says
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-develop-routes.html)."""
_AT = f"${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}"


def environment() -> dict[str, Any]:
    """Where pages open sockets, and where `push` reaches them (`chalicelib/ports/settings.py`).

    At API Gateway's own name, also where `DomainName` gives the API another: no page keeps it for longer than five
    minutes, and nobody has to type it.
    """
    return _variables(f"wss://{_AT}", f"https://{_AT}")


def on_emulator(endpoint: str) -> dict[str, Any]:
    """The same on this machine, whose AWS is at `endpoint` (`http://...`)."""
    at = f"{endpoint.removeprefix('http://')}/_aws/execute-api/${{{API}}}/{STAGE}"
    return _variables(f"ws://{at}", f"http://{at}")


def _variables(live: str, sockets: str) -> dict[str, Any]:
    return {"PARLEY_LIVE_URL": {"Fn::Sub": live}, "PARLEY_SOCKETS_URL": {"Fn::Sub": sockets}}


def resources(function: str) -> dict[str, Any]:
    """The API with its stage, its routes to `function` (a resource name), and that it may call it."""
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s.Arn}/invocations"
    found: dict[str, Any] = {
        API: _made("Api", Name={"Fn::Sub": "parley-${Stage}-live"}, ProtocolType="WEBSOCKET",
                   RouteSelectionExpression="$request.body.type"),
        "LiveStage": _made("Stage", ApiId={"Ref": API}, StageName=STAGE, AutoDeploy=True,
                           DefaultRouteSettings={"ThrottlingRateLimit": SOCKETS.a_second,
                                                 "ThrottlingBurstLimit": SOCKETS.burst})
        # Else its first deployment has some of the routes.
        | {"DependsOn": [_route(key) for key in ROUTES]},
        "LiveIntegration": _made("Integration", ApiId={"Ref": API}, IntegrationType="AWS_PROXY",
                                 IntegrationUri={"Fn::Sub": uri % function}),
        # What `live` answers a frame goes back on its socket
        # (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html).
        "LiveAnswer": _made("RouteResponse", ApiId={"Ref": API}, RouteId={"Ref": _route("$default")},
                            RouteResponseKey="$default"),
        "LivePermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": function},
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": {
                    "Fn::Sub": f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{API}}}/*"
                },
            },
        },
    }  # fmt: skip
    for key in ROUTES:
        answers = {"RouteResponseSelectionExpression": "$default"} if key == "$default" else {}
        found[_route(key)] = _made(
            "Route", ApiId={"Ref": API}, RouteKey=key, AuthorizationType="NONE",
            Target={"Fn::Sub": "integrations/${LiveIntegration}"}, **answers,
        )  # fmt: skip
    return found


def _route(key: str) -> str:
    return f"Live{key.removeprefix('$').capitalize()}Route"


def _made(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": properties}
