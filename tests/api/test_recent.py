"""Reading across conversations: recent messages of a contact, messages by source and by contact, the timeline."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.message import Content
from chalicelib.domain.thread import Conversation, thread_id
from chalicelib.ports.clock import rfc3339
from chalicelib.tables import contacts, conversation_pages, history, links, merging
from tests.api.lives import AT, Life, newcomer
from tests.cloud import taps

RECENT = "/contacts.recent-messages"
HOUR = 3_600_000
_names = (f"p{n}" for n in itertools.count())


@pytest.fixture
def ann(service: str) -> str:
    return newcomer(service, "Ann")


def texts(page: Any) -> list[str]:
    return [one["text"] for one in page["data"]]


def recent(api: Any, contact: str, **more: Any) -> dict[str, Any]:
    answer = api("POST", RECENT, {"contact_id": contact} | more)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def test_what_a_client_of_airy_asks_is_answered(api: Any, service: str, ann: str) -> None:
    chat = Life(service, ann, "web", at=AT + HOUR)
    shop = Life(service, ann, "shop", source="salesforce_history", kind="source", at=AT + 2 * HOUR)
    said = [chat.say(f"chat {n}") for n in range(5)]
    for n in range(3):
        shop.say(f"order {n}", at=AT + n)
    found = recent(api, ann)
    # The latest first: within a page by the newest message, and the shop's are old.
    assert list(found) == [chat.conversation, shop.conversation]
    assert texts(found[shop.conversation]) == ["order 2", "order 1", "order 0"]
    assert found[shop.conversation]["source"] == "salesforce_history"
    assert found[chat.conversation]["pagination_data"] == {"previous_cursor": None, "next_cursor": None, "total": 5}
    first = found[chat.conversation]["data"][0]
    assert first == api("GET", f"/v1/messages/{said[-1]}").body
    # The seed's own request, then as its code spells the filter, then both, which is one filter.
    seed = recent(api, ann, filter_sources=["salesforce_history"])
    assert list(seed) == [shop.conversation]
    assert recent(api, ann, include_sources=["salesforce_history"]) == seed
    assert len(recent(api, ann, include_sources=["salesforce_history"], filter_sources=["webchat"])) == 2
    assert recent(api, ann, filter_sources=[], include_sources=[]) == found
    assert recent(api, ann, filter_sources=["nothing"]) == {}
    assert recent(api, newcomer(service, "Bob")) == {}
    # On through one conversation alone.
    page = recent(api, ann, page_size=2)[chat.conversation]
    cursor = page["pagination_data"]["next_cursor"]
    more = recent(api, ann, page_size=2, cursors={chat.conversation: cursor})
    assert list(more) == [chat.conversation]
    assert texts(page) + texts(more[chat.conversation]) == ["chat 4", "chat 3", "chat 2", "chat 1"]
    assert more[chat.conversation]["pagination_data"]["previous_cursor"] == cursor
    # The cursors are those of messages.list, and each filter holds by itself.
    listed = api("POST", "/messages.list", {"conversation_id": chat.conversation, "cursor": cursor}).body
    assert texts(listed) == ["chat 2", "chat 1", "chat 0"]
    assert recent(api, ann, filter_sources=["x"], cursors={chat.conversation: cursor}) == {}
    assert recent(api, ann, cursors={}) == recent(api, ann), "a client may send the map from its first call on"


def test_who_may_ask_and_what_is_refused(api: Any, service: str, ann: str) -> None:
    chat, other = Life(service, ann, "web"), Life(service, newcomer(service, "Bob"), "other")
    for life in (chat, other):
        for _ in range(3):
            life.say()
    cursor = recent(api, ann, page_size=1)[chat.conversation]["pagination_data"]["next_cursor"]
    bobs = api("POST", "/messages.list", {"conversation_id": other.conversation, "page_size": 1}).body
    foreign = bobs["pagination_data"]["next_cursor"]
    bad: list[dict[str, Any]] = [
        {"cursors": {chat.conversation: "garbage"}},
        {"cursors": {chat.conversation: ""}},
        {"cursors": {chat.conversation: foreign}},
        {"cursors": {other.conversation: foreign}},
        {"cursors": {"nothing": cursor}},
        {"conversations_cursor": cursor},
        {"conversations_cursor": "äöü"},
    ]
    for body in bad:
        refused = api("POST", RECENT, {"contact_id": ann} | body)
        assert (refused.status, refused.body["code"]) == (400, "bad_cursor"), body
    wrong: list[tuple[Any, str]] = [
        ({}, "/contact_id"),
        ({"contact_id": ""}, "/contact_id"),
        ({"contact_id": 1}, "/contact_id"),
        ({"contact_id": ann, "page_size": 0}, "/page_size"),
        ({"contact_id": ann, "page_size": 101}, "/page_size"),
        ({"contact_id": ann, "page_size": "20"}, "/page_size"),
        ({"contact_id": ann, "filter_sources": "x"}, "/filter_sources"),
        ({"contact_id": ann, "include_sources": [""]}, "/include_sources/0"),
        ({"contact_id": ann, "cursors": []}, "/cursors"),
        ({"contact_id": ann, "cursors": {chat.conversation: None}}, f"/cursors/{chat.conversation}"),
        ({"contact_id": ann, "cursors": {str(n): "x" for n in range(51)}}, "/cursors"),
        ({"contact_id": ann, "cursors": {"x": "y"}, "conversations_cursor": cursor}, "/conversations_cursor"),
        ({"contact_id": ann, "cursor": "x"}, "/cursor"),
    ]
    for body, path in wrong:
        assert path in api("POST", RECENT, body).wrong, body
    assert api("POST", RECENT, b"{").body["code"] == "malformed_json"
    for unknown in ("ct_aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", f"id#{service}#email#ann@example.com", chat.thread.id):
        assert api("POST", RECENT, {"contact_id": unknown}).status == 404
        assert api("GET", f"/v1/contacts/{quote(unknown, safe='')}/timeline").status == 404
        assert api("POST", "/messages.list", {"contact_id": unknown}).status == 404
        assert api("GET", f"/v1/conversations?contact_id={quote(unknown)}").status == 404
    mine = api.as_key(api.make("keys", name="r", scopes=["read"], service_id=service)["key"])
    assert list(recent(mine, ann)) == [chat.conversation]
    away = api.make("services", name="away")["id"]
    theirs = api.as_key(api.make("keys", name="r", scopes=["read"], service_id=away)["key"])
    for answer in (
        theirs("POST", RECENT, {"contact_id": ann}),
        theirs("GET", f"/v1/contacts/{ann}/timeline"),
        theirs("GET", f"/v1/conversations?contact_id={ann}"),
        theirs("POST", "/messages.list", {"contact_id": ann}),
        theirs("POST", "/messages.list", {"source": "webchat", "service_id": service}),
    ):
        assert (answer.status, answer.body["code"]) == (403, "other_service")
    assert theirs("POST", "/messages.list", {"source": "webchat"}).body["data"] == []
    # A key of no single service is answered from all of them, in one order.
    Life(away, "", "x", at=AT + HOUR).say("away")
    everywhere = api("POST", "/messages.list", {"source": "webchat", "page_size": 1}).body
    cursor = everywhere["pagination_data"]["next_cursor"]
    rest = api("POST", "/messages.list", {"source": "webchat", "cursor": cursor}).body
    assert texts(everywhere) == ["away"]
    assert rest["data"] == api("POST", "/messages.list", {"source": "webchat", "service_id": service}).body["data"]
    assert api.as_key("")("POST", RECENT, {"contact_id": ann}).status == 401
    assert "/contact_id" in api("GET", f"/v1/conversations?contact_id={ann}&service_id={away}").wrong


class Rounds:
    """Calls to DynamoDB, by the round that made them: each round is a pool of threads of its own."""

    def __enter__(self) -> Rounds:
        self.calls: list[tuple[str, str]] = []
        taps.listen = self._heard
        return self

    def __exit__(self, *_: object) -> None:
        taps.listen = None

    def _heard(self, when: str, operation: str) -> None:
        if when == "before":
            self.calls.append((threading.current_thread().name.rpartition("_")[0], operation))

    @property
    def by_round(self) -> list[Counter[str]]:
        """Operations of each round, in their order; a call outside of all pools is a round of its own."""
        alone = itertools.count()
        named = [(pool or f"alone {next(alone)}", operation) for pool, operation in self.calls]
        return [Counter(op for pool, op in named if pool == one) for one in dict.fromkeys(pool for pool, _ in named)]


def test_three_rounds_for_fifty_conversations_and_a_way_to_the_others(api: Any, service: str, ann: str) -> None:
    nick, ann_too = newcomer(service, "Nick"), newcomer(service, "Annie")
    lives = [Life(service, (ann, nick, ann_too)[n % 3], f"a{n}", at=AT + n * HOUR) for n in range(60)]
    for life in lives:
        life.several(2)
    _, whole = merging.merge(ann, nick, by="test", now_ms=AT)
    second, _ = merging.merge(ann, ann_too, by="test", now_ms=AT)
    with Rounds() as rounds:
        first = api("POST", RECENT, {"contact_id": ann, "page_size": 1})
    key, contact, absorbed, said = rounds.by_round
    assert key == {"GetItem": 1}  # the API key
    assert contact == {"GetItem": 1, "Query": 1}
    assert absorbed == {"Query": 2}
    assert said == {"Query": 50, "BatchGetItem": 1}
    expected = [life.conversation for life in lives[::-1]]
    assert list(first.body) == expected[:50]
    assert first.body[expected[0]]["pagination_data"]["total"] == 2
    cursor = first.headers["x-next-conversations"]
    rest = api("POST", f"{RECENT}?conversations={quote(cursor)}", {"contact_id": ann, "page_size": 1})
    assert list(rest.body) == expected[50:] and "x-next-conversations" not in rest.headers
    again = api("POST", RECENT, {"contact_id": ann, "conversations_cursor": cursor})
    assert list(again.body) == expected[50:]
    # The cursor belongs to the contact and the filter, and a walk is over after an hour.
    for body in ({"contact_id": ann, "filter_sources": ["webchat"]}, {"contact_id": newcomer(service, "Bob")}):
        assert api("POST", RECENT, body | {"conversations_cursor": cursor}).body["code"] == "bad_cursor"
    both = {"contact_id": ann, "conversations_cursor": "x"}
    assert "/conversations_cursor" in api("POST", f"{RECENT}?conversations={quote(cursor)}", both).wrong
    # The id of one that was merged leads to the person, by one more round.
    with Rounds() as rounds:
        merged = api("POST", RECENT, {"contact_id": nick, "page_size": 1})
    assert merged.body == first.body
    assert [sum(one.values()) for one in rounds.by_round] == [1, 2, 2, 1, 51]
    with Rounds() as rounds:
        assert len(api("GET", f"/v1/contacts/{ann}/timeline?limit=100").body["data"]) == 100
    assert [sum(one.values()) for one in rounds.by_round] == [1, 3, 4, 60]
    # Taken apart again, each has its own.
    merging.unmerge(ann, second, by="test", now_ms=AT)
    assert set(recent(api, ann_too)) == {life.conversation for life in lives if life.contact == ann_too}
    assert len(recent(api, ann)) == 40
    with Rounds() as rounds:
        context = history.recent(str(whole.id), limit=3, before=(lives[57].thread.id, 2))
    assert [sum(one.values()) for one in rounds.by_round] == [4, 2, 40]
    # Without the message itself and what is younger.
    assert [(one.thread, one.seq) for one in context] == [
        (lives[57].thread.id, 1), (lives[55].thread.id, 2), (lives[55].thread.id, 1),
    ]  # fmt: skip
    assert len(history.recent(ann, limit=100)) == 80
    assert history.recent(ann, limit=5, sources=["x"]) == history.recent("ct_nobody", limit=5) == []


def test_a_conversation_that_people_interrupt_is_read_in_one_go(api: Any, service: str, ann: str) -> None:
    life = Life(service, ann, "a")
    bots = life.several(30)
    bot = life.conversation
    for _ in range(3):
        life.begin("desk")
        life.several(60)
        bots.append(life.say("too late for this one", conversation=1))
        life.end()
        bots += life.several(4)
    with Rounds() as rounds:
        page = recent(api, ann)[bot]
    assert [one["id"] for one in page["data"]] == bots[::-1][:20]
    assert rounds.by_round[-1] == {"Query": 4, "BatchGetItem": 1}
    desk = life.begin("desk")
    life.several(70)
    bots.append(life.say("late again", conversation=1))
    life.say("nobody hears this", conversation=0)
    with Rounds() as rounds:
        found = recent(api, ann)
    assert [one["id"] for one in found[bot]["data"]] == bots[::-1][:20]
    assert found[bot]["pagination_data"]["total"] == len(bots)
    assert found[desk]["pagination_data"]["total"] == 70
    queries = sum(one["Query"] for one in rounds.by_round)
    assert queries == 1 + 5 + 1, "the links, five conversations, and the bot's in two parts"
    walked = list(walk(api, ann, bot, 7))
    assert walked == bots[::-1]


def walk(api: Any, contact: str, conversation: str, size: int) -> Iterator[str]:
    """Ids of a conversation's messages, page by page."""
    page = recent(api, contact, page_size=size)[conversation]
    while True:
        yield from (one["id"] for one in page["data"])
        cursor = page["pagination_data"]["next_cursor"]
        if cursor is None:
            return
        page = recent(api, contact, page_size=size, cursors={conversation: cursor})[conversation]


