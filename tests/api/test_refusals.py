"""What the description says is refused, is: queries whose words were passed over once, and numbers as JSON has them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.http.queries import QUERIES, refuse
from chalicelib.ports.web import Problem


@pytest.mark.parametrize("said", ["yes", "ture", "2"])
def test_a_flag_that_is_none_is_refused_and_not_taken_for_false(api: Any, service: str, said: str) -> None:
    bundle = {"service_id": service, "desks": [{"name": "d", "kind": "console"}]}
    assert "/dry_run" in api("POST", f"/v1/apply?dry_run={said}", bundle).wrong
    assert api("GET", f"/v1/desks?service_id={service}").body["data"] == [], "nothing was changed"
    assert "/cascade" in api("DELETE", f"/v1/services/{service}?cascade={said}").wrong
    assert api("POST", "/v1/apply?dry_run=TRUE", bundle).body["dry_run"] is True
    assert api("DELETE", f"/v1/services/{service}?cascade=true").status == 204


def test_a_whole_number_is_whole_however_it_is_written(api: Any, service: str) -> None:
    body = b'{"service_id": "%s", "name": "d", "kind": "console", "accept_within_s": 60.0}' % service.encode()
    made = api("POST", "/v1/desks", body)
    assert (made.status, made.body["accept_within_s"]) == (201, 60)
    assert "/accept_within_s" in api("POST", "/v1/desks", body.replace(b"60.0", b"60.5")).wrong


def test_a_name_that_nobody_sees_is_none(api: Any) -> None:
    assert "/name" in api("POST", "/v1/services", {"name": " \u001d"}).wrong


def test_a_word_of_a_query_is_refused_by_its_pattern_whether_that_has_a_name_or_not() -> None:
    patterned = {
        (function, name): schema
        for function, query in QUERIES.items()
        for name, schema in {**query.named, **query.one_of, **query.with_service}.items()
        if "pattern" in schema
    }
    assert {name for _, name in patterned} >= {"service_id", "contact.name"}
    for (function, name), schema in patterned.items():
        with pytest.raises(Problem) as refused:
            refuse(function, {name: "\ufffd"})
        assert refused.value.status == 422 and refused.value.errors[0][0] == f"/{name}", schema


def test_the_description_says_what_goes_together(api: Any) -> None:
    described = api("GET", "/v1/openapi.json").body
    schemas = described["components"]["schemas"]
    assert [one["required"] for one in schemas["Bundle"]["anyOf"]] == [["service"], ["service_id"]]
    assert "message.created" in schemas["Subscription"]["properties"]["events"]["items"]["enum"]
    assert schemas["Subscription"]["properties"]["url"]["format"] == "uri"
    by = next(one for one in described["paths"]["/v1/deliveries"]["get"]["parameters"] if one["name"] == "by")
    assert (by["schema"]["minProperties"], by["schema"]["maxProperties"]) == (1, 1)
    assert "default" not in described["paths"]["/v1/bots"]["post"]["responses"]
