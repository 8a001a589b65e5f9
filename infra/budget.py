"""Who is told before the bill is large, where the parameters `BudgetUsd` and `AlarmEmail` say so.

It is the whole account's bill: AWS tells stacks apart in it only where somebody has switched cost allocation tags on.
"""

from __future__ import annotations

from typing import Any


def resources() -> dict[str, Any]:
    """The budget: told at four fifths of it, and when the month will go beyond."""
    reader = {"SubscriptionType": "EMAIL", "Address": {"Ref": "AlarmEmail"}}
    told = [
        {
            "Notification": {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": percent,
                "ThresholdType": "PERCENTAGE",
            },
            "Subscribers": [reader],
        }
        for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
    ]
    budget = {
        "BudgetName": {"Fn::Sub": "parley-${Stage}"},
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": {"Ref": "BudgetUsd"}, "Unit": "USD"},
    }
    return {
        "Budget": {
            "Type": "AWS::Budgets::Budget",
            "Condition": "WithBudget",
            "Properties": {"Budget": budget, "NotificationsWithSubscribers": told},
        }
    }
