"""`parley list`, `show`, `tail`, `export`, `apply`: everything the API knows is seen whole, by people and programs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typer")

from chalicelib.api.http.queries import QUERIES, Query
from chalicelib.api.http.routes import OPEN, READ, TABLE, plural_of
from chalicelib.cli.connection import Refused
from chalicelib.cli.looking import PAGE, Tail, followed
from chalicelib.cli.things import KINDS, LISTED, TAILED, THINGS, named, narrowed
from chalicelib.domain.thread import Conversation, Thread
from chalicelib.tables import threads
from chalicelib.tables.config import PREFIXES
from infra.reads import ROOT

URL = "http://127.0.0.1:1/"
OTHERS = {"/v1/contacts:export", "/v1/export", "/v1/openapi.json", "/v1/figures", "/v1/setup"}
"""Paths that have commands of their own, or are the console's."""


def plain(path: str) -> str:
    """A path whose last parameter is {id}, and the one before it {of}."""
    path = path.replace("{event_id}", "{id}").replace("{version}", "{id}")
    belongs = path.endswith(("/timeline", "/events", "/lanes", "/templates")) or path.count("{id}") > 1
    return path.replace("{id}", "{of}", 1) if belongs else path


def test_everything_that_is_read_can_be_seen() -> None:
    reads = {plain(route.path): route for route in TABLE if route.method == "GET" and route.path.startswith("/v1/")}
    seen = {
        path.replace("{kind}", KINDS.get(prefix, ""))
        for thing in THINGS.values()
        for path in (thing.one, thing.many)
        for prefix in ([*thing.of] if "{kind}" in path else [""])
    } - {""}
    assert reads.keys() - OTHERS == seen
    for name in LISTED:
        function = reads[THINGS[name].many.replace("{kind}", "bots")].function
        narrowing = {*THINGS[name].of.values(), *THINGS[name].filters.values()} - {""}
        # Services are no part of a service.
        query = QUERIES.get(function, Query())
        asked = {*query.named, *query.one_of, *query.with_service} - {"service_id", "limit", "cursor"}
        assert narrowing - {"service_id"} == asked, name
    assert {route.scope for route in reads.values()} >= {OPEN, READ}
    assert all(TAILED[prefix] in LISTED and prefix in THINGS[TAILED[prefix]].of for prefix in TAILED)


def test_words() -> None:
    said = {(PREFIXES[thing], plural_of(thing)) for thing in PREFIXES if plural_of(thing) in THINGS}
    assert said <= {*KINDS.items()} and {*KINDS.values()} <= THINGS.keys()
    assert [named(word, LISTED) for word in ("bot", "Bots", "delivery", "audit", "person")] == [
        "bots", "bots", "deliveries", "audit", "people",
    ]  # fmt: skip
    assert narrowed("events", "tr_1") == ("/v1/triggers/tr_1/events", {})
    assert narrowed("deliveries", "cv_1_2") == ("/v1/deliveries", {"conversation_id": "cv_1_2"})
    for name, of in (("events", ""), ("failures", "bt_1"), ("bots", "cv_1")):
        with pytest.raises(ValueError, match=r"need|narrowed"):
            narrowed(name, of)
    with pytest.raises(ValueError, match="must be one of services"):
        named("pigeons", LISTED)


