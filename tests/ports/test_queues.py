"""What is put on a queue: texts that SQS refuses are spelled so that it does not."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ports.queues import Entry, _batches

ODD = st.text(st.sampled_from('\x00\x1f\t\ud7ff\ue000\ufffd\ufffe\uffff\U00010000\U0010ffff\\"u'), max_size=12)


def allowed(char: str) -> bool:
    """As the reference of SendMessage has it."""
    return char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char >= "\U00010000"


@given(st.lists(st.dictionaries(ODD, ODD, max_size=3), min_size=1, max_size=12))
def test_every_text_goes_through(bodies: list[dict[str, str]]) -> None:
    batches = list(_batches("timers", [Entry(body) for body in bodies]))
    sent = [wire["MessageBody"] for batch in batches for wire in batch]
    assert all(allowed(char) for text in sent for char in text)
    assert [json.loads(text) for text in sent] == bodies
    assert max(map(len, batches)) <= 10
