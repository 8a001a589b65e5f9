"""`parley contact` against the API over real HTTP: files go in and out, and an import goes on where it was."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

typer = pytest.importorskip("typer")

from chalice.config import Config  # noqa: E402
from chalice.local import LocalDevServer  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from chalicelib.cli.contact_pages import MOST_BYTES, Pages  # noqa: E402
from chalicelib.tables import contacts  # noqa: E402
from chalicelib.tables.contacts import ContactRow  # noqa: E402


@pytest.fixture
def parley(api: Any, cloud: Any) -> Iterator[Any]:
    """Runs a command; gives exit code and output."""
    http = LocalDevServer(cloud.app.app, Config(), "127.0.0.1", 0).server
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{http.server_address[1]}"
    from chalicelib.cli.__main__ import app

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["--base-url", url, "--key", api.key, "--output", "text", "contact", *words])

    yield run
    http.shutdown()
    http.server_close()


def test_in_and_out(parley: Any, api: Any, service: str, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    # The second page begins with row 501; most rows name nobody, as those cost the test nothing.
    rows = [f'"A ""{n}""\nB",p{n}@example.com' if n % 100 == 1 else f"x{n}," for n in range(1, 603)]
    people.write_text("\ufeffname,email\n" + "\n,\n".join(rows), encoding="utf-8")
    state = people.with_name("people.csv.state")
    first = parley("import", str(people), "--service", service, "--at-once", "1")
    assert first.exit_code == 1, first.output
    assert "602 rows: 7 created, 0 updated, 0 unchanged, 595 refused" in first.output
    assert not state.exists()
    report = people.with_name("people.csv.refused.csv").read_text().splitlines()
    assert report[0] == "row,field,message"
    assert [line.partition(",")[0] for line in report[1:]] == [str(n) for n in range(1, 603) if n % 100 != 1]

    # As after an interruption: 500 rows are done.
    about = people.stat()
    done = {"service": service, "size": about.st_size, "changed": about.st_mtime_ns, "rows": 500, "refused": 0}
    state.write_text(json.dumps(done | {"counts": {"created": 5}}))
    again = parley("import", str(people), "--service", service)
    assert "602 rows: 5 created, 0 updated, 2 unchanged, 100 refused" in again.output
    assert parley("import", str(people), "--service", "sv_aaaaaaaaaa").exit_code == 1

    shown = parley("show", "P101@example.com", "--service", service)
    assert json.loads(shown.stdout)["name"] == 'A "101"\nB'
    assert json.loads(parley("show", json.loads(shown.stdout)["id"]).stdout) == json.loads(shown.stdout)
    assert parley("show", "nobody@example.com", "--service", service).exit_code == 1
    taken = tmp_path / "out.jsonl"
    assert "7 contacts written" in parley("export", str(taken), "--service", service).output
    same = parley("import", str(taken), "--service", service)
    assert same.exit_code == 0, same.output
    assert "7 rows: 0 created, 0 updated, 7 unchanged, 0 refused" in same.output


def test_two_are_said_to_be_two(parley: Any, api: Any, service: str) -> None:
    ana, ben = (api.make("contacts", service_id=service, name=name, email=f"{name}@example.com") for name in "ab")
    for contact, other in ((ana, ben), (ben, ana)):
        row = contacts.get(contact["id"])
        assert row is not None
        row.update(actions=[ContactRow.maybe_same.set([{"contact_id": other["id"], "because": "email"}])])
    assert json.loads(parley("show", ana["id"]).stdout)["maybe_same"]
    assert json.loads(parley("dismiss", ana["id"], ben["id"]).stdout)["maybe_same"] == []
    assert json.loads(parley("show", ben["id"]).stdout)["maybe_same"] == []
    assert parley("dismiss", ana["id"], "ct_x").exit_code == 1


def test_pages(tmp_path: Path) -> None:
    lines = tmp_path / "many.jsonl"
    lines.write_text("".join(json.dumps({"email": f"p{n}@x.de", "name": "x" * 3000}) + "\n\n" for n in range(700)))
    pages = Pages(lines)
    assert pages.count() == 700
    found = list(pages.after(0))
    assert sum(page.rows for page in found) == 700
    assert all(len(page.body) <= MOST_BYTES for page in found)
    assert [page.first for page in found] == [1 + sum(page.rows for page in found[:n]) for n in range(len(found))]
    assert b"".join(page.body for page in pages.after(650)).count(b"\n") == 50
    assert list(pages.after(700)) == []