def test_long_messages_make_short_pages(api: Any, service: str, ann: str) -> None:
    lives = [Life(service, ann, f"a{n}") for n in range(4)]
    long = Content(text="ä" * 8000, details={"more": "x" * 20_000})
    said = [life.several(40, content=long) for life in lives]
    answer = api("POST", RECENT, {"contact_id": ann, "page_size": 100})
    sizes = [len(one["data"]) for one in answer.body.values()]
    assert len(str(answer.body).encode()) < 4_500_000 and all(20 < size < 40 for size in sizes)
    assert list(walk(api, ann, lives[0].conversation, 100)) == said[0][::-1]


def test_messages_of_a_source_whoever_they_are_about(api: Any, service: str, ann: str) -> None:
    known = Life(service, ann, "k", source="shop", kind="source")
    nobody = [Life(service, "", f"-{n}", source="shop", kind="source") for n in range(4)]
    Life(service, ann, "w").say("not the shop's")
    told = [life.say(at=AT + n) for n in range(9) for life in (known, *nobody)]
    # Several of one moment on threads of the same part of the feed.
    same = [Life(service, "", f"s{n}", source="shop") for n in range(12)]
    told += [life.say(at=AT + 99) for life in same]
    mine = api.as_key(api.make("keys", name="r", scopes=["read"], service_id=service)["key"])
    found, cursor = [], None
    while True:
        body = {"source": "shop", "page_size": 7} | ({"cursor": cursor} if cursor else {})
        answer = mine("POST", "/messages.list", body).body
        found += answer["data"]
        assert answer["pagination_data"]["previous_cursor"] == cursor
        if not (cursor := answer["pagination_data"]["next_cursor"]):
            break
        nobody[0].say("comes meanwhile", at=AT + 999_999)
    assert Counter(one["id"] for one in found) == Counter(told)
    assert [one["sent_at"] for one in found] == sorted((one["sent_at"] for one in found), reverse=True)
    assert {one["contact_id"] for one in found} == {ann, None}
    with Rounds() as rounds:
        got = api("GET", f"/v1/messages?source=shop&service_id={service}&limit=100").body
    assert len(got["data"]) == 57 + 8 and got["next_cursor"] is None
    assert [dict(one) for one in rounds.by_round] == [{"GetItem": 1}, {"Query": 4}, {"BatchGetItem": 1}]
    assert api("GET", "/v1/messages?source=shop&limit=100").body["data"] == got["data"]
    assert "/service_id" in api("GET", "/v1/messages?source=shop&service_id=x").wrong
    for query in ("", "source=shop&contact_id=x", "conversation_id=x&source=shop"):
        assert api("GET", f"/v1/messages?{query}").wrong
    wrong = f"/v1/messages?source=shop&service_id={service}&cursor="
    theirs = api("GET", f"/v1/messages?source=other&service_id={service}&limit=1").body["next_cursor"]
    assert theirs is None
    assert api("GET", wrong + "x").body["code"] == "bad_cursor"
    assert api("GET", f"/v1/messages?source=shop&service_id={service}&limit=1").body["next_cursor"]


