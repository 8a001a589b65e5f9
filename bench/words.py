"""What is said in benches: texts of an ordinary length."""

from __future__ import annotations

TOKEN = "the-bots-own-token"
ASKED = "Hello, my order 1044 has not come yet. Can you tell me where it is, please?"
ANSWERED = (
    "Thank you for writing. Your order 1044 left our warehouse yesterday and should be with you by Friday. "
    "Shall I send you the tracking number?"
)
