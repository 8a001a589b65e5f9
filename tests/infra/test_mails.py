"""How mails come: who may put them where, who is told, and how long they lie there."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.ports.media import MAILS
from infra import mails, queues, shared
from infra.grants import MEDIA


def test_ses_may_put_mails_and_nothing_else() -> None:
    policy = shared.resources()["MediaBucketPolicy"]["Properties"]["PolicyDocument"]
    (allowed,) = (one for one in policy["Statement"] if one["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "ses.amazonaws.com"} and allowed["Action"] == "s3:PutObject"
    assert allowed["Resource"] == {"Fn::Sub": f"${{MediaBucket.Arn}}/{MAILS}*"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_bucket_and_the_bus_alone_may_tell_of_them() -> None:
    policy = queues.resources()["MailsQueuePolicy"]["Properties"]["PolicyDocument"]
    told = {one["Sid"]: one for one in policy["Statement"] if one["Effect"] == "Allow"}
    assert {one["Principal"]["Service"] for one in told.values()} == {"s3.amazonaws.com", "events.amazonaws.com"}
    for one in told.values():
        assert one["Action"] == "sqs:SendMessage"
        assert "aws:SourceAccount" in one["Condition"]["StringEquals"]
        assert "parley-${Stage}" in json.dumps(one["Condition"]["ArnEquals"])
    for name, resource in queues.resources().items():
        if name.endswith("Policy") and name != "MailsQueuePolicy":
            found: list[dict[str, Any]] = resource["Properties"]["PolicyDocument"]["Statement"]
            assert all(one["Effect"] == "Deny" for one in found), name


def test_a_mail_wakes_the_queue_and_goes_in_the_end() -> None:
    bucket = shared.resources()["MediaBucket"]
    assert bucket["DependsOn"] == ["MailsQueuePolicy"], "S3 asks whether it may tell the queue when it is told to"
    (told,) = bucket["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    assert told["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": MAILS}]
    (rule,) = (one for one in bucket["Properties"]["LifecycleConfiguration"]["Rules"] if one.get("Prefix") == MAILS)
    assert rule["ExpirationInDays"] == 14
    assert mails.resources()["MailReportsRule"]["Properties"]["EventPattern"]["source"] == ["aws.ses"]
    assert "s3:ListBucket" in MEDIA["receive_mail"], "without it a mail that was read looks as one that may not be"