def test_the_timeline_goes_through_everything(api: Any, service: str, ann: str) -> None:
    chat, mail = Life(service, ann, "w"), Life(service, ann, "m", source="email")
    shop = Life(service, ann, "s", source="shop", kind="source")
    said = []
    for n in range(20):
        life = (chat, mail, shop)[n % 3]
        life.at = AT + n * 1000
        kind: dict[str, Any] = {"content": Content(type="image" if n % 10 == 0 else "text", text=str(n))}
        said.append(life.say(at=AT + n * 1000 + 500, conversation=0 if n == 4 else 1, **kind))
    path = f"/v1/contacts/{ann}/timeline"

    def all_of(query: str = "", limit: int = 6) -> list[dict[str, Any]]:
        found, cursor = [], ""
        for _ in range(30):
            page = api("GET", f"{path}?limit={limit}{query}{cursor}").body
            found += page["data"]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"
        raise AssertionError("no end")

    found = all_of()
    assert [one["id"] for one in found] == said[::-1]
    assert [one["channel_id"] for one in found[:2]] == [mail.thread.channel, chat.thread.channel]
    assert found[-5]["conversation_id"] is None
    assert [one["text"] for one in all_of("&sources=shop,%20email")] == [str(n) for n in range(19, -1, -1) if n % 3]
    assert [one["text"] for one in all_of("&types=image")] == ["10", "0"]
    listed = api("POST", "/messages.list", {"contact_id": ann, "page_size": 100}).body
    assert [one["id"] for one in listed["data"]] == said[::-1] and "channel_id" not in listed["data"][0]
    assert listed["pagination_data"] == {"previous_cursor": None, "next_cursor": None, "total": None}
    assert [one["id"] for one in api("GET", f"/v1/messages?contact_id={ann}&limit=100").body["data"]] == said[::-1]
    assert "/types" in api("GET", f"{path}?types=text,x").wrong
    assert "/limit" in api("GET", f"{path}?limit=0").wrong
    cursor = api("GET", f"{path}?limit=1").body["next_cursor"]
    for query in (f"types=text&cursor={cursor}", f"sources=shop&cursor={cursor}", "cursor=x"):
        assert api("GET", f"{path}?{query}").body["code"] == "bad_cursor"
    # A rare type on a long thread is looked for in steps; a page may be empty, and the end is reached.
    mail.several(510)
    assert [one["text"] for one in all_of("&types=image")] == ["10", "0"]


