"""The zip holds all that it needs, nothing of this machine, and is the same when it is made again."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import brotli
import pytest

from chalicelib.api.console import page
from infra import vendored
from infra.package import MOST_BYTES, Package, Unfit, _refuse_foreign, _zip, drop_torn
from infra.reads import aws_services
from infra.slim import ALWAYS

pytestmark = pytest.mark.xdist_group("package")

_IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, {tree!r})
import app, chalicelib
names = [one.name for one in pkgutil.walk_packages(chalicelib.__path__, "chalicelib.")]
for name in names:
    importlib.import_module(name)
# What the modules import when they first need it.
import aiohttp, datalogic_py, jwt, pydantic, yaml, boto3
assert jwt.algorithms.has_crypto
for service in {services!r}:
    client = boto3.client(service, region_name="us-east-1")
    assert client.meta.endpoint_url.startswith("https://"), service
    assert client.meta.method_to_api_mapping, service
foreign = {{name for name, module in sys.modules.items()
           if "site-packages" in (getattr(module, "__file__", None) or "")}}
assert not foreign, foreign
print(len(names))
"""


@pytest.fixture(scope="session")
def tree(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, unpacked."""
    folder = tmp_path_factory.mktemp("zip")
    with zipfile.ZipFile(package.zip) as archive:
        archive.extractall(folder)
    return folder


def test_everything_can_be_imported_from_the_zip_alone(tree: Path) -> None:
    # -I -S: no site-packages, no PYTHONPATH, no current folder.
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            _IMPORT_ALL.format(tree=str(tree), services=["dynamodb", "sts", *sorted(aws_services())]),
        ],
        capture_output=True,
        text=True,
        env={"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 30


def test_what_a_client_is_made_from_is_plain_and_ours_alone(tree: Path) -> None:
    data = tree / "botocore" / "data"
    assert not list(data.rglob("*.gz"))
    described = {path.parts[-3] for path in data.rglob("service-2.json")}
    assert described == {*ALWAYS, *aws_services()}
    for path in data.rglob("service-2.json"):
        model = json.loads(path.read_text())
        assert model["operations"] and "documentation" not in model, path
    named = {
        name for one in json.loads((data / "endpoints.json").read_text())["partitions"] for name in one["services"]
    }
    assert {"dynamodb", "streams.dynamodb", "sqs", "kms", "s3", "events", "sts"} <= named
    assert len(named) <= len(described)


def test_it_is_far_from_the_limits(package: Package) -> None:
    assert package.unzipped < MOST_BYTES
    assert package.zipped < 50_000_000


def test_everything_is_compiled(tree: Path) -> None:
    sources = [path for path in tree.rglob("*.py") if "chalicelib" in path.parts or path.name == "app.py"]
    missing = [path for path in sources if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))]
    assert sources
    assert not missing


def test_the_console_is_whole_and_light(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "CONSOLE", tree / "chalicelib" / "console")
    kept = (page.files, page.version, page.index, page.all_by_brotli)
    for one in kept:
        one.cache_clear()
    served, best, linked = page.files(), page.all_by_brotli(), re.findall(r"\{hash\}/([\w.-]+)", page.index())
    first = {*page.first_modules(), *linked, vendored.SPRITE, page.INDEX}
    names = [path.name for folder in ("app", "vendor") for path in (page.CONSOLE / folder).iterdir()]
    monkeypatch.undo()
    for one in kept:
        one.cache_clear()

    assert len(names) == len({*names}), "no file of ours has the name of another's"
    assert {"preact.js", "hooks.js", "htm.js", "uplot.js", "icons.svg", "licences.txt"} <= {*served}
    weights = {name: len(gzip.compress(content, 9)) for name, content in served.items()}
    # The page shows itself before the font is there.
    fonts = {name for name in served if name.endswith(".woff2")}
    assert sum(weights[name] for name in fonts) <= 50_000
    words = [weights[name] for name in served if name.startswith("words-")]
    assert sum(weights[name] for name in first) + max(words) <= 60_000
    # Of the languages a browser fetches one, and by HTTPS what is packed best.
    assert {*served} - fonts - {page.INDEX} == {*best}
    assert all(brotli.decompress(content) == served[name] for name, content in best.items())
    others = {name for name in served if name.startswith(("words-", "more-")) and not name.endswith("-de.json")}
    assert sum(len(best[name]) for name in {*best} - others - {vendored.LICENCES}) <= 150_000


def test_what_was_built_here_is_refused(tmp_path: Path) -> None:
    info = tmp_path / "pillow-13.0.0.dist-info"
    info.mkdir()
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n")
    with pytest.raises(Unfit, match="built on this machine"):
        _refuse_foreign(tmp_path)
    (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\n")
    _refuse_foreign(tmp_path)


def test_the_same_files_give_the_same_zip(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "a").mkdir(parents=True)
    (source / "a" / "one.py").write_text("1")
    (source / "two.py").write_text("2")
    _zip(source, tmp_path / "first.zip")
    (source / "two.py").touch()
    _zip(source, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_a_package_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.zip", tmp_path / "torn.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("app.py", "app = 1\n" * 1000)
    torn.write_bytes(whole.read_bytes()[:-30])

    drop_torn(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["whole.zip"]
    drop_torn(tmp_path / "not there yet")
