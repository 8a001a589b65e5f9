"""What the OpenAPI description says of the doors of others is what the docs say of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.api.openapi.document import description
from chalicelib.wire.contents import SENDABLE
from infra.reads import ROOT

_BLOCK = re.compile(r"^```json ([\w-]+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TAKES = {
    "bot-events": "BotEvents", "desk-events": "DeskPosts", "custom": "GatewayEvent", "webchat": "VisitorPost",
}  # fmt: skip
EXAMPLES = [
    pytest.param(_TAKES[said], json.loads(text), id=f"{page.name}:{said}:{n}")
    for page in sorted((ROOT / "docs").glob("*.md"))
    for n, (said, text) in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")))
    if said in _TAKES
]


def taken(name: str, given: Any) -> bool:
    whole = {"$ref": f"#/components/schemas/{name}", "components": description()["components"]}
    return bool(Draft202012Validator(whole).is_valid(given))


def test_every_type_of_a_message_is_described() -> None:
    schemas = description()["components"]["schemas"]
    for name in ("BotEvent", "DeskEvent", "DeskPost"):
        said = set(re.findall(r"'([a-z]+)'", str(re.findall(r"'Messagetype': {'enum': \[[^]]*\]", str(schemas[name])))))
        assert {*SENDABLE} <= said, name


@pytest.mark.parametrize(("name", "given"), EXAMPLES)
def test_examples_of_the_docs(name: str, given: Any) -> None:
    assert taken(name, given)


@pytest.mark.parametrize("event", [
    {"eventid": "1001", "message": "hi"},
    {"eventid": 1002, "customparam1": "billing"},
    {"event": "Close"},
    {"eventid": "1001", "Media": ["https://a.example/a.png"]},
    {"eventid": "1001", "Messagetype": "location", "Location": {"latitude": 1, "longitude": 2.5}},
    {"eventid": "1001", "message": "?", "List": {"sections": [{"rows": [{"title": "a"}]}]}},
])  # fmt: skip
def test_events_of_a_bot(event: dict[str, Any]) -> None:
    named = event | {"conversation_id": "cv_1"}
    assert taken("BotEvents", named) and taken("BotEvents", [named, named])
    assert not taken("BotEvents", event) and not taken("BotEvents", [])


@pytest.mark.parametrize("event", [
    {"eventid": "1001"}, {"eventid": "1004", "message": "hi"}, {"message": "hi"}, {"eventid": "1001", "message": " "},
    {"eventid": "1001", "Messagetype": "location", "message": "hi"}, {"eventid": "1001", "Messagetype": "image"},
    {"eventid": "1001", "message": "?", "Buttons": []},
])  # fmt: skip
def test_what_is_no_event_of_a_bot(event: dict[str, Any]) -> None:
    assert not taken("BotEvents", event | {"conversation_id": "cv_1"})
