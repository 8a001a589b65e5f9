"""The person that a request is about."""

from __future__ import annotations

import re
from dataclasses import replace

from chalicelib.api.conversations import desks_threads
from chalicelib.api.http.call import Call
from chalicelib.ports.web import Problem
from chalicelib.tables import history
from chalicelib.tables.history import Person

_CONTACT = re.compile(r"ct_[a-z0-9]{10,40}")


def find(call: Call, contact: str, *kinds: str) -> Person:
    """The contact that an id leads to, with its links of `kinds` to threads that the caller sees; Problem 404 where
    there is none, 403 where the key may not see it."""
    whole = history.person(contact, *kinds)[0] if _CONTACT.fullmatch(contact) else None
    if whole is None:
        raise Problem(404, "not_found", f"there is no contact {contact[:60]!r}")
    call.caller.need_service(whole.service)
    mine = desks_threads.theirs(call.caller, (link.thread for link in (*whole.threads, *whole.conversations)))
    return replace(
        whole,
        threads=tuple(link for link in whole.threads if link.thread in mine),
        conversations=tuple(link for link in whole.conversations if link.thread in mine),
    )
