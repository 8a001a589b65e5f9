"""What all channels of Twilio share: signatures as its own library checks them, codes, and where its API is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib import channels
from chalicelib.channels import twilio, twilio_errors, twilio_media
from chalicelib.channels.contract import Channel, Denied, File, Refused, Request, TryLater
from chalicelib.domain.exchange import Exchange
from tests.channels.signatures import FORM, Posted, form_body, signed
from tests.channels.twilio_api import TwilioApi
from tests.channels.walking import EXAMPLES, outgoing_of
from tests.outside import Heard

TOKEN = "twilio-auth-token"
SETTINGS = {"account_sid": "AC0123456789abcdef0123456789abcdef"}
CHANNEL = Channel("chn_1", SETTINGS, {"auth_token": TOKEN, "shared_key": TOKEN})
LITERAL = [
    one
    for one in json.loads(Path(__file__).with_name("signatures.json").read_text(encoding="utf-8"))
    if "twilio" in one["scheme"]
]


def literal(one: dict[str, Any]) -> tuple[Request, Channel]:
    body = form_body(one["form"]) if "form" in one else one["body"].encode()
    kind = "application/json" if body.startswith(b"{") else FORM
    secret = one["scheme"]["twilio"]
    secret = secret if isinstance(secret, str) else secret["secret"]
    request = Request("POST", {"content-type": kind} | one["headers"], {}, body, 0, one["url"])
    return request, replace(CHANNEL, secrets={"auth_token": secret, "shared_key": secret})


@pytest.mark.parametrize("one", LITERAL, ids=lambda one: one["why"])
def test_a_call_that_is_signed_is_let_in_and_no_other(one: dict[str, Any]) -> None:
    request, channel = literal(one)
    assert twilio.denied(request, channel) is None
    refused = [
        replace(request, body=request.body + b"&x=1"),
        replace(request, url=request.url + "&y=2" if "?" in request.url else request.url + "?y=2"),
        replace(request, headers={**request.headers, "x-twilio-signature": ""}),
        replace(request, headers={**request.headers, "x-twilio-signature": "\udc00é"}),
        replace(request, headers={"content-type": request.headers["content-type"]}),
        replace(request, headers={**request.headers, "content-type": "text/plain"}),
    ]
    for bent in refused:
        denied = twilio.denied(bent, channel)
        # What is no form is vouched for by its hash in the URL, whatever it calls itself.
        allowed = bent.headers["content-type"] == "text/plain" and "bodySHA256" in request.url
        assert (denied is None) is allowed and (denied is None or denied.status == 401)
    assert isinstance(twilio.denied(request, replace(channel, secrets={})), Denied)


def posted(url: str, secret: str = TOKEN, key: str = "", **form: str) -> Request:
    given = Posted(form_body(form or {"From": "+1"}), 0, url, headers={"content-type": FORM})
    scheme: Mapping[str, Any] = {"twilio": {"secret": secret, "key": key} if key else secret}
    return Request("POST", {**given.headers, **signed(scheme, given)}, {}, given.body, 0, url)


@pytest.mark.parametrize(
    ("signed_for", "called"),
    [
        ("https://x.example/hook", "https://x.example/hook"),
        ("https://x.example:443/hook", "https://x.example/hook"),
        ("https://x.example/hook", "https://x.example:443/hook"),
        ("http://x.example:80/hook?a=b", "http://x.example/hook?a=b"),
        ("https://x.example/hook#rc=3&rp=all", "https://x.example/hook"),
        ("https://public.example/hook?a=%20b", "http://10.0.0.7:8000/other?a=%20b"),
    ],
)
def test_the_url_is_the_public_one_with_its_port_or_without(signed_for: str, called: str) -> None:
    request = replace(posted(signed_for), url=called)
    assert twilio.denied(request, replace(CHANNEL, webhook_url="https://public.example/hook")) is None


@pytest.mark.parametrize("url", ["", "x", "https://[", "https://a:b:c/x", "https://x:99999999/", "ftp://x/"])
def test_a_url_that_is_none_opens_nothing(url: str) -> None:
    assert isinstance(twilio.denied(replace(posted("https://x.example/"), url=url), CHANNEL), Denied)


def test_a_key_of_its_own_signs_and_an_unknown_algorithm_does_not() -> None:
    """https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys"""
    request = posted("https://x.example/hook", "a-shared-key-of-some-length-0123456789", key="webhooks_sharedkey_01")
    with_key = {"auth_token": TOKEN, "shared_key": "a-shared-key-of-some-length-0123456789"}
    assert twilio.denied(request, replace(CHANNEL, secrets=with_key)) is None
    assert isinstance(twilio.denied(request, replace(CHANNEL, secrets={"auth_token": TOKEN})), Denied)
    other = {**request.headers, "x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_MD5"}
    assert isinstance(twilio.denied(replace(request, headers=other), replace(CHANNEL, secrets=with_key)), Denied)
    # What the account's token signs is still taken beside it.
    assert twilio.denied(posted("https://x.example/hook"), replace(CHANNEL, secrets=with_key)) is None


def test_what_a_form_says() -> None:
    request = posted("https://x.example/hook?own=dlv_1", Body="Habari ä 😀", ToCity="")
    assert twilio.fields(request) == {"Body": "Habari ä 😀", "ToCity": ""}
    assert twilio.fields(replace(request, body=b"A=1&A=2&B")) == {"A": "1", "B": ""}
    assert twilio.fields(replace(request, method="GET", url="https://x.example/hook?From=%2B1")) == {"From": "+1"}
    many = replace(request, body=b"&".join(b"a=1" for _ in range(1001)))
    assert twilio.denied(many, CHANNEL) == Denied(400, "malformed_form", "the form has more than 1000 fields")


@pytest.mark.parametrize(
    ("base", "product", "url"),
    [
        ("", "api", "https://api.twilio.com"),
        ("https://api.twilio.com/", "content", "https://content.twilio.com"),
        ("https://api.dublin.ie1.twilio.com", "messaging", "https://messaging.dublin.ie1.twilio.com"),
        ("http://127.0.0.1:9/2010-04-01", "messaging", "http://127.0.0.1:9"),
        ("https://api.mock.example", "content", "https://api.mock.example"),
    ],
)
def test_each_product_has_its_host_and_a_mock_has_one(base: str, product: str, url: str) -> None:
    assert twilio.base_url(replace(CHANNEL, settings={"api_base": base}), product) == url


def test_a_form_is_posted_with_the_accounts_token() -> None:
    calls: list[Any] = []

    async def call(method: str, url: str, *, headers: Any, body: bytes = b"", timeout_s: float = 5.0) -> Exchange:
        calls.append((method, url, headers["authorization"], parse_qsl(body.decode())))
        return Exchange(201, {}, b'{"sid":"SM1","status":"queued"}', 1)

    form = [("MediaUrl", "https://a"), ("MediaUrl", "https://b"), ("Body", "ä")]
    asyncio.run(twilio.posted(twilio.of_account(CHANNEL, "Messages.json"), form, CHANNEL, call))
    url = f"https://api.twilio.com/2010-04-01/Accounts/{SETTINGS['account_sid']}/Messages.json"
    basic = "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp0d2lsaW8tYXV0aC10b2tlbg=="
    assert calls == [("POST", url, basic, form)]


def answer(http: int, lost: str = "", /, **body: Any) -> Exchange:
    return Exchange(http, {}, json.dumps(body).encode(), 1, lost)


@pytest.mark.parametrize(
    ("exchange", "means"),
    [
        (answer(201, sid="SM1", status="queued", error_code=None), None),
        (answer(400, code=21610, message="stopped"), Refused("21610", "stopped", opted_out=True)),
        (answer(400, code=21211, message="no number"), Refused("21211", "no number")),
        (answer(400, code=21606, message="not yours"), TryLater("21606: not yours")),
        (answer(401, code=20003, message="Authenticate"), TryLater("20003: Authenticate")),
        (answer(401), TryLater("401: Twilio gave no reason")),
        (answer(404, code=20404, message="not found"), TryLater("20404: not found")),
        (answer(429, code=20429, message="slow"), TryLater("20429: slow")),
        (answer(400, code=30023, message="day"), TryLater("30023: day", 3600)),
        (answer(503), TryLater("http_503")),
        (answer(0, "timeout"), TryLater("timeout")),
        (answer(400), Refused("http_400", "Twilio answered 400")),
        (answer(201, status="failed", error_code=30003, error_message="off"), Refused("30003", "off")),
        (answer(201, status="failed"), Refused("failed", "Twilio answered that it failed")),
        (
            answer(201, status="failed", error_code="21610", error_message="stop"),
            Refused("21610", "stop", opted_out=True),
        ),
    ],
    ids=str,
)
def test_what_an_answer_means(exchange: Exchange, means: TryLater | Refused | None) -> None:
    assert twilio_errors.of(exchange, 0) == means


def test_each_code_means_one_thing() -> None:
    sets = (twilio_errors.PASSING, twilio_errors.OWNERS, twilio_errors.LONG_S.keys(), twilio_errors.OPTED_OUT)
    assert sum(map(len, sets)) == len(set().union(*sets))


def fetched(reference: str, *answers: Exchange, base: str = "") -> tuple[Any, list[tuple[str, bool]]]:
    """What comes of a reference, and which addresses were asked with the account's token."""
    calls, left = [], iter(answers)

    async def call(method: str, url: str, *, headers: Any, body: bytes = b"", timeout_s: float = 5.0) -> Exchange:
        calls.append((url, "authorization" in headers))
        return next(left)

    channel = replace(CHANNEL, settings={**SETTINGS, "api_base": base})
    return asyncio.run(twilio_media.fetched(reference, channel, call)), calls


