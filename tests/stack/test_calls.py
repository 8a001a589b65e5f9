"""Calls over the wire: a caller who does what TwiML says, and a bot that is asked while they wait."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.channels.caller import Call
from tests.outside import Heard, serving
from tests.stack.conftest import Deployment, echo, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

SECRET, OURS, ADA = "auth-token-of-the-account-0123456", "+4930555000", "+4915112345678"
NUMBER = {"sid": "PN1", "phone_number": OURS, "capabilities": {"voice": True}}


def test_a_call_in_and_one_out(deployment: Deployment) -> None:
    platform, forms = deployment.platform, list[dict[str, list[str]]]()

    def twilio(heard: Heard) -> tuple[int, Any]:
        if heard.path.endswith("/Calls.json"):
            forms.append(parse_qs(heard.raw.decode()))
            return 201, {"sid": "CA2", "status": "queued"}
        return 200, {"incoming_phone_numbers": [NUMBER], **NUMBER}

    def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        sent = {name.title(): value for name, value in headers.items()}
        reply = platform.call("POST", url, body, key=None, headers=sent)
        return reply.status, reply.headers["content-type"], reply.raw.decode()

    with serving() as api:
        api.answer = twilio
        deployment.bot_end.answer = echo
        settings = {
            "account_sid": "AC1",
            "from": OURS,
            "start_text": "hello",
            "api_base": api.url.removesuffix("/hook"),
        }
        channel = platform.make(
            "channels", service_id=deployment.service, kind="voice_twilio", name="phone", settings=settings,
            secrets={"auth_token": SECRET},
        )  # fmt: skip
        inbound = {"CallSid": "CA1", "AccountSid": "AC1", "From": ADA, "To": OURS, "Direction": "inbound"}
        call = Call(post, SECRET, inbound)
        call.goes(channel["webhook_url"])
        assert call.hears() == ["you said hello"]
        assert call.says("where is it?") == ["you said where is it?"]
        call.goes(f"{channel['webhook_url']}?do=status", CallStatus="completed")
        talk = deployment.bot_hears("the end", lambda event: event.get("Happened") == "call_ended")["Conversationid"]
        eventually(lambda: deployment.state(talk)["state"] == "closed", "the call's conversation is closed")

        to = {"channel_id": channel["id"], "address": "+4915187654321"}
        sent = {"service_id": deployment.service, "to": to, "text": "Your parcel is late."}
        assert platform.call("POST", "/v1/messages", sent).status == 202
        eventually(lambda: forms, "the call is made")
        outbound = {"CallSid": "CA2", "Direction": "outbound-api", "From": OURS, "To": "+4915187654321"}
        call = Call(post, SECRET, inbound | outbound)
        call.goes(forms[0]["Url"][0].partition("#")[0])
        assert call.hears() == ["Your parcel is late."]
        assert call.says("thank you") == ["you said thank you"]
