"""Which resources a template makes, by its conditions and what its parameters are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def made(template: dict[str, Any], values: Mapping[str, str]) -> frozenset[str]:
    """Names of the resources that a stack of these values has."""
    conditions = template.get("Conditions", {})
    return frozenset(
        name
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds(conditions[resource["Condition"]], conditions, values)
    )


def holds(condition: Any, conditions: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    """Whether a condition holds; ValueError for a function that ours do not use."""
    [(function, given)] = condition.items()
    match function:
        case "Fn::Equals":
            one, other = (str(values[part["Ref"]]) if isinstance(part, dict) else str(part) for part in given)
            return one == other
        case "Fn::Not":
            return not holds(given[0], conditions, values)
        case "Fn::And":
            return all(holds(part, conditions, values) for part in given)
        case "Fn::Or":
            return any(holds(part, conditions, values) for part in given)
        case "Condition":
            return holds(conditions[given], conditions, values)
        case _:
            raise ValueError(f"{function} is in no condition of ours")
