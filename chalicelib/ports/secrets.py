"""Sealing of provider and bot secrets: KMS in AWS, with the owner's id as encryption context.

A sealed value of one resource cannot be opened as another's: KMS refuses the wrong context
(https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html).
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache

from chalicelib.ports import aws
from chalicelib.ports.settings import settings

MAX_BYTES = 4096
"""What one KMS Encrypt call takes."""


def seal(values: dict[str, str], *, owner: str) -> str:
    """The values as sealed text for the resource `owner`; ValueError where they exceed 4096 bytes."""
    plain = json.dumps(values, separators=(",", ":")).encode()
    if len(plain) > MAX_BYTES:
        raise ValueError("secrets are larger than 4096 bytes together")
    answer = aws.client("kms").encrypt(KeyId=settings().kms_key, Plaintext=plain, EncryptionContext={"owner": owner})
    return base64.b64encode(answer["CiphertextBlob"]).decode()


def unseal(sealed: str, *, owner: str) -> dict[str, str]:
    """What was sealed for `owner`; {} for the empty text."""
    return dict(_opened(sealed, owner)) if sealed else {}


# Keyed by the sealed text: a changed secret has another text, so the cache can never be stale.
@lru_cache(maxsize=512)
def _opened(sealed: str, owner: str) -> tuple[tuple[str, str], ...]:
    answer = aws.client("kms").decrypt(CiphertextBlob=base64.b64decode(sealed), EncryptionContext={"owner": owner})
    values: dict[str, str] = json.loads(answer["Plaintext"])
    return tuple(values.items())
