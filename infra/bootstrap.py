"""What a fresh deployment needs in its tables: where it is reached, and a first API key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chalicelib.api.keys import mint
from chalicelib.ports.clock import now_ms
from chalicelib.tables.config import KEYS, Resource

_KEY = re.compile(r"pk_(?P<id>[a-z0-9]{16})_\S+")


def say_where(dynamodb: Any, table: str, base_url: str) -> None:
    """Tell the functions their public address; in the template it would be a circle (API -> function -> API)."""
    now = now_ms()
    _put(dynamodb, table, Resource("parley", "settings", body={"base_url": base_url}, created_at=now, updated_at=now))


def admin_key(dynamodb: Any, table: str, file: Path, *, name: str) -> str:
    """The admin key kept in `file`, or a new one put there (readable by its owner only) and into the table."""
    kept = file.read_text(encoding="utf-8").strip() if file.exists() else ""
    if (match := _KEY.fullmatch(kept)) and _stands(dynamodb, table, match["id"]):
        return kept
    key, row = mint(name, ["admin"], None)
    _put(dynamodb, table, row)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(key + "\n", encoding="utf-8")
    return key


def _stands(dynamodb: Any, table: str, key_id: str) -> bool:
    key = {"service": {"S": KEYS}, "key": {"S": f"key#{key_id}"}}
    return "Item" in dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)


def _put(dynamodb: Any, table: str, row: Resource) -> None:
    # By the model's own serialisation, but into a table of any stage: the model knows only its process's.
    dynamodb.put_item(TableName=table, Item=row.serialize())
