"""Sources: mappings checked with the place of an error, a dry run, secrets, and posts that are wrong in every way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import sources
from chalicelib.inbound import mapped
from tests.cloud import Cloud

MAPPING: dict[str, Any] = {
    "id": "id", "sent_at": "at", "text": "'Bought ' & item", "type": "'purchase'",
    "contact": {"email": "email", "phone": "phone", "external_id": "customer", "name": "name"},
}  # fmt: skip
EXAMPLES = sorted((Path(sources.__file__).parent / "examples").glob("*.json"))


@pytest.fixture
def source(api: Any, service: str) -> dict[str, Any]:
    made: dict[str, Any] = api.make("sources", service_id=service, key="shop", name="Shop", mapping=MAPPING)
    return made


def post(api: Any, source: dict[str, Any], body: Any, secret: str | None = None) -> Any:
    sender = api.as_key(source["secret"] if secret is None else secret)
    return sender("POST", "/" + source["events_url"].split("/", 3)[3], body)


def test_a_source_and_its_secret(api: Any, service: str, source: dict[str, Any]) -> None:
    path = f"/v1/sources/{source['id']}"
    assert source["events_url"].endswith(f"{path}/events") and source["events_url"].startswith("http")
    assert source["secret"].startswith("src_") and source["mapping"] == MAPPING and source["system"] == "shop"
    read = api("GET", path)
    assert "secret" not in read.body and "bearer" not in read.body and read.body["key"] == "shop"
    assert [one["id"] for one in api("GET", f"/v1/sources?service_id={service}").body["data"]] == [source["id"]]
    # A mapping is merged: one expression is changed, another taken away, the rest stays.
    changed = api("PATCH", path, {"mapping": {"text": "item", "contact": {"phone": None}}, "system": "crm"}).body
    without = {name: value for name, value in MAPPING["contact"].items() if name != "phone"}
    assert changed["mapping"] == MAPPING | {"text": "item", "contact": without} and changed["system"] == "crm"
    assert api("PATCH", path, {"key": "other"}).wrong == {"/key": "cannot be changed"}
    again = api("POST", "/v1/sources", {"service_id": service, "key": "shop", "name": "x", "mapping": MAPPING})
    assert again.wrong == {"/key": "another source of this service has it"}

    rotated = api("POST", f"{path}/rotate-secret", {"overlap_s": 60}).body
    assert rotated["secret"] != source["secret"] and rotated["old_valid_until"]
    assert [post(api, source, [], one).status for one in (source["secret"], rotated["secret"])] == [202, 202]
    described = api("GET", "/v1/openapi.json").body
    for at, methods in described["paths"].items():
        if "/rotate-" in at:
            model = methods["post"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
            schema = described["components"]["schemas"][model]
            assert "old_valid_until" in schema["properties"] and "old_valid_until" in schema["required"], at
    assert rotated.keys() <= described["components"]["schemas"]["SourceAnswerRotated"]["properties"].keys()
    last = api("POST", f"{path}/rotate-secret", {"overlap_s": 0}).body["secret"]
    assert [post(api, source, [], one).status for one in (source["secret"], rotated["secret"], last)] == [401, 401, 202]
    audit = json.dumps(api("GET", f"/v1/audit?service_id={service}").body)
    assert '"bearer": "***"' in audit and "hash" not in audit and last not in audit
    assert api("DELETE", path).status == 204
    assert post(api, source, [], last).status == 404


@pytest.mark.parametrize(
    ("fields", "path", "says"),
    [
        ({"key": "Shop"}, "/key", ""),
        ({"key": "webchat"}, "/key", "is the source of messages"),
        ({"key": "api"}, "/key", "is the source of messages"),
        ({"key": "x" * 51}, "/key", ""),
        ({"system": "A"}, "/system", ""),
        ({"mapping": None}, "/mapping", ""),
        ({"mapping": {"id": "id"}}, "/mapping/text", "Field required"),
        ({"mapping": MAPPING | {"id": ""}}, "/mapping/id", ""),
        ({"mapping": MAPPING | {"more": "x"}}, "/mapping/more", ""),
        ({"mapping": MAPPING | {"id": 5}}, "/mapping/id", ""),
        ({"mapping": MAPPING | {"id": "$now()"}}, "/mapping/id", "position 1: $now makes another id each time"),
        ({"mapping": MAPPING | {"text": "a b"}}, "/mapping/text", "position 3 near 'b': this is not expected here"),
        ({"mapping": MAPPING | {"contact": {"email": "a["}}}, "/mapping/contact/email", "position 3: the expression"),
        ({"mapping": MAPPING | {"contact": {"fax": "a"}}}, "/mapping/contact/fax", ""),
        ({"mapping": MAPPING | {"text": "x" * 2001}}, "/mapping/text", ""),
    ],
)
def test_wrong_fields(api: Any, service: str, fields: dict[str, Any], path: str, says: str) -> None:
    body = {"service_id": service, "key": "shop", "name": "Shop", "mapping": MAPPING} | fields
    answer = api("POST", "/v1/sources", body)
    assert list(answer.wrong) == [path] and answer.wrong[path].startswith(says)
    if "mapping" in fields:
        tried = api("POST", "/v1/sources:try", {"mapping": fields["mapping"], "sample": {}})
        assert tried.wrong == answer.wrong


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_trying_stores_nothing(api: Any, path: Path, cloud: Cloud) -> None:
    example = json.loads(path.read_text())
    service = api.make("services", name="x", **({"country": example["country"]} if example["country"] else {}))["id"]
    body = {"mapping": example["mapping"], "sample": example["event"], "key": "crm", "service_id": service}
    tried = api("POST", "/v1/sources:try", body)
    assert tried.status == 200 and tried.body["errors"] == []
    message, expected = tried.body["message"], example["expected"]
    assert message["text"] == expected["content"]["text"] and message["content"] == expected["content"]["details"]
    assert (message["event_id"], message["sent_at"]) == (expected["id"], expected["sent_at"])
    said = [[one["kind"], one["value"]] for one in message["contact"]["identities"]]
    assert said == expected.get("identities", []) and message["conversation"] == expected.get("conversation")
    cloud.pump()
    assert api("GET", f"/v1/conversations?service_id={service}").body["data"] == []


def test_trying_says_what_is_wrong_with_a_sample(api: Any) -> None:
    tried = api("POST", "/v1/sources:try", {"mapping": MAPPING, "sample": {"email": "nobody", "at": "soon"}})
    assert tried.status == 200 and tried.body["message"] is None
    assert [one["path"] for one in tried.body["errors"]] == ["/contact/email", "/id", "/sent_at"]
    assert api("POST", "/v1/sources:try", {"mapping": MAPPING}).wrong == {"/sample": "Field required"}
    assert api("POST", "/v1/sources:try", b"{").status == 400
    unknown = {"mapping": MAPPING, "sample": {}, "service_id": "sv_aaaaaaaaaa"}
    assert list(api("POST", "/v1/sources:try", unknown).wrong) == ["/service_id"]


def test_who_may_post(api: Any, service: str, source: dict[str, Any]) -> None:
    other = api.make("services", name="other")["id"]
    statuses = {}
    for scopes, of in ((["agent"], service), (["admin"], None), (["read"], service), (["agent"], other)):
        key = api.make("keys", name="k", scopes=scopes, **({"service_id": of} if of else {}))["key"]
        statuses[scopes[0], of] = post(api, source, [], key).status
    assert list(statuses.values()) == [202, 202, 403, 403]
    foreign = api.make("sources", service_id=other, key="shop", name="Shop", mapping=MAPPING)
    for wrong in ("", "src_wrong", foreign["secret"], "pk_0123456789abcdef_" + "x" * 43, source["secret"][:-1]):
        assert post(api, source, [], wrong).status == 401, wrong
    nowhere = source | {"events_url": source["events_url"].replace(source["id"], "so_" + "a" * 26)}
    assert post(api, nowhere, []).status == 404
    assert post(api, nowhere | {"events_url": "http://x/v1/sources/" + "x" * 3000 + "/events"}, []).status == 404
    assert api("GET", "/" + source["events_url"].split("/", 3)[3]).status == 405


def test_answers_item_by_item(api: Any, source: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    good, late = {"id": 1, "item": "lamp"}, {"id": 2, "at": "2020-01-01T00:00:00Z"}
    answer = post(api, source, [good, {"item": "x"}, 5, late, good | {"id": 3, "email": "x", "phone": "1"}, {}])
    assert answer.status == 202 and answer.body["accepted"] == 2
    told = {one["index"]: [error["path"] for error in one["errors"]] for one in answer.body["rejected"]}
    assert told == {1: ["/id"], 2: [""], 4: ["/contact/email", "/contact/phone"], 5: ["/id"]}
    assert "needs an id of its own" in answer.body["rejected"][0]["errors"][0]["message"]
    assert post(api, source, good).body == {"accepted": 1, "rejected": []}
    assert post(api, source, []).body == {"accepted": 0, "rejected": []}
    assert post(api, source, {}).body["accepted"] == 0
    deep: Any = {}
    for _ in range(30):
        deep = {"a": deep}
    assert [one["index"] for one in post(api, source, [deep | {"id": 4}, good]).body["rejected"]] == [0]
    # Most of these have no id, as the queue of the test's cloud is slow.
    most = post(api, source, [{"id": f"m{n}" if n < 25 else None, "item": "x"} for n in range(500)]).body
    assert most["accepted"] == 25 and [one["index"] for one in most["rejected"]] == list(range(25, 500))
    # What cannot be read in time is told, and the rest is kept.
    monkeypatch.setattr(mapped, "READ_FOR_MS", -1)
    slow = post(api, source, [good, good])
    assert slow.status == 202 and slow.body["accepted"] == 0 and len(slow.body["rejected"]) == 2


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"\xff", 400),
        (b'{"id": NaN}', 400),
        (b"[" * 200_000, 400),
        (b"5", 422),
        (b'"text"', 422),
        (b"null", 422),
        (json.dumps([{}] * 501).encode(), 422),
        (b'{"id": 1, "x": "' + b"x" * 1024 * 1024 + b'"}', 413),
        (b'{"id": 1, "x": "' + b"x" * 1000 * 1000 + b'"}', 202),
        (b'{"id": 1, "x": ' + b"9" * 5000 + b', "y": 1e999, "z": "\\ud83d", "": 0}', 202),
    ],
    ids=range(12),
)
def test_bodies_that_are_wrong(api: Any, source: dict[str, Any], raw: bytes, status: int) -> None:
    answer = post(api, source, raw)
    assert answer.status == status
    assert status == 202 or answer.headers["content-type"] == "application/problem+json"


def test_in_bundles(api: Any) -> None:
    source = {"name": "Shop", "key": "shop", "mapping": MAPPING}
    bundle = {"service": {"name": "Care"}, "sources": [source]}
    first = api("POST", "/v1/apply", bundle)
    assert first.status == 200 and first.body["secrets"]["sources"]["Shop"]["secret"].startswith("src_")
    second = api("POST", "/v1/apply", bundle).body
    assert [len(second[verb]) for verb in ("created", "updated", "unchanged", "deleted")] == [0, 0, 2, 0]
    changed = api("POST", "/v1/apply", bundle | {"sources": [source | {"mapping": MAPPING | {"text": "item"}}]})
    assert [one["kind"] for one in changed.body["updated"]] == ["source"] and "secrets" not in changed.body
    wrong = api("POST", "/v1/apply", bundle | {"sources": [source, source | {"name": "Two"}]})
    assert wrong.wrong == {"/sources/1/key": "'shop' is there twice"}
    bad = source | {"mapping": MAPPING | {"contact": {"email": "a b"}}}
    assert list(api("POST", "/v1/apply", bundle | {"sources": [bad]}).wrong) == ["/sources/0/mapping/contact/email"]
    # Under another name it is another source, in place of the first.
    renamed = api("POST", "/v1/apply", bundle | {"sources": [source | {"name": "New"}]}).body
    assert [len(renamed[verb]) for verb in ("created", "deleted")] == [1, 1]
