"""Triggers: from a post or an API key to what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.ports import clock, queues, signing
from chalicelib.tables import config
from tests.cloud import CutOff, taps
from tests.journeys.conftest import TOKEN, Deployment, answers_with_token
from tests.outside import Heard, serving

HELLO = b'{"text":"Hello there"}'
"""The body of ChatBotKit's own sample call, to the letter."""


def echoes(heard: Heard) -> tuple[int, Any]:
    """A bot that answers in its response."""
    said = f"re: {heard.json['Message']}"
    event = {"eventid": "1001", "conversation_id": heard.json["Conversationid"], "message": said}
    return 200, {"token": TOKEN, "events": [event]}


@pytest.fixture
def asker(deployment: Deployment) -> Deployment:
    """A deployment with a trigger `t` of its bot, which echoes."""
    deployment.bot.answer = echoes
    deployment.make("triggers", service_id=deployment.ids["care"], name="t", bot_id=deployment.ids["bot"])
    return deployment


def post(
    deployment: Deployment, body: Any, query: str = "", *, secret: str | None = None, **headers: str
) -> tuple[int, Any]:
    """Post an event; everything moves."""
    made = deployment.made["t"]
    sent = {"Authorization": f"Bearer {made['secret'] if secret is None else secret}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    answer = deployment.call("POST", made["event_url"] + query, body, headers=sent)
    deployment.cloud.pump()
    return answer


def asks(deployment: Deployment, body: Any, query: str = "", **headers: str) -> dict[str, Any]:
    """Post an event that is accepted, and give what became of it."""
    status, accepted = post(deployment, body, query, **headers)
    assert status == 202, accepted
    return outcome(deployment, accepted["id"])


def outcome(deployment: Deployment, event: str) -> dict[str, Any]:
    """What the API says of an event."""
    status, answer = deployment.call("GET", f"/v1/triggers/{deployment.ids['t']}/events/{event}")
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def change(deployment: Deployment, **fields: Any) -> dict[str, Any]:
    """PATCH the trigger."""
    status, answer = deployment.call("PATCH", f"/v1/triggers/{deployment.ids['t']}", fields)
    assert status == 200, answer
    deployment.made["t"] |= answer
    return deployment.made["t"]


def passes(deployment: Deployment, traveller: Any, seconds: float) -> None:
    """Time passes, with the minute's tick in between."""
    while seconds > 0:
        traveller.shift(min(seconds, 30))
        seconds -= 30
        deployment.cloud.release()


def test_the_sample_call_is_answered_at_once_and_its_outcome_read_later(asker: Deployment) -> None:
    calls: list[str] = []
    queues.url("trigger-events.fifo")
    taps.listen = lambda side, operation: calls.append(operation) if side == "before" else None
    headers = {"Authorization": f"Bearer {asker.made['t']['secret']}"}
    try:
        status, accepted = asker.call("POST", asker.made["t"]["event_url"], HELLO, headers=headers)
    finally:
        taps.listen = None

    assert status == 202
    assert accepted["status"] == "accepted" and accepted["session"] == accepted["id"]
    assert calls == ["BatchGetItem", "SendMessageBatch", "PutItem"]
    assert asker.bot.events() == [], "answered before the bot is called"
    assert outcome(asker, accepted["id"])["status"] == "accepted"
    asker.cloud.pump()
    done = outcome(asker, accepted["id"])
    assert done | {"status": "succeeded", "reply": "re: Hello there", "attempts": 1, "error": None} == done
    assert done["conversation_id"] == accepted["conversation_id"] and done["contact_id"] is None
    assert done["finished_at"] >= done["accepted_at"]
    [told] = asker.bot.events()
    assert (told["Message"], told["Channel"], told["ConversationType"]) == ("Hello there", "Trigger", "BOT")
    assert told["Conversationid"] == accepted["conversation_id"]
    _, listed = asker.call("GET", f"/v1/messages?conversation_id={accepted['conversation_id']}")
    assert [(one["text"], one["source"], one["author"]["kind"], one["state"]) for one in listed["data"]] == [
        ("re: Hello there", "trigger", "bot", "sent"),
        ("Hello there", "trigger", "event", "received"),
    ]
    assert listed["data"][1]["author"] == {"kind": "event", "id": asker.ids["t"], "name": "t"}
    second = asks(asker, {"text": "And now?"})
    assert second["conversation_id"] != done["conversation_id"]
    path = f"/v1/triggers/{asker.ids['t']}/events"
    _, page = asker.call("GET", f"{path}?limit=1")
    assert page["data"] == [second]
    assert asker.call("GET", f"{path}?cursor={page['next_cursor']}")[1] == {"data": [done], "next_cursor": None}
    assert asker.call("GET", f"{path}?cursor=x")[1]["code"] == "bad_cursor"
    for wrong in (f"{path}/te_00000000000000000000000000", f"{path}/x", "/v1/triggers/tr_x/events"):
        assert asker.call("GET", wrong)[0] == 404


def test_who_is_asked_about_is_a_contact_and_the_key_of_the_session(asker: Deployment) -> None:
    first = asks(asker, {"text": "a", "contact": {"name": "Ana", "email": " Ana.Li@EXAMPLE.com "}})
    same = asks(asker, {"text": "b", "contact": {"email": "ana.li@example.com", "phone": "+49 151 12345678"}})
    by_phone = asks(asker, {"text": "c", "contact": {"phone": "+4915112345678"}})
    by_session = asks(asker, {"text": "d", "session": "ana.li@example.com"})
    named = asks(asker, {"text": "e", "session": "s1", "contact": {"name": "Bo"}})

    assert (first["session"], by_phone["session"], named["session"]) == ("ana.li@example.com", "+4915112345678", "s1")
    assert first["conversation_id"] == same["conversation_id"] == by_session["conversation_id"]
    assert first["contact_id"] == same["contact_id"] == by_phone["contact_id"] != named["contact_id"]
    assert by_phone["conversation_id"] != first["conversation_id"]
    _, found = asker.call("GET", f"/v1/conversations/{first['conversation_id']}")
    assert found["thread"]["contact"]["name"] == "Ana" and found["contact_id"] == first["contact_id"]
    assert asker.call("GET", f"/v1/conversations/{named['conversation_id']}")[1]["thread"]["contact"]["name"] == "Bo"
    assert asker.bot.events()[1]["Contact"] == {"id": first["contact_id"], "name": "Ana"}
    # A national number is one of the service's country.
    assert post(asker, {"contact": {"phone": "0151 12345678"}})[0] == 422
    asker.call("PATCH", f"/v1/services/{asker.ids['care']}", {"country": "DE"})
    assert asks(asker, {"text": "f", "contact": {"phone": "0151 12345678"}})["session"] == "+4915112345678"


def test_any_json_is_a_payload(asker: Deployment) -> None:
    query = "?session=order%2017&contact.name=Cy&contact.email=CY@example.com"
    order = asks(asker, b'{"order": 17,\n "total": 1.10}', query)
    assert order["session"] == "order 17" and order["reply"] == 're: {"order": 17,\n "total": 1.10}'
    assert order["contact_id"]
    assert [asks(asker, raw)["reply"] for raw in (b"[1]", b'"x"', b"{}", b"null")] == [
        "re: [1]", 're: "x"', "re: {}", "re: ",
    ]  # fmt: skip
    # The body goes before the query; an empty body asks nothing but what the query says.
    assert asks(asker, {"session": "b", "text": "t"}, "?session=q")["session"] == "b"
    assert asks(asker, b"", "?session=q")["session"] == "q"


WRONG: list[tuple[bytes | dict[str, Any], int, str, str]] = [
    (b"{", 400, "malformed_json", ""),
    (b"\xff", 400, "malformed_json", ""),
    (b'{"text": NaN}', 400, "malformed_json", ""),
    (b"[" * 50_000, 400, "malformed_json", ""),
    (b"text=hello", 400, "malformed_json", ""),
    ({"session": "x" * 201}, 422, "wrong_fields", "/session"),
    ({"contact": {"name": "x" * 201}}, 422, "wrong_fields", "/contact/name"),
    ({"contact": {"email": "nobody"}}, 422, "wrong_fields", "/contact/email"),
    ({"contact": {"phone": "12"}}, 422, "wrong_fields", "/contact/phone"),
    ({"text": "ü" * 8193}, 413, "too_large", "/text"),
    ({"payload": "x" * 16_400}, 413, "too_large", ""),
    (b'"' + b"x" * 1024 * 1024 + b'"', 413, "too_large", ""),
]


def test_what_is_refused(asker: Deployment) -> None:
    for body, status, code, path in WRONG:
        answered, problem = post(asker, body)
        assert (answered, problem["code"]) == (status, code), body[:40] if isinstance(body, bytes) else body
        assert not path or [one["path"] for one in problem["errors"]] == [path]
    assert post(asker, {"text": "x"}, "?contact.email=nobody")[1]["errors"][0]["path"] == "/contact/email"
    for secret in ("", "trg_wrong", asker.key):
        assert post(asker, HELLO, secret=secret)[0] == 401
    url = asker.made["t"]["event_url"]
    for other in (
        url.replace("tr_", "tr_x"),
        url.replace(asker.ids["t"], "tr_" + "a" * 26),
        "/v1/integration/trigger/x/event",
    ):
        assert asker.call("POST", other, HELLO)[0] == 404
    assert asker.call("GET", url)[0] == 405
    assert asker.bot.events() == []
    assert asks(asker, {"text": "\ud800 torn", "contact": None})["status"] == "succeeded"


def test_a_default_text_wins_and_a_trigger_without_authentication_asks_for_no_secret(asker: Deployment) -> None:
    change(asker, text="Summarise the day", authenticate=False)
    assert asks(asker, {"text": "x" * 20_000, "session": "s"}, Authorization="")["reply"] == "re: Summarise the day"
    done = asks(asker, {"orders": 3}, Authorization="Basic x")
    assert done["reply"] == "re: Summarise the day"
    _, listed = asker.call("GET", f"/v1/messages?conversation_id={done['conversation_id']}")
    assert listed["data"][1]["content"] == {"payload": '{"orders": 3}'}
    assert change(asker, suspended=True)["status"] == "suspended"
    assert post(asker, HELLO)[1]["code"] == "suspended"
    change(asker, suspended=False, text=None)
    assert asks(asker, HELLO)["reply"] == "re: Hello there"


def test_the_secret_is_shown_once_and_rotated_with_an_overlap(asker: Deployment, traveller: Any) -> None:
    old = asker.made["t"]["secret"]
    _, shown = asker.call("GET", f"/v1/triggers/{asker.ids['t']}")
    _, listed = asker.call("GET", "/v1/triggers")
    assert shown == listed["data"][0] == {key: value for key, value in asker.made["t"].items() if key != "secret"}
    assert not {"bearer", "generation"} & shown.keys()
    status, rotated = asker.call("POST", f"/v1/triggers/{asker.ids['t']}/rotate-secret", {"overlap_s": 60})
    assert status == 200 and rotated["secret"].startswith("trg_") and rotated["secret"] != old
    assert [post(asker, HELLO, secret=one)[0] for one in (old, rotated["secret"])] == [202, 202]
    traveller.shift(61)
    assert [post(asker, HELLO, secret=one)[0] for one in (old, rotated["secret"])] == [401, 202]
    _, audit = asker.call("GET", f"/v1/audit?service_id={asker.ids['care']}")
    assert {"bearer": "***"} in [one["change"] for one in audit["data"]]
    assert "'hash'" not in str(audit)


def test_a_key_makes_a_repeat_harmless_wherever_the_first_was_cut_off(asker: Deployment) -> None:
    def again(text: str, key: str) -> tuple[int, Any]:
        return post(asker, {"text": text}, Idempotency_Key=key)

    first = again("one", "k")
    assert first[0] == 202 and again("one", "k") == first
    assert post(asker, b'{ "text":  "one" }', Idempotency_Key="k") == first
    assert again("two", "k")[1]["code"] == "idempotency_conflict"
    assert again("one", "ä")[1]["code"] == "bad_idempotency_key"
    for at in range(1, 5):
        seen = 0

        def cut(side: str, operation: str, at: int = at) -> None:
            nonlocal seen
            seen += side == "after"
            if seen == at:
                raise CutOff(operation)

        taps.listen = cut
        try:
            with pytest.raises(CutOff):
                again("cut", f"cut {at}")
        finally:
            taps.listen = None
        status, accepted = again("cut", f"cut {at}")
        assert status == 202 and outcome(asker, accepted["id"])["status"] == "succeeded"
    assert [event["Message"] for event in asker.bot.events()] == ["one", *["cut"] * 4]


def test_what_is_accepted_is_durable_and_what_is_not_is_503(asker: Deployment) -> None:
    def fails(operation: str) -> Any:
        def listen(side: str, called: str) -> None:
            if side == "before" and called == operation:
                raise ConnectionError(operation)

        return listen

    taps.listen = fails("SendMessageBatch")
    headers = {"Authorization": f"Bearer {asker.made['t']['secret']}"}
    try:
        assert asker.call("POST", asker.made["t"]["event_url"], HELLO, headers=headers)[0] == 503
        taps.listen = fails("PutItem")
        status, accepted = asker.call("POST", asker.made["t"]["event_url"], HELLO, headers=headers)
    finally:
        taps.listen = None
    assert status == 202
    assert asker.call("GET", f"/v1/triggers/{asker.ids['t']}/events/{accepted['id']}")[0] == 404
    asker.cloud.pump()
    assert outcome(asker, accepted["id"])["reply"] == "re: Hello there"
    assert len(asker.bot.events()) == 1


def test_a_bot_that_keeps_silent_has_done_its_work(asker: Deployment, traveller: Any) -> None:
    change(asker, answer_within_s=60)
    asker.bot.answer = lambda heard: (500, {})
    late = asks(asker, {"text": "work"})
    assert late | {"status": "running", "attempts": 1, "finished_at": None} == late
    passes(asker, traveller, 90)
    asker.bot.answer = answers_with_token
    # Tried again at 60 s and at 360: while the lane holds the event, silence means nothing.
    passes(asker, traveller, 240)
    assert outcome(asker, late["id"])["status"] == "running"
    passes(asker, traveller, 120)
    assert outcome(asker, late["id"]) | {"status": "running", "attempts": 3} == outcome(asker, late["id"])
    passes(asker, traveller, 90)
    done = outcome(asker, late["id"])
    assert done | {"status": "succeeded", "reply": None, "error": None} == done
    # What it says after all is kept, and changes the outcome no more.
    asker.bot_posts({"eventid": "1001", "conversation_id": done["conversation_id"], "message": "done!"})
    assert outcome(asker, late["id"]) == done
    # An answer in time, by a post of the bot's own.
    early = asks(asker, {"text": "quick"})
    asker.bot_posts({"eventid": "1001", "conversation_id": early["conversation_id"], "message": "here"})
    assert outcome(asker, early["id"])["reply"] == "here"


def test_a_bot_that_closes_fails_or_is_gone(asker: Deployment, traveller: Any) -> None:
    def closes(heard: Heard) -> tuple[int, Any]:
        return 200, {"token": TOKEN, "events": [{"eventid": "1003"}]}

    asker.bot.answer = closes
    closed = asks(asker, {"text": "a", "session": "s"})
    assert closed | {"status": "succeeded", "reply": None} == closed
    asker.bot.answer = echoes
    assert asks(asker, {"text": "b", "session": "s"})["conversation_id"] != closed["conversation_id"]
    asker.call("PATCH", f"/v1/bots/{asker.ids['bot']}", {"retry": {"waits_s": [1]}})
    asker.bot.answer = lambda heard: (500, {})
    failed = asks(asker, {"text": "c"})
    passes(asker, traveller, 60)
    failed = outcome(asker, failed["id"])
    assert failed | {"status": "failed", "attempts": 2, "reply": None} == failed
    assert failed["error"]["code"] == "http_500" and failed["conversation_id"]
    # The API refuses to remove a bot that a trigger needs; a service that is taken apart may still meet an event.
    assert asker.call("DELETE", f"/v1/bots/{asker.ids['bot']}")[0] == 409
    bot = config.get("bot", asker.ids["bot"])
    assert bot is not None
    config.remove(bot)
    gone = asks(asker, {"text": "d"})
    assert (gone["status"], gone["error"]["code"], gone["attempts"]) == ("failed", "bot_gone", 0)


def test_the_outcome_is_posted_signed_and_until_it_is_taken(asker: Deployment, traveller: Any) -> None:
    with serving() as ours:
        secret = change(asker, notify_url=ours.url)["signing_secret"]
        assert "signing_secret" not in asker.call("GET", f"/v1/triggers/{asker.ids['t']}")[1]
        ours.answer = lambda heard: (500, {})
        done = asks(asker, {"text": "a", "contact": {"email": "ana@example.com"}})
        assert done["reply"] == "re: a", "what is told of it has no part in it"
        other = asks(asker, {"text": "b"})
        assert len(ours.heard) == 2, "one outcome does not wait for another"
        ours.answer = lambda heard: (204, b"")
        passes(asker, traveller, 90)
        assert len(ours.heard) == 4
        again = [heard for heard in ours.heard if heard.json["data"]["event_id"] == done["id"]]
        assert {heard.headers["webhook-id"] for heard in again} == {again[0].headers["webhook-id"]}
        assert signing.verify([secret], again[0].headers, again[0].raw, now_ms=clock.now_ms())
        assert again[1].json["type"] == "trigger.completed"
        assert again[1].json["data"] == {
            "trigger_id": asker.ids["t"],
            "event_id": done["id"],
            "conversation_id": done["conversation_id"],
            "contact_id": done["contact_id"],
            "session": "ana@example.com",
            "reply": "re: a",
        }
        _, listed = asker.call("GET", f"/v1/deliveries?trigger_id={asker.ids['t']}")
        assert [len(one["attempts"]) for one in listed["data"]] == [2, 2]
        assert asker.call("GET", f"/v1/deliveries/{listed['data'][0]['id']}")[1] == listed["data"][0]
        for event in (done, other):
            where = f"/v1/deliveries?conversation_id={event['conversation_id']}"
            told = asker.call("GET", where)[1]["data"]
            (outcome_of,) = [one for one in told if "trigger_id" in one]
            assert outcome_of in listed["data"] and outcome_of["conversation_id"] == event["conversation_id"]
            assert {one["destination_id"] for one in told} == {asker.ids["t"], asker.ids["bot"]}
        ours.forget()
        _, rotated = asker.call("POST", f"/v1/triggers/{asker.ids['t']}/rotate-signing-secret", {"overlap_s": 60})
        bot = config.get("bot", asker.ids["bot"])
        assert bot is not None
        config.remove(bot)
        asks(asker, {"text": "c"})
        [told] = ours.heard
        assert told.json["type"] == "trigger.failed" and told.json["data"]["error"]["code"] == "bot_gone"
        assert len(told.headers["webhook-signature"].split()) == 2 and rotated["signing_secret"] != secret
        assert other["status"] == "succeeded"


def test_invoke_asks_by_an_api_key(asker: Deployment) -> None:
    change(asker, text="Good morning")
    path = f"/v1/triggers/{asker.ids['t']}/invoke"
    status, accepted = asker.call("POST", path, headers={"Idempotency-Key": "i"})
    assert status == 202 and asker.call("POST", path, headers={"Idempotency-Key": "i"})[1] == accepted
    status, ours = asker.call("POST", path, {"session": "s", "contact": {"email": "a@b.example"}})
    asker.cloud.pump()
    assert (status, ours["session"], "conversation_id" in ours) == (202, "s", False)
    assert outcome(asker, accepted["id"])["reply"] == "re: Good morning"
    assert outcome(asker, ours["id"])["contact_id"]
    assert len(asker.bot.events()) == 2
    assert asker.call("POST", path, {"contact": {"email": "x"}})[1]["errors"][0]["path"] == "/contact/email"
    assert asker.call("POST", path, headers={"Authorization": f"Bearer {asker.made['t']['secret']}"})[0] == 401
    change(asker, suspended=True)
    assert asker.call("POST", path)[1]["code"] == "suspended"


def test_an_outcome_that_nobody_takes_is_given_up_and_may_be_sent_again(asker: Deployment, traveller: Any) -> None:
    with serving() as ours:
        change(asker, notify_url=ours.url)
        ours.answer = lambda heard: (500, {})
        done = asks(asker, {"text": "a"})
        change(asker, notify_url=None)
        passes(asker, traveller, 90)
        _, listed = asker.call("GET", f"/v1/deliveries?trigger_id={asker.ids['t']}&status=failed")
        [lost] = listed["data"]
        assert len(lost["attempts"]) == 1 and lost["message_id"]
        change(asker, notify_url=ours.url)
        ours.answer = lambda heard: (200, {})
        ours.forget()
        status, again = asker.call("POST", f"/v1/deliveries/{lost['id']}/replay")
        assert status == 202, again
        asker.cloud.pump()
        [told] = ours.heard
        assert told.headers["webhook-id"] == lost["id"] and told.json["data"]["event_id"] == done["id"]
    assert asker.cloud.failures == []
