"""Mail: what SES puts into the bucket comes in, SES itself, played by a server of ours, takes what goes out."""

from __future__ import annotations

import base64
import email
import itertools
import json
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest

from chalicelib.domain.thread import thread_id
from chalicelib.steps.receive_mail import MOST_AN_HOUR
from tests.journeys.conftest import TOKEN, Deployment
from tests.journeys.test_people import people
from tests.outside import Heard, Outside, serving

HELP = "help@acme.example"
ADA = "ada@home.example"
_numbers = itertools.count(1)
Comes = Callable[..., str]


class Ses:
    """SES as far as it is called: it knows one domain, and takes what is well made."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.fails: list[tuple[int, str, str]] = []

    def answer(self, heard: Heard) -> tuple[int, Any] | tuple[int, Any, dict[str, str]]:
        if heard.path == "/a.pdf":
            assert "authorization" not in heard.headers
            return 200, b"%PDF-1.4", {"Content-Type": "application/pdf"}
        assert heard.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential="), heard.headers
        if heard.path.startswith("/v2/email/identities/"):
            if heard.path.endswith("/acme.example"):
                return 200, {"VerifiedForSendingStatus": True, "DkimAttributes": {"Status": "SUCCESS"}}
            return 404, {"message": "no such identity"}, {"x-amzn-errortype": "NotFoundException"}
        assert heard.path == "/v2/email/outbound-emails", heard.path
        if self.fails:
            status, name, reason = self.fails.pop(0)
            return status, {"message": reason}, {"x-amzn-errortype": f"{name}:http://internal.amazon.com/"}
        self.mails.append(heard.json)
        return 200, {"MessageId": f"0100-{len(self.mails)}"}

    def sent(self) -> EmailMessage:
        """The last mail that it took."""
        raw = base64.b64decode(self.mails[-1]["Content"]["Raw"]["Data"])
        assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) < 998
        found = email.message_from_bytes(raw, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@pytest.fixture
def ses() -> Ses:
    return Ses()


@pytest.fixture
def outside(ses: Ses) -> Iterator[Outside]:
    with serving() as found:
        found.answer = ses.answer
        yield found


@pytest.fixture
def box(deployment: Deployment, outside: Outside) -> dict[str, Any]:
    """The channel of an address."""
    return deployment.make(
        "channels",
        service_id=deployment.ids["care"],
        kind="email_ses",
        name="mail",
        settings={"address": HELP, "from_name": "Acme", "api_base": outside.url.removesuffix("/hook")},
    )


@pytest.fixture
def comes(deployment: Deployment, box: dict[str, Any]) -> Comes:
    """A mail lies in the bucket, as SES puts it there, and the bucket tells of it."""

    def put(
        text: str = "Hello",
        *,
        to: str = HELP,
        by: str = ADA,
        id: str = "",
        place: str = "",
        dmarc: str = "pass",
        **more: str,
    ) -> str:
        number = next(_numbers)
        id = id or f"ses{number:04}"
        head = {"From": f"Ada <{by}>", "To": to, "Subject": "My order", "Message-ID": f"<m{number}@home.example>"}
        trace = (
            f"Return-Path: <{by}>\r\n"
            f"Received: from mx.home.example (mx.home.example [192.0.2.1])\r\n by inbound-smtp.eu-west-1.amazonaws.com"
            f" with SMTP id {id}\r\n for {to};\r\n Sat, 21 Nov 2026 01:00:00 +0000 (UTC)\r\n"
            "X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n"
            f"Authentication-Results: amazonses.com;\r\n spf=pass (spfCheck: domain of home.example) "
            f"envelope-from={by};\r\n dmarc={dmarc} header.from={by.rpartition('@')[2]};\r\n"
        )
        given = head | {name.replace("_", "-"): value for name, value in more.items()}
        raw = trace + "".join(f"{name}: {value}\r\n" for name, value in given.items()) + "\r\n" + text
        key = f"mail/{place}{id}"
        there(raw.encode(), key)
        deployment.cloud.pump()
        return key

    from chalicelib.ports import aws, queues
    from chalicelib.ports.settings import settings

    def there(raw: bytes, key: str) -> None:
        aws.client("s3").put_object(Bucket=settings().media_bucket, Key=key, Body=raw)
        record = {"eventTime": "2026-11-21T01:00:01.000Z", "s3": {"object": {"key": key.replace("@", "%40")}}}
        queues.send("mails", [queues.Entry({"Records": [record]})])

    return put


def answers(**more: Any) -> Any:
    def answer(heard: Heard) -> tuple[int, Any]:
        event = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "noted"} | more
        return 200, {"token": TOKEN, "events": [event] if heard.json["Event"] == "Incoming message" else []}

    return answer


def reported(deployment: Deployment, ses: Ses, kind: str, at: int = -1, **more: Any) -> None:
    """SES tells what became of a mail."""
    from chalicelib.ports import queues

    tags = {one["Name"]: [one["Value"]] for one in ses.mails[at]["EmailTags"]}
    mail = {"messageId": f"0100-{len(ses.mails) + 1 + at}", "tags": tags}
    detail = {"eventType": kind, "mail": mail} | more
    queues.send("mails", [queues.Entry({"source": "aws.ses", "detail-type": f"Email {kind}", "detail": detail})])
    deployment.cloud.pump()


def test_a_mail_and_its_answer(deployment: Deployment, box: dict[str, Any], ses: Ses, comes: Comes) -> None:
    assert (box["status"], box["facts"]["identity"], box["facts"]["dkim"]) == ("active", "acme.example", "success")
    deployment.bot.answer = answers()
    key = comes("Where is it?\r\n\r\nOn Fri, 20 Nov 2026 at 10:00, Acme <help@acme.example> wrote:\r\n> Hello\r\n")
    event = deployment.bot.events()[0]
    assert (event["Message"], event["Channel"], event["Contact"]["name"]) == ("Where is it?", "Email", "Ada")
    sent = ses.sent()
    assert (sent["From"], sent["To"], sent["Subject"]) == ("Acme <help@acme.example>", ADA, "Re: My order")
    assert sent["In-Reply-To"] == sent["References"] and sent["In-Reply-To"].startswith("<m")
    assert sent["Auto-Submitted"] == "auto-replied"
    assert sent.get_body(("plain",)).get_content().strip() == "noted"  # type: ignore[union-attr]
    assert "noted" in sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
    (ada,) = people(deployment)
    assert {"kind": "email", "value": ADA} in ada["identities"]
    from chalicelib.ports import media

    assert not media.has(key), "what was read is gone"
    # The answer comes to the word of the thread, by a program that drops the other headers, and from elsewhere.
    comes("From my phone", to=sent["Reply-To"], by="ada@work.example")
    event = deployment.bot.events()[-1]
    assert (event["Message"], event["Contact"]["name"]) == ("From my phone", "Ada") or event[
        "Event"
    ] != "Incoming message"
    assert len(people(deployment)) == 1
    assert sent["Reply-To"].startswith(f"help+t.{thread_id(box['id'], ADA)[3:]}")
    assert json.dumps(ses.mails[-1]["Destination"]) == json.dumps({"ToAddresses": [ADA]})


def test_what_comes_by_another_way_is_nobodys(deployment: Deployment, box: dict[str, Any], comes: Comes) -> None:
    """The channel is the one that the mail was handed to; nobody hands one over from outside."""
    comes("To is the sender's word", to="other@acme.example", To=HELP)
    assert deployment.bot.events() == [], "its envelope says another address"
    comes("for us, by a blind copy", place=f"{HELP}/", To="all@home.example")
    assert [one["Message"] for one in deployment.bot.events()] == ["for us, by a blind copy"]
    assert deployment.call("POST", box["webhook_url"], b"From: ada@home.example\n\nhi")[0] == 401
    made = {"service_id": deployment.ids["care"], "kind": "email_ses"}
    status, answer = deployment.call(
        "POST", "/v1/channels", made | {"name": "again", "settings": {"address": HELP.upper()}}
    )
    assert (status, answer["errors"][0]["path"]) == (422, "/settings/address")
    base = {"api_base": box["settings"]["api_base"]}
    twice = {"kind": "email_ses", "settings": base | {"address": "two@acme.example"}}
    bundle = {"service": {"name": "fresh"}, "channels": [twice | {"name": "a"}, twice | {"name": "b"}]}
    status, answer = deployment.call("POST", "/v1/apply", bundle)
    assert (status, answer["errors"][0]["path"]) == (422, "/channels")
    # Another address frees the first, and so does going.
    moved = {"settings": base | {"address": "hi@acme.example"}}
    assert deployment.call("PATCH", f"/v1/channels/{box['id']}", moved)[0] == 200
    comes("is anybody there?")
    assert len(deployment.bot.events()) == 1
    comes("here you are", to="hi@acme.example")
    assert deployment.bot.events()[-1]["Message"] == "here you are"
    assert deployment.call("DELETE", f"/v1/channels/{box['id']}")[0] == 204
    deployment.make("channels", **made, name="again", **moved)


def test_a_mail_comes_once(deployment: Deployment, box: dict[str, Any], comes: Comes) -> None:
    """Told of twice by the bucket, or handed over again by the sender, under another id of SES's."""
    comes("once", Message_ID="<same@home.example>")
    comes("once", Message_ID="<same@home.example>")
    deployment.cloud.duplicate = True
    comes("twice told")
    assert [one["Message"] for one in deployment.bot.events()] == ["once", "twice told"]


