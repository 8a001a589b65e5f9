"""How people have signed in: rows of `config` in a partition for each person, and who an issuer's subject is.

A person has at most one account, which is an issuer's subject, and the address under which it was first taken for
theirs. The account counts as long as the person's row has that address, or the one that the issuer verifies now: who
is given another's address in our set-up does not take their account along, nor does a new colleague who gets an old
address at the issuer. Sessions that were begun are listed beside it, by the hash by which each is found, so that all
of them can be ended. What nobody uses for a year ends by itself, as what was left of a person does who is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.tables.batch_get import get_all
from chalicelib.tables.config import Resource, partition_of
from chalicelib.tables.tokens import digest
from chalicelib.tables.writes import committed, same_by_whomever, transaction, updated

ACCOUNT = "account"
_SESSION = "session#"
_NOTED_S = 30 * 86_400
_MOST_NOTED = 100
_KEEP_S = 400 * 86_400
_MOST_PEOPLE = 50
"""Services of one account."""


@dataclass(frozen=True, slots=True)
class Account:
    """What an issuer has said of somebody who signs in."""

    issuer: str
    subject: str
    email: str
    """Verified, in the spelling that it is compared by; empty: none."""

    @property
    def partition(self) -> str:
        """Where it is written down who this is."""
        return f"account#{digest(f'{self.issuer} {self.subject}')}"


def people_of(account: Account) -> list[tuple[Resource, Resource]]:
    """(person, their row of the account) of all whose account this is, as they stand now; at most fifty."""
    rows = Resource.query(account.partition, Resource.key.startswith("person#"), limit=_MOST_PEOPLE)
    ids = [row.id for row in rows]
    found = get_all([key for id in ids for key in (_person(id), _account(id))])
    pairs = zip(found[::2], found[1::2], strict=True)
    return [(person, kept) for person, kept in pairs if person is not None and _is(kept, account)]


def account_of(person: str) -> Resource | None:
    """The row of a person's account: `issuer`, `subject`, `email`, `first_at`, `last_at` and what it was made with."""
    (row,) = get_all([_account(person)])
    return row if isinstance(row, Resource) else None


def holds(person: Resource, kept: Resource, account: Account) -> bool:
    """Whether an account that was taken for somebody's is still theirs."""
    theirs = (person.body or {}).get("email") or ""
    return bool(theirs) and theirs in (kept.body["email"], account.email)


def bind(person: str, account: Account, *, instead: Resource | None, now_ms: int) -> bool:
    """Take an account for a person's; False where another was meanwhile. `instead`: the row that it replaces.

    The way back from the account is in the same transaction, so there is none without the other.
    """
    body = {
        "issuer": account.issuer,
        "subject": account.subject,
        "email": account.email,
        "first_at": now_ms,
        "last_at": now_ms,
    }
    with_end: dict[str, Any] = {"expires": now_ms // 1000 + _KEEP_S, "created_at": now_ms, "updated_at": now_ms}
    condition = Resource.updated_at == instead.updated_at if instead else Resource.key.does_not_exist()
    together = transaction()
    together.save(Resource(_partition(person), ACCOUNT, body=body, **with_end), condition=condition)
    together.save(Resource(account.partition, f"person#{person}", **with_end))
    return committed(together)


def seen(person: str, kept: Resource, *, now_ms: int) -> None:
    """Write down that a person has signed in with their account."""
    until = now_ms // 1000 + _KEEP_S
    actions = [
        Resource.body.set(kept.body | {"last_at": now_ms}),
        Resource.expires.set(until),
        Resource.updated_at.set(now_ms),
    ]
    account = Account(kept.body["issuer"], kept.body["subject"], "")
    way = Resource(account.partition, f"person#{person}")
    updated(way, [Resource.expires.set(until)], Resource.key.exists(), ours=same_by_whomever)
    updated(kept, actions, Resource.updated_at == kept.updated_at, ours=same_by_whomever)


def forget(person: str) -> None:
    """Forget which account is a person's; their next sign-in is as the first."""
    kept = account_of(person)
    if kept is not None:
        # First the way to them: a row without it is found by nobody.
        account = Account(kept.body["issuer"], kept.body["subject"], "")
        Resource(account.partition, f"person#{person}").delete()
        kept.delete()


def remove(person: str) -> None:
    """Remove what is known of how somebody signed in who is no more: their sessions have ended with them."""
    forget(person)
    for row in Resource.query(_partition(person), consistent_read=True):
        row.delete()


def noted(person: str, session: str, *, key: str, now_ms: int) -> None:
    """Write down that a person signs in, `session` being the hash by which the session is found; with a key, or by the
    word of the issuer. Kept for thirty days, as long as any session may live and longer."""
    # In the order of time.
    name = f"{_SESSION}{now_ms:013d}#{session}"
    body = {"began_at": now_ms} | ({"key": key} if key else {})
    Resource(_partition(person), name, body=body, created_at=now_ms, expires=now_ms // 1000 + _NOTED_S).save()


def newest(person: str) -> list[Resource]:
    """The last hundred sign-ins of a person, newest first."""
    mine = Resource.key.startswith(_SESSION)
    return list(
        Resource.query(_partition(person), mine, scan_index_forward=False, limit=_MOST_NOTED, consistent_read=True)
    )


def since(person: str, at_ms: int) -> list[Resource]:
    """Every sign-in of a person from a time on."""
    mine = Resource.key.between(f"{_SESSION}{at_ms:013d}", f"{_SESSION}~")
    return list(Resource.query(_partition(person), mine, consistent_read=True))


def session_of(row: Resource) -> str:
    """The hash by which the session is found that a sign-in began."""
    return str(row.key).rpartition("#")[2]


def _is(kept: Any, account: Account) -> bool:
    return kept is not None and (kept.body["issuer"], kept.body["subject"]) == (account.issuer, account.subject)


def _partition(person: str) -> str:
    return f"signed#{person}"


def _person(id: str) -> tuple[type[Resource], str, str]:
    return Resource, partition_of("person", id), f"person#{id}"


def _account(id: str) -> tuple[type[Resource], str, str]:
    return Resource, _partition(id), ACCOUNT