HELD = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
PICTURE = Exchange(200, {"content-type": "image/png; x=y"}, b"png", 1)


def leads(to: str, status: int = 307) -> Exchange:
    return Exchange(status, {"location": to}, b"", 1)


def test_the_token_goes_to_twilio_and_not_where_that_sends_us() -> None:
    held, calls = fetched(f"twilio-media:{HELD}", leads("/moved"), leads("https://cdn.example/x?sig=1"), PICTURE)
    assert held == File(b"png", "image/png")
    assert calls == [(HELD, True), ("https://api.twilio.com/moved", True), ("https://cdn.example/x?sig=1", False)]
    for strange in ("https://twilio.com.evil.example/x", "http://api.twilio.com/x", "https://eviltwilio.com/x"):
        assert fetched(f"twilio-media:{strange}", PICTURE)[1] == [(strange, False)]
    assert fetched("twilio-media:http://127.0.0.1:9/x", PICTURE, base="http://127.0.0.1:9/")[1][0][1]
    # Once it has led elsewhere and back, it is Twilio's own again.
    back = fetched(f"twilio-media:{HELD}", leads("https://cdn.example/"), leads(HELD), PICTURE)[1]
    assert [opened for _, opened in back] == [True, False, True]


@pytest.mark.parametrize(
    ("reference", "answers", "means"),
    [
        ("whatsapp-media:1", (), Refused("bad_reference", "no twilio-media:<address>")),
        ("twilio-media:file:///etc/passwd", (), Refused("bad_reference", "no twilio-media:<address>")),
        ("", (answer(404, code=20404),), Refused("http_404", "Twilio has the file no longer")),
        ("", (answer(401, code=20003, message="no"),), TryLater("20003: no")),
        ("", (answer(503),), TryLater("http_503")),
        ("", (answer(200, "too_large"),), Refused("too_large", "the file is larger than we take")),
        ("", (leads(""),), TryLater("http_307")),
        ("", (leads("http://["),), Refused("bad_redirect", "the file's address leads to none")),
        ("", tuple(leads(HELD) for _ in range(4)), TryLater("http_307")),
    ],
)
def test_what_becomes_of_a_file_that_is_not_given(reference: str, answers: Any, means: Any) -> None:
    assert fetched(reference or f"twilio-media:{HELD}", *answers)[0] == means


