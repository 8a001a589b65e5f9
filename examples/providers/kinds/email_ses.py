"""Mail by Amazon SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2 (November 2026).

What comes in SES puts into a bucket, below `mail/`, with its verdicts above it; what became of mails it tells the
account's event bus, from which a rule takes it to a queue.
"""

from __future__ import annotations

import base64
import email
import json
import re
import secrets
import time
from collections.abc import Sequence
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, localtime
from typing import Any

from examples.providers.aws import MAIL, REPORT
from examples.providers.kinds import Answer, Asked, Deed, Impossible, family
from examples.providers.world import Account, Bubble, Hook, Person, World

LABEL = "Mail"
BASE = ""
CHANNEL: dict[str, Any] = {
    "settings": {"address": "help@shop.example", "from_name": "Simulated shop", "opens": True},
    "secrets": {},
}
DEEDS = frozenset({"text", "reply", "file", "unsubscribe"})
TELLS = ("sent", "delivered", "read")
_REPORTS = {"sent": "Send", "delivered": "Delivery", "read": "Open", "failed": "Bounce"}
_DOMAIN = "simulated.amazonses.com"


def opened(channel: dict[str, Any]) -> Account:
    """The address."""
    settings = channel["settings"]
    return Account("email_ses", settings["address"], settings["address"], settings, channel["secrets"])


def address(person: Person) -> str:
    """Their address."""
    return person.mail


