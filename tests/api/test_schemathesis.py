"""All operations of the OpenAPI description, asked what it allows and what it forbids, by schemathesis.

By hand and at length: with `PARLEY_SCHEMATHESIS=200 PARLEY_SCHEMATHESIS_SEED=7` in the environment each operation is
asked 200 examples beside those of its bounds, under another seed.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.specs.openapi.coverage import _schema as coverage

from chalicelib.api.openapi.document import description
from chalicelib.ports import clock
from tests.api.in_process import Gateway
from tests.api.peopled import Peopled, settle
from tests.cloud import Cloud, tables
from tests.http_api import Client
from tests.outside import Outside, serving

EXAMPLES = int(os.environ.get("PARLEY_SCHEMATHESIS", "5"))
SEED = int(os.environ.get("PARLEY_SCHEMATHESIS_SEED", "1"))
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DESCRIPTION = description()
NOT_ASKED = {
    "post /channels/{channel_id}/call": "whether it succeeds hangs on the secret with which its provider signs",
    "get /channels/{channel_id}/webhook": "whether it succeeds hangs on a secret of one kind of channel",
    "get /media/{message_id}/{index}": "it leads to a file of a provider",
}
"""Operations that are not asked: why."""
OPERATIONS = [
    (method, path)
    for path, methods in DESCRIPTION["paths"].items()
    for method in methods
    if f"{method} {path}" not in NOT_ASKED
]
KIND = {"/channels/{channel_id}/webhook": "VisitorPost"}
"""Path -> which of the bodies of several kinds is that of the one that is asked there."""
METHODS = {"get", "post", "put", "patch", "delete"}

TELLING = {
    "post /v1/contacts/{id}/dismiss": {"contact-id": "apart-contact-id"},
    "get /v1/contacts/{id}/erasure": {"contact-id": "erased-contact-id"},
    "post /v1/deliveries/{id}/try": {"delivery-id": "waiting-delivery-id"},
    "post /v1/conversations/{id}/complete": {"conversation-id": "direct-conversation-id"},
    "post /v1/conversations/{id}/events": {"conversation-id": "desk-conversation-id"},
    **{f"post /v1/messages{end}": {"channel-id": "gateway-id", "contact-id": "reached-id"} for end in ("", ":try")},
    "get /v1/channels/{id}/templates": {"channel-id": "whatsapp-id"},
    "post /v1/conversations/{id}/files": {"conversation-id": "desk-conversation-id"},
    "post /v1/conversations/{id}/looked": {"conversation-id": "desk-conversation-id"},
    "post /v1/conversations/{id}/claim": {"conversation-id": "chat-conversation-id"},
    "post /v1/conversations/{id}/seen": {"conversation-id": "chat-conversation-id"},
    **{
        f"{method} /channels/{{channel_id}}/{end}": {"channel-id": "webchat-id"}
        for method, end in (("post", "webhook"), ("get", "messages"), ("get", "widget.js"), ("get", "chat"))
    },
    **{f"delete /v1/{kind}s/{{id}}": {f"{kind}-id": f"spare-{kind}-id"} for kind in ("service", "bot", "desk")},
}
"""Operation -> which ids lead beyond a refusal there."""
SURE = {"post /v1/contacts/{id}/dismiss": ("apart-contact-id", "contact_id")}
"""Operations about two, where draws may take one twice: whose ids are asked once, and where the second's goes."""
NO_FAULT = {"/v1/conversations/{id}/complete": ["504"]}
"""Path -> statuses above 499 that are no fault of ours: a bot that says nothing in time."""
NO_BOUNDS = {
    "/v1/apply": "what a bundle lists has the bounds of its kind, whose own operation is asked for them",
    **dict.fromkeys(
        ("/v1/conversations/{id}/events", "/webhooks/desks/{token}"),
        "what an agent says has the bounds of what a bot says, whose own operation is asked for them",
    ),
}
"""Paths that are asked at their bounds only by hand, as it takes minutes: why others say enough of them in each run."""
BEYOND = {
    r"there is no (service|bot|desk|channel|trigger|person|version) .*": "whether an id or a name in a bundle is known",
    r"unknown desk|there is no such contact": "the same",
    r"must be a time zone of the IANA database.*": "which zones there are",
    r"is no (phone number|e-mail address).*|must not be empty": "what libraries know of numbers and addresses",
    r"must be an (http or )?https.* URL.*|must lead to a public address": "what may be called, and by which library",
    r"must be whsec_ and base64 .*": "how many bytes a text in base64 stands for",
    r"must be a time such as .*": "which numbers are times",
    r"of a service is one of .*": "which status goes with which list",
    r"lies before (since|from)": "how two times stand to each other",
    r"is not that of the destination": "whose a destination is",
    r"is kept nowhere yet: .*|nothing refers to it": "what a bundle refers to, and what is kept",
    r"another \w+ of this service has it": "what the service holds",
    r"is needed(: this key sees more than one service)?": "which key calls",
    r"must be at most \d+ (seconds together|bytes.*)": "sums, and lengths in bytes",
    r"is (no|a) number that (can|cannot) be kept": "how close to nothing a number may be",
    r"'.*' is there twice|is another service|(the service has )?several .*": "what else a bundle or service lists",
    r".* is not listed, but .* needs it": "what else the service has",
    r"is no rule of this service|is there twice|leaves out .*": "which rules there are, and that all are named once",
    r"the channel (takes .*|has no templates)": "what the channel of a conversation takes",
    r"nobody has written from this address.*|the contact has no address .*": "who can be reached, and where",
    r"needs a preset, or send or receive .*|is needed(:| for the scheme) .*": "what a gateway needs",
    r"must (not lie behind|lie at most \d+ steps before) to": "how two times go together",
    r"is nested deeper than \d+ levels": "how deep JSON may lie in itself",
    r"holds a member whose name is empty or .*": "what every name in JSON may be, of members that no schema knows",
}
"""What no schema can say: the message of a refusal -> what it hangs on."""
MEANING = {
    r"/content(/.*)?": "what can be said has rules of its own, which the events of desks are asked for",
    r".*/when(/.*)?": "whether a condition means something is JSONLogic's to say, operator by operator",
    r".*/schedule": "whether and when a cron expression falls due",
    r".*/mapping/.*": "whether a text is an expression of JSONata",
    r".*/settings/(send|receive|signature)(/.*)?": "whether texts are templates and expressions",
    r"/files/\d+": "whether a file was put where it was to be",
}
"""The place of a refusal -> why no schema can say more of it."""
OF_WHAT_STANDS = (
    r"may be more than 5 only with background: true|Field required|is for (bots|desks) of kind (webhook|echo)"
    r"|lies in the past|is needed where to is .*|cannot be changed|is none of .*|.*Extra inputs.*|names the desk itself"
)
"""What a PATCH refuses because of the rest of the resource, with which it is judged as a whole."""

