"""What the documentation says is true: its JSON is read by the code, its links lead somewhere, its names exist."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.api.console.session import Me
from chalicelib.api.conversations.beat import Beat
from chalicelib.api.conversations.direct import DirectCall
from chalicelib.api.conversations.messages import MessagesList
from chalicelib.api.conversations.recent import RecentMessages
from chalicelib.api.conversations.sending import FirstWord
from chalicelib.api.conversations.ticket import TicketFor
from chalicelib.api.deliveries.replays import ReplayJob
from chalicelib.api.kinds.rules import Rule
from chalicelib.api.kinds.sources import Source
from chalicelib.api.kinds.subscriptions import Subscription
from chalicelib.api.kinds.triggers import Trigger
from chalicelib.api.setup.rule_trial import RuleTrial
from chalicelib.bots import webhook as bot_wire
from chalicelib.channels import custom, webchat
from chalicelib.channels.contract import Channel, Received, Request
from chalicelib.channels.sms import settings as sms_settings
from chalicelib.desks import webhook as desk_wire
from chalicelib.domain import platform_event
from chalicelib.domain.deciding import conditions
from chalicelib.domain.exchange import Exchange
from chalicelib.domain.message import TYPES, Author, Content, Message
from chalicelib.domain.notice import Notice
from chalicelib.domain.outcome import outcome_payload
from chalicelib.inbound import mapped
from chalicelib.ports import clock, signing
from chalicelib.wire.contents import SENDABLE
from infra import channel_table, reference

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^( *)```(\w+) +([^\n]+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_ALARM = re.compile(r"`([\w.-]+: (?:errors|throttles|late|filled|ran|dropped|full))`")


def _blocks(language: str) -> Iterator[tuple[str, str, str]]:
    """(page, what is said beside the language, text) of the blocks that say something."""
    for page in PAGES:
        for _, tongue, said, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
            if tongue == language:
                yield page.name, said.strip(), text


JSON = [pytest.param(said, text, id=f"{page}:{n}:{said}") for n, (page, said, text) in enumerate(_blocks("json"))]


@pytest.mark.parametrize(("said", "text"), JSON)
def test_json_is_as_the_code_has_it(said: str, text: str) -> None:
    given = json.loads(text)
    kind, _, example = said.partition(" ")

    if example and kind != "content":
        # The example is itself a test of the code that writes it.
        path = ROOT / "chalicelib" / kind / "webhook" / "examples" / f"{example}.json"
        assert given == json.loads(path.read_text(encoding="utf-8"))["gives"]
    else:
        _READ[kind](given)


def _bot_events(given: Any) -> None:
    read = bot_wire.read_events(given)
    assert read.events
    assert not read.problems


def _content(given: Any) -> None:
    assert given.keys() <= {"text", "content", "media"}


def _bot_answer(given: Any) -> None:
    exchange = Exchange(200, {}, json.dumps(given).encode(), 1)
    read = bot_wire.answers(exchange, conversation="cv_1")
    assert read.events
    assert not read.problems
    assert bot_wire.token_in(exchange, given["verification_token"])


def _desk_events(given: Any) -> None:
    read = desk_wire.read_events(given)
    assert len(read.events) == len(given)
    assert not read.problems


def _rule(given: Any) -> None:
    Rule.model_validate(given)
    _when(given["when"])


def _source(given: Any) -> None:
    Source.model_validate(given | {"service_id": "sv_aaaaaaaaaa"})
    assert mapped.problems(given["mapping"]) == []


def _subscription(given: Any) -> None:
    Subscription.model_validate(given)
    _when(given["when"])


def _event(given: Any) -> None:
    said = Message(
        id="ms_1", thread="th_1", seq=1, service="sv_1", channel="ch_1", channel_kind="whatsapp", address="7",
        conversation="cv_1", contact="ct_1", contact_name="Ana", source="whatsapp", direction="in",
        author=Author("user", "ct_1", "Ana"), content=Content(text="hello"), state="received", event="ev_1",
        sent_at=clock.from_rfc3339(given["timestamp"]),
    )  # fmt: skip
    data = platform_event.message_data(said, rfc3339=clock.rfc3339)
    assert given == platform_event.payload("message.created", at=given["timestamp"], data=data)


def _when(given: Any) -> None:
    assert conditions.problems(given) == []


def _webchat(given: Any) -> None:
    request = Request("POST", {}, {}, json.dumps(given).encode(), clock.now_ms())
    assert isinstance(webchat.receive(request, Channel("ch_1", {"uploads": True}, {})), Received)


def _custom(given: Any) -> None:
    secret, body, now = signing.new_secret(), json.dumps(given).encode(), clock.now_ms()
    signed = signing.headers([secret], id="in", at_ms=now, body=body)
    channel = Channel("ch_1", {}, {"signing_secret": secret})
    assert isinstance(custom.receive(Request("POST", signed, {}, body, now), channel), Received)


def _sms(given: Any) -> None:
    settings = sms_settings.Settings.model_validate(given)
    wrong, urls = settings.judged(frozenset({"key", "signature"}))
    assert wrong == [] and urls


def _outcome(given: Any) -> None:
    data = given["data"]
    notice = Notice(
        "event", "tr_", "", "", data["conversation_id"], "trigger", 0, channel=data["trigger_id"],
        asked=data["event_id"], address=data["session"], event=given["type"], data={"reply": data["reply"]},
    )  # fmt: skip
    assert outcome_payload(notice, at=given["timestamp"]) == given


_READ: dict[str, Callable[[Any], Any]] = {
    "bot-says": _bot_events, "bot-events": _bot_events, "bot-answer": _bot_answer, "desk-events": _desk_events,
    "rule": _rule, "when": _when, "webchat": _webchat, "custom": _custom, "sms": _sms,
    "trigger": Trigger.model_validate,
    "direct": DirectCall.model_validate, "subscription": _subscription, "event": _event, "outcome": _outcome,
    "source": _source, "recent": RecentMessages.model_validate, "messages-list": MessagesList.model_validate,
    "content": _content, "session": Me.model_validate, "rule-trial": RuleTrial.model_validate,
    "beat": Beat.model_validate, "replay": ReplayJob.model_validate, "ticket": TicketFor.model_validate,
    "first-word": FirstWord.model_validate,
}  # fmt: skip


def test_every_type_of_message_is_shown_as_it_is_said_and_answered() -> None:
    said: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for page, what, text in _blocks("json"):
        kind, _, type = what.partition(" ")
        if kind == "bot-says":
            (event,) = bot_wire.read_events(json.loads(text)).events
            assert event.content is not None, page
            plain = event.content.plain()
            named = {"content" if key == "details" else key: value for key, value in plain.items() if key != "type"}
            said[event.content.type] = named
        elif kind == "content":
            shown[type] = json.loads(text)

    # The others are told in a sentence beside the file: they look as it does.
    assert {*shown} | {"text", "image", "audio", "video"} == {*TYPES}
    assert said == {type: shown[type] for type in shown if type in SENDABLE}


def test_the_reference_is_what_the_code_says() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "run `make reference`"
    table = channel_table.page(channel_table.shown())
    assert channel_table.PAGE.read_text(encoding="utf-8") == table, "run `make reference`"


def test_every_field_of_the_log_is_explained() -> None:
    rows = reference.page().partition("## Log lines")[2].splitlines()
    fields = {name for row in rows if row.count("|") == 5 for name in re.findall(r"`(\w+)`", row.split("|")[3])}
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    table = page.partition("| field | is |")[2].partition("\n\n")[0]
    explained = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }

    assert explained == fields | {"step"}


def test_the_signature_is_checked_as_printed() -> None:
    ((page, _, source),) = [block for block in _blocks("python") if block[1] == "verify"]
    printed: dict[str, Any] = {}
    exec(compile(source, page, "exec"), printed)
    old, new, body = signing.new_secret(), signing.new_secret(), b'{"Message":"h\xc3\xa9"}'
    signed = signing.headers([new, old], id="dl_1", at_ms=clock.now_ms(), body=body)

    assert printed["verify"](new, signed, body)
    assert printed["verify"](old, signed, body)
    assert not printed["verify"](signing.new_secret(), signed, body)
    assert not printed["verify"](new, signed, body + b" ")
    assert not printed["verify"](new, signed | {"webhook-timestamp": "1"}, body)


def _anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if path.startswith(("https://", "http://", "mailto:")):
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            dead.append(link)

    assert dead == []


def test_every_alarm_is_explained_and_there_are_no_others() -> None:
    from infra import alarms

    made = [one for one in alarms.resources().values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    names = {one["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("parley-${Stage} ") for one in made}

    assert set(_ALARM.findall((ROOT / "docs" / "operating.md").read_text(encoding="utf-8"))) == names


def test_every_table_and_library_is_named() -> None:
    from chalicelib.tables import MODEL_NAMES

    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    required = re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==", (ROOT / "requirements.in").read_text(), re.MULTILINE)

    assert [name for name, _ in MODEL_NAMES if f"| `{name}` |" not in architecture] == []
    assert [name for name in required if f"| {name} |" not in decisions] == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)}

    assert {"run", "test", "deploy"} <= named <= targets


def test_every_path_of_the_layout_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+`) \|", readme.partition("## Where things are")[2], re.MULTILINE)
    named = [path for row in rows for path in re.findall(r"`([^`]+)`", row)]

    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_tour_can_be_run_from_its_page() -> None:
    """A whole-stack test runs it; here only that its commands stand there, in an order that defines before it uses."""
    tour = "\n".join(text for page, said, text in _blocks("sh") if said == "tour")
    defined = {*re.findall(r"^(\w+)=", tour, re.MULTILINE), *re.findall(r"& (\w+)=\$!", tour), "1"}

    assert set(re.findall(r"\$(\w+)", tour)) <= defined
