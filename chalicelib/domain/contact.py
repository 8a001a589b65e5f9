"""A person in data: what two contacts are together, and each of them again when a merge is taken back.

Data is `{name, identities [{kind, value}], attributes {}, tags [], consent {}, shadow?}`. Taking back a merge
is exact whatever came after it: the destination becomes what it was before, with every change made to it since; merges
made later are made again on top of that. Of the contact that was merged nothing could change meanwhile, so it comes
back as it was, without the identities that were taken from the person since and with the refusals given since.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import phone

Data = dict[str, Any]
Identity = tuple[str, str]

MOST_IDENTITIES, MOST_TAGS, MOST_ATTRIBUTES = 20, 100, 16 * 1024
"""Limits of what one contact is given; attributes in bytes of JSON."""
MOST_TOGETHER = 64 * 1024
"""Bytes of JSON that merged contacts may have together: a merge keeps three copies in one row of 400 KB."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that stands: the destination before it, what was merged into it, and the destination after it."""

    before: Data
    source: Data
    combined: Data


def made(
    *,
    name: str = "",
    identities: Sequence[Identity] = (),
    attributes: Data | None = None,
    tags: Sequence[str] = (),
    consent: Data | None = None,
    shadow: bool = False,
) -> Data:
    """The data of a contact; each identity and tag once, a phone number in the spelling that stands."""
    data: Data = {
        "name": name,
        "identities": [{"kind": kind, "value": value} for kind, value in each_once(identities)],
        "attributes": attributes or {},
        "tags": list(dict.fromkeys(tags)),
        "consent": consent or {},
    }
    return data | ({"shadow": True} if shadow else {})


def each_once(identities: Sequence[Identity]) -> list[Identity]:
    """Identities without repeats; of two spellings of a phone number the one that stands, at the first one's place."""
    given = dict.fromkeys(identities)
    newer = {("phone", old): one for one in given if one[0] == "phone" for old in phone.superseded(one[1])}
    return list(dict.fromkeys(newer.get(one, one) for one in given))


def identities_of(data: Data) -> list[Identity]:
    """(kind, value) of each identity."""
    return [(one["kind"], one["value"]) for one in data.get("identities", ())]


def first_of(data: Data, kind: str) -> str:
    """The first identity of a kind, empty where there is none."""
    return next((value for own, value in identities_of(data) if own == kind), "")


def size(data: Data) -> int:
    """Bytes of its JSON."""
    return len(json.dumps(data, ensure_ascii=False).encode())


def refused(consent: Any) -> bool:
    """Whether a person said no; consent is a boolean or `{"given": boolean, "at", "source"}`."""
    return consent is False or (isinstance(consent, dict) and consent.get("given") is False)


def together(destination: Data, source: Data) -> Data:
    """Both in one. The destination's word counts, field by field, and the source's where it has none; in consent a
    refusal of either counts."""
    consent = dict(source.get("consent", {})) | dict(destination.get("consent", {}))
    for purpose, given in source.get("consent", {}).items():
        if refused(given) and not refused(consent[purpose]):
            consent[purpose] = given
    return made(
        name=destination.get("name") or source.get("name", ""),
        identities=[*identities_of(destination), *identities_of(source)],
        attributes=_filled(destination.get("attributes", {}), source.get("attributes", {})),
        tags=[*destination.get("tags", ()), *source.get("tags", ())],
        consent=consent,
        shadow=bool(destination.get("shadow") and source.get("shadow")),
    )


def taken_back(merges: Sequence[Merge], index: int, now: Data) -> tuple[Data, Data, list[Merge]]:
    """Without one of the merges into a contact: (the destination, the source, the later merges as they then are).

    `merges` are all that stand, oldest first; `now` is the destination's data.
    """
    taken = merges[index]
    at, was = taken.before, taken.combined
    later: list[Merge] = []
    for merge in merges[index + 1 :]:
        before = rebased(was, merge.before, at)
        at, was = together(before, merge.source), merge.combined
        later.append(Merge(before, merge.source, at))
    return rebased(was, now, at), _released(taken, now), later


def rebased(old: Data, new: Data, onto: Data) -> Data:
    """`onto` with what was changed from `old` to `new`."""
    data = made(
        name=_changed(old.get("name", ""), new.get("name", ""), onto.get("name", "")),
        identities=_changed_set(identities_of(old), identities_of(new), identities_of(onto)),
        attributes=_changed(old.get("attributes", {}), new.get("attributes", {}), onto.get("attributes", {})),
        tags=_changed_set(old.get("tags", ()), new.get("tags", ()), onto.get("tags", ())),
        consent=_changed_fields(old.get("consent", {}), new.get("consent", {}), onto.get("consent", {})),
        shadow=bool(_changed(bool(old.get("shadow")), bool(new.get("shadow")), bool(onto.get("shadow")))),
    )
    return onto if same(data, onto) else data


def patched(value: Any, patch: Any) -> Any:
    """RFC 7396: a value with a merge patch applied, null takes a field away."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), item)
    return result


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON; to Python True is 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _released(taken: Merge, now: Data) -> Data:
    """The merged contact on its own again."""
    lost = set(identities_of(taken.combined)) - set(identities_of(now))
    said_no = {
        purpose: given
        for purpose, given in now.get("consent", {}).items()
        if refused(given) and not refused(taken.combined.get("consent", {}).get(purpose))
    }
    if not lost & set(identities_of(taken.source)) and not said_no:
        return taken.source
    left = [identity for identity in taken.source["identities"] if (identity["kind"], identity["value"]) not in lost]
    return taken.source | {"identities": left, "consent": dict(taken.source.get("consent", {})) | said_no}


def _filled(first: Any, second: Any) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return first
    own = {key: _filled(item, second[key]) if key in second else item for key, item in first.items()}
    return own | {key: item for key, item in second.items() if key not in first}


def _changed(old: Any, new: Any, onto: Any) -> Any:
    if same(old, new):
        return onto
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return _changed_fields(old, new, onto if isinstance(onto, dict) else {}, deep=True)


def _changed_fields(old: Data, new: Data, onto: Data, *, deep: bool = False) -> Data:
    result = dict(onto)
    for key in {**old, **new}:
        if key not in new:
            result.pop(key, None)
        elif key not in old or (not deep and not same(old[key], new[key])):
            result[key] = new[key]
        elif not same(old[key], new[key]):
            result[key] = _changed(old[key], new[key], onto.get(key))
    return result


def _changed_set(old: Sequence[Any], new: Sequence[Any], onto: Sequence[Any]) -> list[Any]:
    removed = set(old) - set(new)
    added = [one for one in new if one not in set(old)]
    return [one for one in onto if one not in removed] + [one for one in added if one not in set(onto)]
