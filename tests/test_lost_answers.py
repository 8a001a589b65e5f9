"""A lost answer is not somebody else's write: every write that the SDK may make twice is named here, with how a repeat
is told from another's. One that is new fails until somebody has thought of it.

The SDK makes a call again whose answer was lost, so any write may happen twice, the second time a little later.
`tests/crash` does so with every write that a step makes, and hands back the second answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.thread import Thread
from chalicelib.tables import endpoints, lanes, receipts, threads
from tests.cloud import Cloud, taps

ROOT = Path(__file__).resolve().parent.parent

CONDITIONAL = {
    "tables.deliveries.add": "the row comes from its cause: whoever stored it",
    "tables.attempts.begin": "the mark names its run",
    "tables.attempts.find_out": "known by whomever is known",
    "tables.attempts.record": "refused where the delivery is finished: then there is nothing to say",
    "tables.deliveries.name_replay": "what stands is read and used, whoever named it",
    "tables.attempts.put_off": "the place is its own; refused where the delivery is finished",
    "tables.rates.take": "a place too many stays empty",
    "tables.phone_calls.heard": "a time of the same call, by this call or another",
    "tables.phone_calls.begins": "the row names its call: whoever wrote it",
    "tables.phone_calls.ended": "ended is ended, by whomever",
    "tables.lanes._leased": "the lease names its run",
    "tables.lanes.release": "names its run: gone is gone",
    "tables.lanes.unblock": "names its run: gone is gone, and another's block is not ours to take away",
    "tables.lanes._called": "the order names its sweep, or the attempt that somebody asks for",
    "tables.endpoints.count_failure": "a mark of the attempt, in a set",
    "tables.endpoints.disable": "switched off by whomever; not where it was verified since",
    "tables.endpoints.begin_sweep": "names the return that it is for, and is free for the same",
    "tables.threads.save": "the state names its events: the same state is the same event's",
    "tables.messages.add": "the row names its event, and is compared",
    "tables.messages.set_state": "a state only advances: told before is told",
    "tables.messages._say": "sets the whole content; refused where the message was erased",
    "tables.receipts.place_source_event": "what stands is read and used, whoever wrote it",
    "tables.receipts.first_in": "it is done once less",
    "tables.receipts.claim": "the same digest passes again",
    "tables.receipts.event_of_key": "what stands is read: our own event's id is the answer",
    "tables.connections._types": "one side types: noted by this call or another",
    "tables.console_sockets.redeem": "used is used: its page asks for another",
    "tables.console_sockets.lasts": "for the next minute, by this call or another",
    "tables.inbox._later": "a version says all of the row: whoever has shown it has shown the same",
    "tables.inbox.claim": "the same person's claim passes again",
    "tables.inbox.see": "a number only advances",
    "tables.inbox.mention": "who is in a set is in it once",
    "tables.inbox.looked": "gone is gone, from the list and from the set",
    "tables.figures._add_up": "refused, it is added up anew from what stands",
    "tables.links.touch": "the time only advances, by an hour at least",
    "tables.replays.forward": "a mark of the page",
    "tables.replays.cancel": "ended is ended, by whomever",
    "tables.sessions._end": "ended is ended, by whomever",
    "tables.sessions.used": "its end is moved on, by this call or another",
    "tables.sign_links.redeemed": "used is used, by whomever: where the answer was lost, nobody is signed in",
    "tables.sign_ins.seen": "the time of a sign-in, by this call or another",
    "tables.trigger_events.add": "the row comes from its cause: whoever stored it",
    "tables.trigger_events._conditionally": "a status only advances; the first outcome stands",
}
"""Function -> how it knows its own write. All go through `tables.writes`, which makes them say so."""
TOGETHER = {
    "tables.config.with_version", "tables.contacts._add", "tables.contact_rows.save", "tables.importing._written",
    "tables.merging._merge", "tables.merging._unmerge", "tables.erasing.begin", "tables.erasing.forward",
    "tables.messages.add", "tables.suggestions.suggest", "tables.suggestions.dismiss",
    "tables.replays.begin", "tables.sign_ins.bind",
    "lanes.pump._set_aside", "tables.figures._count",
}  # fmt: skip
"""Functions that send a transaction: its token, drawn once a call, makes a repeat the same transaction."""
PARTS = {
    "tables.contact_rows.put_changed", "tables.contact_rows.put_consent", "tables.contact_rows.claim",
    "tables.contacts.put_new",
    "api.setup.changes._also", "tables.attempts.put_record", "tables.endpoints.put_recovered",
    "tables.suggestions._put", "tables.channel_places.change",
}  # fmt: skip
"""Functions that add to a transaction of their caller's."""
TWICE_IS_ONCE = {
    "tables.attempts.record": "sets what came of an attempt, the whole list of attempts with it",
    "tables.endpoints.set_status": "sets the same values",
    "tables.endpoints.recovered": "sets the same values",
    "tables.links.keep_conversation": "sets the same values, and times only where there are none",
    "tables.receipts.count": "counts a stranger's posts or mails: one too many does no harm",
    "api.deliveries.failures.replay": "sets the time of this replay",
}
"""Function with an update without a condition -> why doing it again changes nothing."""
ELSEWHERE = {
    "ports.queues.send": "FIFO queues drop what has the same dedup id; what is on standard queues may come twice",
    "ports.bus.put": "a CloudEvent's id comes from its cause, so a consumer tells a repeat",
    "ports.sockets.tell": "a page knows each message by its id",
    "ports.sockets.close": "closed is closed",
    "ports.media.keep": "the same file under the same name",
    "ports.media.take": "the same file under the same name",
    "ports.media.remove": "gone is gone",
}
"""Function that writes elsewhere than in DynamoDB -> why a repeat is harmless."""
_WRITES = {
    "put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items", "send_message",
    "send_message_batch", "put_events", "put_object", "copy_object", "delete_object", "delete_objects",
    "upload_fileobj", "post_to_connection", "delete_connection",
}  # fmt: skip


