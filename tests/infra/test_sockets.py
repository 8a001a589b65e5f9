"""The WebSocket API as it is deployed: who answers it, who may reach its sockets, and what wakes whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ports import sockets as port
from chalicelib.steps import live
from chalicelib.tables import beats, connections
from infra import edges, sockets
from infra.limits import LIMITS, SOCKETS
from infra.local import fixes
from infra.sources import FILTERS
from tests.cloud import _matches as matches

pytestmark = pytest.mark.xdist_group("package")

Template = dict[str, Any]


def made(template: Template, name: str) -> dict[str, Any]:
    return dict(template["Resources"][name]["Properties"])


def test_the_three_routes_lead_to_live(template: Template) -> None:
    routes = [
        one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::ApiGatewayV2::Route" and one["Properties"]["ApiId"] == {"Ref": sockets.API}
    ]
    assert {route["RouteKey"] for route in routes} == set(sockets.ROUTES)
    assert {route["Target"]["Fn::Sub"] for route in routes} == {"integrations/${LiveIntegration}"}
    # What it answers a frame goes back only where the route says so, and has a response.
    assert [route["RouteKey"] for route in routes if "RouteResponseSelectionExpression" in route] == ["$default"]
    assert made(template, "LiveAnswer")["RouteId"] == {"Ref": "LiveDefaultRoute"}
    assert set(template["Resources"]["LiveStage"]["DependsOn"]) == {
        name for name, one in template["Resources"].items() if one["Properties"] in routes
    }
    uri = made(template, "LiveIntegration")["IntegrationUri"]["Fn::Sub"]
    assert "${Live.Arn}" in uri and made(template, "Live")["FunctionName"] == {"Fn::Sub": "parley-${Stage}-live"}
    permission = made(template, "LivePermission")
    assert (permission["FunctionName"], permission["Principal"]) == ({"Ref": "Live"}, "apigateway.amazonaws.com")
    assert f"${{{sockets.API}}}/" in permission["SourceArn"]["Fn::Sub"]


def test_only_push_may_reach_sockets_and_only_ours(template: Template) -> None:
    may: dict[str, dict[str, Any]] = {}
    for name in edges.names():
        role = made(template, made(template, edges.logical(name))["Role"]["Fn::GetAtt"][0])
        statements = role["Policies"][0]["PolicyDocument"]["Statement"]
        for one in statements:
            if "execute-api:ManageConnections" in one["Action"]:
                may[name] = one
    assert set(may) == {"push"}
    arns = [one["Fn::Sub"].partition("${LiveApi}")[2] for one in may["push"]["Resource"]]
    assert arns == ["/live/POST/@connections/*", "/live/DELETE/@connections/*"]


def test_functions_are_told_where_sockets_are(template: Template) -> None:
    for name in edges.names():
        told = made(template, edges.logical(name))["Environment"]["Variables"]
        assert told["PARLEY_LIVE_URL"]["Fn::Sub"].startswith("wss://${LiveApi}.execute-api.")
        assert told["PARLEY_SOCKETS_URL"]["Fn::Sub"].startswith("https://${LiveApi}.execute-api.")
        assert told["PARLEY_LIVE_URL"]["Fn::Sub"].endswith(f"/{made(template, 'LiveStage')['StageName']}")


def test_on_this_machine_they_are_the_emulators(template: Template) -> None:
    local = fixes.adapted(json.loads(json.dumps(template)), sockets.on_emulator("http://127.0.0.1:4566"), None)
    told = made(local, "Push")["Environment"]["Variables"]
    assert told["PARLEY_LIVE_URL"] == {"Fn::Sub": "ws://127.0.0.1:4566/_aws/execute-api/${LiveApi}/live"}
    assert told["PARLEY_SOCKETS_URL"] == {"Fn::Sub": "http://127.0.0.1:4566/_aws/execute-api/${LiveApi}/live"}
    assert "LiveAnswer" not in local["Resources"]


def test_what_aws_takes_is_kept_by_us(template: Template) -> None:
    """The emulator keeps none of these: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
    assert port.MOST_BYTES == 32 * 1024 and live.MOST_SENT < port.MOST_BYTES
    assert 2 * 3600 < connections.KEEP_S <= 2 * 3600 + 600
    settings = made(template, "LiveStage")["DefaultRouteSettings"]
    assert settings == {"ThrottlingRateLimit": SOCKETS.a_second, "ThrottlingBurstLimit": SOCKETS.burst}
    assert SOCKETS.burst <= 500, "so many may open in a second"
    # With a tenth of a second each.
    assert SOCKETS.a_second <= 10 * (LIMITS["live"].reserved or 0)
    assert LIMITS["live"].timeout_s <= 29


def message(kind: str, verb: str) -> dict[str, Any]:
    return {"eventName": verb, "dynamodb": {"NewImage": {"data": {"M": {"channel_kind": {"S": kind}}}}}}


@given(kind=st.sampled_from(["webchat", "custom", "whatsapp", "source"]), verb=st.sampled_from(["INSERT", "MODIFY"]))
def test_only_new_messages_of_web_chats_wake_push(kind: str, verb: str) -> None:
    woken = any(matches(one, message(kind, verb)) for one in FILTERS["push", "messages"])
    assert woken == (kind == "webchat" and verb == "INSERT")


@given(
    topic=st.sampled_from(["thread#th_1", "connection#c1", "service#sv_1"]),
    verb=st.sampled_from(["INSERT", "MODIFY", "REMOVE"]),
    news=st.sampled_from(["", connections.AGENT_TYPES, connections.VISITOR_TYPES]),
)
def test_a_visitors_socket_and_who_types_wake_push(topic: str, verb: str, news: str) -> None:
    image = {"news": {"S": news}} if news else {}
    record = {"eventName": verb, "dynamodb": {"Keys": {"topic": {"S": topic}}, "NewImage": image}}
    woken = any(matches(one, record) for one in FILTERS["push", "connections"])
    opens = verb == "INSERT" and topic.startswith(connections.THREAD)
    assert woken == (opens or (verb == "MODIFY" and bool(news)))


@given(
    topic=st.sampled_from(["feed#sv_1", "seen#sv_1#cv_1"]),
    verb=st.sampled_from(["INSERT", "MODIFY", "REMOVE"]),
    news=st.sampled_from(["", beats.PRESENCE]),
)
def test_a_changed_inbox_and_who_comes_and_goes_wake_push(topic: str, verb: str, news: str) -> None:
    image = {"news": {"S": news}} if news and verb != "REMOVE" else {}
    record = {"eventName": verb, "dynamodb": {"Keys": {"topic": {"S": topic}}, "NewImage": image}}
    woken = any(matches(one, record) for one in FILTERS["push", "beats"])
    of_chat = topic.startswith(beats.SEEN)
    assert woken == (verb == "REMOVE" if of_chat and not image else verb != "REMOVE")


def test_a_stream_has_two_readers_at_most(template: Template) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""
    readers: dict[str, int] = {}
    for one in template["Resources"].values():
        if one["Type"] == "AWS::Serverless::Function":
            for event in one["Properties"].get("Events", {}).values():
                if event["Type"] == "DynamoDB":
                    table = event["Properties"]["Stream"]["Fn::GetAtt"][0]
                    readers[table] = readers.get(table, 0) + 1
    assert readers["MessagesTable"] == max(readers.values()) == 2
