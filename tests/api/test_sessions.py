"""Sessions of the console: whom a cookie lets in, what it takes for it to count, and when it is over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.ports.clock import now_ms
from chalicelib.tables import sign_links
from chalicelib.tables.config import Resource
from chalicelib.tables.sessions import IDLE_MS, LONGEST_MS, RENEWED_MS
from tests.api.signed_in import HOST, NAME, Browser
from tests.cloud import CutOff, taps


@pytest.fixture
def browser(api: Any) -> Browser:
    """A browser whose person has signed in as admin."""
    made = Browser(api)
    assert made.sign_in(api.key).status == 200
    return made


@pytest.fixture
def later() -> Iterator[Callable[[int], None]]:
    """Lets milliseconds pass."""
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield lambda ms: traveller.shift(timedelta(milliseconds=ms))


def rows() -> list[Any]:
    return [row for row in Resource.scan() if row.service.startswith("session#")]


def test_a_key_is_given_once_for_a_cookie(api: Any, service: str) -> None:
    browser = Browser(api)
    answer = browser.sign_in(api.key)

    (cookie,) = answer.cookies
    found = re.fullmatch(rf"{NAME}=([\w-]{{43}}\.[a-z0-9]{{16}}); (.*)", cookie)
    assert found is not None
    assert set(found[2].split("; ")) == {"Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Strict", "Secure"}
    key_id = api.key.split("_")[1]
    assert answer.body | {"expires_at": ""} == {
        "me": {"id": key_id, "name": "test", "email": None, "role": "admin"},
        "services": [{"id": service, "name": "Care"}],
        "all_services": True,
        "desk_ids": None,
        "expires_at": "",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert browser("GET", "/console/session").body == answer.body
    assert browser("GET", "/v1/services").body["data"][0]["id"] == service
    assert browser("POST", "/v1/desks", {"service_id": service, "kind": "console", "name": "D"}).status == 201
    stored = str([(row.service, row.body) for row in rows()])
    assert found[1] not in stored and api.key not in stored, "what is stored opens nothing"


@pytest.mark.parametrize("key", ["pk_", "x", "pk_aaaaaaaaaaaaaaaa_" + "b" * 43, "pk_ÄÄ", "\u0000"])
def test_wrong_keys_are_answered_alike(api: Any, key: str) -> None:
    answer = Browser(api).sign_in(key)

    assert (answer.status, answer.body["code"], answer.body["detail"]) == (401, "unauthorised", "this key is not known")
    assert not answer.cookies and not rows() and key not in answer.body["detail"]


def test_bad_input_names_the_field(api: Any) -> None:
    browser = Browser(api)

    assert set(browser("POST", "/console/session", {}).wrong) == {"/key"}
    assert set(browser("POST", "/console/session", {"key": 1}).wrong) == {"/key"}
    assert set(browser("POST", "/console/session", {"key": "x" * 1001}).wrong) == {"/key"}
    assert browser("POST", "/console/session", b"{").status == 400


GET, POST = ("GET", "/v1/services", None), ("POST", "/v1/services", {"name": "Other"})
SIGN_IN, SIGN_OUT = ("POST", "/console/session", {"key": "pk_"}), ("DELETE", "/console/session", None)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        *((asked, {"X-Parley-Console": ""}) for asked in (GET, POST, SIGN_IN, SIGN_OUT)),
        (GET, {"X-Parley-Console": "true"}),
        *((POST, {"Content-Type": kind}) for kind in ("text/plain", "multipart/form-data; boundary=x", "")),
        (SIGN_IN, {"Content-Type": "application/x-www-form-urlencoded"}),
        *((asked, {"Origin": "https://evil.example"}) for asked in (POST, SIGN_IN, SIGN_OUT)),
        *((POST, {"Origin": origin}) for origin in ("null", f"http://{HOST}", f"https://{HOST}.evil.example")),
        *((POST, {"Sec-Fetch-Site": site}) for site in ("cross-site", "same-site", "none")),
    ],
)
def test_what_another_page_may_have_asked_does_not_count(browser: Browser, asked: Any, sent: dict[str, str]) -> None:
    method, path, body = asked
    answer = browser(method, path, body, **{name.replace("-", "_"): value for name, value in sent.items()})

    assert (answer.status, answer.body["code"]) == (403, "csrf")
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert browser.signed_in and len(browser("GET", "/v1/services").body["data"]) == 0


def test_browsers_that_say_less_are_heard(api: Any) -> None:
    plain = Browser(api)
    plain.sent = {"X-Parley-Console": "1"}

    assert plain.sign_in(api.key).status == 200
    assert plain("POST", "/v1/services", {"name": "Care"}).status == 201


def test_no_page_of_another_origin_is_let_in(browser: Browser) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Headers": "x-parley-console"}
    for path in ("/console/session", "/v1/services"):
        answer = browser("OPTIONS", path, None, **{name.replace("-", "_"): value for name, value in asked.items()})
        assert answer.status == 405 and not [name for name in answer.headers if name.startswith("access-control")]


def test_a_key_goes_before_a_cookie(browser: Browser, api: Any) -> None:
    assert browser("GET", "/v1/services", None, Authorization="Bearer pk_").status == 401
    answer = browser("GET", "/v1/services", None, Authorization=f"Bearer {api.key}", X_Parley_Console="")
    assert answer.status == 200


def test_signing_in_gives_another_session_and_ends_the_one_before(browser: Browser, api: Any) -> None:
    before = dict(browser.jar)
    assert browser.sign_in(api.key).status == 200
    assert browser.jar != before and browser.signed_in
    browser.jar = before
    assert not browser.signed_in


def test_a_cookie_that_somebody_brought_along_is_not_what_one_gets(api: Any) -> None:
    browser, brought = Browser(api), f"{'a' * 43}.{api.key.split('_')[1]}"
    browser.jar = {NAME: brought}
    assert browser.sign_in(api.key).status == 200
    assert browser.jar[NAME] != brought and len(rows()) == 1
    browser.jar = {NAME: brought}
    assert not browser.signed_in


def test_signing_out_is_for_good(browser: Browser) -> None:
    copied = dict(browser.jar)
    answer = browser("DELETE", "/console/session")

    assert (answer.status, answer.body) == (204, "")
    assert f"{NAME}=; Path=/; Max-Age=0" in answer.cookies[0] and not browser.jar
    browser.jar = copied
    assert not browser.signed_in
    assert browser("DELETE", "/console/session").status == 204, "also twice"
    assert [row.body.keys() for row in rows()] == [{"ended_at"}], "what is put back after a loss does not bring it back"


def test_a_session_ends_with_its_key_and_has_its_scopes(api: Any) -> None:
    browser, key = Browser(api), api.make("keys", name="Ana", scopes=["read"])
    assert browser.sign_in(key["key"]).body["me"]["role"] == "read"
    assert browser("POST", "/v1/services", {"name": "Care"}).body["code"] == "scope"
    api("PATCH", f"/v1/keys/{key['id']}", {"scopes": ["admin"]})
    assert browser("POST", "/v1/services", {"name": "Care"}).status == 201
    assert browser("GET", "/console/session").body["me"] == {
        "id": key["id"], "name": "Ana", "email": None, "role": "admin"
    }  # fmt: skip
    assert api("DELETE", f"/v1/keys/{key['id']}").status == 204
    assert browser("GET", "/v1/services").status == 401


def test_a_session_of_a_limited_key_sees_its_service(api: Any, service: str) -> None:
    api.make("services", name="Another")
    browser = Browser(api)
    told = browser.sign_in(api.make("keys", name="k", scopes=["agent"], service_id=service)["key"]).body

    assert told["services"] == [{"id": service, "name": "Care"}]
    assert [one["id"] for one in browser("GET", "/v1/services").body["data"]] == [service]


def test_it_ends_when_it_is_not_used(api: Any, later: Callable[[int], None]) -> None:
    browser = Browser(api)
    ends = browser.sign_in(api.key).body["expires_at"]
    later(RENEWED_MS - 1)
    assert browser("GET", "/console/session").body["expires_at"] == ends, "not written down each time"
    later(1)
    assert browser("GET", "/console/session").body["expires_at"] > ends
    later(IDLE_MS - 1)
    assert browser.signed_in
    later(IDLE_MS)
    assert not browser.signed_in


def test_it_ends_after_a_week_however_much_it_is_used(api: Any, later: Callable[[int], None]) -> None:
    browser = Browser(api)
    browser.sign_in(api.key)
    for _ in range(14):
        later(LONGEST_MS // 14 - 1)
        assert browser.signed_in
        (row,) = rows()
        assert row.expires * 1000 <= row.created_at + LONGEST_MS, "and is removed then"
    later(14)
    assert not browser.signed_in


@pytest.mark.parametrize(
    "held",
    [
        "",
        "x",
        "x" * 9000,
        "a" * 43,
        "a" * 43 + ".",
        "ü" * 43 + "." + "k" * 16,
        "a" * 43 + "." + "K" * 16,
        '"{}"',
        "%00",
    ],
)
def test_what_is_no_cookie_of_ours_is_nobody(api: Any, held: str) -> None:
    browser = Browser(api)
    browser.jar = {NAME: held}

    assert browser("GET", "/v1/services").status == 401
    assert browser("DELETE", "/console/session").status == 204


def test_nothing_of_a_cookie_can_be_exchanged(browser: Browser, api: Any) -> None:
    other = api.make("keys", name="k", scopes=["read"])["id"]
    secret, _, key = browser.jar[NAME].partition(".")
    for held in (f"{secret}.{other}", f"{secret[::-1]}.{key}", f"{secret}.{key}.{key}", f" {secret}.{key}x"):
        browser.jar = {NAME: held}
        assert not browser.signed_in, held


def test_of_two_cookies_none_counts(browser: Browser) -> None:
    held = browser.jar[NAME]
    for two in (f"{NAME}=x; {NAME}={held}", f"{NAME}={held}; {NAME}={held}"):
        browser.jar = {}
        assert browser("GET", "/v1/services", None, Cookie=two).status == 401
    assert browser("GET", "/v1/services", None, Cookie=f"a=b; ;=; {NAME}={held} ; c").status == 200


def test_the_cookie_of_another_stack_is_another(browser: Browser) -> None:
    held = browser.jar[NAME]
    for name in ("__Host-parley-other", "parley-test", "__host-parley-test", "parley-test-443"):
        browser.jar = {name: held}
        assert not browser.signed_in, name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"Host": "127.0.0.1:4566"}, "parley-test-4566"),
        ({"Host": "localhost:8000"}, "parley-test-8000"),
        ({"Host": "parley.example", "X-Forwarded-Proto": "http"}, "parley-test-80"),
        ({"Host": "parley.example", "X-Forwarded-Proto": "https"}, NAME),
        ({"Host": "127.0.0.1:4566", "X-Forwarded-Proto": "https"}, NAME),
        ({"Host": "parley.example"}, NAME),
    ],
)
def test_without_https_the_cookie_has_a_plain_name(api: Any, sent: dict[str, str], name: str) -> None:
    scheme = "https" if name == NAME else "http"
    browser = Browser(api, **sent, Origin=f"{scheme}://{sent['Host']}")
    (cookie,) = browser.sign_in(api.key).cookies

    assert cookie.startswith(f"{name}=") and ("; Secure" in cookie) == (name == NAME)
    assert "; HttpOnly; SameSite=Strict" in cookie and "; Path=/;" in cookie
    assert browser("POST", "/v1/services", {"name": "Care"}).status == 201


def test_behind_a_name_of_the_owners(api: Any) -> None:
    from chalicelib.api.http import base_url

    Resource("parley", "settings", body={"base_url": "https://parley.example/in"}).save()
    base_url.forget()
    browser = Browser(api, Origin="https://parley.example")
    assert browser.sign_in(api.key).status == 200


def test_what_asking_costs(browser: Browser) -> None:
    asked: list[str] = []
    taps.listen = lambda when, operation: asked.append(operation) if when == "before" else None
    try:
        browser("GET", "/v1/desks?service_id=sv_aaaaaaaaaa")
        browser("GET", "/v1/desks?service_id=sv_aaaaaaaaaa")
    finally:
        taps.listen = None
    assert asked[-2:] == ["BatchGetItem", "Query"], "one call for the session and its key"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_cut_at_any_write_of_signing_in_leaves_nothing_wrong(browser: Browser, api: Any, when: str, cut: int) -> None:
    before, writes = dict(browser.jar), 0

    def listen(at: str, operation: str) -> None:
        nonlocal writes
        if operation in ("PutItem", "UpdateItem") and at == when:
            writes += 1
            if writes == cut:
                raise CutOff

    taps.listen = listen
    try:
        with pytest.raises(CutOff):
            browser.sign_in(api.key)
    finally:
        taps.listen = None
    assert browser.jar == before
    assert browser.signed_in == ((when, cut) != ("after", 2)), "who was signed in is, until signed out"
    assert browser.sign_in(api.key).status == 200 and browser.signed_in
    assert all(row.expires for row in rows()), "what nobody has the cookie of ends by itself"


def test_a_link_signs_in_once(api: Any, later: Callable[[int], None]) -> None:
    key = api.key.split("_")[1]
    words = []
    for _ in range(3):
        word, row = sign_links.made(key, now_ms=now_ms())
        row.save()
        words.append(word)
    assert not [word for word in words if word in str([(one.service, one.body) for one in Resource.scan()])]
    browser, other = Browser(api), Browser(api)
    assert browser.sign_in(words[0]).body["me"]["id"] == key and browser.signed_in
    assert other.sign_in(words[0]).status == 401, "it was used"
    assert api.as_key(words[1])("GET", "/v1/services").status == 401, "it is no key"
    later(sign_links.LASTS_MS)
    assert other.sign_in(words[1]).status == 401, "it was too late"
    assert other.sign_in("once_" + "a" * 43).status == 401
    word, row = sign_links.made(key, now_ms=now_ms())
    row.save()
    assert browser.sign_in(api.key).status == 200
    assert api("DELETE", f"/v1/keys/{key}").status == 204
    assert other.sign_in(word).status == 401, "the key is gone"
