"""What is common to resources: pages, changes, references, conflicts."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.tables import config, endpoints

URL = "http://127.0.0.1:1/"


def all_pages(api: Any, path: str, limit: int) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = api("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}").body
        found += [one["id"] for one in page["data"]]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages(api: Any, limit: int) -> None:
    services = [api.make("services", name=f"s{n}")["id"] for n in range(3)]
    desks = {
        one: {api.make("desks", service_id=one, kind="console", name=f"d{n}")["id"] for n in range(2)}
        for one in services
    }
    assert sorted(all_pages(api, "/v1/services", limit)) == sorted(services)
    for service in services:
        found = all_pages(api, f"/v1/desks?service_id={service}", limit)
        assert len(found) == 2
        assert set(found) == desks[service]
    found = all_pages(api, "/v1/desks", limit)
    assert len(found) == 6
    assert set(found) == set().union(*desks.values())


def test_a_cursor_is_of_one_list(api: Any) -> None:
    for n in range(3):
        api.make("services", name=f"s{n}")
        api.make("keys", name=f"k{n}", scopes=["read"])
    cursor = api("GET", "/v1/services?limit=1").body["next_cursor"]
    assert api("GET", f"/v1/services?cursor={cursor}").status == 200
    for wrong in (f"/v1/keys?cursor={cursor}", f"/v1/services?cursor={cursor[:-2]}AA"):
        assert api("GET", wrong).body["code"] == "bad_cursor"


def test_a_patch_merges(api: Any, service: str) -> None:
    bot = api.make("bots", service_id=service, name="b", webhook_url=URL, sources=["x"], max_age_s=60, timeout_s=3)
    changed = api("PATCH", f"/v1/bots/{bot['id']}", {"max_age_s": None, "timeout_s": None, "name": "c"}).body
    assert "max_age_s" not in changed
    assert (changed["timeout_s"], changed["name"], changed["sources"]) == (5, "c", ["x"])
    assert changed["events_url"] == bot["events_url"]
    assert changed["updated_at"] > bot["updated_at"]
    same = api("PATCH", f"/v1/bots/{bot['id']}", {"name": "c"}).body
    assert same["updated_at"] == changed["updated_at"]


def test_who_read_another_version_is_told(api: Any, service: str) -> None:
    """A form that was overtaken: it is refused, and shown how the resource stands."""
    made = api.make("desks", service_id=service, kind="console", name="front")
    path = f"/v1/desks/{made['id']}"
    read = api("GET", path).headers["etag"]
    changed = api("PATCH", path, {"name": "Tomas was here"}, **{"If-Match": read})
    assert (changed.status, changed.headers["etag"] != read) == (200, True)

    for method, body in (("PATCH", {"name": "mine"}), ("DELETE", None)):
        refused = api(method, path, body, **{"If-Match": read})
        assert (refused.status, refused.body["code"]) == (409, "changed_meanwhile")
        assert refused.body["now"] == changed.body
    assert api("PATCH", path, {"name": "mine"}, **{"If-Match": changed.headers["etag"]}).body["name"] == "mine"
    assert api("PATCH", path, {"name": "whatever"}, **{"If-Match": "*"}).status == 200


def test_settings_and_secrets_merge(api: Any, service: str) -> None:
    made = api.make("channels", service_id=service, kind="custom", name="c", settings={"send_url": URL, "name": "x"})
    path = f"/v1/channels/{made['id']}"
    assert api("PATCH", path, {"settings": {"name": "y"}}).body["settings"] == {"send_url": URL, "name": "y"}
    assert api("PATCH", path, {"settings": {"send_url": "ftp://x"}}).status == 422
    assert api("PATCH", path, {"settings": {"send_url": None}}).status == 422
    from chalicelib.ports import secrets, signing

    before = secrets.unseal(config.get("channel", made["id"]).sealed, owner=made["id"])  # type: ignore[union-attr]
    assert before == made["secrets"]
    mine = signing.new_secret()
    answer = api("PATCH", path, {"secrets": {"signing_secret": mine}})
    assert "secrets" not in answer.body
    assert mine not in str(answer.body)
    row = config.get("channel", made["id"])
    assert row is not None
    assert secrets.unseal(str(row.sealed), owner=made["id"]) == {"signing_secret": mine}
    # Taken away, a secret that we make is made anew.
    again = api("PATCH", path, {"secrets": {"signing_secret": None}}).body
    assert again["secrets"]["signing_secret"].startswith("whsec_")


def test_a_rule_is_replaced_not_merged(api: Any, service: str) -> None:
    rule = api.make("rules", service_id=service, name="r", to="none", when={"==": [{"var": "message.text"}, "a"]})
    changed = api("PATCH", f"/v1/rules/{rule['id']}", {"when": {"!": [{"var": "message.text"}]}}).body
    assert changed["when"] == {"!": [{"var": "message.text"}]}
    assert api("PATCH", f"/v1/rules/{rule['id']}", {"to": "bot"}).wrong.keys() == {"/bot_id"}


def test_positions_follow(api: Any, service: str) -> None:
    positions = [api.make("rules", service_id=service, name=f"r{n}", to="none")["position"] for n in range(3)]
    assert positions == [1, 2, 3]
    assert api.make("rules", service_id=service, name="x", to="none", position=0)["position"] == 0


def test_references_stay_within_the_service(api: Any, service: str) -> None:
    other = api.make("services", name="Other")["id"]
    bot = api.make("bots", service_id=other, name="b", webhook_url=URL)["id"]
    answer = api("POST", "/v1/rules", {"service_id": service, "name": "r", "to": "bot", "bot_id": bot})
    assert answer.wrong.keys() == {"/bot_id"}


def test_what_is_needed_stays(api: Any, service: str) -> None:
    bot = api.make("bots", service_id=service, name="b", webhook_url=URL)["id"]
    rule = api.make("rules", service_id=service, name="r", to="bot", bot_id=bot)["id"]
    refused = api("DELETE", f"/v1/bots/{bot}")
    assert (refused.status, refused.body["code"]) == (409, "in_use")
    assert "rule r" in refused.body["detail"]
    assert api("DELETE", f"/v1/rules/{rule}").status == 204
    assert api("DELETE", f"/v1/bots/{bot}").status == 204
    assert endpoints.get(bot).changed_at in (None, 0)


def test_a_change_raises_the_version_once(api: Any, service: str) -> None:
    before = config.version(service)
    desk = api.make("desks", service_id=service, kind="console", name="d")
    api("PATCH", f"/v1/desks/{desk['id']}", {"name": "d"})
    assert config.version(service) == before + 1
    api("PATCH", f"/v1/desks/{desk['id']}", {"name": "e"})
    assert config.version(service) == before + 2


def test_two_changes_of_what_was_read_once(api: Any, service: str) -> None:
    desk = api.make("desks", service_id=service, kind="console", name="d")
    row = config.get("desk", desk["id"])
    assert row is not None
    seen = int(row.updated_at or 0)
    api("PATCH", f"/v1/desks/{desk['id']}", {"name": "e"})
    with pytest.raises(config.Conflict):
        config.replace(row, seen=seen)
    with pytest.raises(config.Conflict):
        config.remove(row)
    with pytest.raises(config.Conflict):
        config.create(row)
    version = config.version(service)
    with pytest.raises(config.Conflict):
        config.with_version(seen_version=(service, version - 1))
    assert api("GET", f"/v1/desks/{desk['id']}").body["name"] == "e"


def test_urls_begin_with_the_configured_base(api: Any, service: str) -> None:
    from chalicelib.api.http import base_url

    config.create(config.Resource("parley", "settings", body={"base_url": "https://chat.example.com/"}))
    base_url.forget()
    bot = api.make("bots", service_id=service, name="b", webhook_url=URL)
    channel = api.make("channels", service_id=service, kind="webchat", name="w")
    assert bot["events_url"].startswith("https://chat.example.com/webhooks/bots/")
    assert channel["webhook_url"] == f"https://chat.example.com/channels/{channel['id']}/webhook"
    assert channel["widget_url"].endswith("/widget.js")


def test_the_edge_knows_the_token(api: Any, service: str) -> None:
    from chalicelib.tables import tokens

    bot = api.make("bots", service_id=service, name="b", webhook_url=URL)
    token = bot["events_url"].rpartition("/")[2]
    row = tokens.opened_by("bot", token)
    assert row is not None
    assert row.id == bot["id"]
    assert tokens.opened_by("bot", token[:-1] + "x") is None


def test_lists_show_no_secret_urls(api: Any, service: str) -> None:
    bot = api.make("bots", service_id=service, name="b", webhook_url=URL)
    assert "events_url" not in api("GET", "/v1/bots").body["data"][0]
    reader = api.as_key(api.make("keys", name="k", scopes=["read"])["key"])
    assert "events_url" not in reader("GET", f"/v1/bots/{bot['id']}").body


def test_a_service_takes_its_keys_along(api: Any, service: str) -> None:
    key = api.as_key(api.make("keys", name="k", scopes=["read"], service_id=service)["key"])
    assert key("GET", f"/v1/services/{service}").status == 200
    assert api("DELETE", f"/v1/services/{service}").status == 204
    assert key("GET", f"/v1/services/{service}").status == 401
