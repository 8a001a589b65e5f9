"""What an open console costs: its pages' requests and units with a small inbox and a large one, and an hour of it, by
beats alone and with a socket beside them.

The inbox is one desk's, shared by fifty agents; its rows are written as `announce` writes them. Calls and units are
counted on moto, for who shows a key: a session costs one read unit more for each request, and two for a person's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench import pricing, windows
from bench.meter import Tally
from bench.page import asked
from bench.place import Place, moto
from bench.report import Goal, Result

SMALL, LARGE, AGENTS = 500, 5000, 50
BEAT_S, LISTS_S = 2, 60
"""How often the page asks while somebody looks (docs/console.md)."""
BESIDE_S, NAMED_S, PING_S, CUT_S = 15, 30, 240, 7200
"""How often it asks beside a socket, names that, says on it that it is there, and opens another."""
OFFICES, EVENTS_A_DAY, DAY_H, DAYS = (1, 10, 50), 100, 8, 22
"""Agents of an office, what happens at its desks for each of them in a day, and their month."""
KEYS = ("requests", "calls", "read_units", "write_units", "usd")
GROWING = {"messages", "deliveries", "threads", "contacts"}
"""Tables that grow with what is said."""
Ask = Callable[[], Any]


def measure() -> Result:
    """Pages, beats and deeds."""
    found: dict[str, dict[str, float]] = {}
    with moto() as new:
        for size in (SMALL, LARGE):
            with new() as place:
                found |= {f"{name}, {size} chats": one for name, one in _pages(place, size).items()}
        with new() as place:
            found |= _socket(place)
    rows = [[name, *(one[key] for key in KEYS)] for name, one in found.items()]
    beat, lists = (found[f"{name}, {LARGE} chats"] for name in ("beat, nothing new", "inbox: mine and queue"))
    hour = (beat["usd"] * 3600 / BEAT_S + lists["usd"] * 3600 / LISTS_S) / pricing.MILLION * 100
    beside = {agents: _beside_usd(found, beat["usd"], lists["usd"], agents) * 100 for agents in OFFICES}
    grown = max(
        found[f"{name}, {LARGE} chats"]["read_units"] / found[f"{name}, {SMALL} chats"]["read_units"]
        for name in ("first page", "conversation opened", "beat, nothing new")
    )
    word = found[f"inbox of a customer's word, {LARGE} chats"]
    goals = [
        Goal("an hour of a console that is looked at, by poll", 0.74, hour, "cents "),
        *(
            Goal(f"an hour of it beside a socket, {agents} agents", 0.25, cents, "cents ")
            for agents, cents in beside.items()
        ),
        Goal("read units with 5000 open chats, times those with 500", 1.05, grown),
        Goal("write units of the inbox for a word at a desk", 3, word["write_units"]),
        Goal(
            "calls of the first page on tables that grow with what is said",
            0,
            found[f"first page, {LARGE} chats"]["of_what_is_said"],
        ),
    ]
    columns = ["what", "requests", "AWS calls", "read u.", "write u.", "USD a million"]
    months = ", ".join(f"{_month(beside[agents]):.2f} with {agents}" for agents in OFFICES)
    frame = (found["a change told, 50 consoles"]["usd"] - found["a change told, 10 consoles"]["usd"]) / 40
    even = (hour - beside[1]) / 100 * pricing.MILLION / frame
    notes = [
        "An hour is 1800 beats without news and 60 readings of the lists; what people do comes on top.",
        f"Beside a socket {3600 // BESIDE_S} beats, of which every other one names it, and what is told.",
        f"A month of {DAYS} days of {DAY_H} h: {_month(hour):.2f} USD by beats alone, by socket {months} agents.",
        f"For each agent there are {EVENTS_A_DAY} changes a day at the desks, and each console is told of all.",
        f"By socket it costs more from {even:.0f} changes an hour on.",
    ]
    figures = {"found": found, "cents_an_hour": hour, "cents_an_hour_beside_a_socket": beside, "even_at": even}
    return Result("console", "An open console", columns, rows, goals, notes, figures)


def _month(cents_an_hour: float) -> float:
    return cents_an_hour / 100 * DAY_H * DAYS


def _beside_usd(found: dict[str, dict[str, float]], beat: float, lists: float, agents: int) -> float:
    """USD of an hour of one console of an office beside its socket."""
    told = found[f"a change told, {agents} consoles"]["usd"] / agents
    parts = {
        "beats": beat * 3600 / BESIDE_S,
        "naming": pricing.usd("dynamodb_write") * pricing.MILLION * 3600 / NAMED_S,
        "lists": lists * 3600 / LISTS_S,
        "minutes": pricing.usd("socket_minute") * pricing.MILLION * 60,
        "being there": found["a ping"]["usd"] * 3600 / PING_S,
        "opening": found["a socket opened and closed"]["usd"] * 3600 / CUT_S,
        "told": told * EVENTS_A_DAY / DAY_H * agents,
    }
    return sum(parts.values()) / pricing.MILLION


def _socket(place: Place) -> dict[str, dict[str, float]]:
    """Opening a socket, saying that it is there, and telling consoles of one change."""
    from chalicelib.ports.clock import now_ms
    from chalicelib.tables import beats, console_sockets

    service = place.make("services", name="office")
    desk = place.make("desks", service_id=service, kind="console", name="people")
    _fill(desk, 1)
    place.cloud.pump()
    ask = {"service_id": service}
    whose = console_sockets.Ticket(service, "pe_1", None)

    def opened() -> str:
        return windows.console_opens(place, place.http("api", "POST", "/v1/console/ticket", ask)["ticket"])

    found = {
        "a socket opened and closed": _figures(place, [lambda: windows.closes(place, opened())]),
    }
    socket = opened()
    found["a ping"] = _figures(place, [lambda: windows.is_there(place, socket)])
    windows.closes(place, socket)
    for agents in OFFICES:
        while len(console_sockets.hearing(service, now_ms=now_ms())) < agents:
            one = windows.console_opens(place, "")
            console_sockets.add(one, whose, now_ms=now_ms())
            assert console_sockets.lasts(one, whose, now_ms=now_ms() + 600_000)
        beats.tell(service, desk, f"cv_{0:026d}_1", agents, now_ms=now_ms())
        found[f"a change told, {agents} consoles"] = _figures(place, [place.cloud.pump])
    return found


def _pages(place: Place, size: int) -> dict[str, dict[str, float]]:
    service = place.make("services", name="office")
    place.make("channels", service_id=service, kind="webchat", name="chat")
    desk = place.make("desks", service_id=service, kind="console", name="people")
    place.make("rules", service_id=service, name="to people", to="desk", desk_id=desk)
    place.says()
    place.says()
    _fill(desk, size)
    get = partial(place.http, "api", "GET")
    chat = get(f"/v1/conversations?service_id={service}&limit=1")["data"][0]
    contact = chat["contact"]["id"]
    body: dict[str, Any] = {"service_id": service, "open": chat["id"], "watch": [chat["id"]]}
    beat = partial(place.http, "api", "POST", "/v1/console/beat")
    cursor = beat(body)["cursor"]
    lists = [partial(get, f"/v1/inbox?service_id={service}&limit=50&list={name}") for name in ("mine", "queue")]
    pages: dict[str, list[Ask]] = {
        "first page": [partial(place.http, "api", *one) for one in asked(service)],
        "inbox: mine and queue": [*lists],
        "conversation opened": [
            partial(get, f"/v1/conversations/{chat['id']}/timeline?limit=50"),
            partial(get, f"/v1/contacts/{contact}"),
            partial(get, f"/v1/contacts/{contact}/timeline?limit=30"),
        ],
        "beat, nothing new": [partial(beat, body | {"cursor": cursor})],
        "claim": [partial(place.http, "api", "POST", f"/v1/conversations/{chat['id']}/claim", {})],
    }
    for ask in pages["first page"]:
        # So that what a process keeps for a minute is kept, or not, whatever was done before.
        ask()
    found = {name: _figures(place, asks) for name, asks in pages.items()}
    place.cloud.pump()
    word: Tally = place.start()
    place.says()
    seen = [call for call in word.calls if call.step == "announce"]
    found["inbox of a customer's word"] = {
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
        "of_what_is_said": sum(1 for call in tally.of("dynamodb") if {*call.target.split(",")} & GROWING),
    }


def _fill(desk: str, size: int) -> None:
    """Open chats of a desk as `announce` leaves them."""
    from chalicelib.ports.clock import now_ms
    from chalicelib.tables import inbox

    for n in range(size):
        inbox.observe(desk, f"cv_{n:026d}_1", shown_chat(n), version=1, now_ms=now_ms())


def shown_chat(n: int) -> Any:
    """What the inbox shows of an open chat: a fifth are in the queue, the others with the agents."""
    from chalicelib.ports.clock import now_ms
    from chalicelib.tables import inbox

    agent = {} if n % 5 == 0 else {"id": f"pe_agent{n % AGENTS}", "name": f"Agent {n % AGENTS}"}
    return inbox.Shown(
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


if __name__ == "__main__":
    measure().keep()
