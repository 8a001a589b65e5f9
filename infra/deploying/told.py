"""What a stage is told: asked for now, else as it was, else the template's own word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from infra.deploying.refused import Refused
from infra.parameters import PARAMETERS

_MOST_TAGS = 45
"""AWS takes 50 of a resource; some of ours have one of their own."""


def pairs(given: Iterable[str], what: str) -> dict[str, str]:
    """`Name=Value` as people type it; Refused where there is no name."""
    found = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise Refused(f"{what} {one!r}: write Name=Value")
        found[name] = value
    return found


def refuse_stage(stage: str) -> None:
    """Refuse what cannot be part of names, before AWS is asked anything about it."""
    _refuse_unfit("Stage", stage, PARAMETERS["Stage"])


def parameters(
    template: dict[str, Any], before: Mapping[str, str], asked: Mapping[str, str], stage: str
) -> dict[str, str]:
    """Each parameter of a template with its value; Refused where one is unknown or not of its kind.

    All are said each time, so that what was chosen once stays, from whichever folder the next deployment comes.
    """
    known: dict[str, dict[str, Any]] = template["Parameters"]
    for name in asked:
        if name not in known or name == "Stage":
            choices = [one for one in known if one != "Stage"]
            near = difflib.get_close_matches(name, choices, n=1)
            raise Refused(
                f"no parameter {name!r}" + (f": is it {near[0]}?" if near else f"; there are {', '.join(choices)}")
            )
    values = {name: str(one["Default"]) for name, one in known.items() if "Default" in one}
    values |= {name: value for name, value in before.items() if name in known}
    values |= dict(asked) | {"Stage": stage}
    for name, value in values.items():
        _refuse_unfit(name, value, known[name])
    if values.get("DomainName") and not values.get("CertificateArn"):
        raise Refused("DomainName needs CertificateArn: a certificate of ACM for that name, of this region")
    if values.get("OidcIssuer") and not values.get("OidcClientId"):
        raise Refused("OidcIssuer needs OidcClientId: what the issuer calls this deployment")
    return values


def tags(before: Mapping[str, str], asked: Mapping[str, str], stage: str) -> dict[str, str]:
    """The stack's tags, which AWS puts on all that it makes; one that is asked for empty is taken away."""
    found = {"application": "parley", "stage": stage, **before, **asked}
    found = {name: value for name, value in found.items() if value}
    if len(found) > _MOST_TAGS:
        raise Refused(f"{len(found)} tags; AWS takes {_MOST_TAGS} of a stack like this")
    return found


def _refuse_unfit(name: str, value: str, rule: dict[str, Any]) -> None:
    allowed = rule.get("AllowedValues")
    if allowed and value not in allowed:
        raise Refused(f"{name}={value!r}: it is one of {', '.join(map(str, allowed))}")
    if (pattern := rule.get("AllowedPattern")) and not re.fullmatch(pattern, value):
        raise Refused(f"{name}={value!r}: {rule.get('ConstraintDescription', f'it must look like {pattern}')}")
    if rule["Type"] == "Number":
        least, most = rule.get("MinValue", 0), rule.get("MaxValue")
        if not value.isdecimal() or int(value) < least or (most is not None and int(value) > most):
            raise Refused(f"{name}={value!r}: it is a whole number of {least} to {most}")
