"""`make restore`: rows that went missing, brought back from a table as it was at some time of the last 35 days.

AWS restores a table beside the live one (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/
PointInTimeRecovery.html). This says which of its rows the live table has no longer, and with `--copy` puts them there.
A row that stands is never touched. The second run goes on where the first was cut off.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.tables.config import KEYS
from infra.deploying import account as accounts
from infra.deploying import told
from infra.deploying.refused import Refused
from infra.deploying.talk import Hands, asks, refusing

WHOLE = ("config", "audit")
"""Tables of which all that is missing may come back."""
NAMED = ("contacts", "threads")
"""Tables of which only what is named (`--only`) comes back: else persons who were erased would."""
_NEVER = "a row of it that comes back is sent out again; read in the restored table what you need"
_POLL_S = 15.0
_POLLS = 960

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to come back."""

    stage: str
    table: str
    at: datetime.datetime
    only: tuple[str, ...] = ()
    """Values of the first key; all where empty."""
    copy: bool = False


def restore(wanted: Wanted, dynamodb: Any, hands: Hands) -> int:
    """Restore beside, compare, and copy if that is asked; gives how many rows are or were missing.

    Refused for a table whose rows are work, for one that needs `only`, and for a time that AWS cannot go back to.
    """
    if wanted.copy and wanted.table not in (*WHOLE, *NAMED):
        raise Refused(f"{wanted.table}: {_NEVER}")
    if wanted.copy and wanted.table in NAMED and not wanted.only:
        raise Refused(f"{wanted.table}: say which with --only; who was erased is to stay erased")
    told.refuse_stage(wanted.stage)
    live = f"parley-{wanted.stage}-{wanted.table}"
    beside = f"{live}-{wanted.at:%Y%m%d%H%M%S}"
    _stand(dynamodb, live, beside, wanted.at, hands)
    keys = [key["AttributeName"] for key in dynamodb.describe_table(TableName=live)["Table"]["KeySchema"]]
    missing = [
        row for row in _rows(dynamodb, beside) if _comes(row, keys, wanted) and not _has(dynamodb, live, row, keys)
    ]
    for row in missing:
        hands.say("  " + " ".join(str(next(iter(row[key].values()))) for key in keys))
    hands.say(f"{len(missing)} rows of {beside} are not in {live}")
    if wanted.copy and missing and hands.ask(f"put them into {live}?"):
        put = sum(_put(dynamodb, live, row, keys) for row in missing)
        if wanted.table == "config":
            for service in {row["service"]["S"] for row in missing}:
                _raise_version(dynamodb, live, service)
        hands.say(f"{put} rows were put back")
    hands.say(f"when you need it no longer: aws dynamodb delete-table --table-name {beside}")
    return len(missing)


def _stand(dynamodb: Any, live: str, beside: str, at: datetime.datetime, hands: Hands) -> None:
    if _status(dynamodb, beside) is None:
        try:
            dynamodb.restore_table_to_point_in_time(SourceTableName=live, TargetTableName=beside, RestoreDateTime=at)
        except ClientError as error:
            raise Refused(f"{live} cannot be restored: {error.response['Error'].get('Message', error)}") from error
    for _ in range(_POLLS):
        if (status := _status(dynamodb, beside)) == "ACTIVE":
            return
        hands.say(f"  {beside} is {status or 'not there yet'}")
        hands.sleep(_POLL_S)
    raise Refused(f"{beside} is not there after four hours; AWS goes on. Run this again")


def _status(dynamodb: Any, table: str) -> str | None:
    try:
        return str(dynamodb.describe_table(TableName=table)["Table"]["TableStatus"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise


def _rows(dynamodb: Any, table: str) -> Iterator[Row]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]


def _comes(row: Row, keys: list[str], wanted: Wanted) -> bool:
    first = str(next(iter(row[keys[0]].values())))
    # A key of the API that is not there was taken back by somebody, who may have had to.
    return first in wanted.only if wanted.only else (wanted.table, first) != ("config", KEYS)


def _has(dynamodb: Any, table: str, row: Row, keys: list[str]) -> bool:
    return "Item" in dynamodb.get_item(TableName=table, Key={key: row[key] for key in keys}, ConsistentRead=True)


def _put(dynamodb: Any, table: str, row: Row, keys: list[str]) -> bool:
    """Put a row where none stands; says whether it was put."""
    try:
        dynamodb.put_item(
            TableName=table,
            Item=row,
            ConditionExpression="attribute_not_exists(#key)",
            ExpressionAttributeNames={"#key": keys[0]},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _raise_version(dynamodb: Any, table: str, service: str) -> None:
    """Have every process read the service anew: they keep it for as long as its version stands."""
    dynamodb.update_item(
        TableName=table,
        Key={"service": {"S": service}, "key": {"S": "version"}},
        UpdateExpression="ADD #version :one",
        ExpressionAttributeNames={"#version": "version"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def _time(text: str) -> datetime.datetime:
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"--at {text!r}: write a time such as 2026-01-31T12:00Z") from None
    if at.tzinfo is None:
        raise Refused(f"--at {text!r}: say the zone as well, Z or +01:00")
    return at.astimezone(datetime.UTC)


def main() -> None:
    """Restore from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--table", required=True, help="its short name: config, contacts, ...")
    parser.add_argument("--at", required=True, help="as it was then: 2026-01-31T12:00Z")
    parser.add_argument("--only", action="append", default=[], metavar="KEY", help="only rows with this first key")
    parser.add_argument("--copy", action="store_true", help="put what is missing into the live table")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    given = parser.parse_args()

    def work() -> None:
        where = accounts.told(given.stage, print)
        wanted = Wanted(given.stage, given.table, _time(given.at), tuple(given.only), given.copy)
        restore(wanted, where.client("dynamodb"), Hands(print, (lambda _: True) if given.yes else asks))

    refusing(work, "not restored")


if __name__ == "__main__":
    main()
