"""What a fresh deployment needs in its tables: where it is reached, and a first API key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chalicelib.api.kinds.keys import mint
from chalicelib.ports.clock import now_ms
from chalicelib.tables.config import KEYS, Resource

_KEY = re.compile(r"pk_(?P<id>[a-z0-9]{16})_\S+")
_OF_THE_GATEWAY = (".execute-api.", "/execute-api/", "/restapis/")
_WHERE = {"service": {"S": "parley"}, "key": {"S": "settings"}}


def say_where(dynamodb: Any, table: str, base_url: str) -> str:
    """Tell the functions their public address, and give it.

    In the template it would be a circle (API -> function -> API). An address that an owner put there stays: one that is
    not the last that was told from here, nor API Gateway's own.
    """
    item = dynamodb.get_item(TableName=table, Key=_WHERE, ConsistentRead=True).get("Item")
    settings = dict(Resource.from_raw_data(item).body or {}) if item else {}
    told = str(settings.get("base_url", ""))
    if told not in ("", settings.get("deployed_url")) and not any(mark in told for mark in _OF_THE_GATEWAY):
        return told
    if settings.get("deployed_url") != base_url or told != base_url:
        now = now_ms()
        body = settings | {"base_url": base_url, "deployed_url": base_url}
        put(dynamodb, table, Resource("parley", "settings", body=body, created_at=now, updated_at=now))
    return base_url


def admin_key(dynamodb: Any, table: str, file: Path, *, name: str) -> str:
    """The admin key kept in `file`, or a new one put there (readable by its owner only) and into the table."""
    kept = file.read_text(encoding="utf-8").strip() if file.exists() else ""
    if stands(dynamodb, table, kept):
        return kept
    key, row = minted(name)
    put(dynamodb, table, row)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(key + "\n", encoding="utf-8")
    return key


def minted(name: str) -> tuple[str, Resource]:
    """A new admin key and its row."""
    return mint(name, ["admin"], None)


def stands(dynamodb: Any, table: str, key: str) -> bool:
    """Whether the table knows a key."""
    if (match := _KEY.fullmatch(key)) is None:
        return False
    row = {"service": {"S": KEYS}, "key": {"S": f"key#{match['id']}"}}
    return "Item" in dynamodb.get_item(TableName=table, Key=row, ConsistentRead=True)


def put(dynamodb: Any, table: str, row: Resource) -> None:
    """Put a row by the model's own serialisation, but into a table of any stage: the model knows only its process's."""
    dynamodb.put_item(TableName=table, Item=row.serialize())
