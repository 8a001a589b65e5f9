"""What an open console costs: its pages' requests and units with a small inbox and a large one, and an hour of it.

The inbox is one desk's, shared by fifty agents; its rows are written as `observe` writes them. Calls and units are
counted on moto, for who shows a key: a session costs one read unit more for each request, and two for a person's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench import pricing
from bench.meter import Tally
from bench.place import Place, moto
from bench.report import Goal, Result

SMALL, LARGE, AGENTS = 500, 5000, 50
BEAT_S, LISTS_S = 2, 60
"""How often the page asks while somebody looks (docs/console.md)."""
SETUP = ("bots", "desks", "channels", "people", "replies")
Ask = Callable[[], Any]


def measure() -> Result:
    """Pages, beats and deeds."""
    found: dict[str, dict[str, float]] = {}
    with moto() as new:
        for size in (SMALL, LARGE):
            with new() as place:
                found |= {f"{name}, {size} chats": one for name, one in _pages(place, size).items()}
    rows = [[name, *one.values()] for name, one in found.items()]
    beat, lists = (found[f"{name}, {LARGE} chats"] for name in ("beat, nothing new", "inbox: mine and queue"))
    hour = (beat["usd"] * 3600 / BEAT_S + lists["usd"] * 3600 / LISTS_S) / pricing.MILLION * 100
    grown = max(
        found[f"{name}, {LARGE} chats"]["read_units"] / found[f"{name}, {SMALL} chats"]["read_units"]
        for name in ("first page", "conversation opened", "beat, nothing new")
    )
    word = found[f"observe of a customer's word, {LARGE} chats"]
    goals = [
        Goal("an hour of a console that is looked at, by poll", 0.74, hour, "cents "),
        Goal("read units with 5000 open chats, times those with 500", 1.05, grown),
        Goal("write units of the inbox for a word at a desk", 3, word["write_units"]),
    ]
    columns = ["what", "requests", "AWS calls", "read u.", "write u.", "USD a million"]
    note = "An hour is 1800 beats without news and 60 readings of the lists; what people do comes on top."
    return Result("console", "An open console", columns, rows, goals, [note], {"found": found, "cents_an_hour": hour})


def _pages(place: Place, size: int) -> dict[str, dict[str, float]]:
    service = place.make("services", name="office")
    place.make("channels", service_id=service, kind="webchat", name="chat")
    desk = place.make("desks", service_id=service, kind="console", name="people")
    place.make("rules", service_id=service, name="to people", to="desk", desk_id=desk)
    place.says()
    place.says()
    _fill(desk, size)
    get = partial(place.http, "api", "GET")
    asked = f"/v1/inbox?service_id={service}&limit=50&list="
    chat = get(f"/v1/conversations?service_id={service}&limit=1")["data"][0]
    contact = chat["contact"]["id"]
    body: dict[str, Any] = {"service_id": service, "open": chat["id"], "watch": [chat["id"]]}
    beat = partial(place.http, "api", "POST", "/v1/console/beat")
    cursor = beat(body)["cursor"]
    lists = [partial(get, f"{asked}{name}") for name in ("mine", "queue")]
    setup = [partial(get, f"/v1/{kind}?service_id={service}&limit=100") for kind in SETUP]
    pages: dict[str, list[Ask]] = {
        "first page": [partial(get, "/console/session"), *lists, *setup, partial(beat, body)],
        "inbox: mine and queue": [*lists],
        "conversation opened": [
            partial(get, f"/v1/conversations/{chat['id']}/timeline?limit=50"),
            partial(get, f"/v1/contacts/{contact}"),
            partial(get, f"/v1/contacts/{contact}/timeline?limit=30"),
        ],
        "beat, nothing new": [partial(beat, body | {"cursor": cursor})],
        "claim": [partial(place.http, "api", "POST", f"/v1/conversations/{chat['id']}/claim", {})],
    }
    found = {name: _figures(place, asks) for name, asks in pages.items()}
    place.cloud.pump()
    word: Tally = place.start()
    place.says()
    seen = [call for call in word.calls if call.step == "observe"]
    found["observe of a customer's word"] = {
        "requests": 0,
        "calls": len(seen),
        "read_units": sum(call.read_units for call in seen),
        "write_units": sum(call.write_units for call in seen),
        "usd": sum(call.write_units for call in seen) * pricing.usd("dynamodb_write") * pricing.MILLION,
    }
    return found


def _figures(place: Place, asks: list[Ask]) -> dict[str, float]:
    place.cloud.meter.with_units = True
    tally = place.start()
    for ask in asks:
        ask()
    return {
        "requests": tally.http,
        "calls": len(tally.calls),
        "read_units": tally.read_units,
        "write_units": tally.write_units,
        "usd": sum(pricing.per_million(tally).values()),
    }


def _fill(desk: str, size: int) -> None:
    """Open chats of a desk as `observe` leaves them: a fifth in the queue, the others with its agents."""
    from chalicelib.ports.clock import now_ms
    from chalicelib.tables import inbox

    for n in range(size):
        agent = {} if n % 5 == 0 else {"id": f"pe_agent{n % AGENTS}", "name": f"Agent {n % AGENTS}"}
        shown = inbox.Shown(
            state="accepted" if agent else "offered",
            opened=now_ms() - n * 1000,
            channel=f"ch_{'a' * 26}",
            channel_kind="webchat",
            address=f"wc{n:024d}",
            contact={"id": f"ct_{'b' * 26}", "name": f"Customer {n}"},
            agent=agent,
            waiting=now_ms() - n * 1000,
            unread=(1, 2),
            last={
                "text": "Water is coming through the kitchen ceiling now",
                "type": "text",
                "by": "user",
                "at": now_ms(),
            },
        )
        inbox.observe(desk, f"cv_{n:026d}_1", shown, version=1, now_ms=now_ms())


if __name__ == "__main__":
    measure().keep()
