"""What brings mails and SES's reports to `receive_mail`: all of it ends on one queue, with its tries and dead letters.

What stands in SES is the owner's to make, as it is the account's and not a stage's: the identity with its one
configuration set, and the one active set of receipt rules (chalicelib/channels/email_ses/about.md).
"""

from __future__ import annotations

from typing import Any

from chalicelib.ports.media import MAILS
from infra import policies
from infra.limits import KEEP_S

QUEUE = "mails"
_RULE = "parley-${Stage}-mail-reports"
_ACCOUNT = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def resources() -> dict[str, Any]:
    """The rule of the account's own bus that hears of our mails."""
    return {
        "MailReportsRule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": {"Fn::Sub": _RULE},
                # Whichever set the owner sends by: our mails have a tag that names their channel.
                "EventPattern": {
                    "source": ["aws.ses"],
                    "detail": {"mail": {"tags": {"parley_channel": [{"exists": True}]}}},
                },
                "Targets": [{"Id": "mails", "Arn": policies.queue_arn(QUEUE)}],
            },
            "DependsOn": ["MailsQueuePolicy"],
        },
    }


def notification() -> dict[str, Any]:
    """Of the media bucket: each mail that SES puts there is told to the queue."""
    rules = [{"Name": "prefix", "Value": MAILS}]
    told = {"Event": "s3:ObjectCreated:*", "Queue": policies.queue_arn(QUEUE), "Filter": {"S3Key": {"Rules": rules}}}
    return {"QueueConfigurations": [told]}


def lifecycle() -> dict[str, Any]:
    """Of the media bucket: a mail that could not be read stays for as long as its dead letter."""
    return {
        "Id": "mails-not-read",
        "Status": "Enabled",
        "Prefix": MAILS,
        "ExpirationInDays": KEEP_S // 86_400,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }


def may_put() -> dict[str, Any]:
    """Of the media bucket's policy: SES puts mails there, for rules of this account alone
    (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html)."""
    return {
        "Sid": "Mails",
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": {"Fn::Sub": f"${{MediaBucket.Arn}}/{MAILS}*"},
        "Condition": {"StringEquals": _ACCOUNT},
    }


def may_send(queue: Any, bucket: str) -> list[dict[str, Any]]:
    """Of the queue's policy: the bucket tells of mails, the rule of reports. Both by name, as each would wait for the
    other."""
    rule = policies.arn("events", f"rule/{_RULE}")
    senders = {
        "Bucket": ("s3.amazonaws.com", {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{bucket}"}),
        "Reports": ("events.amazonaws.com", rule),
    }
    return [
        {
            "Sid": name,
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"StringEquals": _ACCOUNT, "ArnEquals": {"aws:SourceArn": source}},
        }
        for name, (service, source) in senders.items()
    ]
