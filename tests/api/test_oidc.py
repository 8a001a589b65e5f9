"""Signing in by the word of an issuer: who is let in, what is refused, and what it leaves behind."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from chalicelib.api.console import issuer as asked_issuer
from chalicelib.api.console import signing_pages
from chalicelib.ports import aws, parameters
from chalicelib.ports.settings import settings
from chalicelib.tables.config import Resource
from infra import vendored
from tests.api.signed_in import HOST, NAME, Browser
from tests.issuer import CLIENT, SECRET, Issuer, issuing, private_key

LED_HERE = {"Sec-Fetch-Site": "cross-site", "X-Parley-Console": "", "Origin": ""}
"""What a browser says that another site sends to us."""
Set = Callable[..., None]


@pytest.fixture(scope="module", autouse=True)
def _whole() -> None:
    vendored.place()


@pytest.fixture(scope="module")
def _server() -> Iterator[Issuer]:
    with issuing() as made:
        yield made


@pytest.fixture
def there(_server: Issuer) -> Issuer:
    """An issuer that knows us."""
    fresh = Issuer(_server.outside, _server.url)
    _server.outside.answer = fresh.answer
    _server.outside.forget()
    return fresh


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, there: Issuer) -> Iterator[Set]:
    """Tells the deployment what holds, and that this is its issuer."""

    def say(**more: str) -> None:
        for name, value in {"ISSUER": there.url, "CLIENT_ID": CLIENT, "NAME": "Example", **more}.items():
            monkeypatch.setenv(f"PARLEY_OIDC_{name}", value)
        settings.cache_clear()
        asked_issuer.forget()
        parameters.forget()

    say()
    aws.client("ssm").put_parameter(
        Name="/parley/test/oidc-client-secret", Value=SECRET, Type="SecureString", Overwrite=True
    )
    yield say
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def browser(api: Any, told: Set) -> Browser:
    return Browser(api)


@pytest.fixture
def ana(api: Any, service: str, told: Set) -> dict[str, Any]:
    made: dict[str, Any] = api.make("people", service_id=service, name="Ana", role="agent", email="Ana@Example.com")
    return made


def begun(browser: Browser, query: str = "") -> str:
    """Where a browser is sent that wants to sign in."""
    answer = browser("GET", f"/console/oidc/start{query}")
    assert answer.status == 302, answer.body
    return str(answer.headers["location"])


def back(browser: Browser, location: str) -> Any:
    """What a browser is answered that the issuer sends back; strict cookies do not come along."""
    kept = {name: browser.jar.pop(name) for name in [*browser.jar] if name == NAME}
    address = urlsplit(location)
    assert (address.netloc, address.path) == (HOST, "/console/oidc/callback")
    answer = browser("GET", f"{address.path}?{address.query}", None, **_headers(LED_HERE))
    browser.jar = kept | browser.jar
    return answer


def _headers(sent: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in sent.items()}


def signed_in(browser: Browser, there: Issuer, **more: str) -> Any:
    """What the whole way ends with."""
    return back(browser, there.lets_in(begun(browser), **more))


def refused(answer: Any) -> str:
    """Why: the word of the page."""
    (word,) = re.findall(r'<p id="(\w+)">', answer.body)
    assert answer.status == signing_pages.STATUSES[word], answer.body
    assert [cookie for cookie in answer.cookies if f"{NAME}-oidc=; " in cookie and "Max-Age=0" in cookie]
    assert not [cookie for cookie in answer.cookies if cookie.startswith(f"{NAME}=")]
    return str(word)


def test_who_is_known_there_is_let_in(browser: Browser, there: Issuer, ana: dict[str, Any], service: str) -> None:
    answer = browser("GET", "/console/oidc/start")
    asked = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    (cookie,) = answer.cookies

    assert set(asked) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert asked["redirect_uri"] == f"https://{HOST}/console/oidc/callback"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    name, _, rest = cookie.partition("=")
    held, *traits = rest.split("; ")
    assert name == f"{NAME}-oidc"
    assert set(traits) == {"Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax", "Secure"}
    assert not [value for value in asked.values() if value in held], "what the issuer is shown is not in it"

    answer = back(browser, there.lets_in(answer.headers["location"]))
    assert answer.status == 200 and '<meta http-equiv="refresh" content="0; url=../../console">' in answer.body
    assert "<script" not in answer.body and "default-src 'none'" in answer.headers["content-security-policy"]
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    assert list(browser.jar) == [NAME], "the cookie of the way goes, that of the session comes"
    (cookie,) = [one for one in answer.cookies if one.startswith(f"{NAME}=")]
    assert "; HttpOnly; SameSite=Strict; Secure" in cookie
    me = browser("GET", "/console/session").body
    assert me | {"expires_at": ""} == {
        "me": {"id": ana["id"], "name": "Ana", "email": "ana@example.com", "role": "agent"},
        "services": [{"id": service, "name": "Care"}],
        "all_services": False,
        "desk_ids": None,
        "expires_at": "",
    }
    assert browser("POST", "/v1/desks", {"service_id": service, "kind": "console", "name": "D"}).body["code"] == "scope"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_signatures_that_are_taken(browser: Browser, there: Issuer, ana: Any, algorithm: str) -> None:
    there.algorithm = algorithm
    assert signed_in(browser, there).status == 200 and browser.signed_in


@pytest.mark.parametrize("methods", [None, ["client_secret_post"], ["private_key_jwt", "client_secret_basic"]])
def test_how_the_secret_is_shown(browser: Browser, there: Issuer, ana: Any, methods: list[str] | None) -> None:
    there.configuration = {"token_endpoint_auth_methods_supported": methods}
    assert signed_in(browser, there).status == 200


def test_a_client_without_a_secret(browser: Browser, there: Issuer, ana: Any) -> None:
    aws.client("ssm").delete_parameter(Name="/parley/test/oidc-client-secret")
    parameters.forget()
    there.secret = ""
    assert signed_in(browser, there).status == 200


HMAC = {"alg": "HS256"}
TOKENS: dict[str, Any] = {
    "another issuer": {"iss": "https://evil.example"},
    "another's": {"aud": "another"},
    "also another's": {"aud": [CLIENT, "another"]},
    "of another party": {"azp": "another"},
    "over": {"exp": 1_000_000_000},
    "without an end": {"exp": None},
    "no number": {"exp": "soon"},
    "from tomorrow": {"iat": 9_000_000_000},
    "from yesterday": {"iat": 1_000_000_000},
    "of another sign-in": {"nonce": "another"},
    "of no sign-in": {"nonce": None},
    "of nobody": {"sub": None},
    "of nobody at all": {"sub": ""},
}


@pytest.mark.parametrize("claims", TOKENS.values(), ids=TOKENS)
def test_tokens_that_are_not_believed(browser: Browser, there: Issuer, ana: Any, claims: dict[str, Any]) -> None:
    there.person = claims
    assert refused(signed_in(browser, there)) == "token" and not browser.signed_in


@pytest.mark.parametrize(
    ("iat", "exp", "taken"),
    [(50, 300, True), (-600, -50, True), (70, 300, False), (-700, 300, False), (-100, -70, False)],
)
def test_clocks_may_differ_by_a_minute(
    browser: Browser, there: Issuer, ana: Any, iat: int, exp: int, taken: bool
) -> None:
    now = int(time.time())
    there.person = {"iat": now + iat, "exp": now + exp}
    answer = signed_in(browser, there)
    assert answer.status == 200 if taken else refused(answer) == "token"


def _unsigned(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none")


def _by_the_public_key(there: Issuer) -> Callable[[str], str]:
    # As if our side took the issuer's public key, which everybody has, for a secret that it shares with us.
    def made(token: str) -> str:
        claims = jwt.decode(token, options={"verify_signature": False})
        return jwt.encode(claims, str(there.public()), algorithm="HS256", headers={"kid": "RS256-1"})

    return made


def _changed(token: str) -> str:
    head, _, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False}) | {"email": "boss@example.com"}
    return ".".join([head, jwt.encode(claims, "x" * 32, algorithm="HS256").split(".")[1], signature])


@pytest.mark.parametrize(
    "made", [_unsigned, _by_the_public_key, _changed, lambda token: token + "x", lambda token: "x" * 70_000],
    ids=["unsigned", "hmac", "changed", "torn", "huge"],
)  # fmt: skip
def test_signatures_that_are_not_believed(browser: Browser, there: Issuer, ana: Any, made: Any) -> None:
    forge = made(there) if made is _by_the_public_key else made
    there.token = lambda token: (200, {"id_token": forge(token)})
    assert refused(signed_in(browser, there)) == "token" and not browser.signed_in


@pytest.mark.parametrize(
    ("head", "asked"),
    [({"kid": "unknown"}, 2), ({"kid": None}, 1), ({"kid": 7}, 0), ({"alg": "ES256"}, 2)],
    ids=["unknown", "any", "number", "kind"],
)
def test_keys_that_are_not_found(browser: Browser, there: Issuer, ana: Any, head: dict[str, Any], asked: int) -> None:
    key = there.public()
    there.instead["/keys"] = (200, {"keys": [key, key | {"kid": "another"}, "no key", {"kty": "oct", "k": "AAAA"}]})
    there.token = lambda token: (200, {"id_token": _headed(token, head)})
    assert refused(signed_in(browser, there)) == "token"
    assert len([one for one in there.outside.heard if one.path == "/keys"]) == asked, "once more at most"


def _headed(token: str, head: dict[str, Any]) -> str:
    whole = {name: value for name, value in ({"alg": "RS256"} | head).items() if value is not None}
    first = base64.urlsafe_b64encode(json.dumps(whole).encode()).rstrip(b"=").decode()
    return f"{first}.{token.split('.')[1]}.AAAA"


@pytest.mark.parametrize("key", [{"n": "AQAB", "e": "AQAB"}, {"n": 5}, {"n": None}])
def test_keys_that_are_none(browser: Browser, there: Issuer, ana: Any, key: dict[str, Any]) -> None:
    there.instead["/keys"] = (200, {"keys": [there.public() | key]})
    assert refused(signed_in(browser, there)) == "token"


def test_a_short_key_proves_nothing(browser: Browser, there: Issuer, ana: Any) -> None:
    assert private_key("RS256", 0).key_size == 1024
    there.which = 0
    assert refused(signed_in(browser, there)) == "token"


def test_keys_may_change(browser: Browser, there: Issuer, ana: Any) -> None:
    assert signed_in(browser, there).status == 200
    there.which = 2
    assert signed_in(browser, there).status == 200
    heard = [one.path for one in there.outside.heard]
    assert (heard.count("/keys"), heard.count("/.well-known/openid-configuration")) == (2, 1), "kept otherwise"


ERRING: dict[str, tuple[str, Any, str]] = {
    "no configuration": ("/.well-known/openid-configuration", (404, {}), "issuer"),
    "garbage": ("/.well-known/openid-configuration", (200, b"<html>"), "issuer"),
    "a list": ("/.well-known/openid-configuration", (200, []), "issuer"),
    "endless": ("/.well-known/openid-configuration", (200, b" " * 300_000), "issuer"),
    "no keys": ("/keys", (500, {}), "issuer"),
    "keys in no list": ("/keys", (200, {"keys": "x"}), "issuer"),
    "no tokens": ("/token", (503, b"try later"), "issuer"),
    "a token of another kind": ("/token", (200, {"id_token": 5}), "issuer"),
    "tokens in a list": ("/token", (200, []), "issuer"),
    "an error of its own": ("/token", (400, {"error": "<b>&"}), "issuer"),
    "unknown client": ("/token", (401, {"error": "invalid_client"}), "client"),
    "a used code": ("/token", (400, {"error": "invalid_grant"}), "used"),
}


@pytest.mark.parametrize(("path", "answer", "word"), ERRING.values(), ids=ERRING)
def test_an_issuer_that_errs(
    browser: Browser, there: Issuer, ana: Any, told: Set, path: str, answer: Any, word: str
) -> None:
    location = there.lets_in(begun(browser))
    asked_issuer.forget()
    there.instead[path] = answer
    assert refused(back(browser, location)) == word and not browser.signed_in


@pytest.mark.parametrize(
    "more",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
        {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_what_no_issuer_may_say_of_itself(browser: Browser, there: Issuer, more: dict[str, Any]) -> None:
    there.configuration = more
    answer = browser("GET", "/console/oidc/start")
    assert answer.status == 424 and 'id="issuer"' in answer.body and not browser.jar


def test_an_issuer_that_does_not_answer(
    browser: Browser, there: Issuer, ana: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    location, ended = there.lets_in(begun(browser)), threading.Event()
    monkeypatch.setattr(asked_issuer, "_TIMEOUT_S", 0.05)

    def token(token: str) -> Any:
        ended.wait(10)
        return 200, {"id_token": token}

    there.token = token
    answer = back(browser, location)
    ended.set()
    assert refused(answer) == "issuer" and not browser.signed_in


def test_an_issuer_that_is_down(browser: Browser, told: Set) -> None:
    told(ISSUER="http://127.0.0.1:9/")
    assert browser("GET", "/console/oidc/start").status == 424


def test_a_way_back_is_gone_once(browser: Browser, there: Issuer, ana: Any) -> None:
    location = there.lets_in(begun(browser))
    held = dict(browser.jar)
    assert back(browser, location).status == 200
    assert refused(back(browser, location)) == "state", "the cookie is gone"
    browser.jar = held
    assert refused(back(browser, location)) == "used", "and so is the code, also for who has copied the cookie"


def test_a_sign_in_of_somebody_elses_is_not_mine(browser: Browser, api: Any, there: Issuer, ana: Any) -> None:
    theirs = there.lets_in(begun(Browser(api)))
    assert refused(back(browser, theirs)) == "state"
    begun(browser)
    assert refused(back(browser, theirs)) == "state", "also while I have begun one of my own"
    assert not browser.signed_in


def test_it_takes_ten_minutes_at_most(browser: Browser, there: Issuer, ana: Any) -> None:
    location = there.lets_in(begun(browser))
    ((name, held),) = browser.jar.items()
    secret, until, service = held.split(".")
    # Who moves the end on changes what is derived of it.
    browser.jar = {name: f"{secret}.{int(until) + 1}.{service}"}
    assert refused(back(browser, location)) == "state"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"iss": "https://evil.example"}, "other_issuer"),
        ({"iss": ""}, "other_issuer"),
        ({"error": "access_denied", "error_description": "<script>"}, "declined"),
        ({"error": "server_error"}, "issuer"),
        ({"error": "unauthorized_client"}, "client"),
        ({"error": "<b>"}, "issuer"),
        ({"code": ""}, "issuer"),
        ({"code": "another"}, "used"),
        ({"state": "another"}, "state"),
        ({"state": ""}, "state"),
        ({"state": "\u00e4"}, "state"),
    ],
)
def test_answers_that_let_nobody_in(browser: Browser, there: Issuer, ana: Any, more: dict[str, str], word: str) -> None:
    answer = signed_in(browser, there, **more)
    assert refused(answer) == word and not browser.signed_in
    assert "<script>" not in answer.body and "<b>" not in answer.body


def test_an_issuer_that_names_itself_always_does(browser: Browser, there: Issuer, ana: Any) -> None:
    location = re.sub(r"&iss=[^&]*", "", there.lets_in(begun(browser)))
    assert refused(back(browser, location)) == "other_issuer"
    there.configuration = {"authorization_response_iss_parameter_supported": None}
    asked_issuer.forget()
    location = re.sub(r"&iss=[^&]*", "", there.lets_in(begun(browser)))
    assert back(browser, location).status == 200, "an older one need not"


PEOPLE: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "nobody here": ({"email": "bo@example.com"}, {}, "nobody"),
    "not verified": ({"email_verified": False}, {}, "address"),
    "not said to be": ({"email_verified": None}, {}, "address"),
    "said not to be": ({"email_verified": False}, {"TRUST_ADDRESSES": "on"}, "address"),
    "none": ({"email": None}, {}, "address"),
    "no address": ({"email": ["ana@example.com"]}, {}, "address"),
    "torn": ({"email": "ana@"}, {}, "address"),
    "of elsewhere": ({}, {"DOMAINS": "example.org, example.net"}, "domain"),
    "of below": ({"email": "ana@evil.example.com"}, {"DOMAINS": "example.com"}, "domain"),
    "in no group": ({}, {"ROLES": "groups:staff=agent"}, "role"),
    "in another group": ({"groups": ["guests"]}, {"ROLES": "groups:staff=agent"}, "role"),
}


@pytest.mark.parametrize(("claims", "more", "word"), PEOPLE.values(), ids=PEOPLE)
def test_people_who_are_not_let_in(
    browser: Browser, there: Issuer, ana: Any, told: Set, claims: dict[str, Any], more: dict[str, str], word: str
) -> None:
    told(**more)
    there.person = claims
    assert refused(signed_in(browser, there)) == word and not browser.signed_in


@pytest.mark.parametrize(
    ("claims", "more", "role"),
    [
        ({"email": "ANA@example.COM"}, {"DOMAINS": "Example.com"}, "agent"),
        ({"email_verified": None}, {"TRUST_ADDRESSES": "on"}, "agent"),
        ({"email_verified": "true", "aud": [CLIENT], "azp": CLIENT}, {}, "agent"),
        ({"groups": ["guests", "staff"]}, {"ROLES": "groups:boss=admin,staff=read"}, "read"),
        ({"https://x/role": "boss"}, {"ROLES": "https://x/role:boss=admin"}, "agent"),
    ],
)
def test_people_who_are_let_in(
    browser: Browser, there: Issuer, ana: Any, told: Set, claims: dict[str, Any], more: dict[str, str], role: str
) -> None:
    told(**more)
    there.person = claims
    assert signed_in(browser, there).status == 200
    assert browser("GET", "/console/session").body["me"]["role"] == role, "the lower of both"


def test_an_account_stays_whose_it_was(browser: Browser, api: Any, there: Issuer, ana: Any) -> None:
    assert signed_in(browser, there).status == 200
    there.person = {"email": "new@example.com"}
    assert signed_in(browser, there).status == 200, "it has another address there"
    there.person = {"email": None}
    assert signed_in(browser, there).status == 200
    there.person = {"sub": "another"}
    assert refused(signed_in(browser, there)) == "other_account", "a new colleague with an old address"
    # Ana's row is given to somebody else, by their address: Ana's account does not come along.
    api("PATCH", f"/v1/people/{ana['id']}", {"email": "bo@example.com"})
    there.person = {}
    assert refused(signed_in(browser, there)) == "nobody"
    there.person = {"sub": "bo", "email": "bo@example.com"}
    assert signed_in(browser, there).status == 200
    there.person = {}
    assert refused(signed_in(browser, there)) == "nobody"


def test_an_account_of_several_services(browser: Browser, api: Any, there: Issuer, ana: Any) -> None:
    other = api.make("services", name="Sales & <More>")["id"]
    api.make("people", service_id=other, name="Ana", role="admin", email="ana@example.com")
    answer = signed_in(browser, there)
    assert answer.status == 200 and not browser.signed_in and "Sales &amp; &lt;More&gt;" in answer.body
    for service, role in ((other, "admin"), (ana["service_id"], "agent"), (other, "admin")):
        assert f'href="start?service_id={service}"' in answer.body
        assert back(browser, there.lets_in(begun(browser, f"?service_id={service}"))).status == 200
        me = browser("GET", "/console/session").body
        assert (me["me"]["role"], [one["id"] for one in me["services"]]) == (role, [service])
    assert signed_in(browser, there).body == answer.body, "asked again, now that both are known"


def test_it_ends_with_the_person(browser: Browser, api: Any, there: Issuer, ana: Any) -> None:
    assert signed_in(browser, there).status == 200
    copied = dict(browser.jar)
    api("PATCH", f"/v1/people/{ana['id']}", {"role": "read"})
    assert browser("GET", "/console/session").body["me"]["role"] == "read", "from the next request on"
    assert api("DELETE", f"/v1/people/{ana['id']}").status == 204
    browser.jar = copied
    assert not browser.signed_in
    assert refused(signed_in(browser, there)) == "nobody"
    left = [row.service for row in Resource.scan() if row.service.startswith(("account#", "signed#"))]
    assert left == [], "nothing is left of whose account it was"


def test_who_signs_in_so_is_known_and_can_be_signed_out(browser: Browser, api: Any, there: Issuer, ana: Any) -> None:
    path = f"/v1/people/{ana['id']}"
    assert api("GET", f"{path}/sign-ins").body == {"account": None, "last_at": None, "data": []}
    assert signed_in(browser, there).status == 200
    told = api("GET", f"{path}/sign-ins").body
    (one,) = told["data"]
    times = {"first_at": one["at"], "last_at": one["at"]}
    assert told["account"] == {"issuer": there.url, "email": "ana@example.com"} | times
    assert told["last_at"] == one["at"] == one["used_at"] < one["expires_at"] and one["key_id"] is None

    assert api("POST", f"{path}/sign-out", {}).body == {"count": 1} and not browser.signed_in
    (one,) = api("GET", f"{path}/sign-ins").body["data"]
    assert (one["used_at"], one["expires_at"]) == (None, None)
    assert signed_in(browser, there).status == 200, "they may come again"
    there.person = {"sub": "another"}
    assert refused(signed_in(browser, there)) == "other_account"
    assert api("POST", f"{path}/sign-out", {"forget_account": True}).body == {"count": 0}
    assert signed_in(browser, there).status == 200, "the next one with the address is taken for theirs"
    assert browser("GET", f"{path}/sign-ins").body["code"] == "scope"
    there.person = {}
    assert refused(signed_in(browser, there)) == "other_account"


def test_each_sign_in_is_another_session(browser: Browser, there: Issuer, ana: Any) -> None:
    brought = f"{'a' * 43}.{ana['id']}"
    browser.jar = {NAME: brought}
    assert signed_in(browser, there).status == 200 and browser.jar[NAME] != brought
    first = browser.jar[NAME]
    assert signed_in(browser, there).status == 200 and browser.jar[NAME] != first
    for held in (brought, first):
        browser.jar = {NAME: held}
        assert not browser.signed_in, "the one before ended when another was begun"


def test_another_site_ends_nobodys_session(browser: Browser, there: Issuer, ana: Any) -> None:
    assert signed_in(browser, there).status == 200
    assert browser("GET", "/console/oidc/start", None, **_headers(LED_HERE)).status == 302
    assert browser.signed_in


def test_the_cookie_is_where_the_issuer_leads_back_to(browser: Browser, there: Issuer, ana: Any) -> None:
    from chalicelib.api.http import base_url

    Resource("parley", "settings", body={"base_url": "https://parley.example/in"}).save()
    base_url.forget()
    answer = browser("GET", f"/console/oidc/start?service_id={ana['service_id']}&next=https://evil.example")
    once = f"https://parley.example/in/console/oidc/start?again=1&service_id={ana['service_id']}"
    assert (answer.headers["location"], answer.cookies) == (once, ())
    answer = browser("GET", "/console/oidc/start?again=1")
    assert answer.headers["location"].startswith(there.url), "behind a proxy it looks like another address for ever"
    assert there.lets_in(answer.headers["location"]).startswith("https://parley.example/in/console/oidc/callback?")


def test_without_an_issuer_nobody_signs_in_so(api: Any) -> None:
    browser = Browser(api)
    assert browser("GET", "/console/oidc").body == {"name": None}
    for path in ("start", "callback"):
        answer = browser("GET", f"/console/oidc/{path}")
        assert answer.status == 404 and 'id="unset"' in answer.body


def test_whose_word_counts_is_said_to_anybody(browser: Browser) -> None:
    assert browser("GET", "/console/oidc", None, X_Parley_Console="").body == {"name": "Example"}


def test_every_language_says_all_of_it(browser: Browser) -> None:
    words = signing_pages.words()
    assert {*words} >= {"en", "de"}
    needed = {*signing_pages.STATUSES, *(f"{word}.then" for word in signing_pages.STATUSES)}
    assert all({*said} == needed | {"in", "which", "back", "on"} for said in words.values())
    answer = browser("GET", "/console/oidc/callback", None, Accept_Language="fr, de-CH;q=0.9, en;q=0.8")
    assert 'lang="de"' in answer.body and words["de"]["state"] in answer.body
    assert re.search(r'href="\.\./a/\w+/console\.css"', answer.body)


def test_nothing_of_it_is_logged(browser: Browser, there: Issuer, ana: Any, caplog: pytest.LogCaptureFixture) -> None:
    tokens: list[str] = []

    def kept(token: str) -> Any:
        tokens.append(token)
        return 200, {"id_token": token}

    there.token = kept
    there.person = {"nonce": "another"}
    location = there.lets_in(begun(browser))
    held = [*browser.jar.values()]
    answer = back(browser, location)
    assert refused(answer) == "token"
    there.person = {}
    assert signed_in(browser, there).status == 200
    logged = str([vars(record) for record in caplog.records])
    assert "'why': 'nonce'" in logged and ana["id"] in logged
    code = dict(parse_qsl(urlsplit(location).query))["code"]
    for secret in (code, *tokens, *held, *browser.jar.values(), SECRET, "ana@example.com", "ana-1"):
        assert secret not in logged and secret not in answer.body