def test_the_list_of_conversations_names_their_people(api: Any, service: str, ann: str) -> None:
    lives = [Life(service, ann, f"a{n}", at=AT + n) for n in range(5)]
    shop = Life(service, ann, "s", source="shop", kind="source", at=AT + 10)
    for life in (*lives, shop, Life(service, newcomer(service, "Bob"), "b", at=AT + 20)):
        life.say(), life.say()
    with Rounds() as rounds:
        page = api("GET", f"/v1/conversations?service_id={service}").body
    assert Counter(op for _, op in rounds.calls) == {"GetItem": 1, "Query": 1, "BatchGetItem": 1}
    assert len(page["data"]) == 7
    assert page["data"][1] | {
        "id": shop.conversation, "kind": "source", "source_id": "pa_source", "bot_id": None, "desk_id": None,
        "contact_id": ann, "contact": {"id": ann, "name": "Ann"}, "owner": None, "address": "s",
    } == page["data"][1]  # fmt: skip
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api("GET", f"/v1/conversations?contact_id={ann}&limit=2&cursor={cursor}").body
        found, cursor = found + answer["data"], answer["next_cursor"]
    assert found == page["data"][1:]
    # The numbers of a source's messages are their times.
    assert api("GET", f"/v1/threads/{shop.thread.id}").body["messages"] == 2


