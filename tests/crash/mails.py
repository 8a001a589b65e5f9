"""Scenarios of the crash matrix in which mails come, and SES tells of those that went out."""

from __future__ import annotations

from typing import Any

from chalicelib.ports import aws, queues
from chalicelib.ports.queues import Entry
from chalicelib.ports.settings import settings
from tests.crash.scenarios import Scenario
from tests.crash.stage import Stage
from tests.journeys.conftest import TOKEN
from tests.outside import Heard

_MAIL = b"""From: Ada <ada@home.example>
Message-ID: <m1@home.example>
Subject: My bill
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Is it right?
--b
Content-Type: application/pdf; name=bill.pdf
Content-Disposition: attachment

%PDF-1.4
--b--
"""
_KEY = "mail/help@acme.example/ses1"


def a_box(stage: Stage) -> None:
    stage.provider.answer = ses
    stage.deployment.make(
        "channels",
        service_id=stage.deployment.ids["care"],
        kind="email_ses",
        name="mail",
        settings={"address": "help@acme.example", "api_base": stage.provider.url.replace("/hook", "")},
        secrets={"link_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    )
    stage.provider.forget()
    stage.deployment.bot.answer = says_so


def ses(heard: Heard) -> tuple[int, Any]:
    """SES knows the address, and takes each mail."""
    return 200, {"MessageId": "0102-1"} if heard.method == "POST" else {"VerifiedForSendingStatus": True}


def says_so(heard: Heard) -> tuple[int, Any]:
    """A bot that says yes."""
    said = {"eventid": "1001", "conversation_id": heard.json.get("Conversationid"), "message": "yes"}
    return 200, {"token": TOKEN, "events": [said] if heard.json.get("Event") == "Incoming message" else []}


def a_mail_comes(stage: Stage) -> None:
    aws.client("s3").put_object(Bucket=settings().media_bucket, Key=_KEY, Body=_MAIL)
    told = {"s3": {"object": {"key": _KEY}}, "eventTime": "2026-11-21T11:59:00.000Z"}
    queues.send("mails", [Entry({"Records": [told]})])
    stage.settle()


def it_is_delivered(stage: Stage) -> None:
    tags = {one["Name"]: [one["Value"]] for one in stage.provider.heard[-1].json["EmailTags"]}
    mail = {"messageId": "0102-1", "tags": tags}
    queues.send("mails", [Entry({"source": "aws.ses", "detail": {"eventType": "Delivery", "mail": mail}})])
    stage.settle()


MAILS = {
    "mail": Scenario(
        (a_mail_comes, it_is_delivered),
        ("receive_mail",),
        a_box,
        ("converse", "fan_out", "deliver", "send"),
    )
}
