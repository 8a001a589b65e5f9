"""Instagram, by the protocol that Messenger and Instagram share (send_api.py)."""

from __future__ import annotations

from examples.providers import send_api

LABEL = "Instagram"
BASE = "/v25.0"
CHANNEL = {
    "settings": {"account_id": "17841400000000001"},
    "secrets": {
        "app_secret": "simulated-app-secret",
        "access_token": "IGAAsimulated",
        "verify_token": "simulated-word",
    },
}
DEEDS = frozenset({"text", "file", "press", "reply", "edit", "react", "start", "delete"})
TELLS = ("sent", "read")
KIND = send_api.Kind(
    name="instagram",
    object="instagram",
    own="account_id",
    first_id=8800000000000000,
    longest=1000,
    in_bytes=True,
    late=(10, 2534022),
    metadata=False,
    reads_mid=True,
)
opened, address, answer, addressee = KIND.opened, KIND.address, KIND.answer, KIND.addressee
receipts, told, refusal = KIND.receipts, KIND.told, send_api.refusal
