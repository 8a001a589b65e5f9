"""Run the simulator until it is told to end."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiohttp import web

from examples.providers.server import Server
from examples.providers.world import World


def main() -> None:
    """Listen on loopback alone: whoever reaches it may write as anybody."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8703)
    parser.add_argument("--keep", type=Path, default=None, help="a file in which people and messages are kept")
    asked = parser.parse_args()
    web.run_app(
        Server(World(asked.keep)).app, host="127.0.0.1", port=asked.port, print=lambda *_: None, access_log=None
    )


if __name__ == "__main__":
    main()
