"""Billable requests, units and dollars of one round trip: a customer writes, the bot answers, the customer sees it.

Counted on a thread that has been talking for a while, in warm processes, one conversation alone: the dearest case for
queues, since under load a batch shares its invocation, its receive and its delete among up to ten events.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from bench import pricing, windows
from bench.meter import Tally
from bench.place import Place, moto
from bench.report import Goal, Result
from bench.words import ANSWERED, ASKED
from tests.outside import Answer, Heard

WARM = 13
"""Round trips before counting: a thread remembers twelve events, a lane's query reads ten rows."""
COUNTED = 2


@dataclass(frozen=True, slots=True)
class Variant:
    """A kind of round trip."""

    name: str
    run: Callable[[Place], None]
    before: Callable[[Place], None] = lambda place: None
    warm: int = WARM
    polls: bool = True


def webchat(place: Place) -> None:
    """In, to the bot, which answers in its response, and fetched by the visitor."""
    place.says()
    assert place.polls() == [ANSWERED]


def webchat_told(place: Place) -> None:
    """The same, and the bot is told that its answer was delivered."""
    webchat(place)
    place.cloud.pump()


def webchat_posted(place: Place) -> None:
    """In, to the bot, which posts its answer afterwards, and fetched."""
    place.says()
    place.bot_posts(eventid="1001", conversation_id=_conversation(place), message=ANSWERED)
    assert place.polls() == [ANSWERED]


def custom(place: Place) -> None:
    """In through a gateway, to the bot, which answers in its response, out to the gateway."""
    place._given += 1
    heard = len(place.provider.heard)
    place.gateway_posts({"type": "message", "id": f"g{place._given}", "from": "user-7", "name": "Uma", "text": ASKED})
    assert len(place.provider.heard) == heard + 1


def custom_told(place: Place) -> None:
    """The same, then the gateway says `delivered` and the bot is told."""
    custom(place)
    sent = f"p{len(place.provider.heard)}"
    place.gateway_posts({"type": "status", "id": sent, "status": "delivered"})


def whatsapp(place: Place) -> None:
    """The same by WhatsApp, which cannot tell a repeat and takes so many messages a second."""
    heard = len(place.provider.heard)
    place.meta_posts()
    assert len(place.provider.heard) == heard + 1


def picture(place: Place) -> None:
    """A picture by WhatsApp, which is got as it comes, and answered by a text."""
    heard = len(place.provider.heard)
    place.meta_posts(type="image", image={"id": "pic", "mime_type": "image/png"})
    assert len(place.provider.heard) == heard + 3, "where it lies, the file, and the answer"


def gives_a_picture(place: Place) -> None:
    """Meta has a picture, and takes what is sent."""
    takes = place.provider.answer

    def answer(heard: Heard) -> Answer:
        if heard.path.endswith("/pic"):
            return 200, {"url": f"{place.provider.url}/file", "mime_type": "image/png"}
        return (200, b"\x89PNG") if heard.path.endswith("/file") else takes(heard)

    place.provider.answer = answer


def desk(place: Place) -> None:
    """While a person has the thread: in, to desk and bot; the agent answers, to visitor and bot; fetched."""
    place.says()
    chat = place.desk.events()[-1]["data"]["conversation_id"]
    agent = {"id": "7", "name": "Ana"}
    place.desk_posts(type="agent.message", conversation_id=chat, text=ANSWERED, agent=agent)
    assert place.polls() == [ANSWERED]


def first_contact(place: Place) -> None:
    """The very first round trip of somebody new: contact, thread and conversation are made."""
    place.new_visitor()
    webchat(place)


def notified(place: Place) -> None:
    """The business speaks first, to somebody who was written to before and has never answered."""
    place.speaks_first("user-9")


def notified_first(place: Place) -> None:
    """The same to an address of nobody: contact, thread and conversation are made."""
    place._given += 1
    place.speaks_first(f"user-{place._given}-of-many")


VARIANTS = (
    Variant("webchat, answer in the response", webchat),
    Variant("webchat, answer in the response, receipt told", webchat_told),
    Variant("webchat, answer posted (1001)", webchat_posted, before=lambda place: place.bot_answers(in_response=False)),
    Variant("custom channel, sent and its receipt kept", custom, polls=False),
    Variant("custom channel, delivered told", custom_told, polls=False),
    Variant("WhatsApp, sent once and in its turn", whatsapp, polls=False),
    Variant("WhatsApp, a picture that is got", picture, before=gives_a_picture, polls=False),
    Variant("webchat with a desk, copies to the bot", desk, before=lambda place: _hand_over(place)),
    Variant("webchat, first contact", first_contact, warm=2),
    Variant("the business speaks first, custom channel", notified, polls=False),
    Variant("the business speaks first, to somebody new", notified_first, warm=2, polls=False),
    Variant("webchat by socket, receipt told", windows.trip, before=windows.before, polls=False),
    Variant("a window's socket, opened and closed", windows.opened_and_closed, before=windows.before, polls=False),
    Variant("a window says that it is there", windows.heard_of, before=windows.before, polls=False),
)


