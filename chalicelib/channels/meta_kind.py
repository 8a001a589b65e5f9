"""What Messenger and Instagram differ in: all else of their protocol is the same, and in the modules beside this one.

https://developers.facebook.com/documentation/business-messaging/messenger-platform and
https://developers.facebook.com/documentation/instagram-platform (read November 2026).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from chalicelib.channels import meta
from chalicelib.channels.contract import Channel
from chalicelib.channels.limits import Limits
from chalicelib.wire.json_body import word

OF_PAGES, OF_ACCOUNTS = "https://graph.facebook.com/v25.0", "https://graph.instagram.com/v25.0"
"""Where the token of a Page opens, and that of an account by itself (Instagram Login)."""
SHOWS = frozenset({"text", "image", "audio", "video", "file", "buttons", "list"})
SECRETS = {"app_secret": "required", "access_token": "required", "verify_token": "required"}
BUTTONS, ABOVE_BUTTONS = 3, 640
"""Of a button template, and how long its text may be:
https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/template/button"""
LONGEST = 16 * 1024
"""Of a question: what is longer than one message goes out before the one with the choices."""
TAKES = Limits(
    files=(),
    body=LONGEST,
    buttons=13,
    title=20,
    links=BUTTONS,
    payload=1000,
    rows=13,
    row_title=20,
    window_s=24 * 3600,
    people_s=7 * 24 * 3600,
    rate_per_s=300,
)
"""What both take alike; each says where that stands."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two."""

    object: str
    """What its notifications are about."""
    own: str
    """The setting that names the Page or the account."""
    limits: Limits
    metadata: bool
    """Whether a message carries a word of ours through to its echo."""
    replies: bool
    """Whether one can be said to answer another."""
    named: str
    """What is asked of the Page or account to be shown: its fields, by the comma."""
    subscribes: tuple[str, ...]
    """Fields of the webhook that the Page or account is to be subscribed to."""

    def own_id(self, channel: Channel) -> str:
        """Id of the Page or account, as notifications name it."""
        return word(channel.settings.get(self.own))

    def sends_as(self, channel: Channel) -> str:
        """Id of what messages are sent by: of an account that is linked to a Page, that Page."""
        return _page(channel) or self.own_id(channel)

    def is_of_page(self, channel: Channel) -> bool:
        """Whether its token is a Page's."""
        return bool(_page(channel))

    def is_linked(self, channel: Channel) -> bool:
        """Whether it is an account that a Page stands for."""
        return self.is_of_page(channel) and self.own != "page_id"

    def at(self, channel: Channel, path: str, **query: str) -> str:
        """An address of the Graph API; where the token is a Page's, with the proof that an app may require."""
        url = f"{meta.base_url(channel, OF_PAGES if _page(channel) else OF_ACCOUNTS)}/{path}"
        query |= {"appsecret_proof": meta.proof(channel)} if _page(channel) else {}
        return f"{url}?{urlencode(query, safe=',')}" if query else url

    def above_buttons(self) -> Limits:
        """Those of a text that buttons stand under."""
        return replace(self.limits, text=ABOVE_BUTTONS)


def _page(channel: Channel) -> str:
    return word(channel.settings.get("page_id"))