HERE: dict[str, Peopled] = {}
"""The deployment of the moment, under `it`: strategies are made once, before there is one."""


def _here(name: str) -> st.SearchStrategy[str]:
    return st.integers(0, 2**16).map(lambda n: HERE["it"].ids[name][n % len(HERE["it"].ids[name])])


OF_HERE = {
    **{name: name for name in (
        "service-id", "channel-id", "bot-id", "desk-id", "person-id", "reply-id", "rule-id", "trigger-id", "source-id",
        "subscription-id", "key-id", "contact-id", "merge-id", "trigger-event-id", "failure-id", "conversation-id",
        "thread-id", "message-id", "delivery-id", "audit-id", "replay-id", "destination-id",
        "rules-version-id",
        "api-key", "bot-token", "desk-token",
    )},
    "bot-conversation": "bot-conversation-id",
    "desk-conversation": "centre-conversation-id",
}  # fmt: skip
"""`format` -> which ids of the deployment have it."""
FORMS: dict[str, st.SearchStrategy[str]] = {
    **{name: _here(ids) for name, ids in OF_HERE.items()},
    "uri": st.just(0).map(lambda _: HERE["it"].outside.url),
    "iana-time-zone": st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]),
    "schedule": st.sampled_from(["every 15m", "daily", "never", "0 9 * * 1", "2027-09-01T10:00:00Z"]),
    "liquid": st.sampled_from(["{{ text }}", "{{ to | digits }}", "x", "{% if unicode %}1{% endif %}"]),
    "jsonata": st.sampled_from(["id", "text", "'x'", "mail", "$string(n)"]),
    "email": st.just("Ana@Example.com") | st.integers(0, 999).map("p{}@example.com".format),
    "phone": st.integers(1_000_000, 9_999_999).map("+4930{}".format),
    "external-id": st.sampled_from(["shop:1", "crm:17", "x"]),
    "channel-address": _here("channel-id").map("{}:17".format),
    "contacts-csv": st.integers(0, 99).map("name,email\nEva,eva{}@example.com\n".format),
    "contacts-jsonl": st.integers(0, 99).map('{{"name": "Eva", "email": "eva{}@example.com"}}\n'.format),
    "cursor": st.just(""),
    "entity-tag": st.just("*"),
    "event-time": st.sampled_from(["2026-11-21 01:23:45.678", "2026-11-21T01:23:45Z"]),
    "signing-secret": st.binary(min_size=24, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode()),
    "name-in-bundle": st.sampled_from(["bot", "people", "chat"]),
}  # fmt: skip
"""`format` -> texts that have it, and that mean something here."""
for _name, _strategy in FORMS.items():
    schemathesis.openapi.format(_name, _strategy)
