"""Calls of an HTTP API reach the same functions as a REST API's, and nothing of them is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice.app import Request, Response

from chalicelib.api.http.application import Application
from chalicelib.api.http.routes import METHODS, TABLE, match
from tests.cloud import Cloud, Context
from tests.http_api import event_of


@pytest.fixture
def app(cloud: Cloud) -> Application:
    made: Application = cloud.app.app
    return made


@pytest.fixture
def heard() -> list[Request]:
    return []


@pytest.fixture
def echo(heard: list[Request]) -> Application:
    """An application of one path that keeps what it is called with."""
    made = Application(app_name="echo", configure_logs=False)

    @made.route("/v1/contacts/{id}", methods=list(METHODS), content_types=["*/*"])
    def view(id: str) -> Response:
        assert made.current_request is not None
        heard.append(made.current_request)
        headers: Any = {"Vary": ["Origin", "Accept"], "Set-Cookie": ["a=1; HttpOnly", "b=2"], "Link": "<next>"}
        return Response(f"{id} ü", status_code=201, headers=headers)

    return made


def told(app: Application, *of: Any) -> tuple[int, dict[str, Any]]:
    answer = app(event_of(*of), Context())
    assert "multiValueHeaders" not in answer, "an HTTP API passes over it"
    return answer["statusCode"], json.loads(answer["body"] or "{}")


@pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")
def test_every_path_is_found_by_what_is_called(route: Any) -> None:
    called = "/".join("a.b-C_1" if part.startswith("{") else part for part in route.path.split("/"))
    found = match(called)
    assert found is not None and found.path == route.path
    assert set(found.names.values()) <= {"a.b-C_1"}


def test_what_stands_there_as_it_is_goes_before_a_name() -> None:
    assert match("/v1/openapi.json") == ("/v1/openapi.json", {})
    assert match("/v1/sources:try") == ("/v1/sources:try", {})
    assert match("/v1/contacts/co_1/erasure") == ("/v1/contacts/{id}/erasure", {"id": "co_1"})


@pytest.mark.parametrize(
    "path", ["/", "", "/v1", "/v1/", "/v1/contacts/", "/v1//contacts", "/health/", "/channels//webhook", "/nowhere"]
)
def test_what_is_at_no_path_is_a_problem(app: Application, path: str) -> None:
    status, problem = told(app, "GET", path)
    assert (status, problem["code"]) == (404, "not_found")


def test_several_slashes_before_a_path_are_one(app: Application) -> None:
    assert told(app, "GET", "//health")[0] == 200


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "CONNECT", "BREW"])
def test_a_method_that_we_do_not_know_is_refused_by_name(app: Application, method: str) -> None:
    answer = app(event_of(method, "/v1/contacts"), Context())
    assert answer["statusCode"] == 405 and json.loads(answer["body"])["code"] == "method_not_allowed"
    assert answer["headers"]["Allow"] == "POST, GET"


def test_whoever_looks_whether_we_live_may_ask_for_the_head(app: Application) -> None:
    assert told(app, "HEAD", "/health")[0] == 200
    assert told(app, "HEAD", "/channels/ch_1/messages")[0] == 405, "what is fetched counts as delivered"


def test_a_call_arrives_whole(echo: Application, heard: list[Request]) -> None:
    event = event_of(
        "POST", "/v1/contacts/co_%2F", "a=1&a=2&b=&c=%C3%BC+%2B", {"content-type": "application/x-any"}, b"\x00\xff"
    )
    event["cookies"] = ["x=1", "y=2"]
    answer = echo(event, Context())
    call = heard[0]
    assert call.method == "POST" and call.path == "/v1/contacts/{id}" and call.uri_params == {"id": "co_%2F"}
    query = call.query_params
    assert query is not None and query.getlist("a") == ["1", "2"] and (query["b"], query["c"]) == ("", "ü +")
    assert call.raw_body == b"\x00\xff" and call.headers["Cookie"] == "x=1; y=2"
    assert call.context["identity"]["sourceIp"] == "127.0.0.1" and call.context["stage"] == ""
    assert answer["statusCode"] == 201 and answer["body"] == "co_%2F ü"
    assert answer["cookies"] == ["a=1; HttpOnly", "b=2"]
    assert answer["headers"] == {"Vary": "Origin, Accept", "Link": "<next>"}


@pytest.mark.parametrize("kind", ["application/json", "text/csv; charset=iso-8859-1", "text/plain"])
def test_a_body_that_the_gateway_damaged_is_refused(echo: Application, heard: list[Request], kind: str) -> None:
    latin = "Jörg".encode("latin-1")
    headers = {"content-type": kind, "content-length": str(len(latin))}
    status, problem = told(echo, "POST", "/v1/contacts/co_1", "", headers, latin)
    assert (status, problem["code"]) == (400, "malformed_json" if "json" in kind else "malformed_text")
    assert "application/octet-stream" in problem["detail"]
    del headers["content-length"]
    assert told(echo, "POST", "/v1/contacts/co_1", "", headers, latin)[0] == 400, "nobody knows"
    assert not heard


def test_the_letter_itself_may_be_meant(echo: Application, heard: list[Request]) -> None:
    body = "a\ufffdb".encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    echo(event_of("POST", "/v1/contacts/co_1", "", headers, body), Context())
    assert heard[0].raw_body == body


def test_as_bytes_any_letters_pass(echo: Application, heard: list[Request]) -> None:
    latin = "Jörg".encode("latin-1")
    echo(event_of("POST", "/v1/contacts/co_1", "", {"content-type": "application/octet-stream"}, latin), Context())
    assert heard[0].raw_body == latin


def test_a_query_that_is_no_utf8_is_refused(echo: Application) -> None:
    status, problem = told(echo, "GET", "/v1/contacts/co_1", "name=J%F6rg")
    assert (status, problem["code"]) == (400, "bad_query")


def test_a_rest_apis_call_is_answered_too(echo: Application, heard: list[Request]) -> None:
    """Chalice's own test client and `chalice local` make these."""
    event = {
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"id": "co_1"},
        "stageVariables": None,
        "body": None,
        "requestContext": {"resourcePath": "/v1/contacts/{id}", "httpMethod": "GET", "identity": {}},
    }
    assert echo(event, Context())["statusCode"] == 201 and heard
