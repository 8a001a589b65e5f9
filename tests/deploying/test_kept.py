"""What belongs to others, or is going to be deleted, is not taken for ours."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from infra.deploying import kept
from infra.deploying.account import Account
from infra.deploying.artifacts import Artifacts
from infra.deploying.refused import Refused


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_a_strangers_bucket_is_refused_and_every_call_says_whose_it_must_be(where: Account, partition: str) -> None:
    s3 = where.client("s3")
    files = Artifacts(s3, f"guessed-{partition}", where.id, where.region, partition)
    with Stubber(s3) as stub:
        stub.add_client_error(
            "head_bucket",
            "403",
            http_status_code=403,
            expected_params={"Bucket": f"guessed-{partition}", "ExpectedBucketOwner": where.id},
        )
        with pytest.raises(Refused, match="--bucket"):
            files.prepare()
    with Stubber(s3) as stub:
        stub.add_client_error("head_bucket", "404", http_status_code=404)
        stub.add_client_error("create_bucket", "BucketAlreadyExists", http_status_code=409)
        with pytest.raises(Refused, match="somebody else"):
            files.prepare()
    with Stubber(s3) as stub:
        # Somebody's own choice, with other things in it: neither closed, nor emptied, nor given a policy.
        stub.add_response("head_bucket", {})
        Artifacts(s3, "the-companys", where.id, where.region, partition, others=True).prepare()
        stub.assert_no_pending_responses()
    # moto reads no conditions of a bucket's policy, and so would refuse all calls from then on.
    s3.meta.events.register("before-call.s3.PutBucketPolicy", _taken)
    seen: list[dict[str, Any]] = []
    s3.meta.events.register("provide-client-params.s3", lambda params, **_: seen.append(dict(params)))
    files.prepare()
    files.put("prod", "zip", b"x")
    assert all(call.get("ExpectedBucketOwner") == where.id for call in seen if "CreateBucketConfiguration" not in call)
    [policy] = [call["Policy"] for call in seen if "Policy" in call]
    assert f"arn:{partition}:s3:::guessed-{partition}" in policy
    assert "aws:SecureTransport" in policy


def test_a_key_that_is_to_be_deleted_is_not_taken_up_silently(where: Account) -> None:
    kms = where.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kept.key_of(where, "alias/parley-prod") == ""
    kms.create_alias(AliasName="alias/parley-prod", TargetKeyId=key)
    assert kept.key_of(where, "alias/parley-prod") == key
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    with pytest.raises(Refused, match="cancel-key-deletion"):
        kept.key_of(where, "alias/parley-prod")
    assert kept.key_of(where, "alias/parley-prod", doomed=True) == key


def _taken(**_: Any) -> tuple[AWSResponse, dict[str, Any]]:
    return AWSResponse("", 204, {}, None), {}
