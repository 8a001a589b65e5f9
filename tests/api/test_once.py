"""The Idempotency-Key: the first answer again, and nothing done twice."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.ports import aws
from chalicelib.tables.receipts import Receipt
from tests.cloud import taps
from tests.quick import as_before

DESK = {"kind": "console", "name": "d"}


def test_the_first_answer_again(api: Any, service: str) -> None:
    body = {"service_id": service, "name": "b", "webhook_url": "http://127.0.0.1:1/"}
    first = api("POST", "/v1/bots", body, Idempotency_Key="k1")
    # The same in another spelling, and the secret that is shown once is shown in this first answer again.
    again = api("POST", "/v1/bots", dict(reversed(body.items())), Idempotency_Key="k1")
    assert (again.status, again.body) == (201, first.body)
    assert first.body["signing_secret"]
    assert len(api("GET", "/v1/bots").body["data"]) == 1
    assert api("POST", "/v1/bots", body, Idempotency_Key="k2").body["id"] != first.body["id"]


def test_secrets_are_not_kept_in_the_clear(api: Any, service: str) -> None:
    body = {"service_id": service, "name": "b", "webhook_url": "http://127.0.0.1:1/"}
    first = api("POST", "/v1/bots", body, Idempotency_Key="k1").body
    rotated = api("POST", f"/v1/bots/{first['id']}/rotate-secret", {}, Idempotency_Key="k2").body
    stored = str([row.to_simple_dict() for row in Receipt.scan()]) + str(_raw())
    assert first["id"] in stored
    for answer in (first, rotated):
        assert answer["signing_secret"] not in stored
        assert answer["events_url"].rpartition(".")[2] not in stored, "whoever has it may post as the bot"
    again = api("POST", f"/v1/bots/{first['id']}/rotate-secret", {}, Idempotency_Key="k2").body
    assert again == rotated


def _raw() -> Any:
    from chalicelib.ports.settings import settings

    return aws.client("dynamodb").scan(TableName=settings().table("receipts"))["Items"]


def test_a_claim_whose_answer_is_lost_is_the_callers_own(api: Any, service: str) -> None:
    taps.losing = "PutItem"
    assert api("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key="k1").status == 201
    assert not taps.losing


def test_a_transaction_whose_answer_is_lost_is_the_callers_own(api: Any, service: str) -> None:
    """Two names of one kind may not be the same: made again it would be refused, were it not the same transaction."""
    taps.losing = "TransactWriteItems"
    made = api("POST", "/v1/desks", DESK | {"service_id": service})
    assert made.status == 201
    taps.losing = "TransactWriteItems"
    assert api("PATCH", f"/v1/desks/{made.body['id']}", {"name": "e"}).status == 200
    assert not taps.losing


def test_a_request_leaves_nothing_behind_on_the_client_of_all(api: Any, service: str) -> None:
    heard: list[int] = []

    def hear(request: Any, **_: Any) -> None:
        heard.append(sum(map(len, request.headers.get_all("User-Agent"))))

    events = aws.client("dynamodb").meta.events
    events.register_last("request-created", hear)
    try:
        with as_before():
            for n in range(3):
                api("POST", "/v1/desks", DESK | {"service_id": service, "name": f"d{n}"}, Idempotency_Key=f"k{n}")
    finally:
        events.unregister("request-created", hear)
    # What the first request has it add is added for good.
    assert len({*heard[len(heard) // 2 :]}) == 1, heard


def test_another_body(api: Any, service: str) -> None:
    api("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key="k1")
    other = api("POST", "/v1/desks", DESK | {"service_id": service, "name": "e"}, Idempotency_Key="k1")
    assert (other.status, other.body["code"]) == (409, "idempotency_conflict")
    assert len(api("GET", "/v1/desks").body["data"]) == 1


def test_a_failed_first_is_not_kept(api: Any, service: str) -> None:
    assert api("POST", "/v1/desks", {"service_id": service}, Idempotency_Key="k1").status == 422
    assert api("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key="k1").status == 201


def test_keys_of_others_and_other_paths_do_not_meet(api: Any, service: str) -> None:
    other = api.as_key(api.make("keys", name="k", scopes=["admin"])["key"])
    made = {
        api("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key="k1").body["id"],
        other("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key="k1").body["id"],
        api("POST", "/v1/services", {"name": "x"}, Idempotency_Key="k1").body["id"],
    }
    assert len(made) == 3


def test_in_progress(api: Any, service: str) -> None:
    api("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key="k1")
    [row] = [one for one in _raw() if one["id"]["S"].startswith("api#")]
    from chalicelib.ports.settings import settings

    row["status"] = {"S": "INPROGRESS"}
    row["in_progress_expiration"] = {"N": "99999999999999"}
    aws.client("dynamodb").put_item(TableName=settings().table("receipts"), Item=row)
    answer = api("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key="k1")
    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (409, "in_progress", "1")


@pytest.mark.parametrize("key", ["", "x" * 256, "ä"])
def test_bad_keys(api: Any, service: str, key: str) -> None:
    answer = api("POST", "/v1/desks", DESK | {"service_id": service}, Idempotency_Key=key)
    assert (answer.status, answer.body["code"]) == (400, "bad_idempotency_key")


def test_many_secrets_at_once(api: Any) -> None:
    bots = [{"name": f"böt {n}", "webhook_url": "http://127.0.0.1:1/"} for n in range(40)]
    bundle = {"service": {"name": "Care"}, "bots": bots}
    first = api("POST", "/v1/apply", bundle, Idempotency_Key="k1")
    assert first.status == 200
    assert len(first.body["secrets"]["bots"]) == 40
    assert api("POST", "/v1/apply", bundle, Idempotency_Key="k1").body == first.body