def test_a_file_that_is_json_is_a_file() -> None:
    assert fetched(f"twilio-media:{HELD}", answer(200, status="failed"))[0] == File(b'{"status": "failed"}', "")


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "https://x/" + "x" * 1100, "https://x/\n", "https://ä/", "https://x/ y"]
)
def test_what_is_no_address_is_no_reference(url: str) -> None:
    assert twilio_media.reference(url) == ""
    assert twilio_media.reference(HELD) == f"twilio-media:{HELD}"


SENT = [message for path in EXAMPLES if (message := json.loads(path.read_text())["call"].get("message"))]


@pytest.mark.parametrize("kind", ["twilio_sms", "twilio_whatsapp"])
def test_what_other_channels_send_goes_there_too(kind: str) -> None:
    api = TwilioApi(SETTINGS["account_sid"], TOKEN)
    channel = replace(CHANNEL, settings={**SETTINGS, "from": api.number}, webhook_url="https://parley.example/hook")

    async def call(method: str, url: str, *, headers: Any, body: bytes = b"", timeout_s: float = 5.0) -> Exchange:
        given = {name.lower(): value for name, value in headers.items()}
        status, answered, *_ = api.answer(Heard(method, "/" + url.split("/", 3)[3], given, body))
        return Exchange(status, {}, json.dumps(answered).encode(), 1)

    async def walk() -> None:
        for plain in SENT:
            for address in ("+14155550123", "+4915112345678"):
                message = replace(outgoing_of({**plain, "address": address}), done=0)
                outcome = await channels.load(kind).send(message, channel, call)
                assert not isinstance(outcome, TryLater), (plain, outcome)

    asyncio.run(walk())
    assert api.wrong == [] and len(api.forms()) > len(SENT)