def test_lists_are_json_lines_for_programs_and_whole_for_people(parley: Any, api: Any, service: str) -> None:
    desks = [
        api.make("desks", service_id=service, kind="console", name=f"[bold]{n}" + "x" * 90)["id"] for n in range(3)
    ]
    piped = parley("list", "desks", "--service", "Care")
    assert [json.loads(line)["id"] for line in piped.stdout.splitlines()] == sorted(desks)
    assert len(parley("list", "desk", "-n", "2").stdout.splitlines()) == 2
    text = parley("--output", "text", "list", "desks", "--of", service, "-n", "2")
    head, *rows = text.stdout.splitlines()
    assert head.split() == ["id", "name", "status", "kind", "webhook_url"]
    assert [row.split()[0] for row in rows] == sorted(desks)[:2]
    assert all(row.split()[1].startswith("[bold]") and len(row.split()[1]) == 97 for row in rows), "nothing is cut"
    assert "there are more" in text.stderr
    assert json.loads(parley("show", "desk", desks[0]).stdout)["id"] == desks[0]
    assert json.loads(parley("show", desks[0]).stdout)["id"] == desks[0]
    entry = json.loads(parley("list", "audit", "--service", service, "-n", "1").stdout)
    assert json.loads(parley("show", "audit", entry["id"], "--service", "Care").stdout) == entry


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("list", "pigeons"), 2, "must be one of"),
        (("list", "bots", "--status", "x"), 2, "not narrowed by --status"),
        (("list", "events"), 2, "need whose they are"),
        (("list", "bots", "--service", "Nobody"), 2, "no services are called"),
        (("list", "deliveries"), 1, "422"),
        (("show", "bots", "bt_x/../../keys"), 1, "404"),
        (("show", "event", "te_1"), 2, "need whose they are"),
        (("show", "te_1"), 2, "need whose they are"),
        (("show", "bots"), 2, "does not say what it is"),
        (("show", "health", "tr_1"), 2, "is that of bt_... or"),
        (("try", "dl_x"), 1, "404"),
        (("tail", "xx_1"), 2, "is none of"),
        (("tail", "cv_x"), 1, "404"),
        (("export", "Nobody"), 2, "no services are called"),
    ],
)
def test_what_cannot_be_seen(parley: Any, words: tuple[str, ...], code: int, said: str) -> None:
    result = parley(*words, env={"COLUMNS": "300"})
    assert result.exit_code == code, result.output
    assert said in result.stderr and result.stdout == ""


def test_every_list_can_be_read(parley: Any, api: Any, service: str) -> None:
    bot = api.make("bots", service_id=service, name="b", webhook_url=URL)["id"]
    trigger = api.make("triggers", service_id=service, name="t", bot_id=bot, text="Good morning")["id"]
    contact = api("POST", "/v1/contacts", {"service_id": service, "name": "Ana", "identities": [
        {"kind": "email", "value": "ana@example.com"}]}).body["id"]  # fmt: skip
    event = api("POST", f"/v1/triggers/{trigger}/invoke", {"text": "x"}).body["id"]
    # In this process nothing takes what is posted on, so the conversation is made as `converse` leaves it.
    opened = Conversation("th_" + "a" * 26, 1, service, "bot", bot, "open", 1)
    threads.keep_conversation(opened)
    assert threads.save(Thread(opened.thread, service, bot, "api", "x"))
    of = {"messages": contact, "timeline": contact, "events": trigger, "attempts": opened.id}
    of |= {"deliveries": bot, "lanes": bot, "attention": service, "versions": service}
    chat = api.make("channels", service_id=service, kind="webchat", name="c")["id"]
    none = parley("list", "templates", "--of", chat)
    assert none.exit_code == 1 and "no templates" in none.stderr, "a provider has them"
    for name in [one for one in LISTED if one != "templates"]:
        for output in ("text", "json"):
            words = ("--of", of[name]) if name in of else ()
            result = parley("--output", output, "list", name, *words)
            assert result.exit_code == 0, (name, result.output)
    found = parley("--output", "text", "list", "contacts", "--service", "Care", "--email", "ana@example.com")
    assert "ana@example.com" in found.stdout
    shown = json.loads(parley("show", "event", event, "--of", trigger).stdout)
    assert shown["id"] == event
    assert event in parley("--output", "text", "tail", trigger).stdout
    assert json.loads(parley("tail", trigger, "--for", "0").stdout)["id"] == event
    assert json.loads(parley("show", "merges", contact).stdout) is not None
    assert json.loads(parley("show", "health", bot).stdout)["status"] == "unverified"
    refused = parley("try", bot)
    assert refused.exit_code == 1 and "unverified" in refused.stderr


def test_a_service_goes_out_and_comes_in(parley: Any, api: Any, tmp_path: Path) -> None:
    file, values = tmp_path / "care.yaml", tmp_path / "secrets.json"
    bundle = {"service": {"name": "Care"}, "bots": [{"name": "b", "webhook_url": URL, "access_token": "s3cret"}]}
    file.write_text(json.dumps(bundle))
    assert parley("apply", str(file)).exit_code == 0
    for name in ("out.yaml", "out.json"):
        out = tmp_path / name
        assert parley("export", "Care", str(out)).exit_code == 0
        assert "s3cret" not in out.read_text() and "bots/b/access_token" in out.read_text()
        done = json.loads(parley("apply", str(out)).stdout)
        assert not done["updated"] + done["created"] + done["deleted"] and len(done["unchanged"]) == 2
        service = api("GET", "/v1/services").body["data"][0]["id"]
        assert api("DELETE", f"/v1/services/{service}?cascade=true").status == 204
        missing = parley("apply", str(out))
        assert missing.exit_code == 1 and "--secrets FILE" in missing.stderr
        assert missing.stderr.count("/bots/0/access_token") == 1
        values.write_text(json.dumps({"bots/b/access_token": "ü\n s3cret"}))
        text = parley("--output", "text", "apply", str(out), "--secrets", str(values))
        assert text.exit_code == 0 and "created" in text.stdout
        bot = api("GET", "/v1/bots").body["data"][0]
        assert bot["id"] in text.stdout and bot["access_token_set"]
    printed = parley("export", "Care").stdout
    again = parley("apply", "-", input=printed)
    assert again.exit_code == 0 and json.loads(again.stdout)["updated"] == []
    values.write_text("[]")
    assert parley("apply", str(file), "--secrets", str(values)).exit_code == 2


