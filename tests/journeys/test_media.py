"""Files that providers hold for a while only: got as they come, or known not to be had."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.file_types import OCTETS
from chalicelib.files import keeping
from chalicelib.ports import media
from chalicelib.tables.failures import ALL, Failure
from tests.journeys.conftest import Deployment
from tests.journeys.test_meta import Meta
from tests.journeys.test_meta import meta as meta
from tests.outside import Answer, Heard

PICTURE = b"\x89PNG lamp"


def sends(meta: Meta, gives: Answer | None = None, *, kind: str = "image") -> tuple[str, str]:
    """A person sends a file, whose address leads on to one that answers so; gives the message's id and the address
    that the bot has of it."""
    address = meta.graph.url.replace("/hook", "/cdn?signature=Ab")
    others = meta.graph.answer

    def answer(heard: Heard) -> Answer:
        if heard.path.startswith("/cdn"):
            return 302, b"", {"Location": "/files/lamp"}
        return (gives or (200, PICTURE)) if heard.path == "/files/lamp" else others(heard)

    meta.graph.answer = answer
    meta.tells({"message": {"mid": "m_1", "attachments": [{"type": kind, "payload": {"url": address}}]}})
    (event,) = meta.deployment.bot.events()
    return event["Messageid"], event["Media"]["url"]


def asked(meta: Meta) -> int:
    return sum(heard.path == "/files/lamp" for heard in meta.graph.heard)


def opened(deployment: Deployment, url: str) -> tuple[int, Any]:
    return deployment.call("GET", url[url.index("/media/") :])


def test_a_file_is_got_before_anybody_asks_for_it(deployment: Deployment, meta: Meta) -> None:
    message, url = sends(meta)
    assert url.endswith(f"/media/{message}/0") and "signature" not in url
    assert keeping.find(message, 0) == keeping.Kept("image/png", len(PICTURE))
    assert media.opened(f"{message}/0") == PICTURE
    assert all("authorization" not in heard.headers for heard in meta.graph.heard if "/files" in heard.path)
    links = [deployment.client.http.request("GET", url[url.index("/media/") :]) for _ in range(2)]
    assert [one.status_code for one in links] == [302, 302] and asked(meta) == 1
    assert "attachment" in links[0].headers["Location"] and links[0].headers["Cache-Control"] == "no-store"


def test_what_is_no_picture_is_a_download(deployment: Deployment, meta: Meta) -> None:
    page = (200, b"<!doctype html><title>Log in</title>", {"Content-Type": "image/png"})
    message, url = sends(meta, page)
    found = keeping.find(message, 0)
    assert found is not None and (found.mime_type, found.is_really) == (OCTETS, "text/html")
    assert opened(deployment, url)[0] == 302


@pytest.mark.parametrize(("answer", "why"), [((403, b"expired"), "http_403"), ((200, b""), keeping.EMPTY)])
def test_what_is_not_to_be_had_is_said_at_once(deployment: Deployment, meta: Meta, answer: Any, why: str) -> None:
    _, url = sends(meta, answer)
    for _ in range(2):
        status, problem = opened(deployment, url)
        assert (status, problem["code"], problem["reason"]) == (410, "media_gone", why)
    browser = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "de-DE,de;q=0.9"}
    shown = deployment.client.http.request("GET", url[url.index("/media/") :], headers=browser)
    assert (shown.status_code, shown.body.decode()[:30]) == (410, "Diese Datei ist nicht zu haben")
    assert asked(meta) == 1, "once, by whoever got it"
    listed = deployment.call("GET", f"/v1/messages?conversation_id={deployment.bot.events()[0]['Conversationid']}")[1]
    assert listed["data"][-1]["media"] == [{"url": url}], "the message stays"


def test_what_is_not_given_now_is_asked_for_again_and_by_a_person(deployment: Deployment, meta: Meta) -> None:
    message, url = sends(meta, (500, b""))
    (failure,) = Failure.query(ALL)
    assert (failure.step, failure.queue, failure.body["message"]) == ("copy_media", "media", message)
    assert asked(meta) == 8 and keeping.find(message, 0) is None
    assert opened(deployment, url)[0] == 503
    others = meta.graph.answer
    meta.graph.answer = lambda heard: (200, PICTURE) if heard.path == "/files/lamp" else others(heard)
    assert deployment.call("POST", f"/v1/failures/{failure.id}/replay")[0] == 202
    deployment.cloud.pump()
    assert asked(meta) == 10 and opened(deployment, url)[0] == 302
