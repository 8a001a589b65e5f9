"""`make package`: one zip and one template in .build/package, ready for CloudFormation.

`chalice package` does the wheels and the handlers. What it would let pass is refused here: a requirement that it
left out (it says so and exits 0) and a library that it built on this machine.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from infra import brotlied, policies, template, vendored
from infra.reads import ROOT, aws_services
from infra.slim import compile_tree, slim

BUILD = ROOT / ".build"
MOST_BYTES = 200_000_000
"""Unzipped; Lambda takes 250 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
NOT_DEPLOYED = ("cli",)
"""Folders of chalicelib that run on a person's machine, with libraries that the zip has not."""
ARCHITECTURES = ("arm64", "x86_64")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""One time for all files, so that the same sources give the same zip."""


@dataclass(frozen=True, slots=True)
class Package:
    """A finished package on disk."""

    zip: Path
    template: Path
    zipped: int
    unzipped: int


class Unfit(Exception):
    """The package must not be deployed."""


def here() -> str:
    """This machine's architecture in Lambda's words."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def build(architecture: str = "arm64", out: Path | None = None) -> Package:
    """Package the application; Unfit where something is missing, foreign or too large."""
    if architecture not in ARCHITECTURES:
        raise Unfit(f"no such architecture: {architecture}")
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"lock-{architecture}").open("w") as lock:
        # Tests that run beside each other want the same package.
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            vendored.place()
        except vendored.Unfetched as error:
            raise Unfit(f"the console lacks other people's files: {error}") from None
        return _built(architecture, out or BUILD / architecture)


def _built(architecture: str, out: Path) -> Package:
    mark = f"{architecture} {_sources()}"
    stamp = out / "stamp.json"
    if stamp.exists() and (kept := json.loads(stamp.read_text(encoding="utf-8")))["mark"] == mark:
        return Package(out / "deployment.zip", out / "template.json", kept["zipped"], kept["unzipped"])
    raw = BUILD / f"chalice-{architecture}"
    _chalice(architecture, raw)
    tree = _tree(raw / "deployment.zip", architecture)
    brotlied.place(tree / "chalicelib" / "console")
    out.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    unzipped = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    if unzipped > MOST_BYTES:
        raise Unfit(f"{unzipped} bytes unzipped; at most {MOST_BYTES}")
    _zip(tree, out / "deployment.zip")
    finished = template.finish(json.loads((raw / "sam.json").read_text(encoding="utf-8")))
    (out / "template.json").write_text(json.dumps(finished, indent=1), encoding="utf-8")
    zipped = (out / "deployment.zip").stat().st_size
    stamp.write_text(json.dumps({"mark": mark, "zipped": zipped, "unzipped": unzipped}), encoding="utf-8")
    return Package(out / "deployment.zip", out / "template.json", zipped, unzipped)


def _sources() -> str:
    """A digest of all that a package is made from."""
    paths = [
        ROOT / "app.py",
        ROOT / "requirements.txt",
        *(ROOT / "chalicelib").rglob("*"),
        *(ROOT / "infra").rglob("*"),
    ]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(path for path in paths if path.is_file() and path.suffix != ".pyc"):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _chalice(architecture: str, out: Path) -> None:
    """Run `chalice package` in a copy that holds only what is deployed."""
    project = BUILD / f"project-{architecture}"
    shutil.rmtree(project / "chalicelib", ignore_errors=True)
    (project / ".chalice" / "policies").mkdir(parents=True, exist_ok=True)
    left_out = shutil.ignore_patterns("__pycache__", *NOT_DEPLOYED)
    shutil.copytree(ROOT / "chalicelib", project / "chalicelib", ignore=left_out)
    for name in ("app.py", "requirements.txt"):
        shutil.copy2(ROOT / name, project / name)
    for path, text in policies.files(architecture).items():
        (project / path.relative_to(ROOT)).write_text(text, encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    drop_torn(project / ".chalice" / "deployments")
    command = [
        sys.executable,
        "-c",
        "from chalice.cli import main; main()",
        "package",
        "--stage",
        "package",
        "--template-format",
        "json",
        str(out),
    ]
    env = os.environ | {"AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1")}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode or "Could not install dependencies" in said:
        raise Unfit(f"chalice package:\n{said[-4000:]}")


def drop_torn(folder: Path) -> None:
    """Remove packages that somebody was cut off in writing: Chalice takes what lies there by its name."""
    for archive in folder.glob("*.zip"):
        if not zipfile.is_zipfile(archive):
            archive.unlink()


def _tree(archive: Path, architecture: str) -> Path:
    """The package unpacked, slimmed and compiled.

    The libraries are kept between builds by what is in them: compiling them takes ten seconds, our own code one.
    """
    with zipfile.ZipFile(archive) as package:
        ours: list[zipfile.ZipInfo] = []
        theirs: list[zipfile.ZipInfo] = []
        for entry in package.infolist():
            (ours if entry.filename.startswith(("app.py", "chalicelib/")) else theirs).append(entry)
        made_by = Path(__file__).with_name("slim.py").read_bytes() + repr(sorted(aws_services())).encode()
        mark = hashlib.sha256(made_by + "".join(f"{one.filename}:{one.CRC}" for one in theirs).encode()).hexdigest()
        libraries = BUILD / f"libraries-{architecture}"
        stamp = libraries / "stamp"
        if not stamp.exists() or stamp.read_text() != mark:
            shutil.rmtree(libraries, ignore_errors=True)
            package.extractall(libraries / "tree", members=theirs)
            _refuse_foreign(libraries / "tree")
            slim(libraries / "tree")
            compile_tree(libraries / "tree")
            stamp.write_text(mark)
        tree = BUILD / f"tree-{architecture}"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(libraries / "tree", tree, copy_function=os.link)
        own = BUILD / f"own-{architecture}"
        shutil.rmtree(own, ignore_errors=True)
        package.extractall(own, members=ours)
    compile_tree(own)
    shutil.copytree(own, tree, dirs_exist_ok=True)
    return tree


def _refuse_foreign(tree: Path) -> None:
    """Refuse a library that was built here: it needs this machine's own libraries, which Lambda lacks."""
    for wheel in tree.glob("*.dist-info/WHEEL"):
        for line in wheel.read_text(encoding="utf-8").splitlines():
            if line.startswith("Tag: ") and "-linux_" in line:
                raise Unfit(f"{wheel.parent.name} was built on this machine ({line}); pin a version that has a wheel")


def _zip(tree: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(tree)), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, path.read_bytes())


def main() -> None:
    """Package from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="arm64")
    package = build(parser.parse_args().architecture)
    print(f"{package.zip}  {package.zipped / 1e6:.1f} MB zipped, {package.unzipped / 1e6:.1f} MB unzipped")
    print(package.template)


if __name__ == "__main__":
    try:
        main()
    except Unfit as error:
        sys.exit(f"not packaged: {error}")
