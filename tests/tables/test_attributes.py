"""JSON in, the same JSON out."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.tables.attributes import PlainAttribute

NUMBERS = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15, allow_nan=False).map(lambda x: round(x, 6))
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=4), JSON, max_size=4))
def test_it_reads_back_as_it_was_written(value: dict[str, object]) -> None:
    attribute = PlainAttribute()
    back = attribute.deserialize(attribute.serialize(value))
    assert back == value
    assert json.loads(json.dumps(back)) == back


def test_numbers_are_as_dynamodb_spells_them() -> None:
    spelled = {"a": {"N": "1.50"}, "b": {"N": "1E+2"}, "c": {"N": "-7"}, "d": {"N": "1795250358795212"}}
    assert PlainAttribute().deserialize(spelled) == {"a": 1.5, "b": 100, "c": -7, "d": 1795250358795212}
