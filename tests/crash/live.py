"""The scenarios of sockets: a page, and a console, opens one, is told, loses it, comes again, and goes."""

from __future__ import annotations

from tests.crash.inbox import y_desk
from tests.crash.scenarios import Scenario, a_visitor_writes, c_bot_hands_over, c_desk_accepts
from tests.crash.stage import ANA, Stage


def w_written(stage: Stage) -> None:
    a_visitor_writes(stage)
    c_bot_hands_over(stage)
    c_desk_accepts(stage)


def w_page_opens(stage: Stage) -> None:
    stage.page_looks()
    stage.settle()
    stage.page_looks()
    stage.settle()


def w_agent_types_and_answers(stage: Stage) -> None:
    stage.desk_posts({"type": "agent.typing", "conversation_id": stage.chat(), "agent": ANA}, "d5")
    stage.settle()
    stage.desk_posts({"type": "agent.message", "conversation_id": stage.chat(), "text": "I am Ana", "agent": ANA}, "d6")
    stage.settle()
    stage.page_looks()
    stage.settle()


def w_socket_fails(stage: Stage) -> None:
    """For as long as it takes to say one thing."""
    stage.sockets.failing = dict.fromkeys(stage.sockets.open, (500, {}))
    stage.desk_posts({"type": "agent.message", "conversation_id": stage.chat(), "text": "and you?", "agent": ANA}, "d7")
    stage.settle()
    stage.sockets.failing = {}
    stage.page_looks()
    stage.settle()


def w_visitor_types_and_goes(stage: Stage) -> None:
    stage.page_sends({"type": "typing"})
    stage.settle()
    stage.page_goes()
    stage.settle()


def w_chat_waits(stage: Stage) -> None:
    y_desk(stage)
    c_bot_hands_over(stage)


def w_console_opens(stage: Stage) -> None:
    stage.console_looks()
    stage.visitor_says("anybody?", "w8")
    stage.settle()
    stage.console_looks()


def w_somebody_comes_to_the_chat(stage: Stage) -> None:
    (chat,) = stage.sockets.inbox
    stage.console_looks(open=chat)
    stage.settle()
    stage.console_looks()
    stage.settle()


def w_consoles_socket_fails(stage: Stage) -> None:
    stage.sockets.failing = dict.fromkeys(stage.sockets.open, (500, {}))
    stage.visitor_says("hello?", "w9")
    stage.settle()
    stage.sockets.failing = {}
    stage.console_looks()


LIVE = {
    "live": Scenario(
        (w_page_opens, w_agent_types_and_answers, w_socket_fails, w_visitor_types_and_goes),
        ("live", "push", "receive_desk"),
        w_written,
        ("converse", "fan_out", "deliver"),
    ),
    "console": Scenario(
        (w_console_opens, w_somebody_comes_to_the_chat, w_consoles_socket_fails),
        ("live", "push"),
        w_chat_waits,
        ("receive_channel", "converse", "fan_out", "announce", "deliver"),
    ),
}
