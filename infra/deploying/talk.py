"""How a command speaks, asks and ends."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploying.refused import Refused, Say, Sleep

Ask = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Hands:
    """How a deployment speaks, asks and waits."""

    say: Say
    ask: Ask
    sleep: Sleep = time.sleep
    today: Callable[[], datetime.date] = datetime.date.today


def asks(question: str) -> bool:
    """Ask who sits there; Refused where nobody does."""
    if not sys.stdin.isatty():
        raise Refused("nobody is here to be asked: --yes says yes to all")
    return line(f"{question} [y/N] ").lower() in ("y", "yes")


def line(question: str) -> str:
    """What is typed; "" where nothing is (Ctrl-D)."""
    try:
        return input(question).strip()
    except EOFError:
        print()
        return ""


def refusing(work: Callable[[], None], what: str) -> None:
    """Run a command; what is refused, by us or by AWS, ends it in a sentence."""
    try:
        work()
    except Refused as error:
        sys.exit(f"{what}: {error}")
    except ClientError as error:
        said = error.response["Error"]
        sys.exit(f"{what}: AWS refuses {error.operation_name}: {said.get('Message', said.get('Code'))}")
    except BotoCoreError as error:
        sys.exit(f"{what}: {error}")
    except KeyboardInterrupt:
        sys.exit(f"{what}: broken off here; what AWS has begun it goes on with. Run it again to see")