async def answer(asked: Asked, world: World) -> Answer:
    """One call of the API."""
    if not asked.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 Credential="):
        return no(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    if asked.path.startswith("/v2/email/identities/"):
        domains = {one.id.partition("@")[2] for one in world.of_kind("email_ses")}
        if asked.path.rpartition("/")[2] not in domains:
            return no(404, "NotFoundException", "Email identity does not exist.")
        return Answer(200, {"VerifiedForSendingStatus": True, "DkimAttributes": {"Status": "SUCCESS"}})
    if asked.path != "/v2/email/outbound-emails":
        return no(404, "UnknownOperationException", "no such operation")
    found = addressee(asked, world)
    if found is None:
        return no(400, "MessageRejected", "Email address is not verified.")
    account, person = found
    if person is None:
        return no(400, "MessageRejected", "there is no such simulated person")
    world.add(_shown(_mail(asked), asked, account, person, world))
    return Answer(200, {"MessageId": world.bubbles[-1].id})


def addressee(asked: Asked, world: World) -> tuple[Account, Person | None] | None:
    """Whom a mail goes to."""
    if asked.path != "/v2/email/outbound-emails":
        return None
    mail = _mail(asked)
    sender = str(mail["From"].addresses[0].addr_spec) if mail["From"] and mail["From"].addresses else ""
    account = world.account("email_ses", sender)
    to = next(iter((asked.json.get("Destination") or {}).get("ToAddresses", [])), "")
    person = next((one for one in world.people.values() if one.mail == to), None)
    return (account, person) if account else None


def refusal(fault: str, wait_s: int) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors"""
    if fault == "throttled":
        refused = no(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
        return Answer(429, refused.body, refused.headers | {"retry-after": str(wait_s)})
    if fault in ("refused", "opted_out"):
        return no(400, "MessageRejected", "the mail was rejected")
    return no(500, "InternalServiceErrorException", "something went wrong")


def no(status: int, name: str, message: str) -> Answer:
    """An error of SES."""
    return Answer(status, {"message": message}, {"x-amzn-errortype": f"{name}:http://internal.amazon.com/"})


def _mail(asked: Asked) -> EmailMessage:
    data = ((asked.json.get("Content") or {}).get("Raw") or {}).get("Data", "")
    try:
        raw = base64.b64decode(data)
    except ValueError:
        raw = b""
    found = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def _shown(mail: EmailMessage, asked: Asked, account: Account, person: Person, world: World) -> Bubble:
    """A mail as a mail program shows it."""
    body = mail.get_body(("plain", "html"))
    text = str(body.get_content()).replace("\r\n", "\n") if body else ""
    id = f"0100{secrets.token_hex(16)}-000000"
    bubble = Bubble(id, "email_ses", account.id, person.id, False, text=text.strip())
    for part in mail.iter_attachments():
        content = part.get_payload(decode=True)
        name, type = part.get_filename() or "file", part.get_content_type()
        held = world.keep_file(content if isinstance(content, bytes) else b"", type, name)
        bubble.files.append({"id": held, "type": type, "name": name})
    links = re.findall(r"<(https?://[^>]+)>", str(mail["List-Unsubscribe"] or ""))
    bubble.details = {
        "subject": str(mail["Subject"] or ""), "reply_to": str(mail["Reply-To"] or mail["From"]),
        "references": str(mail["References"] or ""), "message_id": f"<{id}@{_DOMAIN}>",
        "tags": {one["Name"]: [one["Value"]] for one in asked.json.get("EmailTags", [])},
        "unsubscribe": links[0] if links and mail["List-Unsubscribe-Post"] else "",
    }  # fmt: skip
    bubble.about = str(mail["In-Reply-To"] or "").strip("<> ")
    return bubble


def receipts(bubble: Bubble, states: Sequence[str], world: World) -> list[Hook]:
    """Events of the configuration set; of a mail that failed that it bounced for good."""
    account, person = world.accounts["email_ses", bubble.account], world.people[bubble.person]
    found = []
    for place, state in enumerate(states):
        kind = _REPORTS[state]
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        mail = {"messageId": bubble.id, "tags": bubble.details.get("tags", {}), "timestamp": at}
        detail: dict[str, Any] = {"eventType": kind, "mail": mail | {"destination": [person.mail]}}
        if state == "failed":
            gone = {"emailAddress": person.mail, "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
            bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [gone]}
            detail["bounce"] = bounce | {"timestamp": at}
        elif state != "sent":
            detail[kind.lower()] = {"timestamp": at} | ({"recipients": [person.mail]} if state == "delivered" else {})
        event = {"source": "aws.ses", "detail-type": f"Email {kind}", "detail": detail}
        found.append(Hook(account, json.dumps(event).encode(), {}, 0.3 + 0.6 * place, method=REPORT))
    return found


def told(deed: Deed, person: Person, account: Account, world: World) -> list[Hook]:
    """A mail of somebody's, as SES puts it into the bucket; or that they unsubscribe by one click."""
    sent = [one for one in world.thread(account, person) if not one.mine]
    if deed.do == "unsubscribe":
        offered = next((one.details["unsubscribe"] for one in sent if one.id == deed.about), "")
        if not offered:
            raise Impossible("that mail offers no unsubscribing")
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return [Hook(account, b"List-Unsubscribe=One-Click", headers, url=offered)]
    about = next((one for one in sent if one.id == deed.about), None)
    subject = str(deed.details.get("subject") or (_answering(about) if about else "Hello"))
    id = f"{secrets.token_hex(10)}@mail.example"
    own = Bubble(id, "email_ses", account.id, person.id, True, state="sending", text=deed.text, about=deed.about)
    own.details = {"subject": subject}
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["Subject"], mail["Message-ID"] = formataddr((person.name, person.mail)), subject, f"<{id}>"
    mail["To"] = to = about.details["reply_to"] if about else account.id
    mail["Date"] = format_datetime(localtime())
    if about:
        mail["In-Reply-To"] = about.details["message_id"]
        mail["References"] = f"{about.details['references']} {about.details['message_id']}".strip()
    quoted = "".join(f"> {line}\n" for line in about.text.splitlines()) if about else ""
    wrote = f"\nOn {format_datetime(localtime())[:22]}, {formataddr((account.name, account.id))} wrote:\n{quoted}"
    mail.set_content(f"{deed.text}\n" + (wrote if quoted else ""))
    if deed.file:
        file = world.files[deed.file]
        own.type, own.files = family(file.type), [{"id": deed.file, "type": file.type, "name": file.name}]
        kind, _, sub = file.type.partition("/")
        mail.add_attachment(file.body, maintype=kind, subtype=sub or "octet-stream", filename=file.name)
    world.add(own)
    ses, recipient = secrets.token_hex(16), str(to).rpartition("<")[2].rstrip(">")
    raw = _trace(person, recipient, ses) + mail.as_bytes()
    return [Hook(account, raw, {"x-key": f"mail/{account.id}/{ses}"}, bubble=id, method=MAIL)]


def _answering(about: Bubble) -> str:
    subject = str(about.details["subject"])
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def _trace(person: Person, recipient: str, ses: str) -> bytes:
    """What SES writes above a mail that it has taken in."""
    domain = person.mail.partition("@")[2]
    return (
        f"Return-Path: <{person.mail}>\r\n"
        f"Received: from mx.{domain} (mx.{domain} [192.0.2.1])\r\n by inbound-smtp.us-east-1.amazonaws.com"
        f" with SMTP id {ses}\r\n for {recipient};\r\n {format_datetime(localtime())}\r\n"
        "X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n"
        f"Authentication-Results: amazonses.com;\r\n spf=pass (spfCheck: domain of {domain})"
        f" envelope-from={person.mail};\r\n dmarc=pass header.from={domain};\r\n"
    ).encode()