def test_no_bot_hears_of_machines(deployment: Deployment, box: dict[str, Any], ses: Ses, comes: Comes) -> None:
    deployment.bot.answer = answers()
    comes("I am away", Auto_Submitted="auto-replied")
    comes("Our offers", List_Id="<news.home.example>")
    comes("from a robot", by="no-reply@home.example")
    assert deployment.bot.heard == [] and ses.mails == []
    kept = deployment.call("POST", "/messages.list", {"source": "email_ses"})[1]["data"]
    assert sorted(one["text"] for one in kept) == ["I am away", "Our offers", "from a robot"]
    # Two that say nothing of being machines come to an end.
    for number in range(MOST_AN_HOUR + 3):
        comes(f"ping {number}", by="robot@home.example")
    assert len(ses.mails) == MOST_AN_HOUR


def test_what_becomes_of_mails(deployment: Deployment, box: dict[str, Any], ses: Ses, comes: Comes) -> None:
    deployment.bot.answer = answers()
    comes("one")
    reported(deployment, ses, "Send", send={})
    reported(deployment, ses, "Delivery", delivery={"timestamp": "2026-11-21T01:00:03.000Z"})
    away = {"bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": ADA}]}
    heard = len(deployment.bot.events())
    reported(deployment, ses, "Bounce", bounce=away | {"feedbackId": "f0"})
    kept = deployment.call("POST", "/messages.list", {"source": "email_ses"})[1]["data"]
    assert (kept[0]["content"]["name"], kept[0]["text"]) == ("bounced", "Transient General")
    assert kept[1]["state"] == "delivered" and len(deployment.bot.events()) == heard
    comes("two")
    bounce = {"bounceType": "Permanent", "bounceSubType": "NoEmail", "bouncedRecipients": [{"emailAddress": ADA}]}
    reported(deployment, ses, "Bounce", bounce=bounce | {"feedbackId": "f1"})
    states = {one["DeliveryStatus"] for one in deployment.bot.events() if one["Event"] == "Message Delivery"}
    assert {"Delivered", "Failed"} <= states
    (ada,) = people(deployment)
    assert ada["consent"][f"all@{box['id']}"]["given"] is False
    # A report of nobody's, and what S3 says when it is told whom to tell.
    from chalicelib.ports import queues

    for body in ({"Event": "s3:TestEvent"}, {"source": "aws.ses", "detail": {"eventType": "Send", "mail": {}}}, {}):
        queues.send("mails", [queues.Entry(body)])
    deployment.cloud.pump()
    assert deployment.cloud.failures == []


