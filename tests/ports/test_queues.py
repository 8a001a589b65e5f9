"""What is put on a queue is text that SQS takes and that reads back the same."""

from __future__ import annotations

import json
import re

from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.ports.queues import Entry, _batches

REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


@given(st.text(max_size=20))
@example("a\x00\ufffe\uffff\\\ufffe\U0001fffe")
def test_any_text_can_be_queued(text: str) -> None:
    ((entry,),) = _batches("timers", [Entry({text or "a": text})])
    assert not REFUSED.search(entry["MessageBody"])
    assert json.loads(entry["MessageBody"]) == {text or "a": text}
