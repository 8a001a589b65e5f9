"""Messenger, by the protocol that Messenger and Instagram share (send_api.py)."""

from __future__ import annotations

from examples.providers import send_api

LABEL = "Messenger"
BASE = "/v25.0"
CHANNEL = {
    "settings": {"page_id": "112233445566778"},
    "secrets": {
        "app_secret": "simulated-app-secret",
        "access_token": "EAAPsimulated",
        "verify_token": "simulated-word",
    },
}
DEEDS = frozenset({"text", "file", "press", "reply", "edit", "react", "start", "stop", "resume"})
TELLS = ("sent", "delivered", "read")
KIND = send_api.Kind(
    name="messenger",
    object="page",
    own="page_id",
    first_id=7700000000000000,
    longest=2000,
    in_bytes=False,
    late=(10, 2018278),
    metadata=True,
    reads_mid=False,
)
opened, address, answer, addressee = KIND.opened, KIND.address, KIND.answer, KIND.addressee
receipts, told, refusal = KIND.receipts, KIND.told, send_api.refusal