def test_what_is_attached_can_be_had_and_sent(
    deployment: Deployment, box: dict[str, Any], ses: Ses, comes: Comes
) -> None:
    mail = (
        "--b\r\nContent-Type: text/plain\r\n\r\nthe bill\r\n--b\r\nContent-Type: application/pdf; name=bill.pdf\r\n"
        "Content-Disposition: attachment\r\n\r\n%PDF-1.4\r\n--b--\r\n"
    )
    comes(mail, Content_Type="multipart/mixed; boundary=b")
    url = deployment.bot.events()[0]["Media"]["url"]
    answer = deployment.client.http.get(url)
    assert answer.status_code == 302 and "bill.pdf" in answer.headers["Location"]
    # And back: fetched from where it lies, before the attempt counts as begun.
    deployment.bot.answer = answers(message="yours", Media={"url": f"{box['settings']['api_base']}/a.pdf"})
    comes("may I have mine?")
    (file,) = ses.sent().iter_attachments()
    assert (file.get_content_type(), file.get_payload(decode=True)) == ("application/pdf", b"%PDF-1.4")


def test_one_click_unsubscribes(deployment: Deployment, box: dict[str, Any], ses: Ses, comes: Comes) -> None:
    from chalicelib.channels.email_ses import addresses
    from chalicelib.ports import secrets
    from chalicelib.tables import config

    comes("hello")
    row = config.get("channel", box["id"])
    assert row is not None
    key = secrets.unseal(row.sealed or "", owner=row.id)["link_secret"]
    page = f"{box['webhook_url']}?leave={addresses.leaving(ADA, key)}"
    path = "/" + page.split("://", 1)[1].split("/", 1)[1]
    shown = deployment.client.http.get(path)
    assert shown.status_code == 200 and "<form method=" in shown.body.decode()
    assert "form-action 'self'" in shown.headers["Content-Security-Policy"] and "Set-Cookie" not in shown.headers
    (ada,) = people(deployment)
    assert ada["consent"] == {}, "scanners open links"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, answer = deployment.call("POST", page, b"List-Unsubscribe=One-Click", headers=form)
    assert status == 200 and "Done" in answer
    deployment.cloud.pump()
    (ada,) = people(deployment)
    assert ada["consent"][f"marketing@{box['id']}"]["given"] is False
    assert deployment.call("POST", page[:-1], b"", headers=form)[0] == 404
