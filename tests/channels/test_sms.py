"""SMS gateways described by data: what is refused when it is saved, what values are in each place, what is read of a
post, and what an answer means."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import channels
from chalicelib.channels.contract import (
    Channel,
    Consent,
    Denied,
    Ignored,
    Outgoing,
    Received,
    Refused,
    Request,
    Said,
    Status,
)
from chalicelib.channels.sms import approved, consents, engines, numbers, profile, sent_as, signatures
from chalicelib.channels.sms.settings import Settings
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import Content
from tests.channels.signatures import FORM, Posted, form_body, signed
from tests.channels.test_signatures import LITERAL, posted
from tests.channels.walking import HOOK, NOW_MS, OF_PRESETS, channel_of, kind_of, outcome_plain
from tests.test_channels import JSON, ODD

OWN: dict[str, Any] = {
    "from": "PIGEON",
    "send": {
        "url": "https://pigeon.example/out",
        "headers": {"X-Key": "{{ secrets.key }}"},
        "body": {"to": "{{ to }}", "text": "{{ text }}"},
        "id": "id",
        "errors": {
            "code": "code", "reason": "why", "ok": ["0"], "later": ["busy", "5*"], "owner": ["unpaid", "409"],
            "refused": ["bad"], "opted_out": ["stopped"],
        },
    },
    "receive": {
        "mapping": {"from": "from", "text": "text", "id": "id"},
        "status": {"id": "id", "state": "state", "states": {"DELIVRD": "delivered", "TRYING": "ignored"}},
    },
    "signature": {"scheme": "none"},
}  # fmt: skip
SECRETS = {"key": "k3y"}
WHSEC = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def changed(at: str, value: Any) -> dict[str, Any]:
    """The settings with another value at a place; without it where that is None."""
    found: dict[str, Any] = json.loads(json.dumps(OWN))
    *way, last = at.split("/")
    inner = found
    for name in way:
        inner = inner.setdefault(name, {})
    inner[last] = value
    if value is None:
        del inner[last]
    return found


def wrong_with(given: dict[str, Any], secrets: set[str] | None = None) -> dict[str, str]:
    wrong, urls = Settings.model_validate(given).judged(frozenset({"key", "signature"} if secrets is None else secrets))
    assert urls or wrong or "send" not in given
    return dict(wrong)


@pytest.mark.parametrize(
    ("at", "value", "pointer", "why"),
    [
        ("send/url", "https://x.example/{{ nobody }}", "/settings/send/url", "position 22: nobody is not known here"),
        ("send/url", "https://x.example/{{ to", "/settings/send/url", "position"),
        ("send/url", "https://{{ text }}.example/", "/settings/send/url", "one host"),
        ("send/url", "{{ api_base }}/x", "/settings/api_base", "is needed: send.url speaks of it"),
        ("send/url", None, "/settings/send/url", "Field required"),
        ("send/url", "https://x.example/{{ text | shout }}", "/settings/send/url", "there is no filter shout"),
        ("send/url", "https://x.example/{% include 'x' %}", "/settings/send/url", "position 22: unexpected tag"),
        ("send/url", "https://x.example/{% for i in (1..2000) %}{% endfor %}", "/settings/send/url", "loop iteration"),
        ("send/headers/X-More", "{{ secrets.other }}", "/secrets/other", "send.headers.X-More speaks of it"),
        ("send/headers/X-More", "{{ options.team }}", "/settings/options/team", "is needed"),
        ("send/body", '{"text": {{ text }}}', "/settings/send/body", "comes to no JSON"),
        ("send/body", '{"text": "{{ text | json }}"}', "/settings/send/body", "comes to no JSON"),
        ("send/method", "GET", "/settings/send/body", "does not go with GET"),
        ("send/content_type", "text/plain", "/settings/send/body", "must be a text"),
        ("send/id", "data..[", "/settings/send/id", "position 8"),
        ("send/errors/code", "$eval('1')", "/settings/send/errors/code", "$eval is not available here"),
        ("receive/mapping/text", "a ?", "/settings/receive/mapping/text", "position 4"),
        ("receive/status/state", "$nix(a)", "/settings/receive/status/state", "$nix is no function"),
        ("receive/each", "[", "/settings/receive/each", "position"),
        ("signature", None, "/settings/signature", "is needed"),
        ("signature", {"scheme": "basic"}, "/secrets/signature", "is needed for the scheme basic"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(at: str, value: Any, pointer: str, why: str) -> None:
    found = wrong_with(changed(at, value), {"key"})
    assert list(found) == [pointer] and why in found[pointer], found


def test_what_can_is_not() -> None:
    assert wrong_with(OWN) == {}
    # One way alone, and what is there only sometimes.
    assert wrong_with({"receive": OWN["receive"], "signature": OWN["signature"]}) == {}
    assert wrong_with({"send": {"url": "https://x.example/{{ to }}{% if options.a %}{{ options.b }}{% endif %}"}}) == {}
    assert wrong_with({"country": "DE"}) == {"/settings": "needs a preset, or send or receive of your own"}


def test_a_template_that_takes_all_memory_ends_nobody_else() -> None:
    grown = "{{ text" + " | replace: 'a', text" * 6 + " }}"
    values = {"text": "a" * 1000, "secrets": {}, "options": {}, "params": {}}
    one, other = engines.filled({"/send/url": (grown, "url")}, [values, {**values, "text": "b"}])
    assert one[1] == [("/send/url", "took more memory or time than it may")] and other[0] == {"/send/url": "b"}


def filled(template: str, place: str, text: str) -> str:
    values = {"text": text, "secrets": {}, "options": {}, "params": {}}
    [(found, wrong, _)] = engines.filled({"/x": (template, place)}, [values])
    assert wrong == []
    return found["/x"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=40, deadline=None)
@given(text=TEXTS)
def test_a_value_is_itself_wherever_it_stands(text: str) -> None:
    assert json.loads(filled('["{{ text }}", {{ text | json }}]', "json", text)) == [text, text]
    form = parse_qs(filled("a={{ text }}&b={{ text | url_encode }}&c=1", "form", text), keep_blank_values=True)
    assert form == {"a": [text], "b": [text], "c": ["1"]}
    at = urlsplit(filled("https://x.example/{{ text }}?a={{ text }}", "url", text))
    assert at.netloc == "x.example" and parse_qs(at.query, keep_blank_values=True) == {"a": [text]}
    element = ElementTree.fromstring(filled('<a b="{{ text }}">{{ text }}</a>', "xml", text))
    assert list(element) == [] and element.attrib.keys() == {"b"}
    assert "\n" not in filled("{{ text }}", "header", text) and "\r" not in filled("{{ text }}", "header", text)


def read(given: Any, **of: Any) -> Any:
    """What a channel with these settings reads of a JSON post."""
    channel = Channel("ch_1", {**OWN, **of}, SECRETS)
    return channels.load("sms").receive(Request("POST", {}, {}, json.dumps(given).encode(), NOW_MS, HOOK), channel)


TEXT = {"from": "4915112345678", "text": "hi", "id": "m1"}


def test_what_is_read() -> None:
    [said] = read(TEXT).events
    assert isinstance(said, Said) and (said.address, said.identities) == (
        "+4915112345678",
        (("phone", "+4915112345678"),),
    )
    assert [one.provider_id for one in read([TEXT, {**TEXT, "id": "m2"}]).events] == ["m1", "m2"]
    assert [type(one) for one in read([{"id": "m3", "state": "delivrd"}, {"id": "m3", "state": "TRYING"}]).events] == [
        Status, Ignored,
    ]  # fmt: skip
    assert read({"weather": "fine"}).events == (Ignored("neither a message nor a receipt"),)
    assert read({**TEXT, "text": ""}).events[0].content.text == ""
    assert read({"from": [1, 2], "text": ["a"], "id": "x"}).status == 400
    [picture] = read({"from": "4915112345678", "id": "m1", "mms": "https://x.example/1.jpg"}).events
    assert picture.content.details["name"] == "unsupported" and "1.jpg" in picture.content.details["given"]
    broken = {"receive": {**OWN["receive"], "each": "$number(list)"}}
    assert read({**TEXT, "list": "x"}, **broken).errors[0][0] == "/settings/receive/each"
    many = read([TEXT] * 501)
    assert isinstance(many, Denied) and many.status == 413
    heavy = read(TEXT, receive={"mapping": {"from": "from", "text": "$join([1..9000].$string($))", "id": "id"}})
    assert len(heavy.events[0].content.text) <= 16 * 1024


@pytest.mark.parametrize("gateway", [None, *profile.PRESETS])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_post_breaks_a_description(gateway: str | None, data: st.DataObject) -> None:
    names = ["from", "text", "id", "msisdn", "messageId", "status", "results", "response", "From", "Text", "state",
             "fromNumber", "statusCode", "originator", "body", "mobile", "externalId", "client-ref"]  # fmt: skip
    body = data.draw(st.dictionaries(st.sampled_from(names), JSON | st.sampled_from(ODD), min_size=1, max_size=6))
    given = {"preset": gateway} if gateway else OWN
    channel = Channel("ch_1", {**given, "signature": {"scheme": "none"}}, {})
    as_form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    requests = (
        Request("POST", {}, {}, json.dumps(body).encode(), NOW_MS, HOOK),
        Request("POST", {"content-type": FORM}, {}, form_body(as_form), NOW_MS, HOOK),
        Request("GET", {}, as_form, b"", NOW_MS, HOOK),
    )
    for request in requests:
        found: Any = channels.load("sms").receive(request, channel)
        assert isinstance(found, Received | Denied)
        for event in found.events if isinstance(found, Received) else ():
            assert not isinstance(event, Said) or (0 < len(event.address) <= 100 and 0 <= event.at_ms <= NOW_MS)
            assert isinstance(event, Ignored) or len(event.provider_id) <= 200


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (200, {"id": 7}, {"sent": "7"}),
        (200, {"id": "a", "code": "0"}, {"sent": "a"}),
        (200, {"hello": 1}, {"refused": {"code": "no_id"}}),
        (200, {"code": "busy", "why": "a"}, {"try_later": {"error": "busy: a"}}),
        (200, {"code": 503, "why": "x"}, {"try_later": {"error": "503: x"}}),
        (400, {"code": "unpaid", "why": "b"}, {"try_later": {"error": "unpaid: b"}}),
        (500, {"code": "bad", "why": "no such number"}, {"refused": {"code": "bad", "reason": "no such number"}}),
        (403, {"code": "stopped"}, {"refused": {"code": "stopped", "opted_out": "all"}}),
        (200, {"code": "odd"}, {"refused": {"code": "odd"}}),
        (409, "", {"try_later": {"error": "http_409"}}),
        (401, "who?", {"try_later": {"error": "401: who?"}}),
        (400, "no", {"refused": {"code": "http_400", "reason": "no"}}),
        (429, "", {"try_later": {"error": "http_429"}}),
        (302, "", {"try_later": {"error": "http_302"}}),
        (502, "<html>", {"try_later": {"error": "502: <html>"}}),
        (0, "", {"try_later": {"error": "timeout"}}),
    ],
)
def test_what_an_answer_means(status: int, body: Any, means: dict[str, Any]) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    async def call(*_: Any, **__: Any) -> Exchange:
        return Exchange(status, {}, raw, 3, "" if status else "timeout")

    message = Outgoing("dl_1", "+4915112345678", Content(text="hi"), now_ms=NOW_MS)
    sent: Any = channels.load("sms").send(message, Channel("ch_1", OWN, SECRETS), call)
    [(kind, found)] = outcome_plain(asyncio.run(sent)).items()
    [(wanted, details)] = means.items()
    assert kind == wanted and (found == details or details.items() <= found.items())


@pytest.mark.parametrize(
    ("given", "country", "inside"),
    [
        ("4915112345678", "", "+4915112345678"), ("+49 151 12345678", "", "+4915112345678"),
        ("004915112345678", "", "+4915112345678"), ("015112345678", "DE", "+4915112345678"),
        ("015112345678", "", "015112345678"), ("83838", "", "83838"), ("INFO", "DE", "INFO"), ("+", "", "+"),
        ("1" * 16, "", "1" * 16), ("4155550100", "US", "+14155550100"), ("9876543210", "IN", "+919876543210"),
        ("919876543210", "IN", "+919876543210"), ("6591234567", "IN", "+6591234567"), ("5550100", "US", "5550100"),
        ("1234567890", "US", "+1234567890"), ("14155552671", "IN", "+14155552671"),
    ],
)  # fmt: skip
def test_numbers(given: str, country: str, inside: str) -> None:
    assert numbers.spelled(given, country) == inside


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("STOP", False), (" stop. ", False), ("\u201cStop!\u201d", False), ("Opt-out", False), ("ARRÊT", False),
        ("abmelden", False), ("start", True), ("UNSTOP", True), ("stop it", None), ("don't stop", None),
        ("end", None), ("cancel", None), ("", None), ("stop " * 20, None),
    ],
)  # fmt: skip
def test_words_that_end_consent(text: str, means: bool | None) -> None:
    assert consents.asked(text, None) is means
    assert consents.asked(text, ()) is None
    assert consents.asked("abmelden", ("en",)) is None


def test_who_wants_to_hear_again_has_said_a_word_too() -> None:
    consent, said = read({**TEXT, "text": "Start"}).events
    assert isinstance(consent, Consent) and consent.given and said.content.text == "Start"
    assert isinstance(read({**TEXT, "text": "stop"}, stop_words=[]).events[0], Said)


def test_a_post_that_there_is_no_time_for_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_READ_FOR_S", 0.0)
    late = read([TEXT])
    assert isinstance(late, Denied) and (late.status, late.headers) == (503, {"Retry-After": "30"})


@pytest.mark.parametrize(
    ("engine", "means"),
    [
        ("_FILLED_FOR_S", {200: {"try_later": {"error": "no_time_for_templates"}}}),
        ("_READ_FOR_S", {200: {"sent": sent_as.short("dl_1")}, 503: {"try_later": {"error": "503: x"}}}),
    ],
)
def test_what_others_take_of_the_time_costs_no_message(
    monkeypatch: pytest.MonkeyPatch, engine: str, means: dict[int, Any]
) -> None:
    """Templates and expressions of all channels share a process each: where those of others take all of its time, a
    message waits that was not tried, and one that the gateway took has gone out."""
    monkeypatch.setattr(engines, engine, 0.0)
    for status, wanted in means.items():
        test_what_an_answer_means(status, "x", wanted)


def test_parts_have_ids_of_their_own() -> None:
    assert [sent_as.written("dl_1", part, 3) for part in (1, 2, 3)] == ["dl_1-p1", "dl_1-p2", "dl_1"]
    assert [sent_as.read(one) for one in ("dl_1-p2", "dl_1", "")] == [("dl_1", True), ("dl_1", False), ("", False)]


CHECKED = {"hub-sha256", "twilio", "jwt-hs256", "plivo-v3", "header", "basic"}


@pytest.mark.parametrize("one", [one for one in LITERAL if {*one["scheme"]} & CHECKED], ids=lambda one: one["why"])
def test_signatures_of_providers_own_libraries(one: dict[str, Any]) -> None:
    [(scheme, of)] = one["scheme"].items()
    secret, more = (of, {}) if isinstance(of, str) else (of["secret"], of)
    if "key" in more:
        pytest.skip("a SharedKey of Twilio's is another secret")
    made = posted(one)
    # Tokens have times of their own.
    now = 1_700_000_000_000 if scheme == "jwt-hs256" else made.now_ms
    name = next(iter(one["headers"])) if scheme in ("jwt-hs256", "header") else ""
    request = Request("POST", {**made.headers, **one["headers"]}, {}, made.body, now, made.url)
    assert signatures.holds(request, {"scheme": scheme, "name": name}, secret)
    for other in ("", secret + "x"):
        assert not signatures.holds(request, {"scheme": scheme, "name": name}, other)


@pytest.mark.parametrize(
    ("scheme", "made", "name"),
    [
        ("hmac-sha256", {"hex-sha256": {"secret": "s3cret", "name": "x-mine"}}, "X-Mine"),
        ("hmac-sha256", {"line": "s3cret"}, "X-Line-Signature"),
        ("standard-webhooks", {"standard-webhooks": WHSEC}, ""),
        ("header", {"header": {"secret": "s3cret", "name": "x-mine"}}, "X-Mine"),
    ],
)
def test_signatures_over_the_body(scheme: str, made: dict[str, Any], name: str) -> None:
    secret = WHSEC if scheme == "standard-webhooks" else "s3cret"
    headers, of = signed(made, Posted(b"{}", NOW_MS)), {"scheme": scheme, "name": name}
    request = Request("POST", headers, {}, b"{}", NOW_MS, HOOK)
    assert signatures.holds(request, of, secret)
    assert not signatures.holds(request, of, WHSEC[::-1])
    assert scheme == "header" or not signatures.holds(replace(request, body=b"{ }"), of, secret)
    for other in ({}, {"scheme": "rot13"}, {"scheme": scheme, "name": "x-else"}):
        assert scheme == "standard-webhooks" or not signatures.holds(request, other, secret)


def test_each_preset_works_both_ways_and_can_be_saved() -> None:
    stems: dict[str, set[str]] = {}
    for path in OF_PRESETS:
        assert kind_of(path) == "sms"
        stems.setdefault(path.parts[-3], set()).add(path.stem.partition("__")[0])
        example = json.loads(path.read_text(encoding="utf-8"))
        channel = channel_of(example["call"])
        if path.stem == "send__text":
            wrong, urls = Settings.model_validate(channel.settings).judged(frozenset(channel.secrets))
            assert wrong == [] and urls, path
    assert stems.keys() == {*profile.PRESETS}
    for name, verbs in stems.items():
        known = profile.of({"preset": name})
        assert verbs == ({"send", "receive", "status"} if known.receive else {"send"}), name
        # What we ship is as what owners write has to be.
        plain = json.loads((profile.FOLDER / name / "profile.json").read_text(encoding="utf-8"))
        assert plain.pop("label") and plain.pop("links")
        Settings.model_validate(plain)


REGISTER: dict[str, Any] = {
    "templates": [
        {"name": "code", "id": "1107", "body": "{#var#} is your code for {#var#}. PARLEY"},
        {"name": "gone", "id": "1108", "body": "Your order {{order}} is on its way.", "language": "en"},
        {"name": "gone", "id": "1109", "body": "{{order}} ist unterwegs.", "language": "de"},
        {"name": "open", "id": "1110", "body": "We are open"},
    ]
}


@pytest.mark.parametrize(
    ("content", "text", "id"),
    [
        (Content(text="4711 is your code for the shop. PARLEY"), "4711 is your code for the shop. PARLEY", "1107"),
        (Content(text="4711 is your code for . PARLEY"), "4711 is your code for . PARLEY", ""),
        (Content(text="We are open"), "We are open", "1110"),
        (Content(text="We are open!"), "We are open!", ""),
        (Content("template", details={"name": "code", "parameters": [4711, "us"]}),
         "4711 is your code for us. PARLEY", "1107"),
        (Content("template", details={"name": "gone", "language": "de", "parameters": {"order": "A 1"}}),
         "A 1 ist unterwegs.", "1109"),
        (Content("template", details={"name": "1108", "parameters": ["A 1"]}), "Your order A 1 is on its way.", "1108"),
        (Content("template", "We are open", details={"name": "another"}), "We are open", "1110"),
        (Content("template", details={"name": "code", "parameters": [4711]}), "template_parameters", None),
        (Content("template", details={"name": "code", "parameters": [4711, " "]}), "template_parameters", None),
        (Content("template", details={"name": "another"}), "unknown_template", None),
    ],
)  # fmt: skip
def test_which_template_of_the_register_a_text_is(content: Content, text: str, id: str | None) -> None:
    found = approved.said(content, approved.of(REGISTER))
    if isinstance(found, Refused):
        assert (found.code, None) == (text, id)
    else:
        assert (found[0], found[1].id if found[1] else "") == (text, id)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.text(st.characters(exclude_categories=["Cs", "Z"]), min_size=1, max_size=30), max_size=4))
def test_a_template_filled_in_is_known_by_its_words(values: list[str]) -> None:
    body = "A" + "".join(f" {{{{v{n}}}}} ; {{#var#}}." for n in range(len(values)))
    settings = {"templates": [{"name": "x", "id": "1", "body": body}]}
    [known] = approved.of(settings)
    parameters = [value for value in values for _ in range(2)]
    found = approved.said(Content("template", details={"name": "x", "parameters": parameters}), [known])
    assert not isinstance(found, Refused) and known.says(found[0]) and len(known.blanks()) == len(parameters)


def test_what_hangs_on_a_message_is_no_need_of_the_settings() -> None:
    given = {"preset": "cdac", "from": "PARLEY", "options": {"username": "dept"}}
    for more in ({}, REGISTER):
        assert wrong_with(given | more, {"password", "secure_key"}) == {}
    assert wrong_with(given | {"options": {}}, {"password", "secure_key"}).keys() == {"/settings/options/username"}


def test_a_presets_parts_can_be_another() -> None:
    known = profile.of({"preset": "plivo", "send": {"most": 160}, "signature": {"scheme": "none"}})
    assert known.send["url"].startswith("{{ api_base }}") and known.send["most"] == 160
    assert known.signature == {"scheme": "none"}