few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
saying = st.tuples(st.just("say"), st.integers(0, 2), st.integers(0, 40))
reading = st.tuples(st.just("read"), st.integers(0, 3), st.just(0))


@few
@given(steps=st.lists(st.one_of(saying, reading), min_size=6, max_size=18), size=st.integers(1, 4))
def test_walking_back_while_new_messages_come(
    api: Any, service: str, steps: list[tuple[str, int, int]], size: int
) -> None:
    """Each of three conversations, and all as one timeline: what was there when the walk began is met once."""
    name = next(_names)
    ann = newcomer(service, name)
    lives = [Life(service, ann, f"{name}{n}", kind=kind) for n, kind in enumerate(("bot", "bot", "source"))]
    there: list[list[tuple[int, str]]] = [[], [], []]
    met: list[list[str]] = [[], [], [], []]
    cursors: list[str | None] = [None] * 4
    begun: list[set[str] | None] = [None] * 4

    def say(which: int, minute: int) -> None:
        life = lives[which]
        # An event of the source may be older than all that there is, or the newest.
        at = AT + minute * 60_000 if life.kind == "source" else None
        id = life.say(at=at)
        there[which].append((AT + minute * 60_000 if at else life.at, id))

    def read(which: int) -> bool:
        """A page; False at the end."""
        if begun[which] is None:
            begun[which] = {id for told in (there if which == 3 else [there[which]]) for _, id in told}
        elif cursors[which] is None:
            return False
        cursor = cursors[which]
        if which == 3:
            query = f"&cursor={cursor}" if cursor else ""
            page = api("GET", f"/v1/contacts/{ann}/timeline?limit={size}{query}").body
            data, cursors[3] = page["data"], page["next_cursor"]
        else:
            id = lives[which].conversation
            more = {"cursors": {id: cursor}} if cursor else {}
            page = recent(api, ann, page_size=size, **more)[id]
            data, cursors[which] = page["data"], page["pagination_data"]["next_cursor"]
        assert len(data) <= size
        assert [one["sent_at"] for one in data] == sorted((one["sent_at"] for one in data), reverse=True)
        met[which] += [one["id"] for one in data]
        return cursors[which] is not None

    for what, which, minute in steps:
        say(which, minute) if what == "say" else read(which)
    for which in range(4):
        while read(which):
            pass
    for which in range(4):
        known = begun[which]
        assert known is not None and max(Counter(met[which]).values(), default=1) == 1
        assert known <= set(met[which])
    for which in range(2):
        assert [id for id in met[which] if id in (begun[which] or ())] == met[which], "what came since is not behind"


