"""The console's files by Brotli, for browsers that take it, which they say by HTTPS.

They are packed once, while packaging: the best packing takes a second that no request should wait for. Who does not
take it gets gzip, packed when it is asked for.
"""

from __future__ import annotations

from pathlib import Path

import brotli

from chalicelib.api.console import page


def place(console: Path) -> None:
    """Pack what is served of a package's `console` into its folder `brotli`."""
    served, target = page.read(console), console / page.BROTLI
    target.mkdir(exist_ok=True)
    for name, content in served.items():
        if name != page.INDEX and not name.endswith(page.PACKED_ALREADY):
            (target / f"{name}.br").write_bytes(brotli.compress(content))
    (target / "version").write_text(page.version_of(served), encoding="ascii")
