"""Mails as they are: what real programs write, what they get wrong, and what somebody writes who means ill."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.channels import email_ses
from chalicelib.channels.contract import Channel, Outgoing, Received, Refused, Request, Said, TryLater
from chalicelib.channels.email_ses import addresses, answers, bounded, composing, errors, html_text, reading, trace
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import MAX_TEXT_BYTES, Content
from chalicelib.domain.thread import thread_id
from tests.channels.mails import CORPUS, mail_of
from tests.channels.walking import NOW_MS

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MIXED = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
CHANNEL = Channel(
    "chn_1", {"address": "help@acme.example", "from_name": "Acme"}, {"link_secret": KEY}, "https://p.example/w"
)


def said(raw: bytes, **headers: str) -> Said:
    found: Any = email_ses.receive(Request("MAIL", {"ses-id": "ses1"} | headers, {}, raw, NOW_MS), CHANNEL)
    assert isinstance(found, Received), found
    [event] = found.events
    assert isinstance(event, Said), event
    return event


@pytest.mark.parametrize("name", CORPUS)
def test_what_programs_write_is_read(name: str) -> None:
    raw, text, files = CORPUS[name]
    event = said(raw)
    assert event.content.text == text
    assert [(one.name, one.mime_type, one.size) for one in event.content.media] == files


def test_a_text_that_is_too_long_is_cut_and_says_so() -> None:
    event = said(b"From: a@b.example\nSubject: long\n\n" + "ä".encode() * 20_000)
    assert len(event.content.text.encode()) <= MAX_TEXT_BYTES and event.content.details["truncated"] is True


def test_what_is_said_of_a_sender_counts_from_ses_alone() -> None:
    by = "Received: from x by inbound-smtp.eu-west-1.amazonaws.com with SMTP id {id} for help@acme.example; now\n"
    passed = "Authentication-Results: amazonses.com; dmarc=pass header.from=bank.example;\n"
    sender = "From: boss@bank.example\n\nhi"
    assert trace.of((by.format(id="ses1") + passed + sender).encode(), "ses1").vouches_for("boss@bank.example")
    for raw in (
        passed + by.format(id="ses1") + sender,  # above what names the object
        by.format(id="ses2") + passed + sender,  # of another object
        by.format(id="ses1") + "Subject: x\n" + passed + sender,  # below a header that SES does not write
        by.format(id="ses1") + "Authentication-Results: mx.bank.example; dmarc=pass;\n" + sender,  # another's results
        by.format(id="ses1")
        + 'Authentication-Results: amazonses.com; spf=pass envelope-from="; dmarc=pass header.from=b;"@evil.example;'
        + " dmarc=fail;\n"
        + sender,
        by.format(id="ses1")
        + "Authentication-Results: amazonses.com; spf=pass envelope-from=dmarc=pass@evil.example; dmarc=fail;\n"
        + sender,
        by.format(id="ses1") + "Authentication-Results: amazonses.com; dkim=pass header.i=@evil.example;\n" + sender,
        sender,
    ):
        assert not trace.of(raw.encode(), "ses1").vouches_for("boss@bank.example"), raw
    of_its_own = "Authentication-Results: amazonses.com; dkim=pass header.i=@bank.example; dmarc=none;\n"
    assert trace.of((by.format(id="ses1") + of_its_own + sender).encode(), "ses1").vouches_for("boss@bank.example")


def test_words_in_addresses_are_ours_or_none() -> None:
    thread = thread_id("chn_1", "ada@home.example")
    made = addresses.tagged("help@acme.example", addresses.THREAD, thread, KEY)
    plain, tag = addresses.untagged(made)
    assert plain == "help@acme.example" and len(made.rpartition("@")[0]) <= 64
    assert addresses.thread_of(tag.upper(), addresses.THREAD, KEY) == thread, "some programs change the case"
    assert not addresses.thread_of(tag, addresses.LEAVE, KEY), "of another purpose"
    assert not addresses.thread_of(tag[:-1] + ("a" if tag[-1] != "a" else "b"), addresses.THREAD, KEY)
    assert not addresses.thread_of(tag, addresses.THREAD, "another") and not addresses.thread_of(
        tag, addresses.THREAD, ""
    )
    assert addresses.tagged(f"{'a' * 40}@acme.example", addresses.THREAD, thread, KEY) == f"{'a' * 40}@acme.example"
    word = addresses.leaving("ada@home.example", KEY)
    assert addresses.leaver(word, KEY) == "ada@home.example"
    for bad in ("", ".", "x", word[:-1], word + "a", f"a{word}", "é.é", "=." + word, word.replace(".", "")):
        assert addresses.leaver(bad, KEY) == "" or bad == word
    assert addresses.normal("Ada@Müller.example") == "ada@xn--mller-kva.example"
    assert [
        addresses.normal(one) for one in ("", "a", "@b", "a@", "a b@c.example", "a@b@c.example", "a@" + "b" * 250)
    ] == [""] * 7


@pytest.mark.parametrize(
    ("status", "name", "reason", "later"),
    [
        (429, "TooManyRequestsException", "rate", True),
        (400, "LimitExceededException", "quota", True),
        (400, "SendingPausedException", "paused", True),
        (400, "MailFromDomainNotVerifiedException", "no MX", True),
        (404, "NotFoundException", "no such set", True),
        (403, "AccessDeniedException", "not authorized", True),
        (400, "aws#MessageRejected", "Email address is not verified.", True),
        (400, "MessageRejected", "virus", False),
        (400, "BadRequestException", "no domain", False),
        (413, "", "", False),
        (503, "", "", True),
        (0, "", "", True),
    ],
)
def test_what_ses_says_no_with(status: int, name: str, reason: str, later: bool) -> None:
    for headers, body in (({"x-amzn-errortype": f"{name}:http://x/"}, {}), ({}, {"__type": name})):
        raw = json.dumps(body | {"message": reason}).encode()
        found = errors.of(Exchange(status, headers if name else {}, raw, 1, "" if status else "timeout"), NOW_MS)
        assert isinstance(found, TryLater if later else Refused), found
        assert reason in (found.error if isinstance(found, TryLater) else found.reason) or not name


def test_a_mail_is_well_made_whatever_is_said_in_it() -> None:
    reply = {
        "id": "m1@x.example",
        "subject": "RE: re[2]: Aw: " + "ä" * 100,
        "references": " ".join(f"{n}@x.example" for n in range(20)),
    }
    content = Content(text="é" * 3000 + "\n.\nFrom here\x00\r\n" + "x" * 5000, details={"subject": ""})
    raw = composing.composed(
        Outgoing("dl_1", "ada@home.example", content, reply=reply, author="agent"), CHANNEL, [], []
    )
    assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) < 998
    mail = mail_of({"Content": {"Raw": {"Data": base64.b64encode(raw).decode()}}})
    assert str(mail["Subject"]).startswith("Re: ää") and str(mail["References"]).endswith("<m1@x.example>")
    assert "Auto-Submitted" not in mail, "people's mails are people's"
    assert mail.get_body(("plain",)).get_content().startswith("ééé")  # type: ignore[union-attr]


@pytest.mark.parametrize("subject", ["x\r\nBcc: evil@x.example", "\x00", "a\u2028b", "ä\nb"])
def test_nobody_writes_headers(subject: str) -> None:
    message = Outgoing("dl_1", "ada@home.example", Content(text="hi", details={"subject": subject}))
    channel = Channel("chn_1", {"address": "help@acme.example", "from_name": subject}, {"link_secret": KEY})
    raw = composing.composed(message, channel, [], [])
    assert b"\r\nBcc" not in raw and raw.count(b"\r\nSubject: ") == 1


@pytest.mark.parametrize(
    ("kind", "body", "begins"),
    [("html", "hi &amp; <b>you</b> " + "<a href=x" * 20_000, "hi & you"), ("plain", "hi" + " \n" * 8000, "hi")],
    ids=["html", "plain"],
)
def test_what_takes_readers_an_hour_is_read_without_them(
    monkeypatch: pytest.MonkeyPatch, kind: str, body: str, begins: str
) -> None:
    monkeypatch.setattr(bounded, "_READ_FOR_S", 0.1)
    raw = f"From: a@b.example\nContent-Type: text/{kind}\n\n{body}"
    assert " ".join(said(raw.encode()).content.text.split()).startswith(begins)


def test_long_mails_are_read_as_short_ones() -> None:
    html, text = "<p>yes &amp; no</p>" * 100, "yes\n" * 400 + "\nOn 1 May, A <a@b.example> wrote:\n> no\n"
    assert bounded.words(html) == html_text.words(html) == "\n".join(["yes & no"] * 100)
    assert bounded.new_part(text) == answers.new_part(text) == "\n".join(["yes"] * 400)


@pytest.mark.parametrize(
    "rest",
    [
        f"Content-Type: text/plain{';' * 2_000_000}\n\nhi",
        "".join(f"Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n" for at in range(60)) + "\nhi" * 60,
        "X-More: y\n" * 6000 + "\nhi",
    ],
    ids=["a header without end", "parts within parts", "headers without end"],
)
def test_what_would_be_taken_apart_for_hours_is_not(rest: str) -> None:
    """Who wrote it, and about what, is told all the same."""
    event = said(f"From: Ada <ada@home.example>\nSubject: Order 7\n{rest}".encode())
    assert (event.address, event.name, event.content.details["subject"]) == ("ada@home.example", "Ada", "Order 7")
    assert event.content.text in ("hi", "Order 7")


def test_an_answer_is_found_above_its_quote() -> None:
    assert answers.new_part("yes\n\nOn 1 May, A <a@b.example> wrote:\n> no\n> no\n") == "yes"
    assert answers.new_part("- one\n- two") == "- one\n- two", "a list is no signature"
    assert answers.new_part("> all\n> quoted") == "> all\n> quoted"
    assert answers.new_part("x" * 40_000 + "\n> quoted") == "x" * 40_000
    assert answers.new_part("") == ""


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=400), name=st.sampled_from([*CORPUS]), data=st.data())
def test_reading_never_raises(raw: bytes, name: str, data: st.DataObject) -> None:
    """Also of a mail whose middle is something else."""
    whole = CORPUS[name][0]
    at = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(at, min(len(whole), at + 60)))
    for one in (raw, whole[:at] + raw + whole[end:]):
        found: Any = email_ses.receive(Request("MAIL", {"ses-id": "ses1"}, {}, one, NOW_MS), CHANNEL)
        assert isinstance(found, Received)
        for event in found.events:
            json.dumps(asdict(event), allow_nan=False, ensure_ascii=False).encode()
            assert not isinstance(event, Said) or (0 < len(event.address) <= 254 and len(event.provider_id) <= 250)
            assert not isinstance(event, Said) or len(json.dumps(dict(event.reply)).encode()) <= 1024


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        MIXED + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 3000,
        b"From: a@b.example\nContent-Type: multipart/mixed\n\nno boundary",
        b"From: a@b.example\nContent-Type: text/plain; charset=no-such\n\nhi \xff",
        b"From: a@b.example\nContent-Transfer-Encoding: base64\n\n!!!",
        b"From: a@b.example\nContent-Type: message/rfc822\n\n" * 50,
        b"From: " + b"(" * 5000 + b"a@b.example\n\nhi",
        b"From: a@b.example\nReferences: " + b"<x@y> " * 5000 + b"\n\nhi",
        b"From: =?utf-8?b?" + b"/" * 3000 + b"?= <a@b.example>\n\nhi",
    ],
    ids=range(10),
)  # fmt: skip
def test_reading_holds_against_mails_that_break_readers(raw: bytes) -> None:
    assert isinstance(email_ses.receive(Request("MAIL", {"ses-id": "s"}, {}, raw, NOW_MS), CHANNEL), Received)
    assert isinstance(reading.recipients(raw), tuple)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="<>!-/&;\"'=[]dvbr \n", max_size=120))
def test_html_never_breaks_the_reader(html: str) -> None:
    assert "<script" not in html_text.words(f"<script>{html.replace('<', '')}</script>x")
    assert isinstance(html_text.words(html), str)