def _conversation(place: Place) -> str:
    said = [event for event in place.bot.events() if event.get("Event") == "Incoming message"]
    return str(said[-1]["Conversationid"])


def _hand_over(place: Place) -> None:
    place.bot_answers(in_response=False)
    place.says()
    place.bot_posts(eventid=1002, conversation_id=_conversation(place))


def count(new: Callable[[], AbstractContextManager[Place]], variant: Variant) -> list[Tally]:
    """The tallies of some round trips of a variant, all on the same warm thread."""
    with new() as place:
        variant.before(place)
        meter, tallies = place.cloud.meter, []
        for at in range(variant.warm + COUNTED):
            meter.with_units = at >= variant.warm
            tally = place.start()
            variant.run(place)
            if at >= variant.warm:
                tallies.append(tally)
            # What follows belongs to no round trip.
            place.start()
            place.cloud.pump()
        return tallies


def figures(variant: Variant, tallies: list[Tally]) -> dict[str, Any]:
    """What is printed and kept of a variant: of its dearest round trip."""
    tally = max(tallies, key=lambda tally: (tally.write_units, len(tally.calls)))
    waits_s = pricing.assumed("answer_s") if variant.polls else 0
    costs = pricing.per_million(tally, waits_s=waits_s)
    return {
        "aws_calls": len(tally.calls),
        "write_units": tally.write_units,
        "read_units": tally.read_units,
        "lambda_invocations": len(tally.invocations),
        "lambda_gb_s": round(pricing.gb_seconds(tally, waits_s=waits_s), 5),
        "sqs_requests": len(tally.of("sqs")) + 2 * len(tally.batches),
        "api_requests": tally.http,
        "kms_requests": len(tally.of("kms")),
        "log_bytes": sum(tally.log_bytes.values()),
        "log_by_step": dict(tally.log_bytes),
        "runs": {step: asdict(run) for step, run in pricing.runs(tally, waits_s=waits_s).items()},
        "bytes_moved": tally.bytes_moved,
        "queries_while_waiting": pricing.extra_queries(waits_s),
        "usd_per_million": round(sum(costs.values()), 2),
        "usd_by_service": costs,
        "calls": [
            {
                "step": call.step,
                "call": f"{call.service} {call.operation} {call.target}",
                "write_units": call.write_units,
                "read_units": call.read_units,
                "waited_ms": pricing.waited_ms(call),
                "bytes_out": call.bytes_out,
                "bytes_in": call.bytes_in,
            }
            for call in tally.calls
        ],
        "by_step": Counter(call.step for call in tally.calls),
    }


def measure(variants: tuple[Variant, ...] = VARIANTS) -> Result:
    """All variants."""
    with moto() as new:
        found = {variant.name: figures(variant, count(new, variant)) for variant in variants}
    columns = ["round trip", "AWS calls", "write u.", "read u.", "invocations", "SQS", "API", "log KB", "USD/million"]
    rows = [
        [
            name,
            one["aws_calls"],
            one["write_units"],
            one["read_units"],
            one["lambda_invocations"],
            one["sqs_requests"],
            one["api_requests"],
            one["log_bytes"] / 1000,
            one["usd_per_million"],
        ]
        for name, one in found.items()
    ]
    first = found[variants[0].name]
    goals = [
        Goal("AWS calls", 16, first["aws_calls"], parts=dict(first["by_step"])),
        Goal("write units", 9, first["write_units"]),
        Goal("bytes of log", 2400, first["log_bytes"], parts=dict(first["log_by_step"])),
        Goal("a million round trips, polled", 20, first["usd_per_million"], "USD ", parts=first["usd_by_service"]),
    ]
    waits_s, queries = pricing.assumed("answer_s"), first["queries_while_waiting"]
    parts = ", ".join(f"{name} {cost:.2f}" for name, cost in first["usd_by_service"].items() if cost)
    notes = [
        f"Goals are for the first row. Its USD per million: {parts}.",
        f"A poll waits {waits_s:g} s for the answer: in the dollars, with {queries} queries, but not in the calls.",
        "SQS counts our sends and, for each batch, the receive and the delete of Lambda's poller.",
    ]
    return Result("requests", "Requests, units and dollars of a round trip", columns, rows, goals, notes, found)


if __name__ == "__main__":
    names = sys.argv[1:]
    measure(tuple(v for v in VARIANTS if v.name in names) if names else VARIANTS).keep()
