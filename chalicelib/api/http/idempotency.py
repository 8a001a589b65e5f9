"""The Idempotency-Key of a POST: the same key within a day gives the first answer again.

Kept by Powertools in the table `receipts`. Only 2xx answers are kept: a failed request may be put right and sent
again under its key. What is shown once (secrets) is kept sealed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.api.http.call import Answer, Call
from chalicelib.ports import aws, secrets
from chalicelib.ports.settings import settings
from chalicelib.ports.web import Problem

KEEP_S = 86_400
_CHUNK = 1000
"""Characters of text sealed at a time: one KMS call takes 4096 bytes, and a character of JSON takes up to four."""


def answer(call: Call, function: Callable[[Call], Answer]) -> Answer:
    """What the function answers, or what it answered the first time. Problem 409 where the key was used for another
    request, or that request is still being handled; 400 where the key is no key."""
    key = call.headers.get("idempotency-key")
    if key is None:
        return function(call)
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Problem(400, "bad_idempotency_key", "an Idempotency-Key has 1 to 255 printable ASCII characters")
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
    from aws_lambda_powertools.utilities.idempotency import exceptions as found
    from aws_lambda_powertools.utilities.idempotency.serialization.custom_dict import CustomDictSerializer

    from chalicelib.api.http.kept_answers import kept_answers

    owner = f"{call.caller.id} {_path(call)} {key}"
    config = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="payload",
        raise_on_no_idempotency_key=True,
        expires_after_seconds=KEEP_S,
        hash_function="sha256",
        # Tells when a request that was cut off no longer counts as being in progress.
        lambda_context=call.lambda_context,
    )
    store = kept_answers(aws.client("dynamodb"), settings().table("receipts"))
    serializer = CustomDictSerializer(
        to_dict=lambda made: _kept(made, owner), from_dict=lambda kept: _given_again(kept, owner)
    )

    def handle(*, request: dict[str, Any]) -> Answer:
        return function(call)

    try:
        first: Answer = idempotent_function(
            handle,
            data_keyword_argument="request",
            persistence_store=store,
            config=config,
            output_serializer=serializer,
            key_prefix="api",
        )(request={"key": owner, "payload": [call.query, _payload(call.raw)]})
    except found.IdempotencyValidationError:
        raise Problem(409, "idempotency_conflict", "the Idempotency-Key was used for another request") from None
    except (found.IdempotencyAlreadyInProgressError, found.IdempotencyInconsistentStateError):
        raise Problem(
            409,
            "in_progress",
            "the first request with this Idempotency-Key is still being handled",
            headers={"Retry-After": "1"},
        ) from None
    return first


def _path(call: Call) -> str:
    return call.route.path.format(**call.names)


def _payload(raw: bytes) -> Any:
    """The body so that its spelling (order of fields, blanks) makes no difference."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.hex()


def _kept(made: Answer, owner: str) -> dict[str, Any]:
    text = json.dumps(made.once) if made.once else ""
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    return {
        "status": made.status,
        "body": json.dumps(made.body),
        "once": [secrets.seal({"part": chunk}, owner=_context(owner)) for chunk in chunks],
    }


def _given_again(kept: dict[str, Any], owner: str) -> Answer:
    text = "".join(secrets.unseal(chunk, owner=_context(owner))["part"] for chunk in kept["once"])
    return Answer(kept["status"], json.loads(kept["body"]), json.loads(text) if text else {})


def _context(owner: str) -> str:
    # KMS writes its encryption context to CloudTrail in the clear, so the caller's key text stays out of it.
    return "idempotency " + owner.partition(" ")[0]