def _calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the product's code, and the function that makes it."""
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "chalicelib").with_suffix("").parts)
        if module == "tables.writes" or module.startswith("cli."):
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call):
                        yield f"{module}.{function.name}", node


def _names(call: ast.Call) -> tuple[str, str, set[str]]:
    """(what a method is called on, name of the function, names of its keywords)."""
    of = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    return of, name, {keyword.arg or "" for keyword in call.keywords}


def test_every_write_says_how_its_repeat_is_told() -> None:
    conditional, together, parts, plain, elsewhere = set(), set(), set(), set(), set()
    for function, call in _calls():
        of, name, keywords = _names(call)
        if name in ("saved", "updated", "deleted") and "ours" in keywords:
            conditional.add(function)
        elif name in ("transaction", "TransactWrite"):
            together.add(function)
        elif name in ("save", "update", "delete") and ("condition" in keywords or of in ("writes", "together")):
            parts.add(function)
        elif name == "update" and "actions" in keywords:
            plain.add(function)
        elif name in _WRITES:
            elsewhere.add(function)
        assert name not in ("batch_write", "BatchWrite"), "a batch takes no conditions"
    assert conditional == set(CONDITIONAL)
    assert together == TOGETHER
    assert parts - together == PARTS
    assert plain == set(TWICE_IS_ONCE)
    assert elsewhere == set(ELSEWHERE)


@pytest.fixture
def loses() -> Iterator[Any]:
    """Has the answer to the next call of an operation be lost."""

    def lose(operation: str) -> None:
        taps.losing = operation

    yield lose
    assert not taps.losing, "it was never called"


LANE = "a" * 26 + "-bt_" + "b" * 26


def test_a_lease_is_the_runs_own(cloud: Cloud, loses: Any) -> None:
    lanes.block(LANE, head="k1", blocked_by="bt_1", attempt=1, due=100)
    loses("UpdateItem")
    mine = lanes.lease(LANE, by="me", head="k1", attempt=1, now=100, until=200)
    assert mine is not None and (mine.head, mine.leased_by) == ("k1", "me")
    assert lanes.lease(LANE, by="you", head="k1", attempt=1, now=150, until=300) is None
    loses("DeleteItem")
    lanes.unblock(LANE, by="me")
    assert lanes.lease_now(LANE, by="you", held=False, now=150, until=300) is None


def test_a_block_of_another_stays(cloud: Cloud) -> None:
    lanes.block(LANE, head="k1", blocked_by="bt_1", attempt=1, due=100)
    assert lanes.lease_now(LANE, by="me", held=False, now=100, until=200)
    lanes.block(LANE, head="k1", blocked_by="bt_1", attempt=2, due=900)
    lanes.unblock(LANE, by="me")
    assert lanes.lease(LANE, by="you", head="k1", attempt=2, now=900, until=1000)


def test_a_lane_is_called_once(cloud: Cloud, loses: Any) -> None:
    lanes.block(LANE, head="k1", blocked_by="bt_1")
    loses("UpdateItem")
    assert lanes.call(LANE, by="me", held=True, now=100, until=200)
    assert lanes.call(LANE, by="you", held=True, now=150, until=250) is None
    assert lanes.call(LANE, by="you", held=True, now=201, until=300)
    lanes.block(LANE, head="k1", blocked_by="bt_1", attempt=1, due=900)
    assert lanes.call(LANE, by="me", held=True, now=301, until=400) is None, "it has a retry of its own"


def test_a_failure_counts_once(cloud: Cloud, loses: Any) -> None:
    endpoints.set_status("bt_1", endpoints.ACTIVE, at=1)
    endpoints.count_failure("bt_1", "dl_1", at=1)
    loses("UpdateItem")
    counted = endpoints.count_failure("bt_1", "dl_1", at=1)
    assert (int(counted.failures), list(counted.failed)) == (2, ["dl_1", "dl_1"])
    endpoints.recovered("bt_1")
    assert int(endpoints.count_failure("bt_1", "dl_1", at=1).failures) == 1


def test_a_thread_is_saved_once(cloud: Cloud, loses: Any) -> None:
    thread = Thread("th_1", "sv_1", "ch_1", "webchat", "a", last_seq=1)
    loses("PutItem")
    assert threads.save(thread)
    assert not threads.save(Thread("th_1", "sv_1", "ch_1", "webchat", "a", last_seq=2)), "another's"


def test_a_key_is_claimed_once(cloud: Cloud, loses: Any) -> None:
    loses("PutItem")
    assert receipts.claim("bt_1", "k", "digest", now_ms=1000)
    loses("PutItem")
    assert receipts.event_of_key("tr_1", "k", "digest", "te_1", now_ms=1000) == "te_1"
    assert receipts.event_of_key("tr_1", "k", "digest", "te_2", now_ms=1000) == "te_1"


def test_a_webhook_that_was_verified_since_is_not_switched_off(cloud: Cloud) -> None:
    endpoints.set_status("bt_1", endpoints.ACTIVE, at=2000)
    assert not endpoints.disable("bt_1", at=1999), "the repeat of a call from before"
    assert endpoints.disable("bt_1", at=2001)