speaking = st.tuples(st.just("speak"), st.integers(0, 7), st.integers(0, 50))
opening = st.tuples(st.just("open"), st.integers(0, 0), st.integers(0, 50))
waiting = st.tuples(st.just("wait"), st.integers(0, 0), st.integers(1, 40))
paging = st.tuples(st.just("page"), st.integers(0, 0), st.integers(0, 0))


_PAGE, _WAIT = ("page", 0, 0), ("wait", 0, 5)


@few
@example(steps=[_PAGE, _PAGE, ("speak", 0, 0), _WAIT, ("speak", 0, 0), _PAGE, _WAIT, ("speak", 1, 50), _PAGE], size=1)
@example(steps=[("open", 0, 9), ("open", 0, 5), _PAGE, ("open", 0, 0), _WAIT, _PAGE, ("speak", 8, 0)], size=1)
@given(steps=st.lists(st.one_of(speaking, opening, waiting, paging), max_size=25), size=st.integers(1, 5))
def test_walking_through_conversations_while_they_are_spoken_in(
    service: str, steps: list[tuple[str, int, int]], size: int
) -> None:
    """Writes land up to fifty seconds after their time; each conversation that was there is shown once."""
    person, now = f"ct_{service[3:]}{next(_names)}", AT
    held: list[Conversation] = []
    there: set[str] | None = None
    shown: list[str] = []
    place: conversation_pages.Walk | None = None
    began, order = 0, []

    def open_one(late_s: int) -> None:
        one = Conversation(thread_id(person, str(len(held))), 1, service, "bot", "b", "open", now - late_s * 1000)
        held.append(one)
        links.keep_conversation(person, one, touched=now - late_s * 1000)

    def page() -> bool:
        nonlocal there, place, began
        found = links.within(person, links.CONVERSATION)
        if there is None:
            there, place, began = {link.conversation for link in found}, conversation_pages.begun(now), now
            order.extend(sorted(((link.touched, link.conversation) for link in found), reverse=True)[:size])
        if place is None or place.over(now):
            return False
        chosen, place = conversation_pages.step(found, place, limit=size)
        assert len(chosen) <= size
        shown.extend(link.conversation for link in chosen)
        return place is not None

    for n in range(9):
        now += (n % 4) * HOUR
        open_one(0)
    for what, which, much in steps:
        if what == "open":
            open_one(much)
        elif what == "speak":
            links.touch(person, held[which % len(held)].id, at=now - much * 1000)
        elif what == "wait":
            # Between walks much may pass, in one only little.
            now += much * (HOUR if there is None else 120_000)
        else:
            page()
    while page():
        pass
    assert max(Counter(shown).values()) == 1
    over = place is not None and place.over(now)
    assert over or (there or set()) <= set(shown)
    assert shown[: len(order)] == [id for _, id in order], "the first page has the latest as they stood"


def test_a_walk_ends_after_an_hour(api: Any, service: str, ann: str) -> None:
    with time_machine.travel(AT / 1000, tick=False) as traveller:
        for n in range(51):
            Life(service, ann, f"a{n}", at=AT - n * HOUR)
        first = api("POST", RECENT, {"contact_id": ann})
        assert len(first.body) == 50, "also those where nothing was said"
        body = {"contact_id": ann, "conversations_cursor": first.headers["x-next-conversations"]}
        traveller.shift(3000)
        assert len(api("POST", RECENT, body).body) == 1
        traveller.shift(600)
        assert api("POST", RECENT, body).body["code"] == "bad_cursor"
        assert rfc3339(AT)[:4] == "2026"
        assert contacts.get(ann) is not None
