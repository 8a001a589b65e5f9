"""What is called at Telegram is what its Bot API takes, whatever is to be said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.channels.contract import Outgoing
from chalicelib.channels.telegram import outgoing
from chalicelib.channels.telegram.limits import LIMITS
from chalicelib.channels.telegram.place import method_url, secret_token
from chalicelib.domain.message import Content, Media
from chalicelib.ports import signing
from tests.channels.bot_api import METHODS, refusal
from tests.channels.walking import EXAMPLES, channel_of

OURS = [json.loads(path.read_text()) for path in EXAMPLES if path.parts[-3] == "telegram"]
SENT = [json.loads(path.read_text())["call"].get("message") for path in EXAMPLES]


def test_every_call_of_the_examples_is_one_that_it_takes() -> None:
    called = set()
    for example in OURS:
        for one in example.get("http", ()):
            method = one["expects"]["call"].rpartition("/")[2]
            if "json" in one["expects"]:
                assert not refusal(method, one["expects"]["json"]), example["why"]
                called.add(method)
    assert called == METHODS.keys()


def test_what_other_channels_send_goes_there_too() -> None:
    for given_ in filter(None, SENT):
        content = Content.of(given_["content"])
        for method, body in outgoing.methods(Outgoing("d", "42", content, given_.get("in_reply_to", ""))):
            assert not refusal(method, {"chat_id": "42"} | body), given_


TEXT = st.text(max_size=20) | st.sampled_from(["", " ", "x" * 70, "ä" * 40, "😀" * 2100, "word " * 900])
CONTENTS = st.builds(
    Content,
    type=st.sampled_from(["text", "buttons", "list", "image", "audio", "video", "file", "location", "contact"]),
    text=TEXT,
    media=st.lists(
        st.builds(
            Media,
            url=st.sampled_from(["https://files.example/a", "telegram-file:AgAC", "https://files.example/b.gif"]),
            mime_type=st.sampled_from(["", "image/png", "image/gif", "audio/ogg", "audio/mpeg", "text/csv"]),
            size=st.sampled_from([None, 1, 2**30]),
        ),
        max_size=3,
    ).map(tuple),
    details=st.fixed_dictionaries(
        {},
        optional={
            "buttons": st.lists(st.fixed_dictionaries({"title": TEXT, "payload": TEXT}), max_size=4),
            "sections": st.lists(
                st.fixed_dictionaries(
                    {"rows": st.lists(st.fixed_dictionaries({"id": TEXT, "title": TEXT, "description": TEXT}))}
                ),
                max_size=3,
            ),
            "contacts": st.lists(st.fixed_dictionaries({"name": TEXT, "phones": st.lists(TEXT)}), max_size=3),
            "latitude": st.just(52.5), "longitude": st.just(13.4), "name": TEXT, "address": TEXT,
        },
    ),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(content=CONTENTS)
def test_whatever_is_said_is_said_in_calls_that_it_takes(content: Content) -> None:
    methods = outgoing.methods(Outgoing("d", "42", content, "42.7", reply={"topic": "3"}))
    for method, body in methods:
        assert not refusal(method, {"chat_id": "42"} | body), (method, body)
    texts = "".join(str(body.get("text", "")) + str(body.get("caption", "")) for _, body in methods)
    assert all(word in texts for word in content.text.split()[:3]), "nothing of the text is lost"


def test_a_secret_that_is_made_is_one_that_it_takes() -> None:
    for secret in (*(signing.new_secret() for _ in range(20)), "whsec_+/+/"):
        channel = channel_of({"channel": {"secrets": {"bot_token": "1:a", "secret_token": secret}}})
        assert not refusal("setWebhook", {"url": "https://x.example", "secret_token": secret_token(channel)}), secret


@pytest.mark.parametrize("token", ["1:a/../../2:b", "1:a?x=", "1:a#", "1:ä"])
def test_a_token_leads_nowhere_else(token: str) -> None:
    channel = channel_of({"channel": {"secrets": {"bot_token": token}}})
    url: Any = method_url(channel, "getMe")
    assert url.startswith(("https://api.telegram.org/bot1:a", "https://api.telegram.org/bot1:%C3"))
    assert url.endswith("/getMe") and url.count("/") == 4 and "?" not in url and "#" not in url


def test_limits_are_those_of_the_methods() -> None:
    assert (LIMITS.text, LIMITS.caption, LIMITS.payload, LIMITS.rows) == (4096, 1024, 64, 100)
