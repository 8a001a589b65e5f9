"""`make new-channel NAME=x`: a folder for another kind of channel, which passes its tests as it is.

It is `infra/scaffold/channel` under another name: an adapter of a provider that there is not, checked where it lies.
"""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

from infra.reads import ROOT

SCAFFOLD = Path(__file__).parent / "scaffold" / "channel"
NAME = re.compile(r"[a-z][a-z0-9_]{1,23}")
_FIRST_PARTY = re.compile(r"(?:from chalicelib\S* import .+\n)+")


def wrong_with(name: str, root: Path = ROOT) -> str:
    """Why no kind of channel can have this name; empty where one can."""
    if not NAME.fullmatch(name):
        return "NAME is 2 to 24 of a-z, 0-9 and _, and begins with a letter: make new-channel NAME=shoutbox"
    if keyword.iskeyword(name):
        return f"{name} is a word of Python's own"
    folder = root / "chalicelib" / "channels"
    if (folder / name).exists() or (folder / f"{name}.py").exists():
        return f"chalicelib/channels/{name} is there already"
    return ""


def made(name: str, root: Path = ROOT) -> Path:
    """The folder of a new kind, written; ValueError where the name cannot be one."""
    if wrong := wrong_with(name, root):
        raise ValueError(wrong)
    folder = root / "chalicelib" / "channels" / name
    for path in sorted(SCAFFOLD.rglob("*")):
        if path.suffix in (".py", ".json", ".md"):
            target = folder / path.relative_to(SCAFFOLD)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_named(path.read_text(encoding="utf-8"), name), encoding="utf-8")
    return folder


def _named(text: str, name: str) -> str:
    """A file's text about the new kind."""
    for old, new in (
        (SCAFFOLD.relative_to(ROOT).as_posix().replace("/", "."), f"chalicelib.channels.{name}"),
        ('"kind":"newchannel"', f'"kind":"{name}"'),
        ("Newchannel", name.replace("_", " ").strip().capitalize()),
        # In addresses and names of headers.
        ("newchannel", name.strip("_").replace("_", "-")),
    ):
        text = text.replace(old, new)
    return _FIRST_PARTY.sub(_sorted, text)


def _sorted(block: re.Match[str]) -> str:
    """Imports in the order that the linter has them, now that one of the modules is called otherwise."""
    return "".join(sorted(block[0].splitlines(keepends=True), key=lambda line: line.split()[1]))


def main(arguments: list[str]) -> int:
    """Make it, and say what is next."""
    name = arguments[0] if arguments else ""
    try:
        folder = made(name)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    shown, examples = folder.relative_to(ROOT), len(list(folder.glob("examples/*.json")))
    print(f"{shown}: an adapter with {examples} examples; nothing else was touched.")
    print(f'· its tests: make test ARGS="tests/test_channels.py -k {name}"')
    print("· what to change, and in which order: docs/adding-a-channel.md")
    print("· before `make lint`: make reference, which adds its row to docs/channels.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