LENGTHS = {"email": (14, 16), "phone": (12, 12), "signing-secret": (38, 94)}
"""`format` -> how short and long its texts above are."""


_known = vars(coverage)["format_length_bounds"]


def _lengths(name: str, strategy: Any) -> tuple[int, int] | None:
    """schemathesis knows how long texts of common formats can be. Of ours it would draw hundreds for each length that
    is a bound, to find that there is none."""
    if name in OF_HERE:
        lengths = [len(id) for id in HERE["it"].ids[OF_HERE[name]]]
        return min(lengths), max(lengths)
    return LENGTHS.get(name) or _known(name, strategy)


vars(coverage)["format_length_bounds"] = _lengths


def _of(method: str, path: str) -> Any:
    """The description with one operation."""
    config = {
        "seed": SEED,
        "generation": {
            "max-examples": EXAMPLES,
            "deterministic": "PARLEY_SCHEMATHESIS_SEED" not in os.environ,
            "no-shrink": True,
            # Each request has a key that is good for it; `ignored_auth` tries others.
            "with-security-parameters": False,
            "database": "none",
        },
        "checks": {
            # Too much is refused by a status of its own.
            "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "409", "413", "415", "422"]},
            # Whether a conversation is closed is no matter of what is sent.
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx"]
            },
            "not_a_server_error": {"expected-statuses": ["2xx", "4xx", *NO_FAULT.get(path, ())]},
        },
        "phases": {
            "coverage": {
                "enabled": path not in NO_BOUNDS or "PARLEY_SCHEMATHESIS" in os.environ,
                "unexpected-methods": sorted(METHODS - {*DESCRIPTION["paths"][path]}),
            }
        },
    }
    operation = DESCRIPTION["paths"][path][method]
    if path in KIND:
        body = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{KIND[path]}"}}},
        }
        operation = operation | {"requestBody": body}
    if of := SURE.get(f"{method} {path}"):
        operation = _about_two(operation, *HERE["it"].ids[of[0]][:2], member=of[1])
    one = DESCRIPTION | {"paths": {path: {method: operation}}}
    return schemathesis.openapi.from_dict(one, config=SchemathesisConfig.from_dict(config))


def _about_two(operation: dict[str, Any], first: str, second: str, *, member: str) -> dict[str, Any]:
    """An operation with an example: the first in its path, the second in its body."""
    parameters = [one | ({"example": first} if one["in"] == "path" else {}) for one in operation["parameters"]]
    kinds = {kind: one | {"example": {member: second}} for kind, one in operation["requestBody"]["content"].items()}
    return operation | {"parameters": parameters, "requestBody": {"required": True, "content": kinds}}


