"""Whether Telegram knows the bot's token, and having it call us.

https://core.telegram.org/bots/api#getme and #setwebhook. Which updates are sent is said each time: reactions are not
among those that come by themselves.
"""

from __future__ import annotations

from typing import Any

from chalicelib.channels.contract import Channel, Connected, Refused, TryLater
from chalicelib.channels.telegram import errors, incoming
from chalicelib.channels.telegram.place import posted, secret_token
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Call, Exchange
from chalicelib.wire.json_body import word

_WRONG = "/secrets/bot_token"
_NO_SUCH_TOKEN = (401, 404)


async def connect(channel: Channel, call: Call) -> Connected | TryLater | Refused:
    """Which bot it is; with a `webhook_url` its updates come there from now on, and nowhere else any more."""
    exchange = await posted("getMe", {}, channel, call)
    if trouble := _trouble(exchange):
        return trouble
    bot = answered(exchange).get("result")
    username = word(bot.get("username")) if isinstance(bot, dict) else ""
    if not isinstance(bot, dict) or not username:
        return TryLater("not Telegram's answer")
    facts = {"name": word(bot.get("first_name")), "username": f"@{username}", "link": f"https://t.me/{username}"}
    # Whether its privacy mode is off; also for words of the console's.
    facts["groups"] = "all" if bot.get("can_read_all_group_messages") is True else "addressed"
    if channel.webhook_url:
        body: dict[str, Any] = {
            "url": channel.webhook_url,
            "secret_token": secret_token(channel),
            "allowed_updates": list(incoming.READ),
        }
        exchange = await posted("setWebhook", body, channel, call)
        if trouble := _trouble(exchange):
            return trouble
        if answered(exchange).get("ok") is not True:
            return TryLater("not Telegram's answer")
        facts["webhook"] = "registered"
    return Connected({name: value for name, value in facts.items() if value}, registers=True)


def _trouble(exchange: Exchange) -> TryLater | Refused | None:
    """What is wrong. Beyond doubt it is the token where Telegram, in its own form, does not know it."""
    code, reason = errors.read(exchange)
    if code in _NO_SUCH_TOKEN and answered(exchange).get("ok") is False:
        return Refused(str(code), reason or "Telegram does not know the token", at=_WRONG)
    if later := unanswered(exchange, 0):
        return TryLater(f"{code}: {reason}" if reason else later.error)
    return errors.of(exchange, 0)
