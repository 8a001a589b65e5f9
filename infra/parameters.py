"""What a deployment is told: the template's parameters, and the conditions that follow from them.

What costs by the month has a parameter, and nothing changes anything outside of the stack unless it is asked to.
"""

from __future__ import annotations

from typing import Any

_ON_OFF = {"Type": "String", "AllowedValues": ["on", "off"]}


def _given(about: str) -> dict[str, Any]:
    return {"Type": "String", "Default": "", "Description": about}


def _number(about: str, *, most: int) -> dict[str, Any]:
    return {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": most, "Description": about}


PARAMETERS: dict[str, Any] = {
    "Stage": {
        "Type": "String",
        "Description": "Part of every resource's name, so that stages share an account",
        "AllowedPattern": "[a-z][a-z0-9]{0,15}",
    },
    "AlarmEmail": _given("Whom alarms and the budget tell; nobody where empty"),
    "Alarms": _ON_OFF | {"Default": "on", "Description": "CloudWatch charges for each alarm, also while nobody writes"},
    "ReserveConcurrency": _ON_OFF
    | {"Default": "on", "Description": "Off in a new account whose limit is too small to reserve any of it"},
    "SampleConsumer": {
        "Type": "String",
        "Default": "no",
        "AllowedValues": ["yes", "no"],
        "Description": "A rule of the event bus and a queue behind it, to look at what comes",
    },
    "Protect": _ON_OFF | {"Default": "on", "Description": "Tables refuse to be deleted"},
    "DomainName": _given("Name of yours for the API, such as parley.example.com; needs CertificateArn"),
    "CertificateArn": _given("ARN of a certificate of ACM for DomainName, of the same region"),
    "HostedZoneId": _given("Zone of Route 53 that gets the record of DomainName; where empty you make it"),
    "PermissionsBoundaryArn": _given("ARN of a policy that bounds all roles, where your company wants one"),
    "TableKeyArn": _given("ARN of a KMS key of yours for the tables; where empty DynamoDB's own, which is free"),
    "Tracing": {
        "Type": "String",
        "Default": "PassThrough",
        "AllowedValues": ["Active", "PassThrough"],
        "Description": "Active: X-Ray keeps a sample of calls, and charges for it",
    },
    "AccessLogs": _ON_OFF
    | {"Default": "off", "Description": "A line for each call; CloudWatch charges for what it takes in"},
    "Dashboard": _ON_OFF
    | {
        "Default": "on",
        "Description": "One page of the message path; CloudWatch gives an account three for nothing",
    },
    "OidcIssuer": _given("By whose word people sign in to the console, such as https://accounts.google.com")
    | {"AllowedPattern": "(https://[!-~]{1,480})?"},
    "OidcClientId": _given("What the issuer calls this deployment; its secret is a parameter of the Parameter Store"),
    "OidcName": _given("What people call the issuer, as the page of the sign-in shows it; where empty its address"),
    "OidcEmailDomains": _given("The only domains whose addresses are let in, with commas; all where empty"),
    "OidcTrustAddresses": _ON_OFF
    | {"Default": "off", "Description": "On: addresses count that the issuer does not say to have verified"},
    "OidcRoles": _given("What groups may at most, such as groups:parley-admins=admin,care=agent")
    | {"AllowedPattern": "([!-~]{1,200}:([^,=:]{1,200}=(admin|agent|read))(,[^,=:]{1,200}=(admin|agent|read)){0,49})?"},
    "BudgetUsd": _number("Monthly cost of the account above which AlarmEmail is told; 0 is no budget", most=1_000_000),
    "BackupDays": _number("How long AWS Backup keeps a daily copy of the tables; 0 is none", most=36_500),
}


def _is(parameter: str, value: str) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": parameter}, value]}


def _not(condition: dict[str, Any]) -> dict[str, Any]:
    return {"Fn::Not": [condition]}


CONDITIONS: dict[str, Any] = {
    "HasAlarmEmail": _not(_is("AlarmEmail", "")),
    "WithAlarms": _is("Alarms", "on"),
    "Reserve": _is("ReserveConcurrency", "on"),
    "WithSample": _is("SampleConsumer", "yes"),
    "Keep": _is("Protect", "on"),
    "HasDomain": _not(_is("DomainName", "")),
    "HasZone": {"Fn::And": [_not(_is("DomainName", "")), _not(_is("HostedZoneId", ""))]},
    "Bounded": _not(_is("PermissionsBoundaryArn", "")),
    "OwnTableKey": _not(_is("TableKeyArn", "")),
    "Traced": _is("Tracing", "Active"),
    "WithAccessLogs": _is("AccessLogs", "on"),
    "WithDashboard": _is("Dashboard", "on"),
    "WithBudget": {"Fn::And": [_not(_is("AlarmEmail", "")), _not(_is("BudgetUsd", "0"))]},
    "WithBackup": _not(_is("BackupDays", "0")),
}


def when(condition: str, value: Any) -> dict[str, Any]:
    """A value where a condition holds, and nothing elsewhere."""
    return {"Fn::If": [condition, value, {"Ref": "AWS::NoValue"}]}