@pytest.fixture(autouse=True)
def _day() -> Iterator[time_machine.Traveller]:
    """One day for all: what was settled once is met as it was."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture(scope="module")
def _outside() -> Iterator[Outside]:
    with serving() as outside:
        yield outside


class Saved:
    """What was settled once, for each test to find as it was."""

    def __init__(self, cloud: Cloud, client: Client, outside: Outside) -> None:
        self._here = settle(cloud, client, outside)
        self._rows = {name: pickle.dumps(table.items) for name, table in tables().items()}

    def again(self, cloud: Cloud) -> Peopled:
        """As it was."""
        for name, table in tables().items():
            table.items.update(pickle.loads(self._rows[name]))
            if table.stream_shard is not None:
                # What comes now comes after what was settled; lanes go by it.
                table.stream_shard.starting_sequence_number += 10**6
        return replace(self._here, cloud=cloud, ids=dict(self._here.ids), heard=set())


@pytest.fixture(scope="module")
def _saved(_cloud: Callable[[], Cloud], _outside: Outside) -> Iterator[Saved]:
    cloud = _cloud()
    with time_machine.travel(NOW, tick=True), Client(cloud.app.app) as client:
        yield Saved(cloud, client, _outside)


@pytest.fixture
def peopled(_saved: Saved, cloud: Cloud, _day: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Peopled:
    """A deployment with one or two of everything, where all else moves while a call waits."""

    def pause(seconds: float) -> None:
        _day.shift(max(seconds, 1))
        cloud.pump()

    monkeypatch.setattr(clock, "pause", pause)
    HERE["it"] = _saved.again(cloud)
    return HERE["it"]


@pytest.fixture(params=OPERATIONS, ids=lambda one: f"{one[0].upper()} {one[1]}")
def operation(request: pytest.FixtureRequest, peopled: Peopled) -> Iterator[Any]:
    """The description with one operation, and the application that answers it."""
    made = _of(*request.param)
    for name, better in TELLING.get(" ".join(request.param), {}).items():
        peopled.ids[name] = peopled.ids[better]
    made.app = Gateway(peopled.cloud.app.app)
    yield made
    assert any(200 <= status < 300 for status in peopled.heard), f"never a success: {sorted(peopled.heard)}"


def said_in_words(response: Any, case: Any) -> bool:
    """Whether everything that a refusal names is beyond what a schema can say."""
    problem = json.loads(response.content)
    if problem["code"] == "bad_cursor":
        # Only who gave it knows whether it is one of this list.
        return True
    known = "|".join([*BEYOND, *([OF_WHAT_STANDS] if case.method == "PATCH" else ())])
    return bool(problem["errors"]) and all(
        re.fullmatch(known, one["message"]) or any(re.fullmatch(place, one["path"]) for place in MEANING)
        for one in problem["errors"]
    )


def accepts_what_is_described(ctx: Any, response: Any, case: Any) -> None:
    """As schemathesis' own `positive_data_acceptance`, but for what no schema can say."""
    if response.status_code not in (400, 422) or not said_in_words(response, case):
        positive_data_acceptance(ctx, response, case)


def refuses_what_is_not_described(ctx: Any, response: Any, case: Any) -> None:
    """As schemathesis' own `negative_data_rejection`, but for texts without a format that is ours: it cannot tell them
    from those that have it."""
    mutated = re.findall(r"violates (.+?) at ", getattr(case.meta.phase.data, "description", None) or "")
    if not mutated or {*mutated} != {"`format`"}:
        negative_data_rejection(ctx, response, case)


@pytest.mark.xdist_group("operations")  # each process that runs one of them settles all that they ask about first
@schemathesis.pytest.from_fixture("operation").parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_operation(case: Any, peopled: Peopled) -> None:
    keys = {"/v1/integration/": peopled.trigger_secret, "/v1/sources/{id}/events": peopled.source_secret}
    key = next((key for path, key in keys.items() if case.operation.path.startswith(path)), peopled.key)
    answer = case.call_and_validate(
        headers={"Authorization": f"Bearer {key}"},
        additional_checks=[accepts_what_is_described, refuses_what_is_not_described],
        excluded_checks=[positive_data_acceptance, negative_data_rejection],
    )
    peopled.heard.add(answer.status_code)
