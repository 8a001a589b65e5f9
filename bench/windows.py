"""Chat windows with sockets, in a place: API Gateway's side is the server that the tests have for it."""

from __future__ import annotations

from bench.place import Place
from bench.words import ANSWERED
from tests.sockets import Gateway, gateway


def opens(place: Place) -> str:
    """A page opens a socket in a chat that goes on, and is told what it has missed; gives the socket's id."""
    query = {"channel": place.made["chat"]["id"], "session": place.session, "after": place.after}
    with place.cloud.watched("live"):
        status, socket = _gateway(place).connect(**query)
    assert status == 200
    place.cloud.pump()
    return socket


def console_opens(place: Place, ticket: str) -> str:
    """A console opens a socket by a ticket; without one it is there as if it had. Gives the socket's id."""
    gateway = _gateway(place)
    if not ticket:
        socket = f"console{len(gateway.open)}="
        gateway.open[socket] = []
        return socket
    with place.cloud.watched("live"):
        status, socket = gateway.connect(ticket=ticket)
    assert status == 200
    return socket


def closes(place: Place, socket: str) -> None:
    """The page goes, and API Gateway tells of it."""
    with place.cloud.watched("live"):
        _gateway(place).disconnect(socket)
    place.cloud.pump()


def is_there(place: Place, socket: str) -> None:
    """A page says that it is there, and is answered."""
    place.cloud.meter.tally.frames += 2
    with place.cloud.watched("live"):
        assert _gateway(place).send(socket, {"type": "ping"})["type"] == "pong"


def before(place: Place) -> None:
    """A chat in which something was said and fetched, with an open window."""
    _gateway(place)
    place.says()
    place.polls()
    place.cloud.pump()
    place.socket = opens(place)


def trip(place: Place) -> None:
    """In, to the bot, which answers in its response, told to the visitor's window; and the bot told of the receipt."""
    place.says()
    assert _gateway(place).texts(place.socket)[-1] == ANSWERED


def opened_and_closed(place: Place) -> None:
    """A window more for the time of nothing."""
    closes(place, opens(place))


def heard_of(place: Place) -> None:
    """A window says that it is there."""
    is_there(place, place.socket)


def _gateway(place: Place) -> Gateway:
    if place.gateway is None:
        place.gateway = place.ending.enter_context(gateway(place.cloud))
    return place.gateway