class Feed:
    """A list to which things are added at its beginning, as the API has it."""

    def __init__(self, *ids: int) -> None:
        self.rows = [{"id": str(id), "status": "waiting"} for id in reversed(ids)]
        self.fails: list[Exception] = []
        self.calls = 0

    def __call__(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.fails:
            raise self.fails.pop()
        at = int(query.get("cursor", 0))
        rows = self.rows[at : at + query["limit"]]
        return {"data": rows, "next_cursor": str(at + PAGE) if at + PAGE < len(self.rows) else None}

    def add(self, *ids: int) -> None:
        self.rows = [{"id": str(id), "status": "waiting"} for id in reversed(ids)] + self.rows


def test_a_tail_tells_each_thing_once_in_its_order() -> None:
    feed = Feed(*range(500))
    tail = Tail(feed, "", {}, 3)

    def looked() -> list[int]:
        return [int(row["id"]) for row in tail.look()]

    assert looked() == [497, 498, 499] and feed.calls == 1
    assert looked() == [], "what was there before is not new"
    feed.add(*range(500, 760))
    assert looked() == [*range(500, 760)], "more than a page"
    feed.rows[1]["status"] = "delivered"
    assert looked() == [758], "it is in another state"
    feed.rows.insert(2, {"id": "1000", "status": "waiting"})
    assert looked() == [1000], "it came late"
    feed.calls = 0
    feed.add(*range(2000, 9000))
    assert len(looked()) < 2000 and feed.calls < 20 and tail.missed
    assert looked() == []
    empty = Feed()
    tail = Tail(empty, "", {}, 0)
    assert looked() == []
    empty.add(1, 2)
    assert looked() == [1, 2]


def test_a_tail_goes_on_after_a_while_without_answers() -> None:
    feed = Feed(1)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            feed.fails = [ConnectionError("away"), Refused(503, {"code": "busy"})]
            feed.add(2)

    told = [
        row["id"] for row in followed(Tail(feed, "", {}, 20), follow=True, over=lambda: len(waits) > 9, sleep=sleep)
    ]
    assert told == ["1", "2"]
    assert waits[0] == 1 and max(waits) <= 10 and waits[-1] == 5, "looks become seldom while nothing comes"
    feed.fails = [Refused(404, {"code": "not_found"})]
    tail = Tail(feed, "", {}, 20)
    with pytest.raises(Refused):
        list(followed(tail, follow=True, over=lambda: False, sleep=sleep))


def run(*words: str, at: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The command itself, in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.run([str(ROOT / "parley"), *words], cwd=at, env=kept | env, capture_output=True, text=True)


@pytest.mark.skipif(not (ROOT / ".venv" / "bin" / "python").exists(), reason="needs .venv")
def test_the_command_is_found_from_anywhere_and_finds_the_local_run(tmp_path: Path) -> None:
    (tmp_path / "chalicelib").mkdir()
    (tmp_path / "link").symlink_to(ROOT / "parley")
    linked = subprocess.run([str(tmp_path / "link"), "list", "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert linked.returncode == 0 and "Usage: parley list" in linked.stdout, linked.stderr
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps({"base_url": URL, "admin_key": "pk_x"}))
    away = run("list", "bots", at=tmp_path)
    assert away.returncode == 1
    assert away.stderr == f"no answer from {URL[:-1]}: [Errno 111] Connection refused; is `make run` still there?\n"
    elsewhere = run("--base-url", "http://127.0.0.1:2", "list", "bots", at=tmp_path)
    assert elsewhere.returncode == 2 and "--key" in elsewhere.stderr, "the local run's key goes nowhere else"
