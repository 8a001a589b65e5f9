"""What holds for every call (contract section 0): resources, keys, repeats, lists, bundles."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.stack.conftest import NOWHERE, Deployment, Platform, eventually, first

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_resources_from_first_to_last(platform: Platform) -> None:
    ids = platform.one_of_each(platform.service())
    assert platform.get(f"/v1/services/{ids['services']}")["timezone"] == "UTC"
    bot = platform.get(f"/v1/bots/{ids['bots']}")
    assert (bot["status"], bot["retry"], bot["timeout_s"]) == (
        "unverified",
        {"waits_s": [60, 300, 900, 1800], "inactive_after_s": 60},
        5,
    )
    patient = {"background": True, "timeout_s": 25, "retry": {"waits_s": [3600]}}
    assert platform.call("PATCH", f"/v1/bots/{ids['bots']}", patient).json["timeout_s"] == 25
    for plural, id in reversed(ids.items()):
        wrong = platform.call("PATCH", f"/v1/{plural}/{id}", {"name": 5, "nmae": "x"})
        assert wrong.status == 422 and {one["path"] for one in wrong.json["errors"]} == {"/name", "/nmae"}, plural
        changed = platform.call("PATCH", f"/v1/{plural}/{id}", {"name": "another"})
        assert (changed.status, changed.json["name"]) == (200, "another"), plural
        shown = platform.get(f"/v1/{plural}/{id}")
        assert (shown["id"], shown["name"]) == (id, "another") and TIME.fullmatch(shown["created_at"]), shown
        assert platform.call("DELETE", f"/v1/{plural}/{id}").status == 204, plural
        assert platform.call("GET", f"/v1/{plural}/{id}").code == "not_found", plural
    for plural in ("conversations", "messages", "deliveries", "failures", "audit"):
        assert platform.call("GET", f"/v1/{plural}/nothing").code == "not_found", plural


def test_what_each_key_may(deployment: Deployment) -> None:
    platform, service = deployment.platform, deployment.service
    deployment.visitor().says("hello")
    conversation = deployment.bot_hears("it", lambda event: "Message" in event)["Conversationid"]
    delivery = eventually(
        lambda: platform.deliveries(bot_id=deployment.bot["id"], status="delivered"), "it as delivered"
    )[0]
    keys = {
        scope: platform.make("keys", name=scope, scopes=[scope], service_id=service)["key"]
        for scope in ("read", "agent", "admin")
    }
    desk = f"/v1/conversations/{conversation}/events"
    accepted = {"type": "chat.accepted"}
    # What is done -> the status for each scope of keys of that service.
    table: list[tuple[str, str, Any, tuple[int, int, int]]] = [
        ("GET", f"/v1/messages?conversation_id={conversation}", None, (200, 200, 200)),
        ("GET", "/v1/keys", None, (403, 403, 200)),
        ("POST", desk, accepted, (403, 404, 404)),
        ("POST", f"/v1/deliveries/{delivery['id']}/replay", None, (403, 202, 202)),
        ("POST", "/v1/deliveries:replay",
         {"bot_id": deployment.bot["id"], "since": "2026-01-01T00:00:00Z", "dry_run": True}, (403, 403, 200)),
        ("POST", "/v1/services", {"name": "x"}, (403, 403, 403)),
        ("GET", "/v1/failures", None, (403, 403, 403)),
    ]  # fmt: skip
    for method, where, body, statuses in table:
        found = tuple(platform.call(method, where, body, key=key).status for key in keys.values())
        assert found == statuses, (method, where)
    for key in ("", "wrong", keys["read"][:-1]):
        refused = platform.call("GET", "/v1/services", key=None, headers={"Authorization": f"Bearer {key}"})
        assert (refused.status, refused.code) == (401, "unauthorised")
    assert not any(key in json.dumps(platform.get("/v1/keys", key=keys["admin"])) for key in keys.values())
    # A key of this service finds nothing of another's, though it may do anything here.
    other = platform.one_of_each(platform.service())
    for plural, id in other.items():
        refused = platform.call("GET", f"/v1/{plural}/{id}", key=keys["admin"])
        assert (refused.status, refused.code) == (403, "other_service"), plural
    for where in (f"/v1/bots?service_id={other['services']}", f"/v1/deliveries?bot_id={other['bots']}"):
        assert platform.call("GET", where, key=keys["admin"]).status == 403
    assert [one["id"] for one in platform.get("/v1/bots", key=keys["read"])["data"]] == [deployment.bot["id"]]
    assert conversation in [one["id"] for one in platform.get("/v1/conversations", key=keys["read"])["data"]]
    shown = platform.get(f"/v1/bots/{deployment.bot['id']}", key=keys["read"])
    assert "events_url" not in shown or shown["events_url"] is None
    assert platform.call("DELETE", f"/v1/keys/{keys['agent'][3:19]}").status == 204
    assert platform.call("GET", "/v1/bots", key=keys["agent"]).code == "unauthorised"


def test_every_kind_of_post_is_done_once_per_key(deployment: Deployment) -> None:
    platform, service = deployment.platform, deployment.service
    visitor = deployment.visitor()
    visitor.says("hello")
    conversation = deployment.bot_hears("it", lambda event: "Message" in event)["Conversationid"]
    delivery = eventually(
        lambda: platform.deliveries(bot_id=deployment.bot["id"], status="delivered"), "it as delivered"
    )[0]
    console = platform.make("desks", service_id=service, kind="console", name="people")
    platform.call("PATCH", f"/v1/rules/{deployment.rule['id']}", {"desk_id": console["id"]})
    # The hand-over is itself one of the POSTs: once, although it comes twice.
    bot, over = deployment.bot["events_url"], {"eventid": 1002, "conversation_id": conversation}
    posts: list[tuple[str, Any, Any]] = [
        ("/v1/services", {"name": "once"}, {"name": "twice"}),
        ("/v1/bots", {"service_id": service, "name": "b1", "webhook_url": NOWHERE},
         {"service_id": service, "name": "b2", "webhook_url": NOWHERE}),
        ("/v1/desks", {"service_id": service, "kind": "console", "name": "d1"},
         {"service_id": service, "kind": "console", "name": "d2"}),
        ("/v1/rules", {"service_id": service, "name": "r", "to": "none", "position": 9},
         {"service_id": service, "name": "r", "to": "none", "position": 8}),
        ("/v1/keys", {"name": "k1", "scopes": ["read"]}, {"name": "k1", "scopes": ["agent"]}),
        (f"/v1/bots/{deployment.bot['id']}/rotate-secret", {"overlap_s": 9}, {"overlap_s": 10}),
        ("/v1/apply", {"service_id": service}, {"service": {"name": "new"}}),
        (f"/v1/deliveries/{delivery['id']}/replay", {}, {"again": True}),
        ("/v1/deliveries:replay", {"bot_id": deployment.bot["id"], "since": "2026-01-01T00:00:00Z", "dry_run": True},
         {"bot_id": deployment.bot["id"], "since": "2026-01-02T00:00:00Z", "dry_run": True}),
        (bot, over, over | {"customparam1": "x"}),
    ]  # fmt: skip

    def done_once(where: str, body: Any, other: Any) -> None:
        headers, key = {"Idempotency-Key": f"{service} {where}"[:250]}, None if "/webhooks/" in where else ""
        one, two = (platform.call("POST", where, body, headers=headers, key=key) for _ in range(2))
        assert one.status in (200, 201, 202) and (one.status, one.json) == (two.status, two.json), (where, two.raw)
        refused = platform.call("POST", where, other, headers=headers, key=key)
        assert (refused.status, refused.code) == (409, "idempotency_conflict"), (where, refused.raw[:200])

    for where, body, other in posts:
        done_once(where, body, other)
    assert len([one for one in platform.get(f"/v1/rules?service_id={service}")["data"] if one["name"] == "r"]) == 1
    chat = eventually(
        lambda: [one for one in platform.get(f"/v1/conversations?service_id={service}")["data"] if one["desk_id"]],
        "the chat",
    )
    assert len(chat) == 1
    said = {"type": "agent.message", "text": "I am Ana"}
    done_once(f"/v1/conversations/{chat[0]['id']}/events", said, said | {"text": "I am Bea"})
    platform.call("POST", f"/v1/conversations/{chat[0]['id']}/events", {"type": "agent.message", "text": "bye"})
    visitor.sees("bye")
    assert visitor.texts() == ["I am Ana", "bye"]
    assert len(platform.get(f"/v1/deliveries/{delivery['id']}")["attempts"]) == 1


def test_lists_are_paged_to_their_end(deployment: Deployment) -> None:
    platform, service = deployment.platform, deployment.service
    channels = [{"name": name, "kind": "webchat"} for name in (*(f"c{n}" for n in range(20)), "chat")]
    bundle = {"service_id": service, "channels": channels}
    assert platform.call("POST", "/v1/apply", bundle).status == 200
    visitor = deployment.visitor()
    for text in ("one", "two", "three"):
        visitor.says(text)
    eventually(
        lambda: len(platform.deliveries(bot_id=deployment.bot["id"], status="delivered")) == 3, "three deliveries"
    )
    deployment.visitor().says("four")
    conversation = first(deployment.bot_end, "it", lambda event: "Message" in event)["Conversationid"]
    eventually(lambda: len(platform.get(f"/v1/conversations?service_id={service}")["data"]) == 2, "two conversations")
    assert len(platform.get(f"/v1/channels?service_id={service}")["data"]) == 20

    def walked(where: str, limit: int) -> list[str]:
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = platform.get(f"{where}limit={limit}{cursor and f'&cursor={cursor}'}")
            assert page.keys() == {"data", "next_cursor"} and len(page["data"]) <= limit, where
            found += [one["id"] for one in page["data"]]
            cursor = page["next_cursor"]
        return found

    lists = {
        f"/v1/channels?service_id={service}&": 10, f"/v1/conversations?service_id={service}&": 1,
        f"/v1/messages?conversation_id={conversation}&": 2, f"/v1/deliveries?bot_id={deployment.bot['id']}&": 2,
        f"/v1/deliveries?conversation_id={conversation}&": 2, f"/v1/audit?service_id={service}&": 20,
        "/v1/services?": 100, "/v1/conversations?": 100,
    }  # fmt: skip
    cursors = []
    for where, limit in lists.items():
        found = walked(where, limit)
        assert len(found) == len(set(found)), where
        if where.endswith("&"):
            assert found == [one["id"] for one in platform.get(f"{where}limit=100")["data"]] and len(found) > 1, where
            cursors.append(platform.get(f"{where}limit=1")["next_cursor"])
        anothers = cursors[0] if len(cursors) > 1 or not where.endswith("&") else cursors[0][:-2]
        refused = platform.call("GET", f"{where}cursor={anothers}")
        assert (refused.status, refused.code) == (400, "bad_cursor"), where
    posted = platform.call("POST", "/messages.list", {"conversation_id": conversation, "page_size": 2}).json
    assert len(posted["data"]) == 2 and posted["pagination_data"]["total"] == 3
    more = {"conversation_id": conversation, "cursor": posted["pagination_data"]["next_cursor"]}
    assert [one["text"] for one in platform.call("POST", "/messages.list", more).json["data"]] == ["one"]
    refused = platform.call("POST", "/messages.list", more | {"cursor": "abc"})
    assert (refused.status, refused.code) == (400, "bad_cursor")


def test_a_bundle_makes_the_service_equal_to_it(platform: Platform) -> None:
    service: dict[str, Any] = {"name": platform.service("bundle") + " by bundle"}
    bundle: dict[str, Any] = {
        "service": service,
        "channels": [
            {"name": "web", "kind": "webchat"},
            {"name": "own", "kind": "custom", "settings": {"send_url": NOWHERE}},
        ],
        "bots": [{"name": "helper", "webhook_url": NOWHERE, "profile": "imi"}],
        "desks": [{"name": "people", "kind": "console"}],
        "rules": [{"name": "all", "to": "bot+desk", "bot": "helper", "desk": "people", "channels": ["web"]}],
    }  # fmt: skip

    def applied(query: str = "") -> dict[str, Any]:
        reply = platform.call("POST", f"/v1/apply{query}", bundle)
        assert reply.status == 200, reply.raw[:500]
        answer: dict[str, Any] = reply.json
        return answer

    def names(answer: dict[str, Any]) -> dict[str, list[str]]:
        return {
            verb: [one["name"] for one in answer[verb]] for verb in ("created", "updated", "deleted") if answer[verb]
        }

    all_of_it = ["web", "own", "helper", "people", "all"]
    yaml = b"service: {name: read as YAML}\nchannels:\n  - {name: web, kind: webchat}\n"
    told = platform.call("POST", "/v1/apply?dry_run=true", yaml, headers={"Content-Type": "application/yaml"})
    assert names(told.json) == {"created": ["read as YAML", "web"]}
    dry = applied("?dry_run=true")
    assert sorted(names(dry)["created"]) == sorted([service["name"], *all_of_it]) and names(dry).keys() == {"created"}
    done = applied()
    assert names(done) == names(dry)
    assert done["secrets"]["bots"]["helper"].keys() == {"signing_secret", "events_url"}
    assert done["secrets"]["channels"]["own"]["secrets"]["signing_secret"].startswith("whsec_")
    for _ in range(2):
        again = applied()
        assert names(again) == {} and len(again["unchanged"]) == 6 and not again.get("secrets")
    for kind in ("application/json", "application/yaml"):
        where = f"/v1/export?service_id={done['service_id']}"
        out = platform.call("GET", where, headers={"Accept": kind})
        assert out.status == 200 and out.headers["content-type"].startswith(kind), out.raw[:300]
        back = platform.call("POST", "/v1/apply", out.raw, headers={"Content-Type": kind}).json
        assert names(back) == {} and len(back["unchanged"]) == 6
    bundle["rules"] = [{"name": "none", "to": "none"}]
    bundle["bots"][0]["timeout_s"] = 3
    del bundle["desks"]
    changes = {"created": ["none"], "updated": ["helper"], "deleted": ["all"]}
    assert names(applied("?dry_run=true")) == changes == names(applied("?dry_run=true"))
    assert names(applied()) == changes
    assert names(applied()) == {}
    bundle["rules"], bundle["bots"] = (
        [{"name": "x", "to": "bot", "bot": "nobody"}],
        [{"name": "helper", "timeout_s": 9}],
    )
    refused = platform.call("POST", "/v1/apply", bundle)
    paths = {one["path"] for one in refused.json["errors"]}
    assert (
        refused.status == 422 and "/bots/0/webhook_url" in paths and any(path.startswith("/rules/0") for path in paths)
    )
    bots = platform.get(f"/v1/bots?service_id={done['service_id']}")["data"]
    assert [(one["name"], one["timeout_s"]) for one in bots] == [("helper", 3)]
